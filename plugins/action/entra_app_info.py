
"""entra_app_info in the controller's process."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app_info as module
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = module.SPEC
    CORE = staticmethod(module.run)
