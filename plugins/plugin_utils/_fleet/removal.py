# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Taking servers out: what leaves each application, and which applications nobody uses any more. Pure."""

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
# What an application may have besides what leaves it, by the keys of entra_app's result
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
CREDENTIALS = ("certificates", "federated_credentials")
# How many members of a kind are named
LISTED = 3


def has_left(server: Server) -> bool:
    """Whether nobody is offered the sign-in of ``server`` any more: its provider was removed, or its console is not to
    be asked.

    That a task failed is recorded only after the tasks that others still run.
    """
    declaration = server.declaration
    asked = declaration["remove_console"] and not declaration["claims"]["provider"]
    return not server.failure and (not asked or server.configured.get("provider") is not None)


def _leaving(servers: t.Iterable[Server]) -> dict[Key, list[Server]]:
    """The servers that have no provider any more, by application."""
    found: dict[Key, list[Server]] = {}
    for server in servers:
        if has_left(server):
            found.setdefault(key(server.declaration), []).append(server)
    return found


def provider(server: Server) -> Entry:
    """The options of rustdesk_oidc_provider that remove the provider of ``server``."""
    return {
        **server.declaration["console"],
        "name": server.declaration["provider_name"],
        "state": "absent",
        "session": server.console.get("session"),
    }


def lookups(servers: t.Iterable[Server]) -> list[Entry]:
    """The entries of O(applications) of entra_app that only read the applications whose providers are to be removed."""
    asked = (server for server in servers if not server.failure and server.provider)
    return [
        {**entry, "create": False} for entry in {key(server.declaration): _named(server) for server in asked}.values()
    ]


def deleted_lookup(server: Server) -> Entry:
    """The options of entra_app_info that look for the deleted application of ``server``; empty if nothing depends on
    it.

    Entra keeps a deleted application for 30 days, and its unique name with it [doc].
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
    """Whether no variable of ``server`` tells that the provider with its client ID is to be removed."""
    client_id = _client_id(server)
    return bool(GUID.fullmatch(client_id)) and client_id not in _declared_ids(server)


def _declared_ids(server: Server) -> list[str]:
    """The client IDs that the variables of ``server`` name as its own."""
    named = [server.declaration["application"].get("app_id"), *server.declaration["replaces"]]
    return [str(name).lower() for name in named if name]


def refusal(server: Server) -> Result:
    """Why the provider of ``server`` is not removed, as a failed task's result: it belongs to another service or
    application, or Entra cannot tell. Empty if it may be removed."""
    if not server.provider:
        return {}
    told = _of_another_service(server)
    if told:
        return {"msg": told}
    found = result_of(server.declaration, server.registration) or failure_as_whole(server.registration)
    if not found or found.get("failed"):
        return _unreadable(server, found)
    told = _of_another_application(server, found)
    return {"msg": told} if told else {}


def _unreadable(server: Server, found: Result) -> Result:
    """The failure of the lookup: without Entra, redirect URI and client secret would stay behind without a provider."""
    name = server.declaration["application"]["unique_name"]
    said = str(found.get("msg") or f"The application {name} was not looked up").rstrip(". ")
    hint = (
        "Nothing of this server was removed. Correct this and run the playbook again. To remove only the provider "
        f"{server.provider['name']} although the application cannot be read, use the module rustdesk_oidc_provider "
        "with state absent"
    )
    return {"msg": sentences(said, hint), "error": found.get("error") or {}}


def _of_another_application(server: Server, found: Result) -> str:
    """The same if the provider has the client ID of another application than the declared one, and nothing names it."""
    declaration, client_id = server.declaration, _client_id(server)
    app_id = str((found.get("application") or {}).get("app_id") or "").lower()
    gone = [str(item.get("app_id")).lower() for item in server.deleted.get("applications") or []]
    # What is no GUID, somebody has mistyped in a provider of Entra
    if not GUID.fullmatch(client_id) or client_id in (app_id, *gone, *_declared_ids(server)):
        return ""
    name = declaration["application"]["unique_name"]
    if app_id:
        other = f"the application {name} has {app_id}"
    elif "applications" in server.deleted:
        other = f"there is no application {name}, nor a deleted one"
    else:  # the automation may read the applications that it owns, but not those that were deleted
        why = str(server.deleted.get("msg") or "").rstrip(". ")
        other = f"there is no application {name}, and deleted ones cannot be read{f' ({why})' if why else ''}"
    return (
        f"The provider {server.provider['name']} of the console has the client ID {client_id}, but {other}. It is "
        f"left, and nothing was removed. To remove it nevertheless, set {PREFIX}app_replaces to {client_id}."
    )


def _client_id(server: Server) -> str:
    return str(server.provider.get("client_id") or "").lower()


def _of_another_service(server: Server) -> str:
    """Entra's client IDs are GUIDs, and its issuers are at its login hosts [doc]."""
    found, own = server.provider, str(server.declaration["entra"].get("authority_host") or "")
    issuer = str(found.get("issuer") or "")
    known = {*LOGIN_ORIGINS, *([_addresses.origin(own)] if own else [])}
    if not issuer or GUID.fullmatch(_client_id(server)) or _addresses.origin(issuer) in known:
        return ""
    return (
        f"The provider {found['name']} of the console has the issuer {issuer}, which does not belong to Entra, and is "
        f"left. Nothing was removed. Set {PREFIX}provider_name to the provider to remove. To remove only the redirect "
        f"URI and the client secret, set {PREFIX}remove_console to false."
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
    """The entries of O(applications) of entra_app that take redirect URIs and client secrets of ``servers`` out, except
    those that another host declares."""
    return [
        {
            **_named(members[0]),
            "create": False,
            "web_redirect_uris": {"remove": sorted({uri for server in members for uri in _redirect_uris(server)})},
            "client_secrets": [_absent(server) for server in members if _gives_up_secret(server)],
            # Read, because the application is kept if it has one
            **({option: [] for option in CREDENTIALS} if all(_may_go(server) for server in members) else {}),
        }
        for members in _leaving(servers).values()
    ]


def _redirect_uris(server: Server) -> list[str]:
    """The redirect URIs that leave: former ones, where these are named, else that of the server."""
    declaration = server.declaration
    own = [] if declaration["claims"]["redirect_uri"] else [declaration["callback_url"]]
    return declaration["remove_redirect_uris"] or own


def _gives_up_secret(server: Server) -> bool:
    return not server.declaration["claims"]["client_secret"] and not server.declaration["remove_redirect_uris"]


def _absent(server: Server) -> Entry:
    """The client secrets of ``server``, and the one that its console has held under another name of the same form."""
    name, others = server.declaration["client_secret"]["name"], server.declaration["other_holders"]
    prefix, found, suffix = (re.sub(r"([*?[])", r"[\1]", part) for part in name.partition(server.name))
    known = {"held": server.held, "held_names": [f"{prefix}*{suffix}"], "other_holders": others}
    return {"name": name, "state": "absent", **(known if found and server.held and others is not None else {})}


def deletions(servers: t.Iterable[Server]) -> list[Entry]:
    """The entries that delete the applications in which neither a redirect URI nor a live client secret is left, and
    that no other host declares, where that is asked for."""
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
    """What a result of entra_app says that an application still has, by which somebody may use it, in words.

    Redirect URIs of all platforms, live client secrets, certificates, federated credentials, and what other
    applications are given access to.
    """
    places = [(left.get("application") or {}, OF_APPLICATION), (left, BESIDE_APPLICATION)]
    found = [(what, place.get(option) or []) for place, kinds in places for option, what in kinds]
    return [_listed(what, [_shown(item) for item in items]) for what, items in found if items]


def _shown(item: t.Any) -> str:
    """How a member of an application is named: a URI, or an object by its name, value or key ID."""
    if not isinstance(item, t.Mapping):
        return str(item)
    named = item.get("name") or item.get("display_name") or item.get("value") or "without a name"
    return f"{named} (key ID {item['key_id']})" if item.get("key_id") else str(named)


def _listed(what: str, names: t.Sequence[str]) -> str:
    """``names`` in words, not more than LISTED."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"the {what}{'s' if len(names) > 1 else ''} {', '.join(names[:LISTED])}{more}"


def error(server: Server, *results: Result) -> str:
    """Why the application of ``server`` is not as it should be after these results of entra_app; empty where it is."""
    for result in results:
        found = result_of(server.declaration, result) or failure_as_whole(result)
        if found.get("failed"):
            return str(found.get("msg"))
        if found.get("changed") and found.get("change_refused"):  # as check mode predicts
            return str(found["change_refused"])
    return ""
