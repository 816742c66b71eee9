# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read, check, and atomically replace files that contain a secret."""

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

# The widest permissions of a file with a secret: its owner can read and write it, and its group can read it
SAFE_MODE = 0o640
Secret = tuple[str | None, t.Any]


class Vault:
    """The vault passwords of a run: first that of the playbook's variable, then those of ansible-playbook."""

    def __init__(self, password: str | None = None, loader: t.Any = None) -> None:
        given: list[Secret] = [(None, VaultSecret(password.encode()))] if password else []
        self._secrets: list[Secret] = [*given, *(getattr(getattr(loader, "_vault", None), "secrets", None) or [])]

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def opened(self, data: bytes) -> tuple[bytes, Secret] | None:
        """Return the plain text of encrypted ``data`` and the matching password, or None if none matches."""
        for secret in self._secrets:
            with suppress(AnsibleError):
                return bytes(VaultLib([secret]).decrypt(data)), secret
        return None

    def sealed(self, data: bytes, secret: Secret | None = None) -> bytes:
        """Return ``data`` encrypted with ``secret`` or the first password, or unchanged without any password."""
        if secret is None and not self._secrets:
            return data
        label, password = secret or self._secrets[0]
        return bytes(VaultLib([(label, password)]).encrypt(data, secret=password, vault_id=label))


@dataclass(frozen=True)
class File:
    """A file. ``data`` is its plain text, or None if it does not exist or no vault password can decrypt it."""

    path: str
    exists: bool
    data: bytes | None = None
    encrypted: bool = False
    secret: Secret | None = None


def inspect(path: str, vault: Vault) -> File:
    """Read the file ``path``, and decrypt it if it is encrypted with ansible-vault. Raise InputError on failure."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return File(path, False)
    except OSError as error:
        raise InputError(f"The file {path} cannot be read", answer=error.strerror) from error
    if not is_encrypted(data):
        return File(path, True, data)
    opened = vault.opened(data)
    return File(path, True, opened[0], True, opened[1]) if opened else File(path, True, None, True)


def check_writable(path: str, variable: str, *, check_mode: bool) -> None:
    """Raise InputError if the file ``path``, the value of ``variable``, cannot be written.

    Outside check mode, a temporary file in the same directory is written, because permissions are not conclusive.
    """
    directory = os.path.dirname(os.path.realpath(path))
    answer = None
    if not os.path.isdir(directory):
        answer, hint = f"the directory {directory} does not exist", f"Create the directory or correct {variable}"
    else:
        hint = f"Correct the permissions or set {variable} to another path"
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
    """Atomically write ``data`` to the file ``path``, readable by its owner only. Raise InputError."""
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


def replace_file(new: str, path: str) -> str:
    """Atomically replace ``path`` with the file ``new``, keeping owner, group and mode as far as possible and safe.

    Return the command that sets the ones that could not be kept, or an empty string. Raise InputError.
    """
    target = os.path.realpath(path)
    try:
        left = _keep_access(new, target)
        os.replace(new, target)
    except OSError as error:
        raise InputError(f"Replacing the file {path} with {new} failed", answer=error.strerror) from error
    return left


def _keep_access(new: str, former: str) -> str:
    """Set owner, group and mode of ``former`` on ``new``, without access for others. See replace_file()."""
    try:
        was = os.stat(former)
    except FileNotFoundError:
        return ""
    mode, kept = was.st_mode & SAFE_MODE, True
    # The group first, because after a change of owner the group can no longer be changed. No other group gets access.
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
    """Lock the directories of ``paths`` against other runs. Raise InputError if another run holds a lock.

    Directories are locked, so that no lock file is left behind. Directories that cannot be locked, as on some network
    file systems, are skipped.
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
                        hint="Wait for it to finish, then run the playbook again",
                    ) from None
        yield
