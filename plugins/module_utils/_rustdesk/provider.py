# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The one model of an OIDC provider in a console, and the decision what to change; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Change, Field

Params = t.Mapping[str, t.Any]

FIELDS = (
    Field("enabled", ("enabled",)),
    Field("client_id", ("client_id",)),
    Field("client_secret", ("client_secret",), secret=True),
    Field("issuer", ("issuer",)),
    Field("authorization_endpoint", ("authorization_endpoint",)),
    Field("token_endpoint", ("token_endpoint",)),
    Field("userinfo_endpoint", ("userinfo_endpoint",)),
    Field("jwks_endpoint", ("jwks_endpoint",)),
)
CALLBACK = Field("callback_url", ("callback_url",))
# RustDesk calls Microsoft's provider "azure", since Server Pro 1.8.4 "Microsoft"; clients take both names.
ALIASES = ("azure", "microsoft")


@dataclass
class Provider:
    """One provider. ``client_secret`` is None when the console does not give it back; ``extra`` holds all that was read
    and not understood, to be written back untouched."""

    name: str
    enabled: bool | None = None
    client_id: str | None = None
    client_secret: str | None = None
    issuer: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    jwks_endpoint: str | None = None
    order: int | None = None
    secret_readable: bool = True
    extra: dict[str, t.Any] = field(default_factory=dict)

    def values(self) -> dict[str, t.Any]:
        """The fields by option name, with the secret."""
        return {item.option: getattr(self, item.option) for item in FIELDS}

    def view(self) -> dict[str, t.Any]:
        """As results show it: without the secret, but whether there is one."""
        shown = {key: value for key, value in self.values().items() if key != "client_secret"}
        return {
            "name": self.name,
            **shown,
            "order": self.order,
            "client_secret_set": bool(self.client_secret) if self.secret_readable else None,
        }


def same_name(one: str, other: str) -> bool:
    """Whether two names mean one provider to RustDesk: case does not matter, azure and microsoft are one."""
    one, other = one.lower(), other.lower()
    return one == other or (one in ALIASES and other in ALIASES)


def find(providers: t.Sequence[Provider], name: str) -> Provider | None:
    """The provider of this name; the exact spelling wins over another."""
    matches = [provider for provider in providers if same_name(provider.name, name)]
    return next((p for p in matches if p.name == name), matches[0] if matches else None)


@dataclass
class Plan:
    """What has to be done in one console: ``target`` is the provider as it shall be, None when there shall be none."""

    present: Provider | None
    target: Provider | None
    changes: list[Change] = field(default_factory=list)
    callback: Change | None = None

    @property
    def changed(self) -> bool:
        """Whether applying it writes."""
        gone = self.target is None and self.present is not None
        return bool(self.changes or self.callback or gone)

    def diff(self) -> dict[str, t.Any]:
        """Ansible's diff of this plan, without any secret."""
        if self.target is None:
            return {"before": {"provider": self.present.view()} if self.present else {}, "after": {}}
        before, after = _plan.diff([*self.changes, *([self.callback] if self.callback else [])])
        if self.present is None:
            before, after = (
                {k: v for k, v in before.items() if k == "callback_url"},
                {"name": self.target.name, **after},
            )
        return {"before": before, "after": after}


def plan(params: Params, providers: t.Sequence[Provider], callback_url: str | None) -> Plan:
    """What leads from the console's ``providers`` and ``callback_url`` to the declaration ``params``.

    A secret that the console does not give back cannot be compared: it is written for a new provider, and with
    O(update_secret=always). Raises InputError when a new provider lacks what it needs.
    """
    present = find(providers, params["name"])
    if params["state"] == "absent":
        return Plan(present, None)
    want = {item.option: params.get(item.option) for item in FIELDS}
    have: dict[str, t.Any] = {}
    if present is None:
        missing = [key for key in ("client_id", "client_secret") if not want[key]]
        if not want["issuer"] and not want["authorization_endpoint"]:
            missing.append("issuer")
        if missing:
            raise InputError(
                f"The console has no provider {params['name']} yet, and it cannot be made without {', '.join(missing)}",
                hint=f"Set {', '.join(missing)}",
            )
        want["enabled"] = True if want["enabled"] is None else want["enabled"]
        last = max((item.order for item in providers if item.order is not None), default=-1)
        target = Provider(params["name"], order=last + 1)
    else:
        have = present.values()
        target = Provider(**{**vars(present), "extra": dict(present.extra)})
        if not present.secret_readable and params["update_secret"] != "always":
            want["client_secret"] = None
    changes = _plan.plan(FIELDS, have, want)
    for change in changes:
        setattr(target, change.field.option, change.after)
    declared = params.get("callback_url")
    callback = Change(CALLBACK, callback_url, declared) if declared and declared != callback_url else None
    return Plan(present, target, changes, callback)
