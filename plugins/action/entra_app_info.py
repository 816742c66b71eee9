# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run entra_app_info in the controller's process."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app_info as module
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = module.SPEC
    CORE = staticmethod(module.run)
