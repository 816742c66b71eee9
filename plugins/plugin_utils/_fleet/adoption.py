# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Describe consoles and applications that were set up by hand as the role's variables, without secrets. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import redirect_uris
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import CLOUDS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import (
    ACCOUNT_PLACEHOLDERS,
    GUID,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import same_name
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._secret_values import SHORTEST
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import callback_url

Document = t.Mapping[str, t.Any]
Variables = dict[str, t.Any]
Question = dict[str, str]

UNIQUE_NAME = "rustdesk-sso"
# The host name that a console assumes by default
LOCAL = "localhost"
# Other hosts from which Microsoft has issued tokens: version 1, and former names [doc]
FORMER_HOSTS = ("sts.windows.net", "sts.chinacloudapi.cn", "login.windows.net", "login.microsoft.com")
V1_HOSTS = FORMER_HOSTS[:2]
# The only platform for which Entra accepts RustDesk's client secret; others cause AADSTS9002327, AADSTS700025 [rec]
WEB = "web_redirect_uris"
# Everything needed is known, nothing exists to adopt yet, or an administrator must decide
FOUND, NEW, UNDECIDED = "found", "new", "undecided"


@dataclass(frozen=True)
class Seen:
    """One server: its variables in the inventory ('' if not set), and the results of reading it.

    ``login_host`` is the login host of the chosen cloud. ``provider_name`` is '' for the role's default, which selects
    no provider. ``console`` is the result of rustdesk_oidc_provider_info with secrets. ``answers`` are the results of
    entra_app_info for questions(). ``failure`` is why the server could not be read.
    """

    name: str
    tenant_id: str = ""
    login_host: str = ""
    app_id: str = ""
    provider_name: str = ""
    console_url: str = ""
    console: Document = field(default_factory=dict)
    answers: t.Sequence[Document] = ()
    failure: str = ""


@dataclass
class Adopted:
    """The outcome for one server. ``variables`` are the role's, complete only if ``state`` is FOUND."""

    name: str
    state: str
    notes: list[str] = field(default_factory=list)
    variables: Variables = field(default_factory=dict)
    application: Document = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Return what servers that share an application have in common."""
        return self.variables["rustdesk_sso_tenant_id"], self.variables["rustdesk_sso_app_id"]


@dataclass(frozen=True)
class _Place:
    """The ``tenant`` in a provider's addresses ('' for none), and whether they belong to the ``chosen`` cloud."""

    tenant: str
    chosen: bool


def login_host(url: str) -> str:
    """Return host and port of a URL, in lower case; '' if it has none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def questions(seen: Seen) -> list[Question]:
    """Return the options of entra_app_info that read the application of each provider that may be Entra's.

    If a provider's addresses name no tenant, its application is looked up in the inventory's tenant. If it does not
    exist there, the provider belongs to another service.
    """
    asked: list[Question] = []
    for provider in seen.console.get("providers") or []:
        place, question = _place(seen, provider), _question(seen, provider)
        if question["tenant_id"] and GUID.fullmatch(question["app_id"]) and (place is None or place.chosen):
            asked.append(question)
    # An application that no console of the inventory uses may already have the name
    asked += [{"tenant_id": tenant, "unique_name": UNIQUE_NAME} for tenant in sorted({q["tenant_id"] for q in asked})]
    return [question for index, question in enumerate(asked) if question not in asked[:index]]


def adopt(servers: t.Sequence[Seen]) -> list[Adopted]:
    """Describe each server, with a different unique name for each application."""
    adopted = [_adopt(seen) for seen in servers]
    users: dict[tuple[str, str], list[Adopted]] = {}
    for server in adopted:
        if server.state == FOUND:
            users.setdefault(server.key, []).append(server)
    taken = {
        (answer["tenant_id"], application["unique_name"]): application["app_id"]
        for seen in servers
        for answer in seen.answers
        for application in answer.get("applications") or []
        if application["unique_name"]
    }
    default = [UNIQUE_NAME] if _default_is_free(adopted, len(users)) else []
    # The application with the most servers comes first and gets the role's default name
    for (tenant, app_id), sharing in sorted(users.items(), key=lambda item: (-len(item[1]), item[1][0].name)):
        first = min(server.name for server in sharing)
        proposals = (*default, f"{UNIQUE_NAME}-{_slug(first)}", f"{UNIQUE_NAME}-{app_id}")
        present = sharing[0].application["unique_name"]
        name = present or next(item for item in proposals if taken.get((tenant, item), app_id) == app_id)
        taken[tenant, name] = app_id
        for server in sharing:
            server.variables["rustdesk_sso_app_unique_name"] = name
            _note_sharing(server, [other.name for other in sharing if other is not server])
    return adopted


def _default_is_free(adopted: t.Sequence[Adopted], applications: int) -> bool:
    """Return whether an application can have the role's default name.

    A server without its own variables declares that name, too, and servers with the same name must declare the same
    application.
    """
    states = {server.state for server in adopted}
    return UNDECIDED not in states and (NEW not in states or applications == 1)


def _note_sharing(server: Adopted, others: list[str]) -> None:
    if not others:
        return
    server.notes.insert(1, f"It shares the application with {', '.join(others)}")
    audience = server.variables["rustdesk_sso_app_sign_in_audience"]
    if audience in redirect_uris.PERSONAL_AUDIENCES:
        server.notes.append(
            f"With the sign-in audience {audience}, Entra allows only two client secrets, so servers cannot share the "
            "application and site.yml refuses them. Use a separate application for all but one server"
        )


def _adopt(seen: Seen) -> Adopted:
    if seen.failure:
        return Adopted(seen.name, UNDECIDED, [f"The server could not be read: {seen.failure}"])
    wanted = seen.provider_name
    mine = [
        provider
        for provider in seen.console["providers"]
        if (_place(seen, provider) or _answer(seen, provider).get("applications"))
        and (not wanted or same_name(provider["name"], wanted, seen.console.get("console_type")))
    ]
    if not mine:
        named = f"provider {wanted}" if wanted else "provider"
        return Adopted(
            seen.name,
            NEW,
            [
                f"The console has no {named} for Microsoft Entra ID: site.yml creates one. If "
                "rustdesk_sso_app_unique_name and the application's other variables are set for each server instead of "
                "the group, set them for this server, too"
            ],
        )
    if len(mine) > 1 and seen.app_id:
        mine = [item for item in mine if _app_id(item) == seen.app_id.lower()] or mine
    if len(mine) > 1:
        listed = ", ".join(f"{provider['name']} (application {provider.get('client_id')})" for provider in mine)
        return Adopted(
            seen.name,
            UNDECIDED,
            [
                f"The console has several providers for Microsoft Entra ID: {listed}. For this server, set "
                "rustdesk_sso_app_id to the application of the provider to adopt, or set rustdesk_sso_provider_name to "
                "the provider's name unless that is the default"
            ],
        )
    problem = _undecidable(seen, mine[0])
    return Adopted(seen.name, UNDECIDED, [problem]) if problem else _described(seen, mine[0])


def _undecidable(seen: Seen, provider: Document) -> str | None:
    """Return in a sentence why the application of ``provider`` is unknown; None if it is known."""
    who, issuer, app_id = f"The provider {provider['name']}", provider.get("issuer"), provider.get("client_id")
    place = _place(seen, provider)
    if place and not place.chosen:
        return (
            f"{who} has the issuer {issuer}, which belongs to another Microsoft cloud. Set rustdesk_sso_entra_cloud to "
            "that cloud"
        )
    if not GUID.fullmatch(app_id or ""):
        return f"{who} has the client ID {app_id!r}, which is not an application (client) ID. Correct it in the console"
    answer = _answer(seen, provider)
    if not answer:
        return (
            f"{who} has the issuer {issuer}, which names no tenant. Set rustdesk_sso_tenant_id to the tenant of its "
            f"application {app_id}"
        )
    tenant = answer["item"]["tenant_id"]
    other = ""
    if GUID.fullmatch(seen.tenant_id) and seen.tenant_id.lower() != tenant.lower():
        other = (
            f". The console's issuer names that tenant, but rustdesk_sso_tenant_id is {seen.tenant_id}. For this "
            "server, set rustdesk_sso_tenant_id and credentials for that tenant, or correct the console"
        )
    if "applications" not in answer:
        reason = str(answer.get("msg")).rstrip(".")
        return f"{who} uses the application {app_id} in tenant {tenant}, which could not be read: {reason}{other}"
    if not answer["applications"]:
        return (
            f"{who} uses the application {app_id}, which does not exist in tenant {tenant}. It was deleted, or belongs "
            "to another tenant. Restore it in Entra, correct the console, or remove the provider so that site.yml "
            f"creates both{other}"
        )
    return None


def _described(seen: Seen, provider: Document) -> Adopted:
    answer = _answer(seen, provider)
    application = answer["applications"][0]
    enabled = provider.get("enabled") is not False
    known = f"{application['display_name']} (application {application['app_id']}) in tenant {answer['tenant_id']}"
    notes = [f"The {'' if enabled else 'disabled '}provider {provider['name']} uses {known}"]
    notes.append(_secret(provider, application))
    if provider.get("issuer") != answer["issuer"]:
        notes.append(_issuer(provider, answer["issuer"]))
    if not application["id_token_issuance_enabled"]:
        notes.append(
            "ID tokens are not enabled for the application, although step 13 of RustDesk's guide requires them. To "
            "enable them, set rustdesk_sso_app_id_token_issuance_enabled to true"
        )
    notes += [str(obstacle) for obstacle in application.get("obstacles") or []]
    if application.get("change_refused"):
        notes.append(str(application["change_refused"]))
    public_url, uri_notes = _public_url(seen, application)
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
        **({"rustdesk_sso_public_url": public_url} if public_url else {}),
    }
    return Adopted(seen.name, FOUND, [*notes, *uri_notes], variables, application)


def _public_url(seen: Seen, application: Document) -> tuple[str | None, list[str]]:
    """Return the console's public address, derived from the callback URL, and notes on problems with it."""
    registered = application["web_redirect_uris"]
    callback = seen.console["callback_url"]
    if not callback:
        fitting = [uri for uri in registered if uri.endswith(CALLBACK_PATH)]
        # The registered spelling is the one that works
        own = sorted(_addresses.spellings([callback_url(seen.console_url)], fitting))
        if own:
            return own[0].removesuffix(CALLBACK_PATH), []
        reason = "The console does not report its callback URL, and its own address is not among the redirect URIs"
        if len(fitting) == 1:
            address = fitting[0].removesuffix(CALLBACK_PATH)
            return address, [f"{reason}. {address} is taken from the only redirect URI that can be RustDesk's"]
        return None, [f"{reason}. Set rustdesk_sso_public_url to the address at which users reach it"]
    if not callback.endswith(CALLBACK_PATH):
        return None, [
            f"The callback URL {callback} does not end with {CALLBACK_PATH}. Set rustdesk_sso_public_url to the "
            "address at which users reach the console"
        ]
    address = callback.removesuffix(CALLBACK_PATH)
    if callback_url(address) != callback:  # declaring it would replace the callback URL
        return None, [
            f"The console's address {address} ends with a slash, so the callback URL is {callback}. Correct it in the "
            "console, or set rustdesk_sso_public_url to the address at which users reach it"
        ]
    if login_host(callback).split(":")[0] == LOCAL and callback not in registered:
        return None, [
            f"The console does not know its own address and sends the callback URL {callback}. Set "
            "rustdesk_sso_public_url to the address at which users reach it"
        ]
    notes = [
        f"Entra does not accept the callback URL: {problem}. Set rustdesk_sso_public_url to the https address at which "
        "users reach the console"
        for problem in redirect_uris.problems([callback], application["sign_in_audience"])
    ]
    if callback not in registered and not notes:
        notes = [_unregistered(callback, application)]
    return address, notes


def _unregistered(callback: str, application: Document) -> str:
    """Report how site.yml handles a callback URL that is not registered under the platform Web."""
    for option, platform in redirect_uris.PLATFORMS.items():
        if option != WEB and _addresses.spellings([callback], application.get(option) or []):
            return (
                f"The callback URL {callback} is registered under the platform {platform}, so sign-in does not work. "
                "Entra allows only one platform per URI. To make site.yml move it, set "
                "rustdesk_sso_app_move_redirect_uris to true"
            )
    return f"The callback URL {callback} is not among the application's redirect URIs: site.yml adds it"


def _secret(provider: Document, application: Document) -> str:
    """Report which client secret of the application the console has: Graph returns their first characters [rec]."""
    if provider["client_secret_set"] is None:
        return (
            "The console does not return its client secret, so site.yml cannot adopt it. Use the modules entra_app "
            "(with held_key_id) and rustdesk_oidc_provider (with update_secret)"
        )
    value = provider.get("client_secret") or ""
    if len(value) < SHORTEST:
        return "The console has no client secret: site.yml creates one"
    listed = application["client_secrets"]
    fit = [item for item in listed if item["hint"] and value.startswith(item["hint"])]
    if not fit and any(not item["hint"] for item in listed):
        return "It is unknown which client secret the console has: site.yml checks whether Entra accepts it"
    if not fit:
        return "The console's client secret does not belong to the application: site.yml creates a new one"
    held = fit[-1]  # the one that expires last
    which = f"The console has the client secret {held['name'] or 'without a name'} (key ID {held['key_id']})"
    day = held["expires"][:10]
    if held["days_left"] < 0:
        return f"{which}, which expired on {day}. Sign-in does not work: site.yml creates a new one"
    return f"{which}, which expires on {day}: site.yml keeps it and renews it in time"


def _issuer(provider: Document, right: str) -> str:
    """Report what is wrong with a provider's issuer if Entra's discovery document has ``right``."""
    issuer = provider.get("issuer")
    parts = urlsplit(issuer or "")
    why = "RustDesk compares it byte for byte"
    if not issuer:
        why = "without it, the console does no discovery"
    elif parts.path.strip("/").split("/")[0].lower() in ACCOUNT_PLACEHOLDERS:
        why = "it names no tenant, so no token matches it"
    elif parts.hostname in V1_HOSTS or not parts.path.rstrip("/").endswith("/v2.0"):
        why = "it belongs to version 1 of Microsoft's endpoints"
    return f"The console has the issuer {issuer or '(none)'}, but {why}: site.yml corrects it to {right}"


def _place(seen: Seen, provider: Document) -> _Place | None:
    """Return where at Microsoft a provider's issuer, or otherwise its endpoints, point; None if not to Microsoft."""
    clouds = {login_host(item.authority_host) for item in CLOUDS.values()}
    for member in ("issuer", "authorization_endpoint", "token_endpoint"):
        host = login_host(provider.get(member) or "")
        if not host or host not in {*clouds, *FORMER_HOSTS, seen.login_host}:
            continue
        tenant = urlsplit(provider[member]).path.strip("/").split("/")[0]
        here = host in FORMER_HOSTS or host == seen.login_host
        return _Place("" if tenant.lower() in ACCOUNT_PLACEHOLDERS else tenant, here)
    return None


def _app_id(provider: Document) -> str:
    return str(provider.get("client_id") or "").lower()


def _question(seen: Seen, provider: Document) -> Question:
    """Return the options that read the application of ``provider``. The tenant may be empty."""
    place = _place(seen, provider)
    return {"tenant_id": (place.tenant if place else "") or seen.tenant_id, "app_id": _app_id(provider)}


def _answer(seen: Seen, provider: Document) -> Document:
    """Return Entra's result for the application of ``provider``; empty if it was not read."""
    wanted = _question(seen, provider)
    return next((answer for answer in seen.answers if answer["item"] == wanted), {})


def _slug(name: str) -> str:
    """Return a server's name as part of a unique name."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", name)
