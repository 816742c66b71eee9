# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""RustDesk Server Pro. All that is guessed of its unpublished settings API is here and in pro_document.

Assumed: one settings document with ``providers`` (a list of objects with a ``name``) and ``callback_url``, read by GET
and written whole by PUT at /api/oidc/settings. It is the most probable contract by independent evidence
(sctgdesk-api-server's types.rs; the settings page's fields and its single Submit button). O(contract) tells what of
that is otherwise on a server. A document of another shape is refused before anything is written; after a write, all is
read back, and the former document is restored when anything is not as it should be.
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

# Seconds in which whoever read the document before it was written has written theirs.
SECOND_LOOK = 0.5
REPORT = (
    "Nothing was written. The playbook learn_contract makes the option contract for this server, and a report without "
    "secrets by which it can be supported"
)


class Pro(SignedInLikeAClient):
    """One RustDesk Server Pro console."""

    type = "pro"
    takes_api_domain = True
    sign_in_lasts: float | None = None
    asks_for_client = True
    supports = frozenset({*DEFAULT_KEYS, "callback_url", "maximum_authorized_users"})

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` overrides where and how the settings document is read and written."""
        super().__init__(connection)
        self._contract = Contract(contract, connection.url)
        self._document: t.Any = None
        self._callback: str | None = None
        # Its users, read once for all questions about them
        self._listed: list[Document] | None = None
        # What look_again() needs of the latest write. Secrets are digests, as Ansible masks a task's own in its result.
        self._written: Document | None = None

    def seen(self) -> str | None:
        """The settings document as it was read, and what look_again() needs, with their secrets."""
        document = None if self._contract["callback_path"] else self._document
        return json.dumps({"document": document, "written": self._written}) if document or self._written else None

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Go on with the session of ``token``, and with the document that was read in it; apply() reads it again."""
        super().resume(token, seen, client)
        # A process of its own masks in its result what it was given
        with suppress(ValueError, AttributeError, RecursionError):
            known = json.loads(seen) if seen else {}
            self._document, self._written = known.get("document"), known.get("written")
            self._keep_secrets(self._document)

    @property
    def wrote(self) -> bool:
        """Whether look_again() has anything to do."""
        return self._written is not None

    def providers(self, name: str) -> list[Provider]:
        """All providers of the settings document, in its order. Raises ServiceError where ``name`` means several."""
        found = [self._contract.provider(entry) for entry in self._contract.entries(self._settings())]
        wanted = find(found, name, self.type)
        if wanted is not None and [item.name for item in found].count(wanted.name) > 1:
            raise ServiceError(
                f"The console {self._connection.url} has several providers named {wanted.name}",
                hint="Nothing was written. Look at Settings > OIDC in the console and remove those that are not used",
            )
        return found

    def settings(self) -> dict[str, t.Any]:
        """The stored callback URL, and how many users may sign in."""
        document = self._settings()
        maximum = json_places.dig(document, self._contract["maximum_authorized_users"])
        return {
            "callback_url": self._read_callback(document) or None,
            "maximum_authorized_users": maximum if json_structure.is_number(maximum) else None,
        }

    def warnings(self, plan: Plan) -> list[str]:
        """None."""
        return []

    def local_administrators(self) -> list[str] | None:
        """The administrators who can sign in without an identity provider; None where it is not told."""
        return users.local_administrators(self._users)

    def authorized_users(self) -> int | None:
        """How many users have an identity provider; None where it is not told."""
        return users.authorized(self._users)

    def user_names(self) -> set[str]:
        """The names of all users. Raises ServiceError where the console does not tell."""
        return {str(user.get("name")) for user in self._users()}

    def _users(self) -> list[Document]:
        """All users (RustDesk's users.py [doc])."""
        attempted = f"Reading the users of the console {self._connection.url} failed"

        def page(number: int) -> t.Any:
            return self._connection.call("GET", f"/api/users?current={number}&pageSize={PAGE}", attempted)

        if self._listed is None:
            self._listed = users.listed(self._connection.url, page, "data")
        return self._listed

    def check(self, plan: Plan) -> None:
        """Raise ServiceError where writing the document back would send a mask, which may become the secret itself."""
        document = self._contract.changed(self._settings(), plan)
        name, secret = self._contract.keys["name"], self._contract.keys["client_secret"]
        hidden = [entry[name] for entry in self._contract.entries(document) if masked(entry.get(secret))]
        if hidden:
            raise ServiceError(
                f"The OIDC settings of the console {self._connection.url} cannot be written back whole",
                answer=f"the console masks the client secret of {', '.join(hidden)}, and the mask could replace it",
                hint="Nothing was written. For the declared provider, set client_secret and update_secret to always",
            )

    def apply(self, plan: Plan) -> None:
        """Write the settings document with ``plan``'s changes; see the head of this file for what is checked.

        Raises ConflictError where the document is not what it was when ``plan`` was made, or has become what another
        run made of it; ServiceError when the console refuses or does not keep what was written: the former document
        is then put back.
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
            surprises = [f"all of it, as it cannot be read any more ({error.answer})"]
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
        """Read the document once more; raise ConflictError if a process that had read it before this session wrote has
        written over it since. It can be read again later."""
        written, self._document = self._written, None
        if not written:
            return
        time.sleep(max(0.0, min(SECOND_LOOK, written["at"] + SECOND_LOOK - time.time())))
        try:
            found = self._settings()
        except ServiceError:
            return  # it was read back well before

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
        """Whether ``found`` is what another run of this collection made of what was there ``before``, by name and
        digest, or of what this one wrote: a provider that was added, or a client secret in the provider ``mine`` that
        ``is_other``, and all others as they were."""
        now = self._contract.named(found)
        digests = {name: _digest(entry) for name, entry in now.items()}
        if any(digests.get(name) != digest for name, digest in before.items() if name != mine):
            return False
        if digests.get(mine) in (None, before.get(mine)):
            return bool(set(now) - {*before, mine})
        return is_other(now[mine].get(self._contract.keys["client_secret"]))

    def _restored(self, former: t.Any, callback: str | None, surprises: list[str]) -> ServiceError:
        outcome = "the former settings were put back"
        try:
            self._write(former, "Putting the former OIDC settings back failed")
            if self._contract["callback_path"]:
                self._write_callback(callback, "Putting the former callback URL back failed")
            if self._contract.differences(former, self._read()):
                outcome = "the former settings could not be put back completely"
        except ServiceError as error:
            outcome = f"the former settings could not be put back: {error}"
        return ServiceError(
            f"The console {self._connection.url} did not keep what was written",
            answer=f"read back, this differs: {', '.join(surprises)}; {outcome}",
            hint="Look at Settings > OIDC in the console; see the option contract if its API differs",
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
                f"The OIDC settings of the console {self._connection.url} have a shape that is not known",
                answer=f"seen: {json_structure.text(answer)}",
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
                raise ServiceError(attempted, answer=f"seen: {json_structure.text(answer)}", hint=REPORT)
            self._callback = found
        return self._callback

    @property
    def _writing(self) -> str:
        return f"Writing the OIDC settings of the console {self._connection.url} failed"

    def _write_both(self, former: t.Any, wanted: t.Any, former_callback: str | None, callback: str | None) -> None:
        """Write the document, and first the callback URL if it has a path of its own: no provider is offered before
        users come back from Entra to the right address."""
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
        """Write all of ``document``; if the outcome is open, another document than before is left to the read-back.

        Without its secrets, a document may look the same before and after. Writing it twice is writing it once.
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
