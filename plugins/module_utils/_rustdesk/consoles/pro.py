# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""RustDesk Server Pro.

Its settings API is NOT published. What is assumed, and only here: one JSON document with ``providers`` (a list of
objects with a ``name``) and ``callback_url``, read by GET and written whole by PUT at /api/oidc/settings. It is the
most probable contract by independent evidence (sctgdesk-api-server's types.rs; the settings page's fields and its
single Submit button). A document of another shape is refused before anything is written; after a write, all is read
back, and the former document is restored when anything is not as it should be.
"""

from __future__ import annotations

import copy
import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import FIELDS, Provider

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan

Document = dict[str, t.Any]

DEFAULT_CONTRACT = {"settings_path": "/api/oidc/settings", "write_method": "PUT"}
KEYS = [item.option for item in FIELDS]
# A row of signs that no service puts into a secret, or a word in brackets such as <hidden>.
MASK = re.compile(r"[*•●·∙]{3,}|^(.)\1{5,}$|^[<\[(].*[>\])]$")
REPORT = "Nothing was written. Please report this shape, so that this version of RustDesk Server Pro can be supported"


class Pro:
    """One RustDesk Server Pro console, over a connection that has signed in."""

    kind = "pro"

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` overrides where and how the settings document is read and written."""
        self._connection = connection
        self._contract = {**DEFAULT_CONTRACT, **(contract or {})}
        self._document: Document | None = None

    def providers(self) -> list[Provider]:
        """All providers of the settings document, in its order."""
        return [_provider(entry) for entry in self._settings()["providers"]]

    def callback_url(self) -> str | None:
        """The stored callback URL."""
        return self._settings().get("callback_url") or None

    def apply(self, plan: Plan) -> None:
        """Write the settings document with ``plan``'s changes; see the head of this file for what is checked.

        Raises ServiceError when the console refuses or does not keep what was written; the former document is then
        put back.
        """
        former = self._settings()
        wanted = _changed(former, plan)
        self._connection.keep_secret(*(entry.get("client_secret") for entry in wanted["providers"]))
        _refuse_masks(wanted, self._connection.url)
        attempted = f"Writing the OIDC settings of the console {self._connection.url} failed"
        try:
            self._write(wanted, attempted)
        except AmbiguousError:
            self._document = self._read()
            if self._document == former:
                self._write(wanted, attempted)  # a whole document: writing it twice is writing it once
        self._document = self._read()
        surprises = _differences(wanted, self._document)
        if surprises:
            raise self._restored(former, surprises)

    def _restored(self, former: Document, surprises: list[str]) -> ServiceError:
        outcome = "the former settings were put back"
        try:
            self._write(former, "Putting the former OIDC settings back failed")
            if _differences(former, self._read()):
                outcome = "the former settings could not be put back completely"
        except ServiceError as error:
            outcome = f"the former settings could not be put back: {error}"
        return ServiceError(
            f"The console {self._connection.url} did not keep what was written",
            answer=f"read back, this differs: {', '.join(surprises)}; {outcome}",
            hint="Look at Settings > OIDC in the console; see the option contract if its API differs",
        )

    def _settings(self) -> Document:
        if self._document is None:
            self._document = self._read()
        return self._document

    def _read(self) -> Document:
        path = self._contract["settings_path"]
        attempted = f"Reading the OIDC settings of the console {self._connection.url} failed"
        document = _recognised(self._connection.call("GET", path, attempted), self._connection.url)
        self._connection.keep_secret(*(entry.get("client_secret") for entry in document["providers"]))
        return document

    def _write(self, document: Document, attempted: str) -> None:
        self._connection.call(self._contract["write_method"], self._contract["settings_path"], attempted, json=document)


def _recognised(document: t.Any, url: str) -> Document:
    """``document`` if its shape is the one that is known; raises ServiceError that tells the shape, not the values."""
    good = isinstance(document, dict) and isinstance(document.get("providers"), list)
    if good:
        callback = document.get("callback_url")
        good = (callback is None or isinstance(callback, str)) and all(
            isinstance(entry, dict)
            and isinstance(entry.get("name"), str)
            and all(isinstance(entry.get(key), (str, type(None))) for key in KEYS if key != "enabled")
            and isinstance(entry.get("enabled"), (bool, type(None)))
            and type(entry.get("order_index")) in (int, type(None))
            for entry in document["providers"]
        )
    if not good:
        raise ServiceError(
            f"The OIDC settings of the console {url} have a shape that is not known",
            answer=f"seen: {_shape(document)}",
            hint=REPORT,
        )
    return t.cast(Document, document)


def _shape(value: t.Any) -> str:
    """The structure of a JSON value: keys and types, no values."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shape(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " | ".join(sorted({_shape(item) for item in value})) + "]"
    return "null" if value is None else type(value).__name__


def _provider(entry: Document) -> Provider:
    secret = entry.get("client_secret")
    readable = "client_secret" in entry and not _masked(secret)
    return Provider(
        name=entry["name"],
        order=entry.get("order_index"),
        secret_readable=readable,
        extra={key: value for key, value in entry.items() if key not in (*KEYS, "name", "order_index")},
        **{**{key: entry.get(key) for key in KEYS}, "client_secret": secret if readable else None},
    )


def _masked(secret: str | None) -> bool:
    """Whether the console shows a mask instead of the value or of a part of it, as other consoles do."""
    return bool(MASK.search(secret or ""))


def _refuse_masks(document: Document, url: str) -> None:
    """Raise ServiceError where writing ``document`` would send back a mask, which may become the secret itself."""
    masked = [entry["name"] for entry in document["providers"] if _masked(entry.get("client_secret"))]
    if masked:
        raise ServiceError(
            f"The OIDC settings of the console {url} cannot be written back whole",
            answer=f"the console masks the client secret of {', '.join(masked)}, and the mask could replace it",
            hint="Nothing was written. For the declared provider, set client_secret and update_secret to always",
        )


def _changed(former: Document, plan: Plan) -> Document:
    """A copy of ``former`` with the plan's changes and nothing else."""
    document = copy.deepcopy(former)
    entries = document["providers"]
    if plan.present:
        entry = next(item for item in entries if item["name"] == plan.present.name)
        if plan.target is None:
            entries.remove(entry)
        for change in plan.changes:
            entry[change.field.option] = change.after
    elif plan.target:
        changes = {change.field.option: change.after for change in plan.changes}
        entries.append({"name": plan.target.name, "order_index": plan.target.order, **changes})
    if plan.callback:
        document["callback_url"] = plan.callback.after
    return document


def _differences(wanted: Document, found: Document) -> list[str]:
    """Where ``found`` is not what was written, by name and without values.

    The console may add keys to a provider that had just been made; a secret that it masks cannot be compared.
    """
    different = [key for key in wanted if key != "providers" and found.get(key) != wanted[key]]
    names = [entry["name"] for entry in wanted["providers"]]
    if [entry["name"] for entry in found["providers"]] != names:
        return [*different, "the list of providers"]
    for want, have in zip(wanted["providers"], found["providers"], strict=True):
        for key, value in want.items():
            hidden = key == "client_secret" and (key not in have or _masked(have[key]))
            if have.get(key) != value and not hidden:
                different.append(f"{key} of {want['name']}")
    return different
