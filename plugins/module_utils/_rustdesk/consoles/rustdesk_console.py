# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The open-source console databk/rustdesk-console 1.8 and later.

Sources: src/modules/oidc (controllers, dto, services) of that project [src], and a running 1.8.0 [rec]. Each provider
is a separate object with a GUID; the callback URL is derived from the backend URL in the general settings.
"""

from __future__ import annotations

import json
import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ConflictError,
    InputError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import users
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.abandoned_sessions import (
    abandoned,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import (
    rustdesk_console_members as members,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.rustdesk_console_requests import (
    ADDRESSES,
    GENERAL,
    PROVIDERS,
    Requests,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import SignedInLikeAClient
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import (
    read_back,
    resolved_by_reading,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import (
    CALLBACK_PATH,
    PAGE,
    Provider,
    Tested,
    conflict,
    find,
    is_anothers,
)

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan

Document = dict[str, t.Any]

USERS = "/api/admin/users"
SESSIONS = "/api/sessions"
# The console's default if none of its addresses is set [src]
FALLBACK = "http://localhost:3000"


class RustdeskConsole(SignedInLikeAClient):
    """One databk/rustdesk-console."""

    type = "rustdesk_console"
    # Versions before 1.11 reject it [iss], and each rejection counts towards the five requests allowed per minute
    takes_api_domain = False
    sign_in_lasts: float | None = 180.0  # src/modules/oidc/services/oidc.service.ts [src]
    asks_for_client = True
    supports = frozenset({*members.KEYS, "scopes", "order", "callback_url"})

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` is ignored, because this console's API is published."""
        super().__init__(connection)
        self._requests = Requests(connection)
        self._items: list[Document] = []
        self._general: Document | None = None
        # Providers with their secrets by GUID, and the list from an earlier task until it is used
        self._details: dict[str, Document] = {}
        self._handed_over: list[Document] | None = None

    def seen(self) -> str | None:
        """Return the data read so far, unless something was written since; see console.Console."""
        if not self._items or self._general is None:
            return None
        return json.dumps([self._items, self._details, self._general])

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Continue a session; the data ``seen`` in it is not read again for the first plan."""
        super().resume(token, seen, client)
        if not seen:
            return
        # A module masks its own secrets in its result, so the data may be damaged
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            self._handed_over, self._details, self._general = json.loads(seen)
            self._connection.keep_secret(*(item.get(members.SECRET) for item in self._details.values()))

    def look_again(self) -> None:
        """Read everything again from now on; each provider is written separately, so nothing is overwritten."""
        self._forget()

    def _forget(self) -> None:
        self._general = self._handed_over = None
        self._items, self._details = [], {}

    def providers(self, name: str) -> list[Provider]:
        """Return all providers in the console's order. The one called ``name``, or each if it is empty, has its client
        secret, which is only in the provider's own document.

        At each start, the console creates disabled providers google and github without a client ID [rec]; they count as
        absent. A provider's order is its place in the list, because new ones all have the same ``priority`` until they
        are sorted.
        """
        handed_over, self._handed_over = self._handed_over, None
        if handed_over is None:
            self._details = {}
        self._items = self._requests.listed() if handed_over is None else handed_over
        found = [members.provider(item, place) for place, item in enumerate(self._items) if item.get("clientId")]
        wanted = find(found, name, self.type)
        for item in found:
            if (item is wanted or not name) and item.key not in self._details:
                self._details[item.key] = self._requests.read(item.key)
        return [
            members.provider(self._details.get(item.key, self._items[item.order or 0]), item.order) for item in found
        ]

    def settings(self) -> dict[str, t.Any]:
        """Return the callback URL that the console sends: the path is appended to one of its configured addresses, even
        if that ends with a slash [src].

        If none is configured, it sends a developer default, which only matters if a provider is enabled.
        """
        site = self._settings().get("site")
        known = [site.get(name) for name in ADDRESSES] if isinstance(site, dict) else []
        if any(item.get("enabled") and item.get("clientId") for item in self._items):
            known.append(FALLBACK)
        address = next((value for value in known if isinstance(value, str) and value), None)
        return {"callback_url": address + CALLBACK_PATH if address else None}

    def warnings(self, plan: Plan) -> list[str]:
        """Warn of two providers with the same issuer: the console uses the client ID of the one that was used first,
        because the key of its cache is the issuer alone (1.8.0 [rec])."""
        target = plan.target
        twins = [
            item["name"]
            for item in self._items
            if target
            and target.issuer
            and item.get("enabled")
            and item.get("issuer") == target.issuer
            and item.get("clientId") != target.client_id
            and item["name"] != target.name
        ]
        if not twins:
            return []
        return [
            f"{', '.join(twins)} and {target.name if target else ''} have the same issuer: this console confuses such "
            "providers (version 1.8.0), and sign-in with one of them fails. Disable the other one, then test or save "
            "this one in the console. Otherwise the console continues to use the other one for up to 24 hours"
        ]

    def local_administrators(self) -> list[str] | None:
        """Return None: the console does not show them in a known format."""
        return None

    def authorized_users(self) -> int | None:
        """Return None: the console does not show it in a known format, and has no limit."""
        return None

    def user_names(self) -> set[str]:
        """Return the names of all users (src/modules/user/admin-user.controller.ts [src])."""

        def page(number: int) -> t.Any:
            return self._requests.call("GET", f"{USERS}?current={number}&pageSize={PAGE}", "Listing the users")

        return {str(user.get("name")) for user in users.listed(self._connection.url, page, "data")}

    def test_discovery(self, name: str) -> Tested | None:
        """Run the console's own test of a provider; see console.KeepsDiscovery.

        The console caches each discovery for 24 hours, even a failed one, until such a test succeeds or a provider with
        the issuer is saved; switching a provider off and on has no effect (src/modules/oidc/services [src]).
        """
        self._items = self._requests.listed()
        item = self._item(name)
        if item is None:
            return None
        answer = self._requests.call("POST", f"{PROVIDERS}/{item['guid']}/test", f"Testing the provider {name}")
        found = answer if isinstance(answer, dict) else {}
        return Tested(found.get("success") is True, self._connection.quotable(found.get("message")) or "no message")

    def end_abandoned_sessions(self) -> list[str]:
        """End abandoned sessions; see console.ListsSessions. The console lists the account's own sessions that have
        neither expired nor been ended (src/modules/auth/auth.controller.ts, services/auth-token.service.ts [src])."""
        try:
            listed = members.sessions(self._requests.call("GET", SESSIONS, "Listing the sessions"))
        except ServiceError:
            return []
        return [refused for identifier in abandoned(listed, self.client) if (refused := self._end_session(identifier))]

    def _end_session(self, identifier: str) -> str | None:
        try:
            self._requests.call("DELETE", f"{SESSIONS}/{identifier}", "Ending a session that an earlier run left open")
        except ServiceError as error:
            gone = error.status == 404  # another run was faster
            return None if gone else str(error.but(hint="The session expires 30 days after it was opened"))
        return None

    def check(self, plan: Plan) -> None:
        """Raise InputError for a callback URL or an order that is not possible in this console."""
        callback = plan.setting("callback_url")
        if callback and not callback.after.endswith(CALLBACK_PATH):
            raise InputError(
                f"callback_url {callback.after} cannot be set in this console",
                answer=f"it always ends with {CALLBACK_PATH}",
                hint="Set callback_url to the console's public address with that path",
            )
        order = plan.values().get("order")
        if plan.target and order is not None:
            last = len(self._items) - (1 if plan.present or self._item(plan.target.name) else 0)
            if order > last:
                raise InputError(
                    f"order {order} is behind the last place of this console",
                    hint=f"The last place is {last}, counting providers without a client ID",
                )

    def apply(self, plan: Plan) -> None:
        """Write the general settings, then create, change or delete the provider; each write is verified.

        Raises ServiceError if the console refuses or does not keep the changes; the former values are then restored.
        """
        callback = plan.setting("callback_url")
        former = self._settings().get("site") if callback else None
        if callback:
            # First, because providers should only be offered once users return from Entra to the right address
            self._write_backend(callback.after)
        try:
            if plan.target and plan.present:
                self._change(plan, plan.present)
            elif plan.target:
                self._create(plan)
        except (AmbiguousError, ConflictError):
            raise
        except ServiceError:
            if callback:
                with suppress(ServiceError):
                    self._write_site({**(former or {}), "backendUrl": (former or {}).get("backendUrl") or ""})
            raise
        order = plan.values().get("order")
        if plan.target and order is not None:
            self._sort(plan.target.name, order)
        # Last, so that users can still sign in if something else fails
        for item in plan.gone:
            self._remove(str(item.key), f"Removing the provider {item.name}")
        self._forget()

    def _item(self, name: str) -> Document | None:
        return next((item for item in self._items if item["name"] == name), None)

    def _create(self, plan: Plan) -> None:
        name = plan.target.name if plan.target else ""
        body = members.new_body(plan.values(), plan.type)
        seed = self._item(name)
        if seed:
            self._patch(seed["guid"], f"Changing the provider {name}", body, self._requests.read(seed["guid"]))
        else:
            self._add({"name": name, **body})
        attempted = self._requests.attempted(f"Adding the provider {name}")
        listed = read_back(attempted, self._requests.listed)
        made = next((item for item in listed if item["name"] == name), None)
        surprises = ["it is not listed"]
        if made:
            guid = str(made["guid"])
            surprises = read_back(attempted, lambda: self._surprises(name, body, guid))
        if surprises:
            outcome = "there was nothing to restore"
            if made and not seed:
                self._remove(made["guid"], f"Removing the provider {name} again")
                outcome = "it was removed again"
            raise self._surprise(f"the provider {name}", surprises, outcome)

    def _add(self, body: Document) -> None:
        """Add a provider. Raises ConflictError if another process has just added it."""
        name = body["name"]

        def is_undone() -> bool:
            self._items = self._requests.listed()
            made = self._item(name)
            if made and self._surprises(name, body, made["guid"]):
                raise self._conflict(name)
            return made is None

        what = f"Adding the provider {name}"
        try:
            resolved_by_reading(lambda: self._requests.call("POST", PROVIDERS, what, body), is_undone)
        except (AmbiguousError, ConflictError):
            raise
        except ServiceError:
            self._items = self._requests.listed()
            if self._item(name):
                raise self._conflict(name) from None
            raise

    def _patch(self, guid: str, what: str, body: Document, before: Document) -> None:
        """Change members of a provider from their values in ``before``."""
        former = {key: before.get(key) for key in body}
        resolved_by_reading(
            lambda: self._requests.call("PATCH", f"{PROVIDERS}/{guid}", what, body),
            lambda: not members.differences(former, self._requests.read(guid)),
        )

    def _remove(self, guid: str, what: str) -> None:
        resolved_by_reading(
            lambda: self._requests.call("DELETE", f"{PROVIDERS}/{guid}", what),
            lambda: any(item["guid"] == guid for item in self._requests.listed()),
        )

    def _surprises(self, name: str, body: Document, guid: str) -> list[str]:
        """Return the members that differ from the written ones; raises ConflictError if that is only another run's
        client secret."""
        found = self._requests.read(guid)
        different = members.differences(body, found)
        if different == [members.SECRET] and is_anothers(body[members.SECRET], found.get(members.SECRET)):
            raise self._conflict(name)
        return different

    def _conflict(self, name: str) -> ConflictError:
        self._general = None
        return conflict(f"The provider {name} of the console {self._connection.url}")

    def _change(self, plan: Plan, present: Provider) -> None:
        body = members.body(plan.values())
        if not body:
            return
        try:
            now = self._requests.read(present.key)
        except ServiceError as error:
            if error.status != 404:
                raise
            raise self._conflict(present.name) from error
        former = {key: value for key, value in now.items() if key in body}
        self._patch(str(present.key), f"Changing the provider {present.name}", body, now)
        # The response to the PATCH claims that there is no secret [rec], so the provider is read.
        attempted = self._requests.attempted(f"Changing the provider {present.name}")
        surprises = read_back(attempted, lambda: self._surprises(present.name, body, str(present.key)))
        if surprises:
            self._patch(str(present.key), f"Restoring the provider {present.name}", former, body)
            raise self._surprise(f"the provider {present.name}", surprises, "the former values were restored")

    def _surprise(self, what: str, surprises: list[str], outcome: str) -> ServiceError:
        return ServiceError(
            f"The console {self._connection.url} did not keep the changes of {what}",
            answer=f"differences after the write: {', '.join(surprises)}; {outcome}",
            hint="Check its settings in the console, and the console log",
        )

    def _sort(self, name: str, order: int) -> None:
        items = self._requests.listed()
        one = next(item for item in items if item["name"] == name)
        others = [item["guid"] for item in items if item is not one]
        position = min(max(order, 0), len(others))
        guids = [*others[:position], one["guid"], *others[position:]]
        resolved_by_reading(
            lambda: self._requests.call("PATCH", f"{PROVIDERS}/sort", f"Moving the provider {name}", guids),
            lambda: [item["guid"] for item in self._requests.listed()] != guids,
        )

    def _write_backend(self, callback: str) -> None:
        self._general = None
        site = self._settings().get("site") or {}
        self._write_site({**site, "backendUrl": callback.removesuffix(CALLBACK_PATH)})
        if (
            read_back(self._requests.attempted("Writing the general settings"), self.settings)["callback_url"]
            != callback
        ):
            raise self._surprise("the general settings", ["site.backendUrl"], "no provider was changed")

    def _write_site(self, site: Document) -> None:
        """Write the addresses in the general settings, which are read again afterwards."""
        watermark = bool(self._settings().get("watermarkEnabled"))  # mandatory in the request [src]
        body = {"watermarkEnabled": watermark, "site": site}

        def is_undone() -> bool:
            self._general = None
            return bool(members.differences(site, self._settings().get("site") or {}))

        resolved_by_reading(
            lambda: self._requests.call("PUT", GENERAL, "Writing the general settings", body), is_undone
        )
        self._general = None

    def _settings(self) -> Document:
        if self._general is None:
            self._general = self._requests.general()
        return self._general
