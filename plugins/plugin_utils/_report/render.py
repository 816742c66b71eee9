# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Render the report's model as a page, as JSON, as CSV, and as metrics for Prometheus' node exporter."""

from __future__ import annotations

import base64
import difflib
import hashlib
import json
import pkgutil
import typing as t

from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import parse_time
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report import summary, table
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.model import STATES, Model, days_left

# The distances between the timeline's marks, in days. The first that gives at most _MARKS is used.
_STEPS = (1, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650, 36500)
_MARKS = 3
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Timeline:
    """One scale for the client secrets of all servers, from today to the latest expiry."""

    def __init__(self, servers: t.Sequence[Model]) -> None:
        renewals = {server["renew_before_days"] for server in servers}
        left = [server["days_left"] for server in servers if server["days_left"] is not None]
        self.days = max([1, *renewals, *left])
        # Drawn on the axis only if all servers share it
        self.renew_before = renewals.pop() if len(renewals) == 1 else None
        step = next((step for step in _STEPS if self.days / step <= _MARKS), self.days)
        self.marks = list(range(step, self.days + 1, step))

    def place(self, days: float) -> str:
        """Return the position of a day on the scale, as a percentage. Days in the past are at the left edge."""
        return f"{max(0, min(days, self.days)) / self.days:.2%}"


def render(model: Model, form: str, fail_on: t.Any = ()) -> str | Model:
    """Render the report in one of FORMATS, as a text.

    With ``files``, return all texts by file name, the totals, the state of each server, the report in one line, and the
    failure, empty if no server is in one of the states ``fail_on``. Raises InputError for an unknown state.
    """
    failure = summary.failure(model, fail_on)
    if form == "files":
        files = {f"rustdesk_sso.{_EXTENSIONS[name]}": text(model) for name, text in _TEXTS.items()}
        return {
            "files": files,
            "totals": model["totals"],
            "states": summary.by_server(model),
            "summary": summary.line(model),
            "failure": failure,
        }
    return _TEXTS[form](model)


def _html(model: Model) -> str:
    style, script = _file("page.css"), _file("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            model,
            states=STATES,
            now=parse_time(model["checked_at"]),
            timeline=Timeline(model["servers"]),
            # The collection's own files, the only parts of the page that are not escaped
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _json(model: Model) -> str:
    return json.dumps(model, indent=2, ensure_ascii=False) + "\n"


def _prometheus(model: Model) -> str:
    return _environment().get_template("metrics.prom.j2").render(model, states=STATES)


_TEXTS: dict[str, t.Callable[[Model], str]] = {
    "html": _html,
    "json": _json,
    "prometheus": _prometheus,
    "csv": table.text,
}
_EXTENSIONS = {"html": "html", "json": "json", "prometheus": "prom", "csv": "csv"}
FORMATS = (*_TEXTS, "files")


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        check_results=_check_results,
        changes=_changes,
        days_left=days_left,
        described=_described,
        first_to_expire=_first_to_expire,
        labels=_labels,
        seconds=lambda text: int(parse_time(text).timestamp()),
        day=lambda text: parse_time(text).strftime("%Y-%m-%d"),
        minute=lambda text: parse_time(text).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return environment


def _file(name: str) -> str:
    """Read a file next to this one, even if Ansible's own loader imported this one."""
    content = pkgutil.get_data(__name__.rpartition(".")[0], name)
    if content is None:
        raise FileNotFoundError(name)
    return content.decode()


def _hash(text: str) -> str:
    """Return the source expression with which a Content-Security-Policy allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _check_results(server: Model) -> dict[str, bool]:
    """Return whether each check passed, by name. Prometheus rejects a file with two values for one name."""
    passed: dict[str, bool] = {}
    for check in server["checks"]:
        if check["ok"] is not None:
            passed[check["name"]] = check["ok"] and passed.get(check["name"], True)
    return passed


@pass_context
def _described(context: Context, known: Automation) -> str:
    """Describe the automation's credential."""
    return automation.describe(known, context["now"])


def _first_to_expire(credentials: t.Sequence[Model]) -> list[Model]:
    """Return the first credential to expire for each application and type, because names must be unique."""
    found: dict[tuple[str, str], Model] = {}
    for item in credentials:
        if item["expires"]:
            found.setdefault((item["client_id"], item["credential"]), item)
    return list(found.values())


def _labels(values: dict[str, str]) -> str:
    """Return a metric's labels, with their values escaped for Prometheus' text format."""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in values.items()) + "}"


def _changes(drift: Model) -> list[tuple[str, str]]:
    """Return a unified diff as lines of (``added``, ``removed``, ``same`` or ``gap``, text without the sign)."""
    before, after = drift["before"].splitlines(), drift["after"].splitlines()
    changes = {"+": "added", "-": "removed", " ": "same", "@": "gap"}
    lines = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    # The first gap precedes the first line, so it is left out
    return [(changes[line[0]], line[1:]) for place, line in enumerate(lines) if place or line[0] != "@"]
