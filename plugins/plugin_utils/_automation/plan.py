# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Decide how bootstrap_automation handles the automation's own credentials. Pure.

The playbook recognizes its own credentials by their name in Entra: ``automation`` and the holder, six random digits
that are also written to the file. Each file has its own series of credentials, in which a later one supersedes an
earlier one. Two controllers never remove each other's. Client secrets of earlier releases have no holder.

A new credential is stored in a file next to the one that it will replace, from before it is added to Entra until Entra
accepts it. A run that finds such a file completes the interrupted run.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

KEEP, CREATE, RENEW, COMPLETE = "kept", "created", "renewed", "completed"
OWN_NAME = re.compile(r"automation( [0-9a-f]{6})?")

# The Microsoft Graph application permissions that each ability needs in addition to REQUIRED
ABILITIES: dict[str, tuple[str, ...]] = {
    "other_applications": ("Application.ReadWrite.All",),
    "assignments": ("AppRoleAssignment.ReadWrite.All", "Application.Read.All"),
    "consent": ("DelegatedPermissionGrant.ReadWrite.All",),
    "names": ("User.ReadBasic.All", "GroupMember.Read.All"),
    "policies": ("Policy.Read.All",),
}
REQUIRED = "Application.ReadWrite.OwnedBy"


@dataclass(frozen=True)
class Listed:
    """A certificate or client secret of the application in Entra. ``key`` is the thumbprint or key ID."""

    key: str
    name: str
    expires: datetime

    @property
    def own(self) -> bool:
        """Whether the playbook created it."""
        return bool(OWN_NAME.fullmatch(self.name))


@dataclass(frozen=True)
class CredentialType:
    """A credential type: its name in messages, and the variable with the path of its file."""

    word: str
    variable: str


CERTIFICATE = CredentialType("certificate", "bootstrap_certificate_path")
CLIENT_SECRET = CredentialType("client secret", "bootstrap_secret_file")


@dataclass(frozen=True)
class Files:
    """The files of one credential type on the controller: the file in use, and the one of an interrupted run.

    ``readable`` is False if no vault password can decrypt the file. ``own`` is whether the playbook created its
    credential. ``pending`` describes the interrupted run's file: ``credential``, ``note`` if its client secret may not
    exist yet, or empty.
    """

    path: str
    exists: bool
    readable: bool = True
    own: bool = True
    pending: str = ""


@dataclass(frozen=True)
class Request:
    """The actions that the variables request."""

    renew: bool = False
    another: bool = False
    revoke_former: bool = False


def permissions(abilities: t.Sequence[str]) -> list[str]:
    """Return the permissions for ``abilities``, sorted. Raise InputError for an unknown ability."""
    unknown = [name for name in abilities if name not in ABILITIES]
    if unknown:
        raise InputError(
            f"bootstrap_abilities contains the unknown ability {unknown[0]}", hint=f"Choose from {', '.join(ABILITIES)}"
        )
    return sorted({REQUIRED, *(item for name in abilities for item in ABILITIES[name])})


def choose(
    credential: CredentialType, files: Files, listed: t.Sequence[Listed], request: Request, now: datetime
) -> str:
    """Return KEEP, CREATE, RENEW or COMPLETE for the credential of ``files``. ``listed`` are those in Entra.

    Raise InputError if the user has to decide, or if the credential cannot be replaced.
    """
    if files.pending == "credential":
        return COMPLETE
    if files.pending == "note":
        return RENEW if files.exists else CREATE
    if not files.exists:
        live = [item for item in listed if item.own and item.expires > now]
        if live and not (request.another or request.revoke_former):
            raise InputError(
                f"The file {files.path} does not exist, but the application has a {credential.word} that this playbook "
                f"created ({'; '.join(f'{item.name}, expires {item.expires:%Y-%m-%d}' for item in live)})",
                hint=f"If the file was moved, set {credential.variable} to its path. If it is lost, set "
                f"bootstrap_revoke_former to true to create a new one and remove the lost one. To create another for a "
                f"second controller and keep this one, set bootstrap_another to true",
            )
        return CREATE
    if request.renew:
        _check_renewable(credential, files)
        return RENEW
    return KEEP


def check_tenant(path: str, made_for: str, tenant_id: str) -> None:
    """Raise InputError if the certificate in ``path`` was created for a tenant other than ``tenant_id``.

    Renewing it would replace the only private key of the other tenant's automation. ``made_for`` is empty for a
    certificate that the playbook did not create.
    """
    if made_for and made_for.lower() != tenant_id.lower():
        raise InputError(
            f"The certificate {path} cannot be used in the tenant {tenant_id}",
            answer=f"this playbook created it for the tenant {made_for}",
            hint=f"Use one file for each tenant. Set {CERTIFICATE.variable} to another path, or correct "
            "bootstrap_tenant_id",
        )


def _check_renewable(credential: CredentialType, files: Files) -> None:
    if not files.readable:
        raise InputError(
            f"The {credential.word} cannot be renewed",
            answer=f"the file {files.path} is encrypted, and no vault password can decrypt it",
            hint="Set bootstrap_vault_password, or run ansible-playbook with --ask-vault-pass",
        )
    if not files.own:
        raise InputError(
            f"The {credential.word} cannot be renewed",
            answer=f"the one in {files.path} was not created by this playbook",
            hint=f"Renew it where it was issued and set {credential.variable} to the new file. To have the playbook "
            f"create one, set {credential.variable} to a file that does not exist",
        )


def superseded(
    listed: t.Sequence[Listed], holder: str | None, keep: t.Collection[str], since: datetime, now: datetime
) -> list[Listed]:
    """Return the earlier credentials of ``holder`` to remove.

    ``keep`` are the keys of the credentials in the files. ``since`` is when the one in use replaced its predecessor,
    plus the overlap.
    """
    if holder is None or now < since:
        return []
    return [item for item in listed if item.name == f"automation {holder}" and item.key not in keep]


def revoked(listed: t.Sequence[Listed], names: t.Collection[str], keep: t.Collection[str]) -> list[Listed]:
    """Return the credentials that the playbook created, except those with one of the ``names`` or keys to ``keep``."""
    return [item for item in listed if item.own and item.name not in names and item.key not in keep]


def moment(text: str | None) -> datetime | None:
    """Return the ISO 8601 time ``text`` in UTC, or None if it is not a time."""
    try:
        found = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def is_due(expires: datetime | None, now: datetime, within: timedelta = timedelta(days=30)) -> bool:
    """Return whether a credential has expired or is expiring soon."""
    return expires is not None and expires - now <= within
