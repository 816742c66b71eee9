# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The one model of an OIDC provider in a console, and the decision what to change; pure."""

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

# A text that "" clears
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
# As the console stores it
TYPE = Field("type", ("type",))
# What belongs to the console and so to all its providers.
SETTINGS = (
    Field("callback_url", ("callback_url",)),
    Field("maximum_authorized_users", ("maximum_authorized_users",)),
)
REMOVE = "remove"
# RustDesk appends it to the address of its server (src/hbbs_http/account.rs [src]); it cannot be configured.
CALLBACK_PATH = "/api/oidc/callback"
# How many providers to ask for at once, where a console lists them in pages.
PAGE = 100


@dataclass
class Provider:
    """One provider. ``type`` is the console's own word for it, None where it has none. ``client_secret`` is None if it
    was not read, which ``secret_readable`` tells from a provider without one. ``extra`` holds all that was read and not
    understood, to be written back untouched, and ``key`` what the console knows the provider by."""

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
        """The fields by option name, with the secret."""
        return {item.option: getattr(self, item.option) for item in FIELDS}

    def view(self) -> dict[str, t.Any]:
        """As results show it: without the secret, but whether there is one."""
        shown = {key: value for key, value in self.values().items() if key != "client_secret"}
        return {
            "name": self.name,
            "type": self.type,
            **shown,
            "client_secret_set": bool(self.client_secret) if self.secret_readable else None,
        }


@dataclass(frozen=True)
class Tested:
    """What a console's own test of a provider says of its discovery."""

    success: bool
    message: str


def find(providers: t.Sequence[Provider], name: str, console_type: str | None) -> Provider | None:
    """The provider of this name in a console of this type; the exact spelling wins over another."""
    matches = [provider for provider in providers if same_name(provider.name, name, console_type)]
    return next((p for p in matches if p.name == name), matches[0] if matches else None)


def is_whole(secret: t.Any) -> bool:
    """Whether this looks like a client secret, rather than like a mask or a part of one."""
    return isinstance(secret, str) and bool(usable_secret(secret)) and len(set(secret)) > len(secret) // 4


def is_anothers(written: t.Any, found: t.Any) -> bool:
    """Whether a client secret that is ``found`` where another one was ``written`` comes from another run at the same
    moment, rather than being a part or a mask of what was written."""
    if not (isinstance(written, str) and written and is_whole(found)):
        return False
    return found not in written and written not in found


def anothers_secret(params: Params, providers: t.Sequence[Provider], console_type: str | None) -> str | None:
    """The client secret of the declared provider that another run has written since O(client_secret_replaces) was read.

    None where that is not declared or not so: the provider has one that may be replaced, none that can be read, or one
    of another application.
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
    """The error if another process writes ``what`` (of which console) at the same time."""
    return ConflictError(
        f"{what} changed while it was being written",
        answer="another process changed it at the same time",
        hint="Run the playbook again",
    )


def is_last(listed: int, so_far: int, total: t.Any) -> bool:
    """Whether a page with ``listed`` items is the last one: a console may give fewer at once than it was asked for."""
    return listed == 0 or (so_far >= total if isinstance(total, int) else listed < PAGE)


@dataclass
class Plan:
    """What has to be done in one console: ``target`` is the provider as it shall be, None when there shall be none;
    ``settings`` are changes of the console's own settings, ``remove`` other providers that shall go."""

    present: Provider | None
    target: Provider | None
    changes: list[Change] = field(default_factory=list)
    settings: list[Change] = field(default_factory=list)
    remove: list[Provider] = field(default_factory=list)
    type: str = "oidc"

    @property
    def gone(self) -> list[Provider]:
        """All providers that shall not be there any more."""
        return [*self.remove, *([self.present] if self.present and self.target is None else [])]

    @property
    def changed(self) -> bool:
        """Whether applying it writes."""
        return bool(self.changes or self.settings or self.gone)

    @property
    def touches_sign_in(self) -> bool:
        """Whether it changes how users sign in with a provider that they are offered."""
        enabled = self.present is not None and self.target is not None and bool(self.present.enabled)
        changes = {change.field.option for change in (*self.changes, *self.settings)}
        return enabled and bool(changes - {"icon", "order", "auto_register", "maximum_authorized_users"})

    @property
    def corrects_issuer(self) -> bool:
        """Whether it changes what a console needs to begin a sign-in: where it discovers, or what it does not."""
        return bool({"issuer", "authorization_endpoint", "token_endpoint"} & set(self.values()))

    def setting(self, option: str) -> Change | None:
        """The change of one of the console's own settings, if there is one."""
        return next((change for change in self.settings if change.field.option == option), None)

    def values(self) -> dict[str, t.Any]:
        """The fields that change, by option name, as they shall be."""
        return {change.field.option: change.after for change in self.changes}

    @property
    def identity(self) -> list[str]:
        """The options by which users get another identity, and so new accounts: name, client ID, tenant.

        Entra's ``sub`` is pairwise for each application (better-auth#10194, ory/kratos#4170 [iss]); consoles link users
        to the provider's name [src of other consoles, inf for Pro].
        """
        before = {change.field.option: (change.before, change.after) for change in self.changes if self.present}
        found = ["name"] if "name" in before else []
        for option in ("client_id", "issuer"):  # which holds the tenant's ID
            one, other = (set(GUID.findall(str(side or "").lower())) for side in before.get(option, ("", "")))
            found += [option] if one and other and one != other else []
        return found

    def diff(self) -> dict[str, t.Any]:
        """Ansible's diff of this plan, without any secret."""
        before, after = _plan.diff([*self.changes, *self.settings])
        if self.identity:
            before["accounts"], after["accounts"] = "as they are", f"new for all users ({', '.join(self.identity)})"
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
    """What leads from the console's ``providers`` and ``settings`` to the declaration ``params``; pure.

    A secret that the console does not give back cannot be compared: it is written for a new provider, and with
    O(update_secret=always). Raises InputError when a new provider lacks what it needs, and for a change of name or type
    by which users could lose their accounts.
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
                f"The console has no provider {params['name']} yet, and it cannot be made without {', '.join(lacking)}",
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
    """Raise InputError if a new provider would differ from another one by upper and lower case alone."""
    other = next((item.name for item in providers if item.name.lower() == name.lower()), None)
    if other:
        raise InputError(
            f"The provider {name} is not added beside {other}",
            answer="this console tells upper from lower case in the names of providers",
            hint=f"Set name to {other}",
        )


def _type_change(params: Params, present: Provider, provider_type: str, console_type: str | None) -> list[Change]:
    """The change of the type that ``present`` is stored with, if a type is declared and the console has types.

    Raises InputError if users could be known by another ID afterwards.
    """
    words = provider_types.stored(provider_type, console_type)
    if not words or not provider_types.is_declared(params) or present.type in (None, *words):
        return []
    if provider_types.may_sign_in_with_oauth2(vars(present)):
        raise InputError(
            f"The type of the provider {present.name} is not changed from oauth2 to {words[0]}",
            answer="users who have signed in with it may be known by another ID, and would get new accounts",
            hint="Set type to oauth2 to keep it, or change its type in the console",
        )
    return [Change(TYPE, present.type, words[0])]


def _present(
    params: Params, providers: t.Sequence[Provider], console_type: str | None
) -> tuple[Provider | None, list[Change]]:
    """The provider that is declared, and the change of its name where O(former_name) is the one it has.

    Raises InputError for a rename that is not forced: users are linked to a provider by its name [src of other
    consoles, inf for Pro], so that those who have signed in would get new, empty accounts.
    """
    present, former = find(providers, params["name"], console_type), params.get("former_name")
    if present is not None or not former or params["state"] == "absent":
        return present, []
    present = find(providers, former, console_type)
    if present is None:
        return None, []
    if not params.get("force_rename"):
        raise InputError(
            f"The provider {present.name} is not renamed to {params['name']}",
            answer="users who have signed in with it are linked to its name, and would get new accounts",
            hint="Omit former_name and set name to the one it has, or set force_rename to true",
        )
    return present, [Change(NAME, present.name, params["name"])]
