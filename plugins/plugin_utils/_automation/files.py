# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Files that hold a secret: seen, proven to be writable, and replaced as a whole."""

from __future__ import annotations

import os
import tempfile
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret, is_encrypted

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

Secret = tuple[str | None, t.Any]


class Vault:
    """The vault passwords of a run: that of the playbook's variable first, then those of ansible-playbook."""

    def __init__(self, password: str | None = None, loader: t.Any = None) -> None:
        given: list[Secret] = [(None, VaultSecret(password.encode()))] if password else []
        self._secrets: list[Secret] = [*given, *(getattr(getattr(loader, "_vault", None), "secrets", None) or [])]

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def opened(self, data: bytes) -> tuple[bytes, Secret] | None:
        """The plain text of encrypted ``data`` and the password that fits; None if none does."""
        for secret in self._secrets:
            with suppress(AnsibleError):
                return bytes(VaultLib([secret]).decrypt(data)), secret
        return None

    def sealed(self, data: bytes, secret: Secret | None = None) -> bytes:
        """``data`` encrypted with ``secret``, by default the first password; as it is where there is none."""
        if secret is None and not self._secrets:
            return data
        label, password = secret or self._secrets[0]
        return bytes(VaultLib([(label, password)]).encrypt(data, secret=password, vault_id=label))


@dataclass(frozen=True)
class Seen:
    """A file: ``data`` is its plain text, None if it does not exist or no vault password can read it."""

    path: str
    exists: bool
    data: bytes | None = None
    encrypted: bool = False
    secret: Secret | None = None


def look(path: str, vault: Vault) -> Seen:
    """The file ``path``, decrypted if it is encrypted with ansible-vault. Raises InputError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return Seen(path, False)
    except OSError as error:
        raise InputError(f"The file {path} cannot be read", answer=error.strerror) from error
    if not is_encrypted(data):
        return Seen(path, True, data)
    opened = vault.opened(data)
    return Seen(path, True, opened[0], True, opened[1]) if opened else Seen(path, True, None, True)


def check_writable(path: str, variable: str, *, check_mode: bool) -> None:
    """Raise InputError if the file ``path``, which ``variable`` names, could not be written.

    Except in check mode, a file beside it is written and removed again: permissions alone do not tell.
    """
    directory = os.path.dirname(os.path.realpath(path))
    answer = None
    if not os.path.isdir(directory):
        answer, hint = f"the directory {directory} does not exist", f"Create the directory, or correct {variable}"
    else:
        hint = f"Correct the permissions, or set {variable} to another path"
        try:
            if check_mode:
                answer = None if os.access(directory, os.W_OK | os.X_OK) else f"{directory} is not writable"
            else:
                with tempfile.NamedTemporaryFile(dir=directory, prefix=".rustdesk_sso-") as file:
                    file.write(b"x")
                    file.flush()
        except OSError as error:
            answer = f"{directory}: {error.strerror}"
    if answer:
        raise InputError(f"The file {path} cannot be written, and nothing was created", answer=answer, hint=hint)


def write(path: str, data: bytes) -> None:
    """Write ``data`` to the file ``path``, which only its owner can read; a reader sees all of it or the former file.

    Raises InputError.
    """
    target = os.path.realpath(path)
    directory, name = os.path.split(target)
    try:
        handle, part = tempfile.mkstemp(dir=directory, prefix=f".{name}-")  # with mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise
    except OSError as error:
        raise InputError(f"Writing the file {path} failed", answer=error.strerror) from error


def take_the_place(new: str, path: str) -> None:
    """Let the file ``new`` replace ``path``, at once. Raises InputError."""
    try:
        os.replace(new, os.path.realpath(path))
    except OSError as error:
        raise InputError(f"Replacing the file {path} by {new} failed", answer=error.strerror) from error
