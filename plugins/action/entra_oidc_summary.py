# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publish the summary of a run as statistics, and send it to a webhook."""

from __future__ import annotations

import typing as t
from contextlib import closing
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _causes, _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation, message
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.sign_in import named

# The role's variable for each option
VARIABLES = {
    **{option: f"{PREFIX}{option}" for option in ("notify_url", "notify_format", "notify_when", "timeout")},
    "ca_path": f"{PREFIX}notify_ca_path",
}
SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "servers": {"type": "dict"},
        "notify_url": {"type": "str", "no_log": True},
        "notify_format": {"type": "str", "choices": ["json", "slack", "teams"], "default": "json"},
        "notify_when": {"type": "str", "choices": ["changes", "failures", "always"], "default": "changes"},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 30.0},
    },
    "supports_check_mode": True,
}


def publish(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Send the summary if that is declared, and return it as the run's statistics."""
    servers = params["servers"]
    statistics = {"data": {"rustdesk_sso": {"servers": servers}}, "per_host": False, "aggregate": True}
    for sentence in automation.warnings(servers.values(), datetime.now(timezone.utc)):
        context.warn(sentence)
    sent = False
    if params["notify_url"] and not context.check_mode and message.is_due(servers, params["notify_when"]):
        answer = _post(params, message.message(servers, params["notify_format"]))
        sent = not answer
        if answer:
            context.warn(f"The webhook rustdesk_sso_notify_url did not accept the summary: {answer}")
    return {"sent": sent, "ansible_stats": statistics}


def _post(params: t.Mapping[str, t.Any], body: dict[str, t.Any]) -> str:
    """Send ``body``, and return the error, empty if none. It does not contain the address, which is a secret."""
    try:
        with closing(_http.Http(params["ca_path"], params["timeout"])) as http:
            response = http.send("POST", params["notify_url"], json=body)
    except InputError as error:
        return f"rustdesk_sso_notify_{error}"
    except Exception as error:  # noqa: BLE001  # any library's error message may contain the address
        return f"it did not answer{_why(params, error)}"
    return "" if 200 <= response.status_code < 300 else f"it answered {response.status_code}"


def _why(params: t.Mapping[str, t.Any], error: Exception) -> str:
    """Return why the webhook did not answer, if known, without its address."""
    try:
        asked = _causes.Asked(
            params["notify_url"], "rustdesk_sso_notify_url", "rustdesk_sso_notify_ca_path", shown="it"
        )
        cause = _causes.of_exception(error, asked)
    except ValueError:
        return ". Set rustdesk_sso_notify_url to the URL of a webhook"
    # The message of an unknown error may contain the address
    return f": {cause.answer}. {cause.hint}" if cause.name != _causes.UNKNOWN else ""


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = SPEC
    CORE = staticmethod(publish)

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Publish the statistics even if the variables of the server that runs this task are wrong.

        The server's own result reports that, and a failure of a task that runs once would affect all servers.
        """
        # Read without templating, which takes long for many records and prints nothing
        servers = self._task.args.get("servers") or (task_vars or {})["rustdesk_sso_run"]
        self._task.args = {**self._task.args, "servers": servers}
        result = super().run(tmp, task_vars)
        if not result.get("failed"):
            return result
        self._task.args = {"servers": servers}
        published = super().run(tmp, task_vars)
        said = named(result["msg"], VARIABLES)
        return {**published, "warnings": [*published.get("warnings", []), f"The summary was not sent: {said}"]}
