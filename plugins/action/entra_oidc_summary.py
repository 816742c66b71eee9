# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publish the summary of a run as statistics, and to a webhook."""

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

# The role's variables of the options
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
    """Send the summary where that is asked for; gives it as the run's statistics."""
    servers = params["servers"]
    statistics = {"data": {"rustdesk_sso": {"servers": servers}}, "per_host": False, "aggregate": True}
    for sentence in automation.warnings(servers.values(), datetime.now(timezone.utc)):
        context.warn(sentence)
    sent = False
    if params["notify_url"] and not context.check_mode and message.is_due(servers, params["notify_when"]):
        answer = _post(params, message.message(servers, params["notify_format"]))
        sent = not answer
        if answer:
            context.warn(f"The webhook rustdesk_sso_notify_url did not take the summary: {answer}")
    return {"sent": sent, "ansible_stats": statistics}


def _post(params: t.Mapping[str, t.Any], body: dict[str, t.Any]) -> str:
    """Send ``body``; gives what went wrong, without the address, which is a secret."""
    try:
        with closing(_http.Http(params["ca_path"], params["timeout"])) as http:
            response = http.send("POST", params["notify_url"], json=body)
    except InputError as error:
        return f"rustdesk_sso_notify_{error}"
    except Exception as error:  # noqa: BLE001  # the text of whatever a library raises may hold the address
        return f"it answered nothing{_why(params, error)}"
    return "" if 200 <= response.status_code < 300 else f"it answered {response.status_code}"


def _why(params: t.Mapping[str, t.Any], error: Exception) -> str:
    """Why the webhook answered nothing, where that is known; its address is not told."""
    try:
        asked = _causes.Asked(
            params["notify_url"], "rustdesk_sso_notify_url", "rustdesk_sso_notify_ca_path", shown="it"
        )
        cause = _causes.of_exception(error, asked)
    except ValueError:
        return ". Set rustdesk_sso_notify_url to the URL of a webhook"
    # The text of one that is not known may hold the address
    return f": {cause.answer}. {cause.hint}" if cause.name != _causes.UNKNOWN else ""


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = SPEC
    CORE = staticmethod(publish)

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Publish the statistics, whatever is wrong with the variables of the server whose turn it is: its own result
        tells that, and a task that runs once fails for all."""
        # Read as it is: a template of all records takes long, and Ansible prints nothing meanwhile
        servers = self._task.args.get("servers") or (task_vars or {})["rustdesk_sso_run"]
        self._task.args = {**self._task.args, "servers": servers}
        result = super().run(tmp, task_vars)
        if not result.get("failed"):
            return result
        self._task.args = {"servers": servers}
        published = super().run(tmp, task_vars)
        said = named(result["msg"], VARIABLES)
        return {**published, "warnings": [*published.get("warnings", []), f"The summary was not sent: {said}"]}
