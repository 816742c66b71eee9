# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Files that hold a secret: seen, proven to be writable, and replaced as a whole."""

from __future__ import annotations

import fcntl
import os
import shlex
import tempfile
import typing as t
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret, is_encrypted

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

# The most that a file with a secret allows: all for its owner but to run it, and its group may read it
SAFE_MODE = 0o640
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


def take_the_place(new: str, path: str) -> str:
    """Let the file ``new`` replace ``path``, at once, with its owner, group and mode as far as they are allowed and can
    be set. Gives the command that sets what could not be set; empty if nothing is left to do. Raises InputError."""
    target = os.path.realpath(path)
    try:
        left = _keep_access(new, target)
        os.replace(new, target)
    except OSError as error:
        raise InputError(f"Replacing the file {path} by {new} failed", answer=error.strerror) from error
    return left


def _keep_access(new: str, former: str) -> str:
    """Give ``new`` the access of ``former``, if that exists, but none for others; see take_the_place()."""
    try:
        was = os.stat(former)
    except FileNotFoundError:
        return ""
    mode, kept = was.st_mode & SAFE_MODE, True
    # The group first: who gives the file away cannot change it any more. Another group never reads it.
    try:
        if os.stat(new).st_gid != was.st_gid:
            os.chown(new, -1, was.st_gid)
    except PermissionError:
        kept = not mode & 0o077
    os.chmod(new, mode if kept else mode & 0o700)
    try:
        if os.stat(new).st_uid != was.st_uid:
            os.chown(new, was.st_uid, -1)
    except PermissionError:
        kept = False
    path = shlex.quote(former)
    return "" if kept else f"chown {was.st_uid}:{was.st_gid} {path} && chmod {mode:o} {path}"


@contextmanager
def locked(paths: t.Iterable[str]) -> t.Iterator[None]:
    """Keep other runs from writing files in the directories of ``paths`` meanwhile; raises InputError if one does.

    The directories are locked, so that no file is left behind. Where that is impossible, as on some network file
    systems, nothing is.
    """
    with ExitStack() as stack:
        for directory in sorted({os.path.dirname(os.path.realpath(path)) for path in paths}):
            with suppress(OSError):
                handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
                stack.callback(os.close, handle)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise InputError(
                        "Another run of bootstrap_automation is in progress",
                        answer=f"it uses a file in {directory}",
                        hint="Wait until it has ended, then run the playbook again",
                    ) from None
        yield
