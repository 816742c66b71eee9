# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consoles of the three types side by side, read and changed without the product, with the same member names."""

from __future__ import annotations

from typing import Any

from lab.client import Console, Lab
from support.fleet import Fleet

# Each type's names of a provider's members; rustdesk_api has no switch to disable a provider.
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
    """Add a server with a console of this type to the fleet; users' actions per minute are not limited."""
    console = fleet.add_server(f"{name or kind.replace('_', '-')}.{fleet.domain}", kind=kind, **options)
    if kind == "rustdesk_console":
        console.set_switches(rate_limits=False)
    return console


def one_of_each(fleet: Fleet) -> dict[str, Console]:
    """Add a server of each type; all share one application."""
    return {kind: add(fleet, kind) for kind in KINDS}


def listed(kind: str, settings: Any) -> list[dict[str, Any]]:
    """The providers among stored settings."""
    return settings if kind == "rustdesk_api" else settings["providers"]


def entries(console: Console) -> list[dict[str, Any]]:
    """All providers as stored, with client secrets in plain text."""
    return listed(console.kind, console.settings())


def entry(console: Console, name: str = "azure") -> dict[str, Any]:
    """A provider with the options' names for its members."""
    members = MEMBERS[console.kind]
    (found,) = [item for item in entries(console) if item[members["name"]] == name]
    return {option: found[member] for option, member in members.items()}


def put(console: Console, name: str = "azure", **values: Any) -> None:
    """Change a provider without the product, given its members by the options' names; remove it if none is given."""
    settings, members = console.settings(), MEMBERS[console.kind]
    providers = listed(console.kind, settings)
    at = next(index for index, item in enumerate(providers) if item[members["name"]] == name)
    if values:
        providers[at] |= {members[option]: value for option, value in values.items()}
    else:
        del providers[at]
    console.put_settings(settings)


def add_provider(console: Console, **values: Any) -> None:
    """Add the provider azure manually, given its members by the options' names, with the console's own callback URL."""
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
    """The secrets, and ``more``, that appear in a text; strings shorter than any secret may appear by chance."""
    return [secret for secret in (*lab.secrets(), *more) if len(secret) >= 8 and secret in text]


def automation_sessions(console: Console) -> list[dict[str, Any]]:
    """The open sessions of the automation's account."""
    return [item for item in console.sessions() if item["user"] == console.username]


def counted(lab: Lab, console: Console) -> tuple[int, int]:
    """The numbers of the product's sign-ins to the console and sign-outs."""
    posts = [item["path"] for item in lab.requests(console.name) if item["method"] == "POST"]
    return sum(path in LOGINS for path in posts), sum(path in LOGOUTS for path in posts)
