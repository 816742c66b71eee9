# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert comes from outside: it may only limit a run to the name of a server in the group."""

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.deskops.rustdesk_sso.plugins.filter.fleet_hosts import fleet_hosts
from support.monitoring import RULEBOOK, corrected_by_site

GROUPS = {
    "all": ["desk1", "desk2", "web1"],
    "ungrouped": [],
    "rustdesk_servers": ["desk1", "desk2"],
    "desks": ["desk1"],
    "webservers": ["web1"],
}


def hosts(limit, groups=None, pattern="rustdesk_servers"):
    return fleet_hosts({}, pattern, groups or GROUPS, limit, named=True)


def test_the_name_of_a_server():
    assert hosts("desk1") == "rustdesk_servers"
    assert hosts("desk2") == "rustdesk_servers"
    assert hosts("desk1", pattern="desks") == "desks"


@pytest.mark.parametrize(
    "limit",
    [
        *["", "all", "*", "rustdesk_servers", "desks", "desk*", "~desk1", "!desk2", "desk1,desk2", "desk1:!desk2"],
        *["desk1,", " desk1", "desk1\n", "DESK1", "web1", "webservers", "desk9", "localhost", "@/etc/hosts"],
    ],
)
def test_anything_else_is_refused(limit):
    with pytest.raises(AnsibleFilterError, match="must be the name of one server"):
        hosts(limit)


def test_a_group_with_one_server_is_not_its_name():
    with pytest.raises(AnsibleFilterError, match="but it is 'all'"):
        hosts("all", {"all": ["desk1"], "rustdesk_servers": ["desk1"]})


def test_the_rulebook_accepts_alerts_that_a_run_of_site_resolves():
    (ruleset,) = yaml.safe_load(RULEBOOK.read_text("utf-8"))
    (rule,) = ruleset["rules"]
    condition = rule["condition"]
    taken = condition[condition.index("[") : condition.index("]") + 1]
    assert set(yaml.safe_load(taken)) == corrected_by_site()
    assert rule["throttle"]["group_by_attributes"] == ["event.labels.server"]
