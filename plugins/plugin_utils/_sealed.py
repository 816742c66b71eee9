# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Encrypt the session that one task passes to the next, so that its result need not be censored as a whole."""

from __future__ import annotations

import base64
import os
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

# Created when Ansible loads the first action of the collection, before it forks its workers, so that only they have it
_KEY = base64.urlsafe_b64encode(os.urandom(32))
_PREFIX = "sealed:"
# The keys that stay readable
_OPEN = ("type",)

Session = t.Mapping[str, t.Any]


def seal(session: Session) -> dict[str, t.Any] | None:
    """Return ``session``, as the option of that name accepts it, with its texts encrypted for this run of Ansible.

    None if the library cryptography, a dependency of azure-identity, is missing.
    """
    try:
        from cryptography.fernet import Fernet
    except ImportError:
        return None
    encrypt = Fernet(_KEY).encrypt
    return {
        name: _PREFIX + encrypt(value.encode()).decode() if isinstance(value, str) and name not in _OPEN else value
        for name, value in session.items()
    }


def unseal(session: t.Any) -> t.Any:
    """Decrypt a session from ``seal``; return other values unchanged. Raises InputError for another run's session."""
    if not isinstance(session, t.Mapping) or not any(map(_is_sealed, session.values())):
        return session
    from cryptography.fernet import Fernet, InvalidToken

    decrypt = Fernet(_KEY).decrypt
    try:
        return {
            name: decrypt(value[len(_PREFIX) :].encode()).decode() if _is_sealed(value) else value
            for name, value in session.items()
        }
    except InvalidToken:
        raise InputError(
            "session cannot be used", answer="another run of Ansible returned it", hint="Leave it out to sign in again"
        ) from None


def _is_sealed(value: t.Any) -> bool:
    return isinstance(value, str) and value.startswith(_PREFIX)
