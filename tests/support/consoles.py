# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three kinds of consoles side by side, seen from behind whatever each calls its members."""

from __future__ import annotations

from typing import Any

from lab.client import Console, Lab
from support.fleet import Fleet

# What each kind calls the members of a provider; rustdesk_api has no switch to disable one.
MEMBERS: dict[str, dict[str, str]] = {
    "pro": {
        "name": "name",
        "client_id": "client_id",
        "client_secret": "client_secret",
        "issuer": "issuer",
        "enabled": "enabled",
    },
    "rustdesk_console": {
        "name": "name",
        "client_id": "clientId",
        "client_secret": "clientSecret",
        "issuer": "issuer",
        "enabled": "enabled",
    },
    "rustdesk_api": {"name": "op", "client_id": "client_id", "client_secret": "client_secret", "issuer": "issuer"},
}
KINDS = tuple(MEMBERS)
LOGINS = ("/api/login", "/api/admin/login")
LOGOUTS = ("/api/logout",)


def add(fleet: Fleet, kind: str, name: str = "", **options: Any) -> Console:
    """Another server of the fleet with a console of this kind; what a person does in a minute is not limited."""
    console = fleet.add_server(f"{name or kind.replace('_', '-')}.{fleet.domain}", kind=kind, **options)
    if kind == "rustdesk_console":
        console.set_switches(rate_limits=False)
    return console


def one_of_each(fleet: Fleet) -> dict[str, Console]:
    """A server of each kind, all of one application."""
    return {kind: add(fleet, kind) for kind in KINDS}


def listed(kind: str, settings: Any) -> list[dict[str, Any]]:
    """The providers among stored settings."""
    return settings if kind == "rustdesk_api" else settings["providers"]


def entries(console: Console) -> list[dict[str, Any]]:
    """All providers as they are stored, secrets in clear."""
    return listed(console.kind, console.settings())


def entry(console: Console, name: str = "azure") -> dict[str, Any]:
    """One provider by the options' names of its members."""
    members = MEMBERS[console.kind]
    (found,) = [item for item in entries(console) if item[members["name"]] == name]
    return {option: found[member] for option, member in members.items()}


def put(console: Console, name: str = "azure", **values: Any) -> None:
    """Change a provider behind the product's back, by the options' names of its members; without values, remove it."""
    settings, members = console.settings(), MEMBERS[console.kind]
    providers = listed(console.kind, settings)
    at = next(index for index, item in enumerate(providers) if item[members["name"]] == name)
    if values:
        providers[at] |= {members[option]: value for option, value in values.items()}
    else:
        del providers[at]
    console.put_settings(settings)


def add_provider(console: Console, **values: Any) -> None:
    """Add the provider azure by hand, by the options' names of its members, and the console's own callback URL."""
    settings, members = console.settings(), MEMBERS[console.kind]
    given = {"name": "azure", "enabled": True, **values}
    entry = {member: given[option] for option, member in members.items() if option in given}
    if console.kind == "pro":
        entry["order_index"] = len(settings["providers"])
        settings["callback_url"] = f"{console.url}/api/oidc/callback"
    elif console.kind == "rustdesk_console":
        settings["general"]["site"]["backendUrl"] = console.url
    else:
        entry |= {"oauth_type": "oidc", "auto_register": True}
    listed(console.kind, settings).append(entry)
    console.put_settings(settings)


def told(lab: Lab, text: str, *more: str) -> list[str]:
    """The secrets, and ``more``, that a text tells; what is shorter than any secret stands in a text by chance."""
    return [secret for secret in (*lab.secrets(), *more) if len(secret) >= 8 and secret in text]


def automation_sessions(console: Console) -> list[dict[str, Any]]:
    """The open sessions of the account that the automation uses."""
    return [item for item in console.sessions() if item["user"] == console.username]


def counted(lab: Lab, console: Console) -> tuple[int, int]:
    """How often the product signed in to the console and out of it."""
    posts = [item["path"] for item in lab.requests(console.name) if item["method"] == "POST"]
    return sum(path in LOGINS for path in posts), sum(path in LOGOUTS for path in posts)
