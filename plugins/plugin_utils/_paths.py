# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Resolve the paths that a user sets.

Ansible resolves a relative path against the directory of the playbook, for tasks and lookups alike. For a playbook of
an installed collection, that is inside the collection. Only code in the controller's process knows the directory in
which the user started ansible-playbook.
"""

from __future__ import annotations

import os


def resolved(path: str, directory: str) -> str:
    """Resolve ``path`` in ``directory`` to an absolute path without ``..``, with ``~`` and ``~user`` expanded."""
    return os.path.normpath(os.path.join(directory, os.path.expanduser(path)))


def of_user(path: str) -> str:
    """Return ``path`` as an absolute path, relative to the directory in which the user started this process."""
    return resolved(path, os.getcwd())
