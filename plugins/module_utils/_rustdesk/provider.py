# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The model of an OIDC provider in a console, and the plan of its changes; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ConflictError, InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import SET, TEXT, Change, Field
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider_types
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import same_name
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._secret_values import usable_secret

Params = t.Mapping[str, t.Any]

# Text that "" clears
ADDRESS = _plan.Kind(key=lambda value: value or None)
FIELDS = (
    Field("enabled", ("enabled",)),
    Field("client_id", ("client_id",)),
    Field("client_secret", ("client_secret",), secret=True),
    Field("issuer", ("issuer",)),
    Field("scopes", ("scopes",), SET),
    Field("authorization_endpoint", ("authorization_endpoint",), ADDRESS),
    Field("token_endpoint", ("token_endpoint",), ADDRESS),
    Field("userinfo_endpoint", ("userinfo_endpoint",), ADDRESS),
    Field("jwks_endpoint", ("jwks_endpoint",), ADDRESS),
    Field("pkce", ("pkce",)),
    Field("auto_register", ("auto_register",)),
    Field("icon", ("icon",), TEXT),
    Field("order", ("order",)),
)
NAME = Field("name", ("name",))
# The type as stored by the console
TYPE = Field("type", ("type",))
# Settings of the console, which apply to all its providers
SETTINGS = (
    Field("callback_url", ("callback_url",)),
    Field("maximum_authorized_users", ("maximum_authorized_users",)),
)
REMOVE = "remove"
# RustDesk appends this path to the address of its server (src/hbbs_http/account.rs [src]); it is not configurable.
CALLBACK_PATH = "/api/oidc/callback"
# Providers per page, if a console lists them in pages
PAGE = 100


@dataclass
class Provider:
    """One provider. ``type`` is the console's own word for its type, None if it has none. ``client_secret`` is None if
    it was not read; ``secret_readable`` distinguishes that from a provider without one. ``extra`` contains all members
    that are unknown, to be written back unchanged, and ``key`` is the console's identifier of the provider."""

    name: str
    type: str | None = None
    enabled: bool | None = None
    client_id: str | None = None
    client_secret: str | None = None
    issuer: str | None = None
    scopes: list[str] | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    jwks_endpoint: str | None = None
    pkce: bool | None = None
    auto_register: bool | None = None
    icon: str | None = None
    order: int | None = None
    secret_readable: bool = True
    key: t.Any = None
    extra: dict[str, t.Any] = field(default_factory=dict)

    def values(self) -> dict[str, t.Any]:
        """Return the fields by option name, including the client secret."""
        return {item.option: getattr(self, item.option) for item in FIELDS}

    def view(self) -> dict[str, t.Any]:
        """Return the provider as results show it: whether it has a client secret, but not its value."""
        shown = {key: value for key, value in self.values().items() if key != "client_secret"}
        return {
            "name": self.name,
            "type": self.type,
            **shown,
            "client_secret_set": bool(self.client_secret) if self.secret_readable else None,
        }


@dataclass(frozen=True)
class Tested:
    """The result of a console's own test of a provider's discovery."""

    success: bool
    message: str


def find(providers: t.Sequence[Provider], name: str, console_type: str | None) -> Provider | None:
    """Return the provider of this name in a console of this type; an exact match is preferred."""
    matches = [provider for provider in providers if same_name(provider.name, name, console_type)]
    return next((p for p in matches if p.name == name), matches[0] if matches else None)


def is_whole(secret: t.Any) -> bool:
    """True if this looks like a client secret rather than a mask or a part of one."""
    return isinstance(secret, str) and bool(usable_secret(secret)) and len(set(secret)) > len(secret) // 4


def is_anothers(written: t.Any, found: t.Any) -> bool:
    """True if ``found``, read back after ``written``, is the client secret of another run at the same time rather than
    a part or a mask of the written one."""
    if not (isinstance(written, str) and written and is_whole(found)):
        return False
    return found not in written and written not in found


def anothers_secret(params: Params, providers: t.Sequence[Provider], console_type: str | None) -> str | None:
    """Return the declared provider's client secret if another run has written it since O(client_secret_replaces) was
    read.

    None if the option is not set, or if the provider's client secret may be replaced, cannot be read, or belongs to
    another application.
    """
    replaces, new = params.get("client_secret_replaces"), params.get("client_secret")
    present = find(providers, params["name"], console_type)
    if replaces is None or not new or params["state"] == "absent" or present is None:
        return None
    same = str(present.client_id or "").lower() == str(params.get("client_id") or present.client_id or "").lower()
    found = present.client_secret
    if not same or not present.secret_readable or not is_whole(found) or found in (new, *replaces):
        return None
    return found


def conflict(what: str) -> ConflictError:
    """Return the error if another process writes ``what``, which names the console, at the same time."""
    return ConflictError(
        f"{what} changed while it was being written",
        answer="another process changed it at the same time",
        hint="Run the playbook again",
    )


def is_last(listed: int, so_far: int, total: t.Any) -> bool:
    """True if a page with ``listed`` items is the last one; a console may return fewer than requested."""
    return listed == 0 or (so_far >= total if isinstance(total, int) else listed < PAGE)


@dataclass
class Plan:
    """The changes to make in one console: ``target`` is the desired provider, None if it should be absent; ``settings``
    are changes of the console's own settings, ``remove`` other providers to remove."""

    present: Provider | None
    target: Provider | None
    changes: list[Change] = field(default_factory=list)
    settings: list[Change] = field(default_factory=list)
    remove: list[Provider] = field(default_factory=list)
    type: str = "oidc"

    @property
    def gone(self) -> list[Provider]:
        """All providers to remove."""
        return [*self.remove, *([self.present] if self.present and self.target is None else [])]

    @property
    def changed(self) -> bool:
        """True if the plan changes anything."""
        return bool(self.changes or self.settings or self.gone)

    @property
    def touches_sign_in(self) -> bool:
        """True if the plan changes how users sign in with an enabled provider."""
        enabled = self.present is not None and self.target is not None and bool(self.present.enabled)
        changes = {change.field.option for change in (*self.changes, *self.settings)}
        return enabled and bool(changes - {"icon", "order", "auto_register", "maximum_authorized_users"})

    @property
    def corrects_issuer(self) -> bool:
        """True if the plan changes what a console needs to begin a sign-in: the issuer or its endpoints."""
        return bool({"issuer", "authorization_endpoint", "token_endpoint"} & set(self.values()))

    def setting(self, option: str) -> Change | None:
        """Return the change of one of the console's own settings, if any."""
        return next((change for change in self.settings if change.field.option == option), None)

    def values(self) -> dict[str, t.Any]:
        """Return the new values of the fields that change, by option name."""
        return {change.field.option: change.after for change in self.changes}

    @property
    def identity(self) -> list[str]:
        """The changed options that give users a new identity, and so new accounts: name, client ID, tenant.

        Entra's ``sub`` is pairwise for each application (better-auth#10194, ory/kratos#4170 [iss]); consoles link users
        to the provider's name [src of other consoles, inf for Pro].
        """
        before = {change.field.option: (change.before, change.after) for change in self.changes if self.present}
        found = ["name"] if "name" in before else []
        for option in ("client_id", "issuer"):  # the issuer contains the tenant's ID
            one, other = (set(GUID.findall(str(side or "").lower())) for side in before.get(option, ("", "")))
            found += [option] if one and other and one != other else []
        return found

    def diff(self) -> dict[str, t.Any]:
        """Return Ansible's diff of this plan, without secrets."""
        before, after = _plan.diff([*self.changes, *self.settings])
        if self.identity:
            before["accounts"], after["accounts"] = "unchanged", f"new for all users ({', '.join(self.identity)})"
        if self.target is None:
            before, after = _plan.diff(self.settings)
            before |= {"provider": self.present.view()} if self.present else {}
        elif self.present is None:
            mine = {change.field.option for change in self.changes}
            before = {name: value for name, value in before.items() if name not in mine}
            after = {"name": self.target.name, **after}
        if self.remove:
            before["other_providers"], after["other_providers"] = [item.name for item in self.remove], []
        return {"before": before, "after": after}


def plan(
    params: Params,
    providers: t.Sequence[Provider],
    settings: t.Mapping[str, t.Any],
    console_type: str | None = None,
) -> Plan:
    """Return the plan from the console's ``providers`` and ``settings`` to the declaration ``params``; pure.

    A client secret that the console does not return cannot be compared: it is only written for a new provider, or with
    O(update_secret=always). Raises InputError if a new provider lacks required options, and for a change of name or
    type that could cost users their accounts.
    """
    present, renamed = _present(params, providers, console_type)
    others = [item for item in providers if item is not present] if params.get("other_providers") == REMOVE else []
    own = _plan.plan(SETTINGS, settings, params)
    if params["state"] == "absent":
        return Plan(present, None, settings=own, remove=others)
    provider_type = provider_types.type_of(params)
    want = {item.option: params.get(item.option) for item in FIELDS}
    have: dict[str, t.Any] = {}
    if present is None:
        _check_spelling(params["name"], providers)
        lacking = provider_types.missing(provider_type, want)
        if lacking:
            raise InputError(
                f"The provider {params['name']} cannot be created without {', '.join(lacking)}",
                hint=f"Set {', '.join(lacking)}",
            )
        want["enabled"] = True if want["enabled"] is None else want["enabled"]
        last = max((item.order for item in providers if item.order is not None), default=-1)
        words = provider_types.stored(provider_type, console_type)
        target = Provider(params["name"], words[0] if words else None, order=last + 1)
    else:
        have = present.values()
        target = Provider(**{**vars(present), "extra": dict(present.extra)})
        if not present.secret_readable and params["update_secret"] != "always":
            want["client_secret"] = None
    typed = _type_change(params, present, provider_type, console_type) if present else []
    changes = [*renamed, *typed, *_plan.plan(FIELDS, have, want)]
    for change in changes:
        setattr(target, change.field.option, change.after)
    return Plan(present, target, changes, own, others, provider_type)


def _check_spelling(name: str, providers: t.Sequence[Provider]) -> None:
    """Raise InputError if the name of a new provider would differ from another one only in case."""
    other = next((item.name for item in providers if item.name.lower() == name.lower()), None)
    if other:
        raise InputError(
            f"The provider {name} was not added, because {other} exists",
            answer="provider names are case-sensitive in this console",
            hint=f"Set name to {other}",
        )


def _type_change(params: Params, present: Provider, provider_type: str, console_type: str | None) -> list[Change]:
    """Return the change of the stored type of ``present``, if a type is declared and the console has types.

    Raises InputError if users could have another ID afterwards.
    """
    words = provider_types.stored(provider_type, console_type)
    if not words or not provider_types.is_declared(params) or present.type in (None, *words):
        return []
    if provider_types.may_sign_in_with_oauth2(vars(present)):
        raise InputError(
            f"The type of the provider {present.name} was not changed from oauth2 to {words[0]}",
            answer="users who have signed in with it may have another ID there, and would get new accounts",
            hint="Set type to oauth2 to keep it, or change its type in the console",
        )
    return [Change(TYPE, present.type, words[0])]


def _present(
    params: Params, providers: t.Sequence[Provider], console_type: str | None
) -> tuple[Provider | None, list[Change]]:
    """Return the declared provider, and the change of its name if it still has O(former_name).

    Raises InputError for a rename that is not forced: users are linked to a provider by its name [src of other
    consoles, inf for Pro], so users who have signed in would get new, empty accounts.
    """
    present, former = find(providers, params["name"], console_type), params.get("former_name")
    if present is not None or not former or params["state"] == "absent":
        return present, []
    present = find(providers, former, console_type)
    if present is None:
        return None, []
    if not params.get("force_rename"):
        raise InputError(
            f"The provider {present.name} was not renamed to {params['name']}",
            answer="users who have signed in with it are linked to its name, and would get new accounts",
            hint="Omit former_name and set name to the present name, or set force_rename to true",
        )
    return present, [Change(NAME, present.name, params["name"])]
