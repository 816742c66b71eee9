# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of extensions/monitoring and extensions/eda, as their tests read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

EXTENSIONS = Path(__file__).resolve().parents[2] / "extensions"
MONITORING = EXTENSIONS / "monitoring"
RULES = MONITORING / "rustdesk_sso.rules.yml"
RULE_TESTS = MONITORING / "rustdesk_sso.rules.test.yml"
DASHBOARD = MONITORING / "grafana" / "rustdesk_sso.json"
GUIDE = EXTENSIONS.parent / "docs" / "docsite" / "rst" / "guide_monitoring.rst"
RULEBOOK = EXTENSIONS / "eda" / "rulebooks" / "renew_on_alert.yml"


def rules() -> dict[str, Any]:
    """The alert rules by name."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def corrected_by_site() -> set[str]:
    """The names of the alerts whose cause a run of site corrects, according to their annotations."""
    return {name for name, rule in rules().items() if "deskops.rustdesk_sso.site" in rule["annotations"]["command"]}


def dashboard() -> dict[str, Any]:
    """The dashboard for Grafana."""
    made: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return made


def expressions() -> Iterator[str]:
    """Each Prometheus expression of the dashboard's panels."""
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
