# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run entra_app in the controller's process."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import NOT_MADE
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app as module
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = module.SPEC
    CORE = staticmethod(module.run)

    @staticmethod
    def holds_secret(result: t.Mapping[str, t.Any]) -> bool:
        """Return whether a new client secret was created. Check mode only predicts one."""
        applications = [result, *(result.get("applications") or [])]
        secrets = (item.get("secret_text") for found in applications for item in found.get("client_secrets") or [])
        return any(text not in (None, NOT_MADE) for text in secrets)
