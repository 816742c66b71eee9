# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The open-source server lejianwen/rustdesk-api 2.7 and its descendants.

Source: http/controller/admin/oauth.go, http/request/admin/oauth.go, model/oauth.go, http/response/response.go of that
project [src]. Every response is HTTP 200 with a ``code``; the callback URL is set in the server's environment.
"""

from __future__ import annotations

import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _documents
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ConflictError,
    InputError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import users
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import (
    rustdesk_api_members as members,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import attempt, logout, use
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import (
    read_back,
    repeated,
    resolved_by_reading,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import (
    PAGE,
    Provider,
    conflict,
    is_anothers,
    is_last,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import PROVIDER_TYPES

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan

Document = dict[str, t.Any]

OAUTH = "/api/admin/oauth"
USERS = "/api/admin/user/list"
LOGIN_OPTIONS = "/api/admin/login-options"
# The code for a wrong password after which the next login requires a captcha, and the code for a missing session
CAPTCHA, NOT_SIGNED_IN = 110, 403


class RustdeskApi:
    """One lejianwen/rustdesk-api."""

    type = "rustdesk_api"
    takes_api_domain = True
    sign_in_lasts: float | None = 300.0  # http/controller/api/ouath.go [src]
    asks_for_client = False
    client: str | None = None
    supports = frozenset({*members.KEYS, "name", "enabled", "scopes"})

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` is ignored, because this console's API is published."""
        self._connection = connection

    def login(self, params: t.Mapping[str, t.Any]) -> str:
        """Sign in and return the session's token. Raises ServiceError with the reason for a refusal; see refusal()."""
        attempted = attempt(self._connection, params)
        self._connection.headers.pop("api-token", None)
        self._connection.keep_secret(params["password"])
        request = {"username": params["username"], "password": params["password"], "platform": "linux"}
        answer = repeated(lambda: self._connection.call("POST", "/api/admin/login", attempted, json=request))
        code = answer.get("code") if isinstance(answer, dict) else None
        data = answer.get("data") if isinstance(answer, dict) else None
        if code != 0 or not isinstance(data, dict) or not isinstance(data.get("token"), str):
            message = self._connection.quotable(answer.get("message")) if isinstance(answer, dict) else "no JSON object"
            reason, hint = refusal(code, message, self._login_options())
            raise ServiceError(attempted, answer=reason, hint=hint, code=str(code))
        _documents.check(data, {"route_names": [str]}, attempted)
        self.resume(_documents.token(data, "token", attempted))
        if "*" not in (data.get("route_names") or ["*"]):
            self.logout()
            raise ServiceError(
                attempted,
                answer="this user is not an administrator of the console",
                hint="Set username to an administrator, or make this user an administrator",
            )
        return str(data["token"])

    def _login_options(self) -> Document:
        """Return the options of the administrators' login page; empty if unknown."""
        with suppress(ServiceError):
            answer = self._connection.call("GET", LOGIN_OPTIONS, "Reading the login options failed")
            data = answer.get("data") if isinstance(answer, dict) else None
            return data if isinstance(data, dict) else {}
        return {}

    def seen(self) -> str | None:
        """Return None, because this console is read again."""
        return None

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Continue a session, which has no client."""
        self._connection.keep_secret(token)
        self._connection.headers["api-token"] = token

    @property
    def wrote(self) -> bool:
        """Always false, because this console writes each provider separately."""
        return False

    def look_again(self) -> None:
        """Do nothing, because this console writes each provider separately."""

    def logout(self) -> None:
        """Close the session as clients do. The administrators' logout ends no session, because it is registered before
        the middleware that reads the token (http/router/admin.go [src])."""
        token = self._connection.headers.pop("api-token", None)
        if token:
            use(self._connection, token)
            logout(self._connection, None)

    def providers(self, name: str) -> list[Provider]:
        """Return all providers in the console's order, with their client secrets."""
        found: list[Provider] = []
        for page in range(1, 100):
            data = self._call("GET", f"{OAUTH}/list?page={page}&page_size={PAGE}", "Listing the providers")
            items = data.get("list") if isinstance(data, dict) else None
            if items is None and isinstance(data, dict):
                items = []  # Go returns null for an empty list
            if not isinstance(items, list) or not all(isinstance(item, dict) and item.get("op") for item in items):
                raise ServiceError(
                    f"The console {self._connection.url} lists its providers in an unknown format",
                    hint="Nothing was written. Report the console's version",
                )
            for item in items:
                _documents.check(
                    item, members.PROVIDER, f"Listing the providers in the console {self._connection.url} failed"
                )
            self._connection.keep_secret(*(item.get("client_secret") for item in items))
            found += [members.provider(item) for item in items]
            if is_last(len(items), len(found), data.get("total")):
                break
        return found

    def settings(self) -> dict[str, t.Any]:
        """Return no settings: the callback URL is set in the server's environment and not shown."""
        return {}

    def warnings(self, plan: Plan) -> list[str]:
        """Warn of a new provider without automatic registration: the first sign-in asks to bind an account."""
        if plan.target and plan.target.auto_register is False and not plan.present:
            return ["auto_register is off: a user's first sign-in asks to bind an existing account"]
        return []

    def local_administrators(self) -> list[str] | None:
        """Return None: the console does not show them in a known format."""
        return None

    def authorized_users(self) -> int | None:
        """Return None: the console does not show it in a known format, and has no limit."""
        return None

    def user_names(self) -> set[str]:
        """Return the names of all users (http/controller/admin/user.go [src])."""

        def page(number: int) -> t.Any:
            return self._call("GET", f"{USERS}?page={number}&page_size={PAGE}", "Listing the users")

        return {str(user.get("username")) for user in users.listed(self._connection.url, page, "list")}

    def check(self, plan: Plan) -> None:
        """Raise InputError for changes that this console does not support.

        It ignores empty values in updates [src], so they cannot be written.
        """
        if plan.target is None:
            return
        if plan.present is None and plan.type in members.BUILT_IN and plan.target.name != plan.type:
            raise InputError(
                f"A provider of type {plan.type} cannot be named {plan.target.name} in this console",
                answer="it names providers of this type by their type",
                hint=f"Set name to {plan.type}",
            )
        if plan.present is None and PROVIDER_TYPES[plan.type].endpoints and plan.type not in members.BUILT_IN:
            raise InputError(
                f"A console of type {self.type} does not support providers of type {plan.type}",
                answer=f"it supports {', '.join(members.BUILT_IN)} and OpenID Connect with discovery",
                hint="Declare a provider of another type",
            )
        values = plan.values()
        if values.get("enabled") is False:
            raise InputError(
                f"The provider {plan.target.name} cannot be disabled",
                answer="this console has no switch for that",
                hint="Set state to absent",
            )
        cleared = [
            option for option, value in values.items() if value in ("", []) and getattr(plan.present, option, None)
        ]
        if cleared:
            raise InputError(
                f"{', '.join(cleared)} of the provider {plan.target.name} cannot be cleared in this console",
                answer="it ignores empty values when a provider is changed",
                hint="Remove the provider (state: absent) and add it again, or omit the option",
            )

    def apply(self, plan: Plan) -> None:
        """Create, change or delete the provider and verify it.

        Raises ServiceError if the console refuses or does not keep the changes; the former values are then restored.
        """
        if plan.target and plan.changes:
            self._write(plan, plan.target)
        # Last, so that users can still sign in if something else fails
        for item in plan.gone:
            self._remove(item, f"Removing the provider {item.name}")

    def _write(self, plan: Plan, target: Provider) -> None:
        values = plan.values()
        if plan.present is None:
            values.setdefault("auto_register", True)
            values.setdefault("issuer", PROVIDER_TYPES[plan.type].issuer)
            form = members.form(target, values, plan.type)
            self._add(form)
        else:
            form = members.form(target, values, target.type)
            self._update(
                f"Changing the provider {target.name}", form, members.form(plan.present, {}, plan.present.type)
            )
        self._read_back(plan, form)

    def _update(self, what: str, form: Document, former: Document) -> None:
        """Replace the ``former`` form of a provider with ``form``."""

        def is_undone() -> bool:
            found = self._found(str(form["op"]))
            if found is None:
                raise self._conflict(str(form["op"]))
            return not members.surprises(former, found)

        resolved_by_reading(lambda: self._call("POST", f"{OAUTH}/update", what, form), is_undone)

    def _remove(self, item: Provider, what: str) -> None:
        form = members.form(item, {}, item.type)
        resolved_by_reading(
            lambda: self._call("POST", f"{OAUTH}/delete", what, form), lambda: self._found(item.name) is not None
        )

    def _found(self, name: str) -> Provider | None:
        return next((item for item in self.providers(name) if item.name == name), None)

    def _add(self, form: Document) -> None:
        """Add a provider. Raises ConflictError if another process has just added it."""
        name = str(form["op"])

        def is_undone() -> bool:
            made = self._found(name)
            if made and members.surprises(form, made):
                raise self._conflict(name)
            return made is None

        try:
            resolved_by_reading(
                lambda: self._call("POST", f"{OAUTH}/create", f"Adding the provider {name}", form), is_undone
            )
        except (AmbiguousError, ConflictError):
            raise
        except ServiceError:
            if self._found(name):
                raise self._conflict(name) from None
            raise

    def _conflict(self, name: str) -> ConflictError:
        return conflict(f"The provider {name} of the console {self._connection.url}")

    def _read_back(self, plan: Plan, form: Document) -> None:
        name = str(form["op"])
        attempted = f"Writing the provider {name} in the console {self._connection.url} failed"
        found = read_back(attempted, lambda: self._found(name))
        surprises = members.surprises(form, found)
        if not surprises:
            return
        if (
            found
            and surprises == [members.KEYS["client_secret"]]
            and is_anothers(form[surprises[0]], found.client_secret)
        ):
            raise self._conflict(name)
        outcome = "there was nothing to restore"
        if plan.present:
            back = members.form(plan.present, {}, plan.present.type)
            self._update(f"Restoring the provider {name}", back, members.form(found, {}, found.type) if found else {})
            outcome = "the former values were restored"
        elif found:
            self._remove(found, f"Removing the provider {name} again")
            outcome = "it was removed again"
        raise ServiceError(
            f"The console {self._connection.url} did not keep the changes of the provider {name}",
            answer=f"differences after the write: {', '.join(surprises)}; {outcome}",
            hint="Check the provider in the console, and the console log",
        )

    def _call(self, method: str, path: str, what: str, body: t.Any = None) -> t.Any:
        """Send one request and return the response's ``data``. Raises ServiceError if its ``code`` is not 0."""
        attempted = f"{what} in the console {self._connection.url} failed"
        for again in (True, False):
            answer = self._connection.call(method, path, attempted, json=body)
            code = answer.get("code") if isinstance(answer, dict) else None
            if code == 0:
                return answer.get("data")
            if code != NOT_SIGNED_IN or not again or not self._connection.renew_once():
                break
        message = self._connection.quotable(answer.get("message")) if isinstance(answer, dict) else "no JSON object"
        raise ServiceError(
            attempted,
            answer=f"the console answered {code}: {message}",
            hint="Check that the user is an administrator, and that no other program signs this user out"
            if code == NOT_SIGNED_IN
            else "Check the console log",
            code=str(code),
        )


def refusal(code: t.Any, message: str | None, options: Document) -> tuple[str, str]:
    """Return why a login was rejected, and what to do next.

    The console's ``message`` can be in any language; the login ``options`` show its requirements. A login without a
    required captcha is rejected like one with a wrong captcha, whatever the password (http/controller/admin/login.go
    [src]).
    """
    if options.get("disable_pwd"):
        return (
            "the console accepts no passwords (disable-pwd-login is set)",
            "Set disable-pwd-login to false in its configuration (RUSTDESK_API_APP_DISABLE_PWD_LOGIN). It has no other"
            " way to sign in without a person",
        )
    answered = f"the console answered {code}: {message}"
    if code == CAPTCHA:
        return (
            f"{answered} (and it requires a captcha from now on)",
            "Correct username and password, then wait ten minutes or restart the console",
        )
    if options.get("need_captcha"):
        return (
            "the console requires a captcha, which only a person can solve",
            "After failed sign-ins from this address, correct username and password, then wait ten minutes or restart"
            " the console. If it always requires one, set captcha-threshold in its configuration to 1 or more"
            " (RUSTDESK_API_APP_CAPTCHA_THRESHOLD)",
        )
    return answered, "Check username and password, and that the account is enabled"
