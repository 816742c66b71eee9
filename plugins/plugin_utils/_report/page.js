/* Copyright (c) 2026, deskops
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search, grouping, the number of servers shown, and copying of commands. The filter by state is CSS.
 */
"use strict";
{
  const $ = (selector) => document.querySelector(selector);
  const all = $("#all");
  const list = $(".servers");
  const rows = [...list.children];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const search = $("#search");
  const group = $("#group");

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = $("input[name=state]:checked").value;
    for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
    const shown = rows.filter((row) => !row.hidden && (!state || row.dataset.state === state));
    const sections = new Set(shown.map((row) => row.closest("section")));
    all.querySelectorAll(".tenants").forEach((section) => (section.hidden = !sections.has(section)));
    $("#shown").textContent = `${shown.length} of ${rows.length} shown`;
    $("#nothing").hidden = shown.length > 0;
  };

  const regroup = () => {
    all.querySelectorAll(".tenants").forEach((section) => section.remove());
    list.append(...rows);
    const tenants = new Map();
    for (const row of group && group.checked ? rows : []) {
      if (!tenants.has(row.dataset.tenant)) {
        const section = document.createElement("section");
        section.className = "tenants";
        const heading = document.createElement("h2");
        const name = document.createElement("bdi");
        name.textContent = row.dataset.tenant || "Unknown tenant";
        heading.append(name);
        const servers = document.createElement("ol");
        servers.className = "servers";
        section.append(heading, servers);
        tenants.set(row.dataset.tenant, servers);
        all.append(section);
      }
      tenants.get(row.dataset.tenant).append(row);
    }
    filter();
  };

  search.addEventListener("input", filter);
  document.querySelectorAll("input[name=state]").forEach((input) => input.addEventListener("change", filter));
  if (group) group.addEventListener("change", regroup);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && event.target !== search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      filter();
    }
  });
  // If a browser does not allow pages to copy, a click on a command still selects it as a whole
  for (const button of navigator.clipboard ? document.querySelectorAll(".copy") : []) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not copied";
      }
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }
  $(".tools").hidden = false;
  // A browser may restore the search and the filters when it reloads the page
  regroup();
}
