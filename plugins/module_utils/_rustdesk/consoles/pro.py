# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""RustDesk Server Pro. All assumptions about its unpublished settings API are in this file and in pro_document.

Assumed: one settings document with ``providers`` (a list of objects with a ``name``) and ``callback_url``, read by GET
and written as a whole by PUT at /api/oidc/settings. Independent evidence makes this the most probable contract
(sctgdesk-api-server's types.rs; the fields of the settings page and its single Submit button). O(contract) describes a
server that differs. A document in another format is rejected before anything is written. After a write, the document
is read back, and the former one is restored if anything differs.
"""

from __future__ import annotations

import hashlib
import json
import time
import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ConflictError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import json_places, json_structure, users
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro_document import (
    DEFAULT_KEYS,
    Contract,
    Document,
    masked,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import SignedInLikeAClient
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import (
    read_back,
    resolved_by_reading,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import (
    PAGE,
    Provider,
    conflict,
    find,
    is_anothers,
    is_whole,
)

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan

# Seconds after a write in which a process that read the document before it may overwrite it
SECOND_LOOK = 0.5
REPORT = (
    "Nothing was written. Run the playbook learn_contract: it creates the option contract for this server, and a report"
    " without secrets that helps to support it"
)


class Pro(SignedInLikeAClient):
    """One RustDesk Server Pro console."""

    type = "pro"
    takes_api_domain = True
    sign_in_lasts: float | None = None
    asks_for_client = True
    supports = frozenset({*DEFAULT_KEYS, "callback_url", "maximum_authorized_users"})

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` overrides how the settings document is read and written."""
        super().__init__(connection)
        self._contract = Contract(contract, connection.url)
        self._document: t.Any = None
        self._callback: str | None = None
        # The console's users, read once
        self._listed: list[Document] | None = None
        # The data on the latest write for look_again(). Secrets are stored as digests, because Ansible masks a task's
        # own secrets in its result.
        self._written: Document | None = None

    def seen(self) -> str | None:
        """Return the settings document and the data for look_again(), including secrets."""
        document = None if self._contract["callback_path"] else self._document
        return json.dumps({"document": document, "written": self._written}) if document or self._written else None

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Continue the session of ``token`` with the document that was read in it; apply() reads it again."""
        super().resume(token, seen, client)
        # A module masks its own secrets in its result, so the data may be damaged
        with suppress(ValueError, AttributeError, RecursionError):
            known = json.loads(seen) if seen else {}
            self._document, self._written = known.get("document"), known.get("written")
            self._keep_secrets(self._document)

    @property
    def wrote(self) -> bool:
        """True if look_again() has anything to check."""
        return self._written is not None

    def providers(self, name: str) -> list[Provider]:
        """Return all providers, in the document's order. Raises ServiceError if ``name`` matches several."""
        found = [self._contract.provider(entry) for entry in self._contract.entries(self._settings())]
        wanted = find(found, name, self.type)
        if wanted is not None and [item.name for item in found].count(wanted.name) > 1:
            raise ServiceError(
                f"The console {self._connection.url} has several providers named {wanted.name}",
                hint="Nothing was written. Remove the unused ones under Settings > OIDC in the console",
            )
        return found

    def settings(self) -> dict[str, t.Any]:
        """Return the stored callback URL and the maximum number of users."""
        document = self._settings()
        maximum = json_places.dig(document, self._contract["maximum_authorized_users"])
        return {
            "callback_url": self._read_callback(document) or None,
            "maximum_authorized_users": maximum if json_structure.is_number(maximum) else None,
        }

    def warnings(self, plan: Plan) -> list[str]:
        """Return no warnings."""
        return []

    def local_administrators(self) -> list[str] | None:
        """Return the administrators who can sign in without an identity provider; None if unknown."""
        return users.local_administrators(self._users)

    def authorized_users(self) -> int | None:
        """Return the number of users with an identity provider; None if unknown."""
        return users.authorized(self._users)

    def user_names(self) -> set[str]:
        """Return the names of all users. Raises ServiceError if the console does not list them."""
        return {str(user.get("name")) for user in self._users()}

    def _users(self) -> list[Document]:
        """Return all users (RustDesk's users.py [doc])."""
        attempted = f"Reading the users of the console {self._connection.url} failed"

        def page(number: int) -> t.Any:
            return self._connection.call("GET", f"/api/users?current={number}&pageSize={PAGE}", attempted)

        if self._listed is None:
            self._listed = users.listed(self._connection.url, page, "data")
        return self._listed

    def check(self, plan: Plan) -> None:
        """Raise ServiceError if writing the document back would send a mask, which could replace the client secret."""
        document = self._contract.changed(self._settings(), plan)
        name, secret = self._contract.keys["name"], self._contract.keys["client_secret"]
        hidden = [entry[name] for entry in self._contract.entries(document) if masked(entry.get(secret))]
        if hidden:
            raise ServiceError(
                f"The OIDC settings of the console {self._connection.url} cannot be written back completely",
                answer=f"the console masks the client secret of {', '.join(hidden)}, and the mask could replace it",
                hint="Nothing was written. For the declared provider, set client_secret and update_secret to always",
            )

    def apply(self, plan: Plan) -> None:
        """Write the settings document with the changes of ``plan``, and verify it.

        Raises ConflictError if another process has changed the document since ``plan`` was created or since the write,
        ServiceError if the console refuses or does not keep the changes; the former document is then restored.
        """
        former = self._settings()
        if self._read() != former:
            raise self._conflict()
        former_callback = self._read_callback(former)
        wanted = self._contract.changed(former, plan)
        change = plan.setting("callback_url")
        callback = change.after if change else former_callback
        self._keep_secrets(wanted)
        self._write_both(former, wanted, former_callback, callback)
        self._document = None
        try:
            surprises = self._contract.differences(wanted, read_back(self._writing, self._settings))
            if read_back(self._writing, lambda: self._read_callback(self._document)) != callback:
                surprises.append("the callback URL")
        except AmbiguousError:
            raise
        except ServiceError as error:
            surprises = [f"everything, because it can no longer be read ({error.answer})"]
        target = plan.target.name if plan.target else None
        before = {name: _digest(entry) for name, entry in self._contract.named(former).items()}
        if surprises and target and self._document is not None:
            wish = self._contract.named(wanted)[target].get(self._contract.keys["client_secret"])
            if self._is_another_runs(target, before, self._document, lambda secret: is_anothers(wish, secret)):
                raise self._conflict()
        if surprises:
            raise self._restored(former, former_callback, surprises)
        if target:
            secret = self._contract.named(self._document)[target].get(self._contract.keys["client_secret"])
            self._written = {"at": time.time(), "name": target, "before": before, "secret": _digest(secret)}

    def look_again(self) -> None:
        """Read the document again. Raises ConflictError if a process that had read it before this session's write has
        overwritten it since."""
        written, self._document = self._written, None
        if not written:
            return
        time.sleep(max(0.0, min(SECOND_LOOK, written["at"] + SECOND_LOOK - time.time())))
        try:
            found = self._settings()
        except ServiceError:
            return  # it was verified right after the write

        def is_other(secret: t.Any) -> bool:
            return is_whole(secret) and _digest(secret) != written["secret"]

        if self._is_another_runs(written["name"], written["before"], found, is_other):
            raise self._conflict()

    def _conflict(self) -> ConflictError:
        self._document = self._callback = self._written = None
        return conflict(f"The OIDC settings of the console {self._connection.url}")

    def _is_another_runs(
        self, mine: str, before: t.Mapping[str, str], found: t.Any, is_other: t.Callable[[t.Any], bool]
    ) -> bool:
        """True if ``found`` is the write of another run of this collection, on top of the state ``before`` (digests by
        name) or of this run's write: it added a provider, or changed the client secret of the provider ``mine`` to one
        that ``is_other``, and left all others unchanged."""
        now = self._contract.named(found)
        digests = {name: _digest(entry) for name, entry in now.items()}
        if any(digests.get(name) != digest for name, digest in before.items() if name != mine):
            return False
        if digests.get(mine) in (None, before.get(mine)):
            return bool(set(now) - {*before, mine})
        return is_other(now[mine].get(self._contract.keys["client_secret"]))

    def _restored(self, former: t.Any, callback: str | None, surprises: list[str]) -> ServiceError:
        outcome = "the former settings were restored"
        try:
            self._write(former, "Restoring the former OIDC settings failed")
            if self._contract["callback_path"]:
                self._write_callback(callback, "Restoring the former callback URL failed")
            if self._contract.differences(former, self._read()):
                outcome = "the former settings could not be restored completely"
        except ServiceError as error:
            outcome = f"the former settings could not be restored: {error}"
        return ServiceError(
            f"The console {self._connection.url} did not keep the changes",
            answer=f"differences after the write: {', '.join(surprises)}; {outcome}",
            hint="Check Settings > OIDC in the console; see the option contract if its API differs",
        )

    def _settings(self) -> t.Any:
        if self._document is None:
            self._document = self._read()
        return self._document

    def _read(self) -> t.Any:
        attempted = f"Reading the OIDC settings of the console {self._connection.url} failed"
        answer = self._connection.call("GET", self._contract["settings_path"], attempted)
        document = json_places.dig(answer, self._contract["document"])
        if not self._contract.recognises(document):
            raise ServiceError(
                f"The OIDC settings of the console {self._connection.url} have an unknown format",
                answer=f"received {json_structure.text(answer)}",
                hint=REPORT,
            )
        self._keep_secrets(document)
        return document

    def _read_callback(self, document: t.Any) -> str | None:
        if not self._contract["callback_path"]:
            return t.cast("str | None", json_places.dig(document, self._contract["callback_url"]))
        if self._document is None or self._callback is None:
            attempted = f"Reading the callback URL of the console {self._connection.url} failed"
            answer = self._connection.call("GET", self._contract["callback_path"], attempted)
            found = json_places.dig(answer, self._contract["callback_url"])
            if not isinstance(found, (str, type(None))):
                raise ServiceError(attempted, answer=f"received {json_structure.text(answer)}", hint=REPORT)
            self._callback = found
        return self._callback

    @property
    def _writing(self) -> str:
        return f"Writing the OIDC settings of the console {self._connection.url} failed"

    def _write_both(self, former: t.Any, wanted: t.Any, former_callback: str | None, callback: str | None) -> None:
        """Write the document, after the callback URL if that has its own path: providers should only be offered once
        users return from Entra to the right address."""
        attempted = self._writing
        moves = bool(self._contract["callback_path"]) and callback != former_callback
        if moves:
            self._write_callback(callback, attempted)
        if wanted == former:
            return
        try:
            self._write(wanted, attempted)
        except AmbiguousError:
            raise
        except ServiceError:
            if moves:
                with suppress(ServiceError):
                    self._write_callback(former_callback, attempted)
            raise

    def _write_callback(self, callback: str | None, attempted: str) -> None:
        body: Document = {}
        json_places.put(body, self._contract["callback_url"], callback)
        path = self._contract["callback_path"]
        self._callback = None

        def is_undone() -> bool:
            self._callback = None
            return self._read_callback(None) != callback

        resolved_by_reading(
            lambda: self._connection.call(self._contract["write_method"], path, attempted, json=body), is_undone
        )

    def _write(self, document: t.Any, attempted: str) -> None:
        """Write the whole ``document``. If the outcome is unknown and the document has changed, the caller verifies it.

        If secrets are masked, a document may look the same before and after. Writing it twice has no further effect.
        """
        path = self._contract["write_path"] or self._contract["settings_path"]
        before = self._document

        def is_undone() -> bool | None:
            found = self._read()
            if found != before:
                return False
            return True if self._contract.differences(document, found) else None

        resolved_by_reading(
            lambda: self._connection.call(self._contract["write_method"], path, attempted, json=document), is_undone
        )

    def _keep_secrets(self, document: t.Any) -> None:
        key = self._contract.keys["client_secret"]
        self._connection.keep_secret(*(entry.get(key) for entry in self._contract.entries(document) or ()))


def _digest(value: t.Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
