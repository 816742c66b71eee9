# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report's metrics and the alert rules, as Prometheus reads them."""

from __future__ import annotations

import re

import yaml
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.deskops.rustdesk_sso.plugins.filter.fleet_report import fleet_report
from support.monitoring import GUIDE, RULE_TESTS, corrected_by_site, expressions, rules
from support.records import AT, fleet

METRIC = re.compile(r"\brustdesk_sso_\w+")


def metrics():
    return fleet_report(fleet(40), format="prometheus", at=AT)


def test_names_and_units_of_the_metrics_follow_the_conventions(promtool):
    checked = promtool("check", "metrics", given=metrics())
    assert (checked.returncode, checked.stdout) == (0, "")


def test_each_metric_is_shown_or_watched_and_no_other():
    """The rules leave out two: the failed check behind a broken sign-in, and the labels of a server."""
    written = {family.name for family in text_string_to_metric_families(metrics())}
    watched = {name for rule in rules().values() for name in METRIC.findall(rule["expr"])}
    shown = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert shown == written
    assert watched == written - {"rustdesk_sso_server_info", "rustdesk_sso_check_ok"}


def test_rules_pass_their_own_tests(promtool):
    tested = promtool("test", "rules", RULE_TESTS)
    assert tested.returncode == 0, tested.stdout
    cases = yaml.safe_load(RULE_TESTS.read_text("utf-8"))["tests"]
    raised = {one["alertname"] for case in cases for one in case.get("alert_rule_test", ()) if "exp_alerts" in one}
    assert raised == set(rules())


def test_each_alert_has_a_severity_and_a_correcting_command():
    for name, rule in rules().items():
        assert set(rule["annotations"]) == {"summary", "description", "command"}, name
        assert rule["labels"]["severity"] in {"critical", "warning"}, name
        assert rule["annotations"]["command"].startswith("ansible-"), name
    assert corrected_by_site() == {
        "RustDeskSSOSignInBroken",
        "RustDeskSSOClientSecretExpired",
        "RustDeskSSOClientSecretExpiringSoon",
        "RustDeskSSODrift",
    }


def test_the_guide_lists_each_alert_with_its_severity():
    listed = re.findall(r"^   \* - ``(RustDeskSSO\w+)``\n     - (\w+)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert dict(listed) == {name: rule["labels"]["severity"] for name, rule in rules().items()}
