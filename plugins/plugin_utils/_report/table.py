# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Write the report as CSV, one row for each server. Pure."""

from __future__ import annotations

import csv
import io
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.model import Model

# The columns, each with the path of its value in a server of the model
COLUMNS: dict[str, tuple[str, ...]] = {
    "server": ("server",),
    "state": ("state",),
    "reason": ("reason",),
    "tenant_id": ("tenant_id",),
    "application": ("application", "unique_name"),
    "app_id": ("application", "app_id"),
    "assignment": ("application", "assignment"),
    "provider": ("provider", "name"),
    "console_type": ("console", "type"),
    "console_url": ("console", "url"),
    "callback_url": ("callback_url",),
    "client_secret_expires": ("client_secret", "expires"),
    "client_secret_days_left": ("days_left",),
    "checks_passed": ("checks_passed",),
    "checks_run": ("checks_run",),
    "automation_client_id": ("automation", "client_id"),
    "automation_credential": ("automation", "credential"),
    "automation_expires": ("automation", "expires"),
    "automation_state": ("automation", "state"),
}
# Characters, including their full-width forms, with which spreadsheets start a formula (OWASP, CSV Injection [doc])
FORMULA = tuple("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")


def text(model: Model) -> str:
    """Return a row with the names of the columns, then the servers of ``model`` in order."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for server in model["servers"]:
        writer.writerow([_cell(_value(server, path)) for path in COLUMNS.values()])
    return file.getvalue()


def _value(server: Model, path: t.Sequence[str]) -> t.Any:
    value: t.Any = server
    for key in path:
        value = value[key]
    return value


def _cell(value: t.Any) -> str:
    """Return ``value`` in one line. An apostrophe prevents spreadsheets from treating it as a formula."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    # Before Python 3.11, the csv module fails on a null character
    line = " ".join(str(value).replace("\0", "\ufffd").split())
    return f"'{line}" if line.startswith(FORMULA) else line
