# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The settings document of RustDesk Server Pro, according to the assumed or declared contract; pure.

consoles.pro describes the assumptions and their evidence.
"""

from __future__ import annotations

import copy
import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import json_places, json_structure
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan

Document = dict[str, t.Any]

# The names of a provider's members in the document
DEFAULT_KEYS = {
    "name": "name",
    "order": "order_index",
    "enabled": "enabled",
    "client_id": "client_id",
    "client_secret": "client_secret",
    "issuer": "issuer",
    "authorization_endpoint": "authorization_endpoint",
    "token_endpoint": "token_endpoint",
    "userinfo_endpoint": "userinfo_endpoint",
    "jwks_endpoint": "jwks_endpoint",
    "icon": "icon",
}
DEFAULT_CONTRACT: Document = {
    "settings_path": "/api/oidc/settings",
    "write_path": None,
    "write_method": "PUT",
    "document": "",
    "providers": "providers",
    "callback_path": None,
    "callback_url": "callback_url",
    "maximum_authorized_users": "max_auth_count",
    "keys": {},
}
NOT_TEXT = ("enabled", "order")
SETTINGS = ("callback_url", "maximum_authorized_users")
# A run of characters that no service uses in a secret, or a word in brackets such as <hidden>
MASK = re.compile(r"[*•●·∙]{3,}|^(.)\1{5,}$|^[<\[(].*[>\])]$")


class Contract:
    """The format of the settings document: the ``declared`` parts of O(contract), with defaults for the others.

    ``keys`` are the names of a provider's members.
    """

    def __init__(self, declared: t.Mapping[str, t.Any] | None, url: str) -> None:
        """``url`` is the console's address, for errors."""
        given = {key: value for key, value in (declared or {}).items() if value is not None}
        self._known, self._url = {**DEFAULT_CONTRACT, **given}, url
        self.keys = {**DEFAULT_KEYS, **self["keys"]}

    def __getitem__(self, name: str) -> t.Any:
        """Return the declared or assumed value of ``name``."""
        return self._known[name]

    def entries(self, document: t.Any) -> list[Document]:
        """Return the providers of ``document``."""
        return t.cast("list[Document]", json_places.dig(document, self["providers"]))

    def named(self, document: t.Any) -> dict[str, Document]:
        """Return the providers of ``document`` by name."""
        return {entry[self.keys["name"]]: entry for entry in self.entries(document)}

    def recognises(self, document: t.Any) -> bool:
        """True if ``document`` has the known format.

        Members in another spelling are rejected: a server that keeps unknown members would appear to accept ours.
        """
        entries, known = self.entries(document), self._known
        if not isinstance(entries, list) or any(json_places.respelt(document, known[name]) for name in SETTINGS):
            return False
        callback = None if known["callback_path"] else json_places.dig(document, known["callback_url"])
        names = self.keys
        texts = [key for option, key in names.items() if option not in NOT_TEXT]
        client_id = not entries or any(isinstance(entry, dict) and names["client_id"] in entry for entry in entries)
        return (
            isinstance(callback, (str, type(None)))
            and client_id
            and all(
                isinstance(entry, dict)
                and isinstance(entry.get(names["name"]), str)
                and all(isinstance(entry.get(key), (str, type(None))) for key in texts)
                and isinstance(entry.get(names["enabled"]), (bool, type(None)))
                and (entry.get(names["order"]) is None or json_structure.is_number(entry[names["order"]]))
                for entry in entries
            )
        )

    def provider(self, entry: Document) -> Provider:
        """Return the provider of an ``entry`` of the document."""
        keys = self.keys
        secret = entry.get(keys["client_secret"])
        readable = keys["client_secret"] in entry and not masked(secret)
        values: Document = {option: entry.get(key) for option, key in keys.items()}
        return Provider(
            secret_readable=readable,
            extra={key: value for key, value in entry.items() if key not in keys.values()},
            **{**values, "client_secret": secret if readable else None},
        )

    def changed(self, former: t.Any, plan: Plan) -> t.Any:
        """Return a copy of ``former`` with the plan's changes only.

        Raises InputError if the document cannot contain one of them.
        """
        document = copy.deepcopy(former)
        entries, keys = self.entries(document), self.keys
        gone = {item.name for item in plan.gone}
        entries[:] = [entry for entry in entries if entry[keys["name"]] not in gone]
        changes = {keys[option]: value for option, value in plan.values().items()}
        if plan.target and plan.present:
            entry = next(item for item in entries if item[keys["name"]] == plan.present.name)
            entry.update(changes)
        elif plan.target:
            entries.append({keys["name"]: plan.target.name, keys["order"]: plan.target.order, **changes})
        for change in plan.settings:
            option = change.field.option
            if option != "callback_url" or not self["callback_path"]:
                if not isinstance(document, dict):
                    raise InputError(f"The settings of the console {self._url} cannot contain {option}")
                json_places.put(document, self[option], change.after)
        return document

    def differences(self, wanted: t.Any, found: t.Any) -> list[str]:
        """Return the members of ``found`` that differ from the written document, by name and without values.

        The console may add members to a new provider. A client secret that it masks cannot be compared.
        """
        name, secret = self.keys["name"], self.keys["client_secret"]
        want_rest, have_rest = copy.deepcopy(wanted), copy.deepcopy(found)
        want_list, have_list = self.entries(want_rest), self.entries(have_rest)
        pairs = list(zip(list(want_list), list(have_list), strict=False))
        names = [[entry[name] for entry in entries] for entries in (want_list, have_list)]
        want_list.clear()
        have_list.clear()
        different = []
        if isinstance(want_rest, dict):
            different = [key for key in want_rest if have_rest.get(key) != want_rest[key]]
        if names[0] != names[1]:
            return [*different, "the list of providers"]
        for want, have in pairs:
            for key, value in want.items():
                hidden = key == secret and (key not in have or masked(have[key]))
                if have.get(key) != value and not hidden:
                    different.append(f"{key} of {want[name]}")
        return different


def masked(secret: str | None) -> bool:
    """True if the console shows a mask instead of the value or a part of it, as other consoles do."""
    return bool(MASK.search(secret or ""))
