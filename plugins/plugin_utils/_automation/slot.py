# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The file of one credential, and the new file that will replace it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _paths
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import files
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.files import File, Vault
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.plan import KEEP

# Of the new file, next to the one that it will replace. Ansible does not read variables from it
SUFFIX = ".new"


@dataclass
class Slot:
    """The files of a credential: ``file`` is in use, ``pending`` will replace it. ``choice`` is the action to take."""

    path: str
    file: File
    pending: File
    choice: str = KEEP

    @classmethod
    def inspect(cls, path: str | None, variable: str, vault: Vault, *, check_mode: bool) -> Slot | None:
        """Return the slot for ``path``, the value of ``variable``, or None without a path.

        Raise InputError if the files cannot be read or written.
        """
        if not path:
            return None
        path = _paths.of_user(path)
        slot = cls(path, files.inspect(path, vault), files.inspect(os.path.realpath(path) + SUFFIX, vault))
        if slot.pending.exists and slot.pending.data is None:
            raise InputError(
                f"The file {slot.pending.path} of an interrupted run cannot be read",
                answer="it is encrypted, and no vault password can decrypt it",
                hint="Set bootstrap_vault_password, or run ansible-playbook with --ask-vault-pass",
            )
        files.check_writable(path, variable, check_mode=check_mode)
        return slot

    def put(self, data: bytes) -> None:
        """Write ``data`` to the new file."""
        files.write(self.pending.path, data)
        self.pending = replace(self.pending, exists=True, data=data)

    def finish(self) -> str:
        """Replace the file in use with the new one. See files.replace_file()."""
        return files.replace_file(self.pending.path, self.path)
