# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Convert Ansible's own text, list and dictionary types to plain Python. Pure."""

from __future__ import annotations

import typing as t


def plain(value: t.Any) -> t.Any:
    """Return a copy of ``value`` as a module receives its options: vaulted strings decrypted, no tags or marks."""
    if isinstance(value, t.Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str.__str__(str(value))
