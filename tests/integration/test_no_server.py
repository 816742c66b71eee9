# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run without servers fails: otherwise a nightly job would succeed until client secrets expire."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.filter import fleet_hosts
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _host_patterns
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import other_hosts
from support.controller import Controller

OTHER_GROUP = "If they are in a different group, add -e rustdesk_sso_hosts=GROUP."
NOTHING = "The inventory has no host in the group rustdesk_servers, so there is nothing to do."
LEAVES_NONE = "matches no host in the group rustdesk_servers, so there is nothing to do."
WEB: dict[str, Any] = {"webservers": {"hosts": {"web1": {}}}}
BOTH = {**WEB, "rustdesk_servers": {"hosts": {"desk1": {}, "desk2": {}}}}
GROUPS = {"all": ["web1", "desk1", "desk2"], "webservers": ["web1"], "rustdesk_servers": ["desk1", "desk2"]}


@pytest.mark.parametrize(
    ("name", "inventory", "options", "said"),
    [
        ("site", WEB, [], NOTHING),
        ("site", {"all": {"hosts": {}, "vars": {"rustdesk_sso_hosts": "all"}}}, ["--limit", "desk1"], OTHER_GROUP),
        ("site", BOTH, ["--limit", "web1"], f"The limit web1 {LEAVES_NONE}"),
        ("rotate", BOTH, ["--limit", "webservers"], f"The limit webservers {LEAVES_NONE}"),
        ("remove", BOTH, ["--limit", "all:!rustdesk_servers"], LEAVES_NONE),
        ("report", BOTH, ["-e", "rustdesk_sso_hosts=desks"], "has no host in the pattern desks, so"),
        (
            "remove",
            BOTH,
            ["-e", "rustdesk_sso_hosts=webservers", "--limit", "desk1"],
            "no host in the group webservers",
        ),
        ("try_sign_in", WEB, [], NOTHING),
        (
            "try_sign_in",
            BOTH,
            [],
            "This playbook is for one server, but 2 match (desk1, desk2). Choose one with --limit.",
        ),
    ],
)
def test_no_server_is_a_failure(
    quick_controller: Controller, name: str, inventory: dict[str, Any], options: list[str], said: str
) -> None:
    run = quick_controller.playbook(quick_controller.site.with_name(f"{name}.yml"), inventory, *options)
    assert run.rc != 0
    assert said in " ".join(run.output.split())


def test_partial_inventory_may_have_no_server(quick_controller: Controller) -> None:
    run = quick_controller.playbook(quick_controller.site, WEB, "-e", "partial_inventory=true")
    assert run.rc == 0, run.output
    assert NOTHING in run.output


def test_syntax_can_be_checked_without_an_inventory(quick_controller: Controller) -> None:
    run = quick_controller.playbook(quick_controller.site, {"all": {"hosts": {}}}, "--syntax-check")
    assert run.rc == 0, run.output


@pytest.mark.parametrize(
    "limit", ["", "desk1", "desk*", "all:!web1", "web1,desk2", "rustdesk_servers[1]", "~desk[2-9]"]
)
def test_limit_that_leaves_a_server(limit: str) -> None:
    assert fleet_hosts.problem(GROUPS, limit) == ""
    assert fleet_hosts.fleet_hosts({}, "rustdesk_servers", GROUPS, limit) == "rustdesk_servers"


@pytest.mark.parametrize(("limit", "several"), [("", True), ("desk*", True), ("desk2", False), ("web1,desk1", False)])
def test_single_server_is_accepted(limit: str, several: bool) -> None:
    assert bool(fleet_hosts.several(GROUPS, limit)) == several


def test_many_servers_are_abbreviated() -> None:
    many = [f"desk{number}" for number in range(1, 50)]
    said = fleet_hosts.several({"all": many, "rustdesk_servers": many}, "")
    assert "but 49 match (desk1, desk2, desk3, desk4, desk5, ...)" in said


def test_limit_from_a_file(tmp_path: Any) -> None:
    retry = tmp_path / "failed.retry"
    retry.write_text("desk2\n")
    assert fleet_hosts.problem(GROUPS, f"@{retry}") == ""
    retry.write_text("web1\n")
    assert LEAVES_NONE in fleet_hosts.problem(GROUPS, f"@{retry}")


def chosen(limit: str = "", **asked: str) -> str:
    """Return the host pattern for a part of the servers."""
    return fleet_hosts.fleet_hosts({"groups": GROUPS, "ansible_limit": limit}, "rustdesk_servers", **asked)


def test_one_server_goes_first_and_all_others_follow() -> None:
    assert (chosen(first=""), chosen(after="")) == ("desk1", "rustdesk_servers:!desk1")
    assert (chosen("desk2", first=""), chosen("desk2", after="")) == ("desk2", "rustdesk_servers:!desk2")
    assert (chosen(first="desk2"), chosen(after="desk2")) == ("desk2", "rustdesk_servers:!desk2")
    both = fleet_hosts.fleet_hosts({"groups": GROUPS}, "web1,desk2", after="")
    assert _host_patterns.matching(GROUPS, both) == ["desk2"]


def test_hosts_of_another_group_count_as_servers() -> None:
    """They count like those of rustdesk_servers; other hosts do not."""
    groups = {"all": ["a", "b", "web1"], "desks": ["a", "b"]}
    shared = {"groups": groups, "group_names": ["desks"], "rustdesk_sso_hosts": "desks"}
    hostvars = {name: {**shared, "inventory_hostname": name} for name in groups["all"]}
    assert [other.name for other in other_hosts.staying(hostvars, "a", ["a"])] == ["b"]
    assert _host_patterns.group(hostvars["a"]) == "desks"
    assert _host_patterns.group({**shared, "rustdesk_sso_hosts": "desks:!b"}) == ""


def test_the_servers_can_be_in_another_group(controller: Controller) -> None:
    """Each playbook for servers takes their group or pattern from one extra variable."""
    others = [str(path) for path in controller.site.parent.glob("*.yml") if path != controller.site]
    project = controller.site.parents[1] / "extensions/awx/project"
    named = [*others, *map(str, project.glob("*.yml")), "--list-hosts", "-e", "rustdesk_sso_hosts=webservers,!web2"]
    run = controller.playbook(controller.site, WEB, *named)
    assert run.rc == 0, run.output
    patterns = set(re.findall(r"pattern: \[(.*)\]", run.output))
    assert patterns == {"'webservers,!web2'", "'localhost'"}
    assert run.output.count("playbook: ") == len(named) - 2
