# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Decide what the removal of servers removes from each application, and which applications are then unused. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import hosts
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import sentences
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    failure_as_whole,
    result_of,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Entry, Key, Result, Server, key

LOGIN_ORIGINS = (
    frozenset(f"https://{host}" for login, _graph in hosts.CLOUDS.values() for host in login) | hosts.V1_ISSUERS
)
# The objects that an application may still have after a removal, by the keys of entra_app's result
OF_APPLICATION = (
    ("web_redirect_uris", "redirect URI"),
    ("spa_redirect_uris", "SPA redirect URI"),
    ("public_client_redirect_uris", "public client redirect URI"),
    ("identifier_uris", "identifier URI"),
    ("app_roles", "app role"),
    ("permission_scopes", "permission scope"),
)
BESIDE_APPLICATION = (
    ("other_client_secrets", "client secret"),
    ("certificates", "certificate"),
    ("federated_credentials", "federated credential"),
)
# The role's task that reads the applications. The next task of each server fails in its place
READS = "Read the applications"
CREDENTIALS = ("certificates", "federated_credentials")
# How many objects of each type a message names
LISTED = 3


def has_left(server: Server) -> bool:
    """Return whether sign-in to ``server`` is no longer offered: its provider was removed, or its console is left out.

    A task's failure is recorded only after the tasks that other servers still run.
    """
    declaration = server.declaration
    asked = declaration["remove_console"] and not declaration["claims"]["provider"]
    return not server.failure and (not asked or server.configured.get("provider") is not None)


def _leaving(servers: t.Iterable[Server]) -> dict[Key, list[Server]]:
    """Return the servers that no longer have a provider, by application."""
    found: dict[Key, list[Server]] = {}
    for server in servers:
        if has_left(server):
            found.setdefault(key(server.declaration), []).append(server)
    return found


def provider(server: Server) -> Entry:
    """Return the options of rustdesk_oidc_provider that remove the provider of ``server``."""
    return {
        **server.declaration["console"],
        "name": server.declaration["provider_name"],
        "state": "absent",
        "session": server.console.get("session"),
    }


def lookups(servers: t.Iterable[Server]) -> list[Entry]:
    """Build the entries of O(applications) of entra_app that only read the applications of providers to be removed."""
    asked = (server for server in servers if not server.failure and server.provider)
    return [
        {**entry, "create": False} for entry in {key(server.declaration): _named(server) for server in asked}.values()
    ]


def deleted_lookup(server: Server) -> Entry:
    """Return the options of entra_app_info that look up the deleted application of ``server``; empty if not needed.

    Entra keeps a deleted application and its unique name for 30 days [doc].
    """
    found = result_of(server.declaration, server.registration)
    if server.failure or not found or found.get("failed") or found.get("application") or not _needs_application(server):
        return {}
    declaration = server.declaration
    return {
        **declaration["entra"],
        "tenant_id": declaration["tenant_id"],
        "unique_name": declaration["application"]["unique_name"],
        "deleted": True,
        "gather": [],
    }


def _needs_application(server: Server) -> bool:
    """Return whether no variable of ``server`` identifies the provider's client ID as its own."""
    client_id = _client_id(server)
    return bool(GUID.fullmatch(client_id)) and client_id not in _declared_ids(server)


def _declared_ids(server: Server) -> list[str]:
    """Return the client IDs that the variables of ``server`` name as its own."""
    named = [server.declaration["application"].get("app_id"), *server.declaration["replaces"]]
    return [str(name).lower() for name in named if name]


def refusal(server: Server) -> Result:
    """Return why the provider of ``server`` is not removed, as a failed task's result; empty if it may be.

    It is not if it belongs to another service or application, or if Entra cannot be read.
    """
    if not server.provider:
        return {}
    refused = _of_another_service(server)
    if refused:
        return {"msg": refused}
    found = result_of(server.declaration, server.registration) or failure_as_whole(server.registration)
    if not found or found.get("failed"):
        return _unreadable(server, found)
    refused = _of_another_application(server, found)
    return {"msg": refused} if refused else {}


def _unreadable(server: Server, found: Result) -> Result:
    """Return the failure of the lookup. Without Entra, the redirect URI and client secret would be left behind."""
    name = server.declaration["application"]["unique_name"]
    reason = str(found.get("msg") or f"The application {name} was not looked up").rstrip(". ")
    hint = (
        "Nothing was removed for this server. Correct this and run the playbook again. To remove only the provider "
        f"{server.provider['name']} although the application cannot be read, use the module rustdesk_oidc_provider "
        "with state absent"
    )
    return {"msg": sentences(reason, hint), "phase": READS, "error": found.get("error") or {}}


def _of_another_application(server: Server, found: Result) -> str:
    """Return the refusal of a provider whose client ID belongs to an undeclared application; empty if none applies."""
    declaration, client_id = server.declaration, _client_id(server)
    app_id = str((found.get("application") or {}).get("app_id") or "").lower()
    gone = [str(item.get("app_id")).lower() for item in server.deleted.get("applications") or []]
    # A client ID that is not a GUID is a typing error in a provider for Entra
    if not GUID.fullmatch(client_id) or client_id in (app_id, *gone, *_declared_ids(server)):
        return ""
    name = declaration["application"]["unique_name"]
    if app_id:
        other = f"the application {name} has {app_id}"
    elif "applications" in server.deleted:
        other = f"the application {name} does not exist and was not recently deleted"
    else:  # the automation may read the applications that it owns, but not deleted ones
        why = str(server.deleted.get("msg") or "").rstrip(". ")
        other = f"the application {name} does not exist, and deleted ones cannot be read{f' ({why})' if why else ''}"
    return (
        f"The console's provider {server.provider['name']} has the client ID {client_id}, but {other}. Nothing was "
        f"removed. To remove the provider nevertheless, set {PREFIX}app_replaces to {client_id}."
    )


def _client_id(server: Server) -> str:
    return str(server.provider.get("client_id") or "").lower()


def _of_another_service(server: Server) -> str:
    """Return the refusal of a provider that is not Entra's; empty if it is.

    Entra's client IDs are GUIDs, and its issuers are at its login hosts [doc].
    """
    found, own = server.provider, str(server.declaration["entra"].get("authority_host") or "")
    issuer = str(found.get("issuer") or "")
    known = {*LOGIN_ORIGINS, *([_addresses.origin(own)] if own else [])}
    if not issuer or GUID.fullmatch(_client_id(server)) or _addresses.origin(issuer) in known:
        return ""
    return (
        f"The console's provider {found['name']} has the issuer {issuer}, which does not belong to Entra. Nothing was "
        f"removed. Set {PREFIX}provider_name to the provider to remove. To remove only the redirect URI and the client "
        f"secret, set {PREFIX}remove_console to false."
    )


def _named(server: Server) -> Entry:
    declaration = server.declaration
    return {
        **declaration["entra"],
        "tenant_id": declaration["tenant_id"],
        "unique_name": declaration["application"]["unique_name"],
        "wait_timeout": declaration["wait_timeout"],
    }


def removals(servers: t.Iterable[Server]) -> list[Entry]:
    """Build the entries of O(applications) of entra_app that remove redirect URIs and client secrets of ``servers``.

    Those that another host declares are kept.
    """
    return [
        {
            **_named(members[0]),
            "create": False,
            "web_redirect_uris": {"remove": sorted({uri for server in members for uri in _redirect_uris(server)})},
            "client_secrets": [_absent(server) for server in members if _gives_up_secret(server)],
            # Read, because an application that has one is kept
            **({option: [] for option in CREDENTIALS} if all(_may_go(server) for server in members) else {}),
        }
        for members in _leaving(servers).values()
    ]


def _redirect_uris(server: Server) -> list[str]:
    """Return the redirect URIs to remove: the former ones that are named, otherwise that of the server."""
    declaration = server.declaration
    own = [] if declaration["claims"]["redirect_uri"] else [declaration["callback_url"]]
    return declaration["remove_redirect_uris"] or own


def _gives_up_secret(server: Server) -> bool:
    return not server.declaration["claims"]["client_secret"] and not server.declaration["remove_redirect_uris"]


def _absent(server: Server) -> Entry:
    """Build the entry that removes the client secrets of ``server``.

    It includes the one that its console has held under another name of the same form.
    """
    name, others = server.declaration["client_secret"]["name"], server.declaration["other_holders"]
    prefix, found, suffix = (re.sub(r"([*?[])", r"[\1]", part) for part in name.partition(server.name))
    known = {"held": server.held, "held_names": [f"{prefix}*{suffix}"], "other_holders": others}
    return {"name": name, "state": "absent", **(known if found and server.held and others is not None else {})}


def deletions(servers: t.Iterable[Server]) -> list[Entry]:
    """Build the entries that delete unused applications, if the servers declare that.

    An application is unused if it has neither a redirect URI nor a live client secret, and no other host declares it.
    """
    return [
        {**_named(members[0]), "state": "absent"}
        for members in _leaving(servers).values()
        if all(_may_go(server) for server in members) and _unused(members[0])
    ]


def _may_go(server: Server) -> bool:
    declaration = server.declaration
    stays = declaration["claims"]["application"] or declaration["remove_redirect_uris"]
    return declaration["remove_unused_app"] and not stays


def _unused(server: Server) -> bool:
    left = result_of(server.declaration, server.registration) or {}
    known = (left.get("application") or {}).get("web_redirect_uris") is not None and "other_client_secrets" in left
    return known and not contents(left) and not left.get("failed")


def contents(left: Result) -> list[str]:
    """Describe the objects of an application, from a result of entra_app, through which it may still be in use.

    They are redirect URIs of all platforms, live client secrets, certificates, federated credentials, and the app roles
    and permission scopes for other applications.
    """
    places = [(left.get("application") or {}, OF_APPLICATION), (left, BESIDE_APPLICATION)]
    found = [(what, place.get(option) or []) for place, kinds in places for option, what in kinds]
    return [_listed(what, [_shown(item) for item in items]) for what, items in found if items]


def _shown(item: t.Any) -> str:
    """Return the name of an application's object: a URI, or the object's name, value or key ID."""
    if not isinstance(item, t.Mapping):
        return str(item)
    named = item.get("name") or item.get("display_name") or item.get("value") or "without a name"
    return f"{named} (key ID {item['key_id']})" if item.get("key_id") else str(named)


def _listed(what: str, names: t.Sequence[str]) -> str:
    """Return ``names`` as words, at most LISTED."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"the {what}{'s' if len(names) > 1 else ''} {', '.join(names[:LISTED])}{more}"


def error(server: Server, *results: Result) -> str:
    """Return why the application of ``server`` is not as declared after these results of entra_app; empty if it is."""
    for result in results:
        found = result_of(server.declaration, result) or failure_as_whole(result)
        if found.get("failed"):
            return str(found.get("msg"))
        if found.get("changed") and found.get("change_refused"):  # as check mode predicts
            return str(found["change_refused"])
    return ""
