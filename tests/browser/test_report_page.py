# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet report's page in a browser: 3 and 300 servers, by keyboard, on a phone, on paper, without JavaScript."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ansible_collections.deskops.rustdesk_sso.plugins.filter.fleet_report import fleet_report
from support.records import (
    AT,
    PORTAL,
    Record,
    broken,
    drifted,
    expires,
    expiring,
    few,
    fleet,
    invalid,
    record,
    refused,
    restricted,
    unreachable,
)

STATES = ("unreachable", "refused", "invalid", "broken", "drifted", "restricted", "expiring", "healthy")
COPY = ("clipboard-read", "clipboard-write")
PHONE = {"width": 360, "height": 740}
HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=https://evil.example/x onerror=\"document.title='owned'\">",
    "\"'></summary></details></style><h1>owned</h1>",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt;",
    "\u0645\u0643\u062a\u0628 \u202e dlrow \U0001f5a5\ufe0f",
)
# Relative luminance, and the contrast of a text with its background, as defined by WCAG 2
CONTRAST = """(element) => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = channels(color).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (channels(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const [ink, paper] = [light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor)];
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}"""

Show = Callable[..., Page]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Open the report of records. At the end, check that it requested only its own file and logged nothing."""
    contexts, seen = [], []

    def opened(records: list[Record], **options: object) -> Page:
        file = tmp_path / f"report{len(contexts)}.html"
        file.write_text(fleet_report(records, format="html", at=AT), encoding="utf-8")
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda message: seen.append(message.text))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield opened
    files = [(tmp_path / f"report{place}.html").as_uri() for place in range(len(contexts))]
    for context in contexts:
        context.close()
    # The empty icon is in the page itself
    assert [said for said in seen if said != "data:,"] == files


def rows(page: Page) -> Locator:
    """Return the visible servers."""
    return page.locator(".server:visible")


def states(page: Page) -> list[str]:
    """Return the states of the visible servers, from the top."""
    return rows(page).locator("summary .word").all_inner_texts()


def server(page: Page, name: str) -> Locator:
    """Return a server's row."""
    return page.locator(".server").filter(has=page.get_by_role("heading", name=name, exact=True))


def fits(page: Page) -> bool:
    """Return whether the page does not scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_servers_that_need_attention_come_first(show: Show) -> None:
    records = fleet(300)
    page = show(records)
    shown = states(page)
    assert len(shown) == 300
    assert shown == sorted(shown, key=STATES.index)
    counted = Counter(shown)
    for state in STATES:
        total = page.locator("label").filter(has=page.get_by_role("radio", name=state))
        expect(total.locator(".number")).to_have_text(str(counted[state]))
    attention = 300 - counted["healthy"]
    expect(page.get_by_text(f"{attention} of 300 servers need attention.")).to_be_visible()
    expect(page.get_by_text("2026-11-21 17:00 UTC")).to_be_visible()


def test_all_details_of_a_server(show: Show) -> None:
    foreign = {"foreign_redirect_uris": ["https://portal.example.com/signin"]}
    page = show(
        [
            drifted("desk1.example.com", application=foreign),
            broken("desk2.example.com"),
            unreachable("desk3.example.com"),
            restricted("desk4.example.com"),
            invalid("desk5.example.com"),
        ]
    )

    row = server(page, "desk1.example.com")
    assert not row.locator("pre").first.is_visible()
    row.locator("summary").click()
    for known in (
        "contoso.example",
        "https://desk1.example.com/api/oidc/callback",
        "5 of 5 passed",
        "expires in 150 days, 2027-04-20",
        "all users",
        "certificate expires in 200 days, on 2027-06-09",
        "ansible-playbook -i inventory deskops.rustdesk_sso.site --limit desk1.example.com",
    ):
        expect(row.locator(".body").get_by_text(known, exact=False).first).to_be_visible()
    provider = row.locator("figure", has_text="provider azure").locator("pre")
    assert provider.inner_text().splitlines() == ["- enabled: false", "+ enabled: true"]
    application = row.locator("figure", has_text="application RustDesk").locator("pre")
    assert "  display_name: RustDesk\n" in application.inner_text()

    row = server(page, "desk2.example.com")
    expect(row.locator(".reason")).to_contain_text("AADSTS7000215")
    row.locator("summary").click()
    failed = row.get_by_role("listitem").filter(has_text="failed")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("AADSTS7000215")
    expect(failed).to_contain_text("Run the playbook site")

    row = server(page, "desk4.example.com")
    expect(row.locator(".reason")).to_contain_text("not for all users: assignment is required")
    row.locator("summary").click()
    expect(row.get_by_role("heading", name="Restrictions")).to_be_visible()
    (kept_out,) = row.get_by_role("listitem").filter(has_text="assignment").all()
    expect(kept_out).to_contain_text("AADSTS50105")
    expect(kept_out).to_contain_text("rustdesk_sso_app_assignments")

    row = server(page, "desk5.example.com")
    expect(row.locator(".reason")).to_contain_text("rustdesk_sso_secret_lifetime is not a time span")
    row.locator("summary").click()
    expect(row.get_by_role("heading", name="Variables refused")).to_be_visible()

    row = server(page, "desk3.example.com")
    row.locator("summary").click()
    expect(row.locator(".error")).to_contain_text("Inspect the console: Could not read the providers")
    expect(page.get_by_text("https://portal.example.com/signin")).to_be_visible()


def test_credential_of_the_automation(show: Show) -> None:
    """It is at the top, with the command that renews it and a copy button; a healthy one takes a single line."""
    own = {"client_id": "2b6c8c1e", "credential": "secret", "expires": expires(-2), "state": "expired"}
    page = show([record("desk1.example.com", automation=own), record("desk2.example.com")], permissions=[*COPY])
    expect(
        page.get_by_text("All 2 servers are healthy. The automation's own credential needs attention.")
    ).to_be_visible()
    first, second = page.get_by_role("list", name="Credentials of the automation").get_by_role("listitem").all()
    expect(first).to_contain_text("client secret expired on 2026-11-19")
    expect(second).to_contain_text("certificate expires in 200 days")
    expect(second.locator("code")).to_have_count(0)
    first.get_by_role("button", name="Copy").click()
    expect(first.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("ansible-playbook deskops.rustdesk_sso.bootstrap_automation -e bootstrap_tenant_id=")
    assert copied.endswith(
        " -e bootstrap_secret_file=SECRET_FILE -e bootstrap_abilities=ABILITIES -e bootstrap_renew=true"
    )


def test_bars_share_one_scale(show: Show) -> None:
    def secret(days: int) -> dict[str, str]:
        return (
            {"expires": record()["client_secret"]["expires"]} if days == 150 else expiring("x", days)["client_secret"]
        )

    page = show([record(f"d{days}.example.com", client_secret=secret(days)) for days in (10, 75, 150)])
    widths = [server(page, f"d{days}.example.com").locator("rect").bounding_box()["width"] for days in (10, 75, 150)]
    assert widths[0] / widths[2] == pytest.approx(10 / 150, rel=0.02)
    assert widths[1] / widths[2] == pytest.approx(0.5, rel=0.02)
    expect(server(page, "d75.example.com").locator("summary")).to_contain_text("75 days")


@pytest.mark.parametrize(
    ("days", "said"), [(12, "12 days"), (0.5, "< 1 day"), (-0.5, "expired"), (-400, "399 days ago")]
)
@pytest.mark.parametrize("width", [360, 800, 1000, 1400])
def test_days_left_fit_their_column(show: Show, days: float, said: str, width: int) -> None:
    page = show([expiring("desk1.example.com", days)], viewport={"width": width, "height": 600})
    left = page.locator("summary .left")
    expect(left).to_contain_text(said)
    expect(left.locator("time")).to_have_text(expires(days)[:10])
    expect(left.locator("time")).to_be_visible()
    assert left.evaluate("(left) => left.scrollWidth <= left.clientWidth")
    assert fits(page)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(show: Show, name: str) -> None:
    made = broken(
        name, tenant_id=name, callback_url=name, application={"display_name": name, "foreign_redirect_uris": [name]}
    )
    made["console"]["url"] = f"javascript:document.title='owned'//{name}"
    made["checks"][0].update(name=name, detail=name, hint=name, ok=False)
    made["drift"] = [{"object": name, "before": name, "after": f"{name}2"}]
    made["application"]["portal_url"] = f"javascript:document.title='owned'//{name}"
    made["automation"] = {**dict.fromkeys(made["automation"], name), "expires": "", "credential": "secret"}
    error = {"phase": name, "message": name, "cause": "sign_in"}
    page = show([made, unreachable("desk2.example.com", error=error, application={"app_id": "2"})])
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    page.locator("#group").check()
    assert page.title() == "RustDesk sign-in, 2026-11-21"
    assert page.locator("h1").count() == 1
    for place in ("h2.name", ".tenants > h2", ".check", ".hint", "figcaption", ".error b", ".applications h3"):
        assert page.locator(place).filter(has_text=name).count(), place
    assert page.locator("a[href^='javascript']").count() == 0
    assert fits(page)


@pytest.mark.parametrize("count", [3, 300])
def test_fits_a_phone(show: Show, count: int) -> None:
    made = few() if count == 3 else fleet(count)
    made[0]["checks"][0]["detail"] = "x" * 400
    page = show(made, viewport=PHONE)
    assert fits(page)
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    assert fits(page)


def test_search_by_keyboard(show: Show) -> None:
    page = show([*fleet(40), broken("needle.example.org", tenant_id="adventure.example")])
    page.keyboard.press("/")
    page.keyboard.type("needle ADVENTURE")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 of 41 shown")
    page.keyboard.type(" nobody")
    expect(rows(page)).to_have_count(0)
    expect(page.get_by_text("No servers match.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(41)
    page.keyboard.type("a/b")
    expect(page.get_by_role("searchbox")).to_have_value("a/b")


def test_states_and_rows_by_keyboard(show: Show) -> None:
    """Tab reaches the totals, the search, the grouping and each server in visual order."""
    other = {"app_id": "another"}
    page = show([*few(), record("desk4.example.com", tenant_id="fabrikam.example", application=other)])
    focused = page.locator(":focus")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="all")).to_be_focused()
    for _state in STATES[: STATES.index("broken") + 1]:
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="broken")).to_be_checked()
    assert states(page) == ["broken"]
    expect(page.get_by_role("status")).to_have_text("1 of 4 shown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".tenants:visible > h2")).to_have_text(["contoso.example"])
    page.keyboard.press("Tab")
    expect(focused).to_contain_text("desk2.example.com")
    assert focused.evaluate("(element) => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(server(page, "desk2.example.com").locator(".body")).to_be_visible()
    # The command, the application's page, the console's address, then on and out again
    page.keyboard.press("Tab")
    expect(focused).to_have_text("Copy")
    for address in (PORTAL + record()["application"]["app_id"], "https://desk2.example.com"):
        page.keyboard.press("Tab")
        expect(focused).to_have_attribute("href", address)
    page.keyboard.press("Tab")
    expect(page.locator(".server :focus")).to_have_count(0)


def test_focus_is_never_hidden_by_the_bar(show: Show) -> None:
    page = show(fleet(60), viewport={"width": 1200, "height": 600})
    page.locator(".server summary").last.focus()
    for _step in range(30):
        page.keyboard.press("Shift+Tab")
        below = page.evaluate("document.querySelector('.bar').getBoundingClientRect().bottom")
        assert page.locator(":focus").bounding_box()["y"] >= below - 1


def test_group_by_tenant_and_back(show: Show) -> None:
    page = show(fleet(40))
    names = rows(page).locator("h2").all_inner_texts()
    page.get_by_label("Group by tenant").check()
    groups = page.locator(".tenants")
    assert groups.count() == 3
    for place in range(3):
        tenant = groups.nth(place).locator("> h2").inner_text()
        assert set(groups.nth(place).locator("summary .tenant bdi").all_text_contents()) == {tenant}
    assert rows(page).count() == 40
    page.get_by_label("Group by tenant").uncheck()
    assert rows(page).locator("h2").all_inner_texts() == names


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(show: Show, scheme: str) -> None:
    every = [
        unreachable("a.example"),
        refused("a2.example"),
        invalid("a3.example"),
        broken("b.example"),
        drifted("c.example"),
        restricted("c2.example"),
        expiring("d.example"),
        record("e.example"),
    ]
    page = show(every, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")
    texts = page.locator(
        ".word, .number, .reason, .verdict, .automation b, .command code, .date, "
        ".detail, .hint, dt, dd, h1, h2, h3, ins, del, .made, .columns span, .legend"
    )
    measured = [(text.evaluate(CONTRAST), text.text_content()) for text in texts.all()]
    assert len(measured) > 100
    assert min(measured)[0] >= 4.5, min(measured)


def test_states_differ_without_color(show: Show) -> None:
    page = show(
        [
            unreachable("a.example"),
            refused("a2.example"),
            invalid("a3.example"),
            broken("b.example"),
            drifted("c.example"),
            restricted("c2.example"),
            expiring("d.example"),
            record("e.example"),
        ]
    )
    assert states(page) == list(STATES)
    shapes = page.locator("summary .state use").evaluate_all(
        "(uses) => uses.map((use) => document.querySelector(use.getAttribute('href')).innerHTML)"
    )
    assert len(set(shapes)) == len(STATES)


def test_print_shows_all_servers(show: Show) -> None:
    """Print ignores the filters, shows details of servers that need attention, and is black on white."""
    every = [
        make(f"{make.__name__}.example")
        for make in (unreachable, refused, invalid, broken, drifted, restricted, expiring)
    ]
    page = show([*every, *fleet(53)], color_scheme="dark")
    page.get_by_label("Group by tenant").check()
    page.get_by_role("radio", name="broken").check()
    page.keyboard.press("/")
    page.keyboard.type("nobody")
    page.emulate_media(media="print")
    assert rows(page).count() == 60
    # One is unknown
    assert page.locator(".tenants > h2:visible").count() == 4
    for state in STATES:
        shown = page.locator(f".server.{state} .body").evaluate_all(
            "(bodies) => bodies.map((body) => body.checkVisibility())"
        )
        assert shown
        assert set(shown) == {state != "healthy"}
    assert page.locator(".bar").evaluate("(bar) => getComputedStyle(bar).position") == "static"
    assert not page.get_by_role("searchbox").is_visible()
    colours = page.locator("h1, summary .word").evaluate_all(
        "(texts) => texts.map((text) => getComputedStyle(text).color)"
    )
    assert set(colours) == {"rgb(0, 0, 0)"}
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) > 2


def test_without_javascript(show: Show) -> None:
    page = show(fleet(40), java_script_enabled=False)
    assert rows(page).count() == 40
    assert not page.get_by_role("searchbox").is_visible()
    page.get_by_role("radio", name="drifted").check()
    drifting = rows(page)
    assert 0 < drifting.count() < 40
    drifting.first.locator("summary").click()
    expect(drifting.first.locator("ins").first).to_be_visible()
