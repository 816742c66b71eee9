
"""rustdesk_sign_in_check in the controller's process."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.modules import rustdesk_sign_in_check as module
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = module.SPEC
    CORE = staticmethod(module.run)
