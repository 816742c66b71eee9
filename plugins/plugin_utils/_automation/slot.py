# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The file of one credential, and the one beside it that will take its place."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _paths
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import files
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.files import Seen, Vault
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.plan import KEEP

# Beside the file that it will replace; Ansible does not read it as variables
SUFFIX = ".new"


@dataclass
class Slot:
    """The file of one credential: ``seen`` is the file, ``begun`` the one beside it. ``choice`` is what is done."""

    path: str
    seen: Seen
    begun: Seen
    choice: str = KEEP

    @classmethod
    def look(cls, path: str | None, variable: str, vault: Vault, *, check_mode: bool) -> Slot | None:
        """The files for the ``path`` that the ``variable`` has; None without a path. Raises InputError if they cannot
        be read or written."""
        if not path:
            return None
        path = _paths.of_user(path)
        slot = cls(path, files.look(path, vault), files.look(os.path.realpath(path) + SUFFIX, vault))
        if slot.begun.exists and slot.begun.data is None:
            raise InputError(
                f"The file {slot.begun.path} of a run that was interrupted cannot be read",
                answer="it is encrypted, and no vault password can read it",
                hint="Set bootstrap_vault_password, or run ansible-playbook with --ask-vault-pass",
            )
        files.check_writable(path, variable, check_mode=check_mode)
        return slot

    def put(self, data: bytes) -> None:
        """Write the file beside the one that is in use."""
        files.write(self.begun.path, data)
        self.begun = replace(self.begun, exists=True, data=data)

    def finish(self) -> str:
        """Let the file beside it take the place of the one in use; see files.take_the_place()."""
        return files.take_the_place(self.begun.path, self.path)
