# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build entra_app's entries for the applications that servers share, and each server's share of the result. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import redirect_uris
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.callback_url import is_same_console
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import (
    may_sign_in_with_oauth2,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import allowed, drift, excess, shape
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.claims import Other
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    APPLICATION,
    PREFIX,
    Declaration,
    variable,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import (
    Entry,
    Key,
    Result,
    Server,
    key,
    takes_callback_url,
)

ISSUER = re.compile(rf"https://[^/]+/{GUID.pattern}/v2\.0")
# The placeholder for the IDs of an application that check mode predicts
NO_ID = "00000000-0000-0000-0000-000000000000"
# The role's task that registers the applications. The next task of each server fails in its place
REGISTERS = "Register the applications"
NOT_REGISTERED = (
    "The application was not registered in this run. Each phase depends on the earlier ones, so select them together."
)


def _is_discoverable(console: Result) -> bool:
    """Return whether the provider's issuer is spelled as in Entra's discovery document.

    A console starts no sign-in with a different spelling, and the run corrects it.
    """
    return any(ISSUER.fullmatch(str(item.get("issuer") or "")) for item in console.get("providers") or [])


def obstacles(declaration: Declaration, console: Result) -> list[str]:
    """Return a sentence for each setting of the console that conflicts with the declaration.

    A server with obstacles is left unchanged.
    """
    found = []
    present, wanted = console.get("callback_url"), declaration["callback_url"]
    if not declaration["public_url_declared"] and present and not is_same_console(present, wanted):
        would = f"and {wanted} would replace it for all its providers"
        if not takes_callback_url(console):
            would = f"not {wanted}"
        found.append(
            f"The console has the callback URL {present}, {would}. Set {PREFIX}public_url to the address at which "
            "users reach the console."
        )
    written = declaration["public_url_declared"] and takes_callback_url(console)
    if present and not written and _addresses.same(present, wanted):
        refused = redirect_uris.problems([present], declaration["application"].get("sign_in_audience"))
        found += [
            f"Entra does not accept the console's callback URL: {one}. Correct it in the console." for one in refused
        ]
    new = console.get("new_callback_url") or {}
    unknown = new.get("verified") is None and new.get("detail") and _is_discoverable(console)
    if new.get("verified") is False or unknown:
        found.append(
            f"The callback URL {present or ''} is in use and cannot be replaced by {wanted}: {new['detail']}. Set "
            f"{PREFIX}public_url to the address at which users reach this console. To move the console before its new "
            f"address works, skip the verification (--skip-tags {PREFIX}verify)."
        )
    if any(provider.get("client_secret_set") is None for provider in console.get("providers") or []):
        found.append(
            "The console does not return its client secret, so it is unknown whether Entra still accepts it. Use the "
            "modules entra_app (with held_key_id) and rustdesk_oidc_provider (with update_secret) for this server."
        )
    return [*found, *_other_provider(declaration["provider_name"], console)]


def _other_provider(name: str, console: Result) -> list[str]:
    """Return why the console's provider with the declared name, in any letter case, cannot be the declared one."""
    provider = next(iter(console.get("providers") or []), None)
    if provider is None:
        similar = [
            item["name"] for item in console.get("other_providers") or [] if item["name"].lower() == name.lower()
        ]
        return [
            f"The console has the provider {other}, and provider names are case-sensitive. Set {PREFIX}provider_name "
            f"to {other}."
            for other in similar[:1]
        ]
    if not may_sign_in_with_oauth2(provider):
        return []
    return [
        f"The provider {name} has the type oauth2 and its own endpoints. With OpenID Connect, its users could get new, "
        f"empty accounts. Change its type to oidc in the console, or set {PREFIX}provider_name to another name."
    ]


def groups(servers: t.Iterable[Server]) -> dict[Key, list[Server]]:
    """Return the servers that can be configured, grouped by the application that they share."""
    found: dict[Key, list[Server]] = {}
    for server in servers:
        ready = server.console.get("console_type") and not server.failure
        if ready and not obstacles(server.declaration, server.console):
            found.setdefault(key(server.declaration), []).append(server)
    return found


def contradictions(servers: t.Sequence[Server]) -> list[str]:
    """Return the variables in which servers that share an application differ, sorted."""
    declared = [server.declaration["application"] for server in servers]
    differing = {option for option in APPLICATION if any(_differ(option, declared[0], d) for d in declared)}
    if any(server.declaration["allowed"] for server in servers) and "assignments" in differing:
        return sorted({allowed.GROUPS, allowed.USERS, *map(variable, differing.difference(allowed.OPTIONS))})
    return sorted(map(variable, differing))


def _excess(servers: t.Sequence[Server]) -> str:
    """Return why ``servers``, whose consoles were read, are too many for one application; empty if they are not.

    The first task has checked the declared callback URLs. A console may have one that is not declared.
    """
    return excess.refusal(servers[0].declaration, callback_urls(servers), len(servers)) if servers else ""


def _differ(option: str, one: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any]) -> bool:
    return bool(one.get(option) != other.get(option))


def applications(servers: t.Iterable[Server], others: t.Iterable[Other] = ()) -> list[Entry]:
    """Build the entries of O(applications) of entra_app that register the applications of ``servers``, with secrets.

    They leave out a server whose console cannot be configured, that contradicts another server, or that shares an
    application with too many others. ``others`` are the hosts of the group that are not among ``servers``.
    """
    staying = list(others)
    return [
        {
            **signs_in(members[0]),
            **members[0].declaration["application"],
            "web_redirect_uris": {"add": callback_urls(members)},
            **_moved(members),
            "client_secrets": [
                {
                    **server.declaration["client_secret"],
                    "held": server.held,
                    "holds_none": server.holds_none,
                    "other_holders": _other_holders(server, members, staying),
                }
                for server in members
            ],
            "retire_superseded": False,
            # The verification checks each of the others
            "verify_held": "unlisted",
            "relying_parties": [_relying_party(server) for server in members],
        }
        for members in groups(servers).values()
        if not contradictions(members) and not _excess(members)
    ]


def signs_in(server: Server) -> Entry:
    """Return the options with which entra_app signs in for the application of ``server``."""
    declaration = server.declaration
    return {**declaration["entra"], "tenant_id": declaration["tenant_id"], "wait_timeout": declaration["wait_timeout"]}


def _other_holders(server: Server, members: t.Sequence[Server], staying: t.Sequence[Other]) -> list[str]:
    """Return the names of client secrets that belong to consoles other than that of ``server``.

    A console that this run has read counts only if it holds the same client secret. One that it has not read counts
    because its host declares a different console.
    """
    url, held = server.declaration["console_url"], server.held
    read = [
        member.declaration["client_secret"]["name"]
        for member in members
        # Cheap comparison first: each server is compared with every other one
        if held and member.held == held and not _addresses.same(member.declaration["console_url"], url)
    ]
    return [*read, *(name for other in staying if (name := other.holder_elsewhere(url)))]


def _relying_party(server: Server) -> Entry:
    """Describe the console of ``server`` to entra_app, so that its users keep their accounts."""
    declaration, provider = server.declaration, server.provider
    others = [item for item in server.console.get("other_providers") or [] if item.get("enabled")]
    return {
        "name": declaration["client_secret"]["name"],
        "client_id": provider.get("client_id"),
        "issuer": provider.get("issuer"),
        "enabled": bool(provider.get("enabled")),
        "web_redirect_uris": [server.callback_url],
        "replaces": declaration["replaces"],
        "other_providers": [
            {name: item.get(name) for name in ("name", "client_id", "issuer")}
            for item in others
            if item["name"] not in declaration["beside"]
        ],
    }


def callback_urls(servers: t.Iterable[Server]) -> list[str]:
    """Return the callback URLs of ``servers``, each once."""
    return list(dict.fromkeys(server.callback_url for server in servers))


def _moved(servers: t.Iterable[Server]) -> Entry:
    """Return the options that remove callback URLs from other platforms, for the servers that declare it."""
    moved = callback_urls(server for server in servers if server.declaration["move_redirect_uris"])
    return {f"{platform}_redirect_uris": {"remove": moved} for platform in ("spa", "public_client") if moved}


class Share(t.TypedDict):
    """The data that tasks after the registration need for one server, including its client secret.

    ``error`` is a failed task's result, empty if the server can be configured. ``unverifiable`` is the reason why its
    sign-in cannot be verified, empty if it can. ``retires`` is whether one of its client secrets may be retired then.
    """

    error: dict[str, t.Any]
    app_id: str
    issuer: str
    discovery: dict[str, t.Any] | None
    redirect_uris: list[str]
    obstacles: list[str]
    client_secret: str
    accepted: bool
    expires: str
    unverifiable: str
    retires: bool


NOTHING: Share = {
    "error": {},
    "app_id": "",
    "issuer": "",
    "discovery": None,
    "redirect_uris": [],
    "obstacles": [],
    "client_secret": "",
    "accepted": False,
    "expires": "",
    "unverifiable": "",
    "retires": False,
}


def result_of(declaration: Declaration, registration: Result) -> Result | None:
    """Return the result of entra_app for the application of ``declaration``; None if it was not requested."""
    for item in registration.get("applications") or []:
        declared = item.get("declared") or {}
        if (str(declared.get("tenant_id")).lower(), declared.get("unique_name")) == key(declaration):
            return t.cast("Result", item)
    return None


def share(
    server: Server,
    *,
    observed: bool = False,
    check_mode: bool = False,
    others: t.Callable[[], t.Iterable[Server]] = tuple,
) -> Share:
    """Return the share of ``server`` in the registration; an error if it cannot be configured.

    If ``observed``, return the present state instead of the result of the run. ``others`` returns all servers of the
    run. It is called only to explain why no result exists.
    """
    error = _error_of(server, others)
    found = result_of(server.declaration, server.registration)
    if error or found is None:
        return {**NOTHING, "error": error}
    secret = secret_of(server.declaration, found)
    made = not observed and secret.get("decision") in ("created", "renewed")
    return {
        "error": {},
        "app_id": found["application"]["app_id"],
        "issuer": found["issuer"],
        "discovery": None if secret.get("accepted") and not observed else found["discovery"],
        "redirect_uris": redirect_uris_before(found) if observed else found["application"]["web_redirect_uris"],
        "obstacles": list(found.get("obstacles") or []),
        "client_secret": str(secret["secret_text"]) if made else server.held,
        "accepted": bool(secret.get("accepted")) and not observed,
        "expires": (secret.get("held") or {} if observed else secret).get("expires") or "",
        "unverifiable": _unverifiable(server, found, observed, check_mode),
        "retires": not observed and retires(found, check_mode),
    }


def _unverifiable(server: Server, found: Result, observed: bool, check_mode: bool) -> str:
    if not server.declaration["provider_enabled"]:
        return "The provider is disabled, so users are not offered it"
    if observed:
        return "" if exists(found) else "The application does not exist yet"
    changed = found.get("changed") or server.configured.get("changed")
    return "In check mode the change is only predicted" if check_mode and changed else ""


def exists(result: Result) -> bool:
    """Return whether the application of ``result`` exists, and is not only predicted."""
    return (result.get("application") or {}).get("object_id") not in (None, NO_ID)


def redirect_uris_before(result: Result) -> list[str]:
    """Return the application's redirect URIs of the platform Web as they were before entra_app."""
    before = (result.get("diff") or {}).get("before") or {}
    known = before if "web_redirect_uris" in before else result.get("application") or {}
    return list(known.get("web_redirect_uris") or [])


def _error_of(server: Server, others: t.Callable[[], t.Iterable[Server]]) -> dict[str, t.Any]:
    """Return why ``server`` cannot be configured, as a failed task's result; empty if it can."""
    stands = obstacles(server.declaration, server.console)
    if stands:
        return {"msg": f"{' '.join(stands)} Nothing was changed."}
    found = result_of(server.declaration, server.registration) or failure_as_whole(server.registration)
    if not found:
        return _why_none(server, others())
    refused = _refusal(server.declaration, found)
    if refused:
        return {"msg": f"{refused} Nothing was changed.", "phase": REGISTERS}
    return _error(found) if found.get("failed") else {}


def _refusal(declaration: Declaration, result: Result) -> str:
    """Return why entra_app refused the application to the server; empty if it did not."""
    name = declaration["client_secret"]["name"]
    return next((item["refused"] for item in result.get("relying_parties") or [] if item["name"] == name), "")


def failure_as_whole(registration: Result) -> Result:
    """Return the failure of the task that registers all applications; empty if the task returned results."""
    failed = registration.get("msg") and "applications" not in registration and not registration.get("skipped")
    return {**registration, "failed": True} if failed else {}


def concerns(server: Server, result: Result) -> bool:
    """Return whether an application's change, actual or predicted, concerns ``server`` and not only others."""
    declaration = server.declaration
    if not result.get("changed") or not secret_of(declaration, result):
        return False
    sides = result["diff"]["before"], result["diff"]["after"]
    return bool(drift.of_server(*sides, "", declaration["client_secret"]["name"], server.callback_url))


def secret_of(declaration: Declaration, result: Result) -> Result:
    """Return the part of an application's result about the client secret of ``declaration``; empty if it has none."""
    name = declaration["client_secret"]["name"]
    return next((item for item in result.get("client_secrets") or [] if item["name"] == name), {})


def _error(result: Result) -> dict[str, t.Any]:
    """Return a failure of entra_app as the failure of the server's own task, with the phase that failed."""
    return {
        "msg": str(result.get("msg")),
        "phase": REGISTERS,
        **({"error": dict(result["error"])} if result.get("error") else {}),
    }


def _why_none(server: Server, others: t.Iterable[Server]) -> dict[str, t.Any]:
    """Return why the application of ``server`` was not registered, such as a conflict between servers that share it.

    The failure has the code shape.VARIABLES if the variables of these servers are the reason.
    """
    sharing = groups(others).get(key(server.declaration), [])
    differing = contradictions(sharing) if sharing else []
    refused = _excess(sharing)
    if differing:
        refused = (
            f"The servers {', '.join(item.name for item in sharing)} share the application "
            f"{server.declaration['application']['unique_name']} and differ in {', '.join(differing)}. Set these "
            f"variables to the same values, or give the servers different values of {variable('unique_name')}. "
            "Nothing was changed."
        )
    if not refused:
        return {"msg": NOT_REGISTERED}
    return {"msg": refused, "phase": REGISTERS, "error": {"code": shape.VARIABLES}}


def retires(result: Result, predicted: bool) -> bool:
    """Return whether part of an application is to be retired after its ``result``; see retirements."""
    superseded = any(item.get("superseded") for item in result.get("client_secrets") or [])
    return superseded or bool(result.get("changed") and not predicted)
