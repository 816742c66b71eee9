# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that finds no server fails with a sentence: else a nightly job would succeed until client secrets expire."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.filter import fleet_hosts
from support.controller import Controller

NOTHING = "The inventory has no host in the group rustdesk_servers, so there is nothing to do."
LEAVES_NONE = "leaves no host of the group rustdesk_servers, so there is nothing to do."
WEB: dict[str, Any] = {"webservers": {"hosts": {"web1": {}}}}
BOTH = {**WEB, "rustdesk_servers": {"hosts": {"desk1": {}, "desk2": {}}}}
GROUPS = {"all": ["web1", "desk1", "desk2"], "webservers": ["web1"], "rustdesk_servers": ["desk1", "desk2"]}


@pytest.mark.parametrize(
    ("name", "inventory", "options", "said"),
    [
        ("site", WEB, [], NOTHING),
        ("site", {"all": {"hosts": {}}}, ["--limit", "desk1"], NOTHING),
        ("site", BOTH, ["--limit", "web1"], f"The limit web1 {LEAVES_NONE}"),
        ("rotate", BOTH, ["--limit", "webservers"], f"The limit webservers {LEAVES_NONE}"),
        ("remove", BOTH, ["--limit", "all:!rustdesk_servers"], LEAVES_NONE),
        ("report", WEB, ["--check"], NOTHING),
        ("adopt", WEB, [], NOTHING),
        ("try_sign_in", WEB, [], NOTHING),
        (
            "try_sign_in",
            BOTH,
            [],
            "This playbook is for one server, and 2 remain (desk1, desk2). Choose one with --limit.",
        ),
    ],
)
def test_no_server_is_a_failure(
    quick_controller: Controller, name: str, inventory: dict[str, Any], options: list[str], said: str
) -> None:
    run = quick_controller.playbook(quick_controller.site.with_name(f"{name}.yml"), inventory, *options)
    assert run.rc != 0
    assert said in " ".join(run.output.split())


def test_a_part_of_the_inventory_may_have_none(quick_controller: Controller) -> None:
    run = quick_controller.playbook(quick_controller.site, WEB, "-e", "partial_inventory=true")
    assert run.rc == 0, run.output
    assert NOTHING in run.output


def test_the_syntax_can_be_checked_without_an_inventory(quick_controller: Controller) -> None:
    run = quick_controller.playbook(quick_controller.site, {"all": {"hosts": {}}}, "--syntax-check")
    assert run.rc == 0, run.output


@pytest.mark.parametrize(
    "limit", ["", "desk1", "desk*", "all:!web1", "web1,desk2", "rustdesk_servers[1]", "~desk[2-9]"]
)
def test_a_limit_that_leaves_a_server(limit: str) -> None:
    assert fleet_hosts.problem(GROUPS, limit) == ""
    assert fleet_hosts.fleet_hosts("rustdesk_servers[0]", GROUPS, limit) == "rustdesk_servers[0]"


@pytest.mark.parametrize(("limit", "several"), [("", True), ("desk*", True), ("desk2", False), ("web1,desk1", False)])
def test_one_server_alone(limit: str, several: bool) -> None:
    assert bool(fleet_hosts.several(GROUPS, limit)) == several


def test_many_servers_are_not_all_named() -> None:
    many = [f"desk{number}" for number in range(1, 50)]
    said = fleet_hosts.several({"all": many, "rustdesk_servers": many}, "")
    assert "and 49 remain (desk1, desk2, desk3, desk4, desk5, ...)" in said


def test_a_limit_from_a_file(tmp_path: Any) -> None:
    retry = tmp_path / "failed.retry"
    retry.write_text("desk2\n")
    assert fleet_hosts.problem(GROUPS, f"@{retry}") == ""
    retry.write_text("web1\n")
    assert LEAVES_NONE in fleet_hosts.problem(GROUPS, f"@{retry}")
