# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Register the application that the automation authenticates with."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Core
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.bootstrap import bootstrap
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.guide import GROUP
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.sign_in import named

# The extra variable that sets a different group than the documented one
HOSTS = "rustdesk_sso_hosts"
SWITCH: dict[str, t.Any] = {"type": "bool", "default": False}
OPTIONS: dict[str, t.Any] = {
    "unique_name": {"type": "str", "default": "rustdesk-sso-automation"},
    "display_name": {"type": "str", "default": "RustDesk sign-in automation"},
    "abilities": {"type": "list", "elements": "str", "default": []},
    # Not of type path, which would resolve it before the user's directory is known
    "certificate_path": {"type": "str"},
    "certificate_lifetime": {"type": "str", "default": "365d"},
    "secret_file": {"type": "str", "no_log": False},
    "secret_lifetime": {"type": "str", "default": "180d", "no_log": False},
    "vault_password": {"type": "str", "no_log": True},
    "federated_credential": {"type": "dict"},
    "overlap": {"type": "str", "default": "7d"},
    "renew": SWITCH,
    "another": SWITCH,
    "revoke_former": SWITCH,
    "restore": {"type": "bool"},
    "take_over": {"type": "list", "elements": "str", "default": []},
}
SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **{name: rules for name, rules in ENTRA_OPTIONS.items() if name not in OPTIONS},
        "tenant_id": {**ENTRA_OPTIONS["tenant_id"], "required": False},
        "auth_source": {**ENTRA_OPTIONS["auth_source"], "default": "azure_cli"},
        "wait_timeout": {"type": "float", "default": 300.0},
        **OPTIONS,
    },
    "supports_check_mode": True,
}
# The playbook's variable for each option
VARIABLES = {option: f"bootstrap_{option}" for option in SPEC["argument_spec"] if option != "certificate_password"}


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = SPEC
    CORE = staticmethod(bootstrap)

    def _here(self, variables: dict[str, t.Any]) -> bool:
        return True

    def _run_core(self, core: Core) -> dict[str, t.Any]:
        return super()._run_core(partial(bootstrap, loader=self._loader, hosts=self._hosts))

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Register the application, and show the variables and next steps as text that can be copied."""
        hosts = plain((task_vars or {}).get(HOSTS))
        self._hosts = hosts if isinstance(hosts, str) and hosts else GROUP
        result = super().run(tmp, task_vars)
        if result.get("failed"):
            return {**result, "msg": named(str(result.get("msg", "")), VARIABLES)}
        self._display.display("\n".join(["", *result["guide"], ""]))
        return result
