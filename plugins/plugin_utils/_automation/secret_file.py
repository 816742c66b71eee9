# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read and render the file with the role's variables for a client secret. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

TENANT, CLIENT_ID = "rustdesk_sso_tenant_id", "rustdesk_sso_entra_client_id"
SECRET, EXPIRES = "rustdesk_sso_entra_client_secret", "rustdesk_sso_entra_client_secret_expires"
NAMES = (TENANT, CLIENT_ID, SECRET, EXPIRES)
HOLDER = re.compile(r"^# Holder: ([0-9a-f]{6})$", re.MULTILINE)
# A value that is encrypted separately
INLINE_VAULT = re.compile(rf"^({CLIENT_ID}|{SECRET}): *!vault\b", re.MULTILINE)
HEAD = "# Created by the playbook deskops.rustdesk_sso.bootstrap_automation, which can renew it."


class _Loader(yaml.SafeLoader):
    """A YAML loader that reads values with Ansible's tags, such as ``!vault``, as plain strings."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, node: str(node.value))


@dataclass(frozen=True)
class SecretFile:
    """The variables in the file. ``secret`` is empty in the note that is written before the client secret is created.

    ``holder`` is None in files of earlier releases.
    """

    text: str
    client_id: str
    secret: str
    expires: str
    holder: str | None


def is_readable(text: str) -> bool:
    """Return whether the client secret and the client ID can be read, because neither is encrypted separately."""
    return not INLINE_VAULT.search(text)


def parse(text: str, path: str) -> SecretFile:
    """Return the variables in ``text``, the content of the file ``path``. Raise InputError for any other file."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506
    except yaml.YAMLError:  # its message quotes the file
        found = None
    holder = HOLDER.search(text)
    values = found if isinstance(found, dict) else {}
    if not (holder and found is None) and not all(isinstance(values.get(name), str) for name in (CLIENT_ID, SECRET)):
        raise InputError(
            f"The file {path} was not created by this playbook",
            answer=f"it does not contain {CLIENT_ID} and {SECRET}",
            hint="Set bootstrap_secret_file to a file that does not exist",
        )
    client_id, secret, expires = (str(values.get(name) or "") for name in (CLIENT_ID, SECRET, EXPIRES))
    return SecretFile(text, client_id, secret, expires, holder.group(1) if holder else None)


def note(holder: str) -> str:
    """Return the content of the file before its client secret is created.

    If the run is interrupted, the next one recognizes by it the client secrets that no file contains.
    """
    return f"{HEAD}\n# Holder: {holder}\n"


def render(values: t.Mapping[str, str], holder: str | None, former: str | None = None) -> str:
    """Return the content of the file with ``values`` for NAMES. All other lines of ``former`` are kept."""
    lines = {name: f"{name}: {json.dumps(values[name])}" for name in NAMES}
    text = former if former is not None else note(holder or "") if holder else f"{HEAD}\n"
    kept = [lines.pop(line.partition(":")[0], line) for line in text.rstrip().splitlines()]
    return "\n".join([*kept, *lines.values(), ""])


def check_renewable(former: SecretFile, path: str) -> None:
    """Raise InputError if a new client secret could not be written to the file ``path``."""
    values = dict.fromkeys(NAMES, "0")
    try:
        renewed = yaml.load(render(values, former.holder, former.text), _Loader)  # noqa: S506
    except yaml.YAMLError:  # its message quotes the file
        renewed = {}
    if any(renewed.get(name) != "0" for name in NAMES):
        raise InputError(
            f"The client secret in {path} cannot be renewed",
            answer=f"{SECRET} is not on a single line",
            hint="Write each variable in the file on a single line",
        )
