# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What a console and a tenant that were set up by hand have to do with each other; pure.

In: what rustdesk_oidc_provider_info and entra_app_info returned. Out: for each server the role's variables that
describe it, and what cannot be described. No secret comes out.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import redirect_uris
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import (
    AZURE_NAMES,
    CLOUDS,
    choose,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import (
    ACCOUNT_PLACEHOLDERS,
    GUID,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import same_name
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._secret_values import SHORTEST

Document = t.Mapping[str, t.Any]
Variables = dict[str, t.Any]

CALLBACK_PATH = "/api/oidc/callback"
UNIQUE_NAME = "rustdesk-sso"
# Where Microsoft issues tokens besides its clouds' login hosts: version 1, and names of former times [doc].
FORMER_HOSTS = ("sts.windows.net", "sts.chinacloudapi.cn", "login.windows.net", "login.microsoft.com")
V1_HOSTS = FORMER_HOSTS[:2]
# What can be said of a server: all that is needed, that it has nothing yet, or that somebody has to look at it.
FOUND, NEW, UNDECIDED = "found", "new", "undecided"


@dataclass
class Server:
    """What became of one server. ``variables`` are the role's, complete only when ``state`` is ``found``."""

    name: str
    state: str
    notes: list[str] = field(default_factory=list)
    variables: Variables = field(default_factory=dict)
    application: Document = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """By which servers that share an application know each other."""
        return self.variables["rustdesk_sso_tenant_id"], self.variables["rustdesk_sso_app_id"]


@dataclass(frozen=True)
class _Place:
    """What a provider's addresses tell: the ``tenant`` ('' when none), and whether they are of the ``chosen`` cloud."""

    tenant: str
    chosen: bool


def questions(console: Document, tenant_id: str, cloud: str, authority_host: str) -> list[dict[str, str]]:
    """Which applications to ask Entra for: options of entra_app_info, for each provider that may be Entra's.

    ``tenant_id`` is that of the inventory ('' when there is none). It is asked for the providers whose own addresses
    name no tenant; what is no application there is another service's.
    """
    asked: list[dict[str, str]] = []
    for provider in console["providers"]:
        place = _place(provider, cloud, authority_host)
        tenant = (place.tenant if place else "") or tenant_id
        if tenant and GUID.fullmatch(provider.get("client_id") or "") and (place is None or place.chosen):
            asked.append({"tenant_id": tenant, "app_id": provider["client_id"].lower()})
    # Whether another application, which no console of the inventory uses, has the name already
    asked += [{"tenant_id": tenant, "unique_name": UNIQUE_NAME} for tenant in sorted({q["tenant_id"] for q in asked})]
    return [question for index, question in enumerate(asked) if question not in asked[:index]]


def adopt(records: t.Sequence[Document]) -> list[Server]:
    """What each server's ``record`` amounts to, with unique names that keep different applications apart."""
    servers = [_look(record) for record in records]
    found = [server for server in servers if server.state == FOUND]
    users: dict[tuple[str, str], list[Server]] = {}
    for server in found:
        users.setdefault(server.key, []).append(server)
    taken = {
        (answer["tenant_id"], application["unique_name"]): application["app_id"]
        for record in records
        for answer in record["applications"]
        for application in answer.get("applications") or []
        if application["unique_name"]
    }
    # The most shared application first: it gets the name that the role has by default.
    for (tenant, app_id), sharing in sorted(users.items(), key=lambda item: (-len(item[1]), item[1][0].name)):
        first = min(server.name for server in sharing)
        proposals = (UNIQUE_NAME, f"{UNIQUE_NAME}-{_slug(first)}", f"{UNIQUE_NAME}-{app_id}")
        present = sharing[0].application["unique_name"]
        name = present or next(item for item in proposals if taken.get((tenant, item), app_id) == app_id)
        taken[tenant, name] = app_id
        for server in sharing:
            server.variables["rustdesk_sso_app_unique_name"] = name
            _note_sharing(server, [other.name for other in sharing if other is not server])
    return servers


def _note_sharing(server: Server, others: list[str]) -> None:
    if not others:
        return
    server.notes.insert(1, f"It shares the application with {', '.join(others)}")
    audience = server.variables["rustdesk_sso_app_sign_in_audience"]
    if audience in redirect_uris.PERSONAL_AUDIENCES:
        server.notes.append(
            f"With the sign-in audience {audience} Entra allows two client secrets only, so that servers cannot share "
            "the application: site.yml will refuse that. Give all but one an application of their own"
        )


def _look(record: Document) -> Server:
    name = record["server"]
    if record["failure"]:
        return Server(name, UNDECIDED, [f"It could not be looked at: {record['failure']}"])
    wanted = record["provider_name"]
    mine = [
        provider
        for provider in record["console"]["providers"]
        if (
            _place(provider, record["cloud"], record["authority_host"]) or _answer(record, provider).get("applications")
        )
        and (not wanted or same_name(provider["name"], wanted))
    ]
    if not mine:
        said = f"The console has no provider {wanted or ''} for Microsoft Entra ID".replace("  ", " ")
        hint = "where the others' variables are not the group's, set rustdesk_sso_app_* for it as well"
        return Server(name, NEW, [f"{said}: site.yml makes one; {hint}"])
    if len(mine) > 1:
        listed = ", ".join(f"{provider['name']} (application {provider.get('client_id')})" for provider in mine)
        hint = "Set rustdesk_sso_provider_name for this server to the one that is to be taken over"
        return Server(name, UNDECIDED, [f"The console has several providers for Microsoft Entra ID: {listed}. {hint}"])
    problem = _undecidable(record, mine[0])
    return Server(name, UNDECIDED, [problem]) if problem else _described(record, mine[0])


def _undecidable(record: Document, provider: Document) -> str | None:
    """Why the application of ``provider`` is not known, in a sentence; None where it is."""
    who, issuer, app_id = f"The provider {provider['name']}", provider.get("issuer"), provider.get("client_id")
    place = _place(provider, record["cloud"], record["authority_host"])
    if place and not place.chosen:
        return f"{who} has the issuer {issuer}, which is of another Microsoft cloud. Set rustdesk_sso_entra_cloud to it"
    if not GUID.fullmatch(app_id or ""):
        return f"{who} has the client ID {app_id!r}, which is no application (client) ID. Correct it in the console"
    answer = _answer(record, provider)
    if not answer:
        return (
            f"{who} has the issuer {issuer}, which names no tenant. Set rustdesk_sso_tenant_id to the tenant of its "
            f"application {app_id}"
        )
    declared, tenant = record["tenant_id"], answer["item"]["tenant_id"]
    other = ""
    if GUID.fullmatch(declared) and declared.lower() != tenant.lower():
        other = (
            f" The issuer in the console names that tenant, and rustdesk_sso_tenant_id is {declared}: set the tenant "
            "and credentials for it for this server, or correct the console"
        )
    if "applications" not in answer:
        return f"{who} is of application {app_id} in tenant {tenant}, which could not be read: {answer['msg']}{other}"
    if not answer["applications"]:
        return (
            f"{who} is of application {app_id}, and there is none in tenant {tenant}. It was deleted, or is of another "
            "tenant. Restore it in Entra, correct the console, or remove the provider, so that site.yml makes both"
            f"{'.' if other else ''}{other}"
        )
    return None


def _described(record: Document, provider: Document) -> Server:
    answer = _answer(record, provider)
    application = answer["applications"][0]
    enabled = provider.get("enabled") is not False
    known = f"{application['display_name']} (application {application['app_id']}) in tenant {answer['tenant_id']}"
    notes = [f"The {'' if enabled else 'disabled '}provider {provider['name']} is of {known}"]
    notes.append(_secret(provider, application))
    if provider.get("issuer") != answer["issuer"]:
        notes.append(_issuer(provider, answer["issuer"]))
    if not application["id_token_issuance_enabled"]:
        notes.append(
            "ID tokens are not enabled at the application, as step 13 of RustDesk's guide asks for: set "
            "rustdesk_sso_app_id_token_issuance_enabled to true to have them"
        )
    public, uri_notes = _public_url(record, application)
    variables = {
        "rustdesk_sso_tenant_id": answer["tenant_id"],
        "rustdesk_sso_app_id": application["app_id"],
        "rustdesk_sso_app_adopt": True,
        "rustdesk_sso_app_unique_name": application["unique_name"],
        "rustdesk_sso_app_display_name": application["display_name"],
        "rustdesk_sso_app_sign_in_audience": application["sign_in_audience"],
        "rustdesk_sso_app_id_token_issuance_enabled": bool(application["id_token_issuance_enabled"]),
        "rustdesk_sso_provider_name": provider["name"],
        "rustdesk_sso_provider_enabled": enabled,
        **({"rustdesk_sso_public_url": public} if public else {}),
    }
    return Server(record["server"], FOUND, [*notes, *uri_notes], variables, application)


def _public_url(record: Document, application: Document) -> tuple[str | None, list[str]]:
    """Where users reach the console, from the callback URL, and what is wrong with that."""
    registered = application["web_redirect_uris"]
    callback = record["console"]["callback_url"]
    reached = record["console_url"].rstrip("/")
    if not callback:
        fitting = [uri for uri in registered if uri.endswith(CALLBACK_PATH)]
        if f"{reached}{CALLBACK_PATH}" in fitting:
            return reached, []
        said = "The console does not tell its callback URL, and its own address is not among the redirect URIs"
        if len(fitting) == 1:
            public = fitting[0][: -len(CALLBACK_PATH)]
            return public, [f"{said}; {public} is taken, from the only redirect URI that can be RustDesk's"]
        return None, [f"{said}: set rustdesk_sso_public_url to the address at which users reach it"]
    if not callback.endswith(CALLBACK_PATH):
        return None, [
            f"The callback URL {callback} does not end with {CALLBACK_PATH}: set rustdesk_sso_public_url to the "
            "address at which users reach the console"
        ]
    notes = [
        f"Entra does not take the callback URL: {problem}. Set rustdesk_sso_public_url to the https address at which "
        "users reach the console"
        for problem in redirect_uris.problems([callback], application["sign_in_audience"])
    ]
    if callback not in registered and not notes:
        notes = [f"The callback URL {callback} is not among the application's redirect URIs: site.yml adds it"]
    return callback[: -len(CALLBACK_PATH)], notes


def _secret(provider: Document, application: Document) -> str:
    """Which of the application's client secrets the console holds: Graph tells how the value of each begins [rec]."""
    if provider["client_secret_set"] is None:
        return (
            "The console does not give its client secret back, so that site.yml cannot take it over: use the modules "
            "entra_app (with held_key_id) and rustdesk_oidc_provider (with update_secret)"
        )
    value = provider.get("client_secret") or ""
    if len(value) < SHORTEST:
        return "The console holds no client secret: site.yml makes one"
    listed = application["client_secrets"]
    fit = [item for item in listed if item["hint"] and value.startswith(item["hint"])]
    if not fit and any(not item["hint"] for item in listed):
        return "Which client secret the console holds cannot be told: site.yml asks Entra whether it is accepted"
    if not fit:
        return "The client secret in the console is none of the application's: site.yml makes a new one"
    held = fit[-1]  # the one that ends last
    which = f"The console holds the client secret {held['name'] or 'without a name'} (key {held['key_id']})"
    day = held["ends"][:10]
    if held["days_left"] < 0:
        return f"{which}, which ended {day}: sign-in does not work, and site.yml makes a new one"
    return f"{which}, which ends {day}: site.yml keeps it and makes the next one in time"


def _issuer(provider: Document, right: str) -> str:
    """What is wrong with a provider's issuer, where Entra's discovery document says ``right``."""
    issuer = provider.get("issuer")
    parts = urlsplit(issuer or "")
    why = "RustDesk compares it byte for byte"
    if not issuer:
        why = "without it the console does no discovery"
    elif parts.path.strip("/").split("/")[0].lower() in ACCOUNT_PLACEHOLDERS:
        why = "it names no tenant, so that no token is of it"
    elif parts.hostname in V1_HOSTS or not parts.path.rstrip("/").endswith("/v2.0"):
        why = "it is of version 1 of Microsoft's endpoints"
    return f"The console has the issuer {issuer or '(none)'}; {why}: site.yml corrects it to {right}"


def _place(provider: Document, cloud: str, authority_host: str) -> _Place | None:
    """Where at Microsoft a provider's issuer, or else its endpoints, point to; None where that is not Microsoft."""
    # As an environment variable has it, the cloud may have Azure's name for it.
    chosen = choose({"cloud": AZURE_NAMES.get(cloud, cloud) or "public", "authority_host": authority_host})
    clouds = {_host(item.authority_host) for item in CLOUDS.values()}
    for member in ("issuer", "authorization_endpoint", "token_endpoint"):
        host = _host(provider.get(member) or "")
        if not host or host not in {*clouds, *FORMER_HOSTS, _host(chosen.authority_host)}:
            continue
        tenant = urlsplit(provider[member]).path.strip("/").split("/")[0]
        here = host in FORMER_HOSTS or host == _host(chosen.authority_host)
        return _Place("" if tenant.lower() in ACCOUNT_PLACEHOLDERS else tenant, here)
    return None


def _host(url: str) -> str:
    """Host and port of an URL; '' where it has none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _answer(record: Document, provider: Document) -> Document:
    """What Entra said of the application of ``provider``; empty when it was not asked."""
    app_id = (provider.get("client_id") or "").lower()
    place = _place(provider, record["cloud"], record["authority_host"])
    tenant = (place.tenant if place else "") or record["tenant_id"]
    wanted = {"tenant_id": tenant, "app_id": app_id}
    return next((answer for answer in record["applications"] if answer["item"] == wanted), {})


def _slug(name: str) -> str:
    """A server's name as part of a unique name."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", name)
