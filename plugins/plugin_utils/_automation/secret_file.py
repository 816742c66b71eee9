# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The file with the role's variables for a client secret. Pure."""

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
# A value that is encrypted by itself
INLINE_VAULT = re.compile(rf"^({CLIENT_ID}|{SECRET}): *!vault\b", re.MULTILINE)
HEAD = "# Made by the playbook deskops.rustdesk_sso.bootstrap_automation, which can renew it."


class _Loader(yaml.SafeLoader):
    """Loads other variables with tags of Ansible, such as ``!vault``, without looking into them."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, node: str(node.value))


@dataclass(frozen=True)
class SecretFile:
    """What the file says. ``secret`` is empty in the note that is kept before the client secret is created.

    ``holder`` is None in files of earlier releases.
    """

    text: str
    client_id: str
    secret: str
    expires: str
    holder: str | None


def is_readable(text: str) -> bool:
    """Whether the client secret and its client ID can be read: neither is encrypted by itself."""
    return not INLINE_VAULT.search(text)


def parse(text: str, path: str) -> SecretFile:
    """The variables in ``text``, the file ``path``; raises InputError for another file."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506
    except yaml.YAMLError:  # which quotes the file
        found = None
    holder = HOLDER.search(text)
    values = found if isinstance(found, dict) else {}
    if not (holder and found is None) and not all(isinstance(values.get(name), str) for name in (CLIENT_ID, SECRET)):
        raise InputError(
            f"The file {path} was not made by this playbook",
            answer=f"it has no {CLIENT_ID} and {SECRET}",
            hint="Set bootstrap_secret_file to a file that does not exist",
        )
    client_id, secret, expires = (str(values.get(name) or "") for name in (CLIENT_ID, SECRET, EXPIRES))
    return SecretFile(text, client_id, secret, expires, holder.group(1) if holder else None)


def note(holder: str) -> str:
    """The file before its client secret is created. If the run ends in between, the next one knows by it which client
    secrets of the application nobody has."""
    return f"{HEAD}\n# Holder: {holder}\n"


def render(values: t.Mapping[str, str], holder: str | None, former: str | None = None) -> str:
    """The file with ``values`` for NAMES. All that ``former`` has besides is kept."""
    lines = {name: f"{name}: {json.dumps(values[name])}" for name in NAMES}
    text = former if former is not None else note(holder or "") if holder else f"{HEAD}\n"
    kept = [lines.pop(line.partition(":")[0], line) for line in text.rstrip().splitlines()]
    return "\n".join([*kept, *lines.values(), ""])


def check_renewable(former: SecretFile, path: str) -> None:
    """Raise InputError if another client secret could not be written into the file ``path``."""
    values = dict.fromkeys(NAMES, "0")
    try:
        renewed = yaml.load(render(values, former.holder, former.text), _Loader)  # noqa: S506
    except yaml.YAMLError:  # which quotes the file
        renewed = {}
    if any(renewed.get(name) != "0" for name in NAMES):
        raise InputError(
            f"The file {path} cannot be renewed",
            answer=f"{SECRET} is not a value in one line",
            hint="Write each variable of the file in one line",
        )
