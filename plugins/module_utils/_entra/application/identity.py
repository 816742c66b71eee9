# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Keep the identity of relying parties: tenant and client ID determine their users' accounts.

Entra's ``sub`` is pairwise for each application (better-auth#10194, ory/kratos#4170 [iss]), so with another client ID
all users get new, empty accounts.
"""

from __future__ import annotations

import asyncio
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import CLOUDS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import (
    ACCOUNT_PLACEHOLDERS,
    GUID,
    Discovery,
    discover,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import TokenEndpoint
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Params = t.Mapping[str, t.Any]
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
# An entry of O(relying_parties), or of its other providers.
Party = t.Mapping[str, t.Any]

# The token endpoint's codes for an application that is not in the tenant, and for a wrong client secret [doc]
NOT_IN_TENANT, EXISTS = "700016", "7000215"
# The hosts of Microsoft's issuers: version 1 [doc], and all clouds
HOSTS = ("sts.windows.net", *(urlsplit(cloud.authority_host).hostname or "" for cloud in CLOUDS.values()))


def tenant_of(issuer: str | None, authority_hosts: t.Collection[str]) -> str | None:
    """Return the tenant that an issuer names, an ID or a domain name in lower case; pure.

    The result is empty for a missing issuer, a placeholder, or an issuer for any tenant; None for one that is not
    Microsoft's. ``authority_hosts`` are the host names of the cloud's issuers.
    """
    try:
        parts = urlsplit((issuer or "").strip())
        host, path = (parts.hostname or "").lower(), parts.path
    except ValueError:
        return ""
    if not host:
        return ""
    if host not in (*HOSTS, *authority_hosts):
        return None
    tenant = path.strip("/").split("/")[0].lower()
    named = tenant not in ACCOUNT_PLACEHOLDERS and (GUID.fullmatch(tenant) or "." in tenant)
    return tenant if named else ""


def replaced(party: Party, app_id: str | None, tenants: t.Collection[str], hosts: t.Collection[str]) -> str:
    """Return the part of its identity that a relying party would lose, in words; empty if it keeps it. Pure.

    ``app_id`` is that of the declared application, None for a new one. ``tenants`` are the known names of its tenant.
    A client ID that is not a UUID is a placeholder, unless the issuer is not Microsoft's.
    """
    held = str(party.get("client_id") or "").strip().lower()
    if not held or held in [item.strip().lower() for item in party.get("replaces") or []]:
        return ""
    tenant = tenant_of(party.get("issuer"), hosts)
    if tenant is None:
        return f"the issuer {party['issuer']}"
    if not GUID.fullmatch(held):
        return ""
    if tenant and tenant not in tenants:
        return f"the issuer {party['issuer']}, which belongs to another tenant"
    return "" if held == (app_id or "").lower() else f"the client ID {held}"


def beside(party: Party, app_id: str | None, tenants: t.Collection[str], hosts: t.Collection[str]) -> str:
    """Return the name of another provider through which a relying party's users sign in to this tenant; else empty."""
    for other in party.get("other_providers") or []:
        held = str(other.get("client_id") or "").lower()
        same_tenant = bool(GUID.fullmatch(held)) and tenant_of(other.get("issuer"), hosts) in tenants
        if same_tenant or (app_id and held == app_id.lower()):
            return str(other["name"])
    return ""


async def refusals(
    graph: Graph, http: Http, discovery: Discovery, params: Params, present: application.Document | None
) -> dict[str, str]:
    """Return why relying parties cannot use the declared application, by the name of each that cannot.

    ``present`` is the current application, None for a new one. No request is sent if every identity stays.
    """
    app_id = (present or {}).get("appId")
    hosts = [urlsplit(url).hostname or "" for url in (graph.cloud.authority_host, discovery.issuer)]
    parties: list[Party] = params["relying_parties"] or []
    tenants = {graph.tenant_id, params["tenant_id"].lower(), discovery.tenant_id}
    sides = [side for party in parties for side in (party, *(party.get("other_providers") or []))]
    named = {tenant_of(side.get("issuer"), hosts) or "" for side in sides} - tenants
    # A console's issuer can contain anything, and the name becomes part of a URL
    for domain in sorted(name for name in named if DOMAIN.fullmatch(name) and not GUID.fullmatch(name)):
        if await _is_called(graph, http, domain):
            tenants.add(domain)
    found: dict[str, str] = {}
    for party in parties:
        other = beside(party, app_id, tenants, hosts)
        if other and not party.get("client_id"):
            found[party["name"]] = (
                f"The provider {other} of this console is enabled for the same tenant, and a second provider would "
                f"give its users new, empty accounts. Set rustdesk_sso_provider_name to {other}. If both are intended, "
                f"set rustdesk_sso_provider_beside to {other}."
            )
        lost = replaced(party, app_id, tenants, hosts)
        if lost:
            found[party["name"]] = await _refused(graph, http, discovery, party, lost, app_id)
    return found


async def _is_called(graph: Graph, http: Http, domain: str) -> bool:
    """Return True if the domain name is known to belong to the session's tenant."""
    try:
        found = await asyncio.to_thread(discover, http, graph.cloud, domain)
    except ServiceError:
        return False
    return found.tenant_id == graph.tenant_id


async def _refused(graph: Graph, http: Http, discovery: Discovery, party: Party, lost: str, app_id: str | None) -> str:
    held = party["client_id"]
    new = f"the application with the client ID {app_id}" if app_id else "a new application"
    switched_off = "" if party.get("enabled", True) else " (it is disabled, but can be enabled for its users again)"
    keep = ""
    if lost.startswith("the client ID"):
        keep = f"To keep them, set rustdesk_sso_app_id to {held}. "
    return (
        f"The provider has {lost}{switched_off}, and {new} would replace it: all users would get new, empty accounts. "
        f"{await _known(graph, http, discovery, held)}{keep}To replace it anyway, set "
        f"rustdesk_sso_app_replaces to {held}."
    )


async def _known(graph: Graph, http: Http, discovery: Discovery, app_id: str) -> str:
    """Return a sentence on the application that a relying party uses now; empty if its existence is unknown."""
    if not GUID.fullmatch(app_id):
        return ""
    try:
        found = await application.read(graph, "app_id", app_id)
    except ServiceError:
        found = None
    if found:
        return f"In this tenant, it is {application.label(found)}. "
    endpoint = TokenEndpoint(http, discovery.token_endpoint, graph.cloud.scope, app_id)
    verdict = await endpoint.ask("not-a-client-secret")
    if verdict.code == NOT_IN_TENANT:
        return f"No application in this tenant has the client ID {app_id}. "
    if verdict.code == EXISTS:
        return f"The application with the client ID {app_id} exists, but the automation is not allowed to read it. "
    return ""


def without(params: Params, refused: t.Collection[str]) -> dict[str, t.Any]:
    """Return the declaration without the redirect URIs and client secrets of the relying parties ``refused``; pure."""
    parties = params["relying_parties"] or []
    staying = {uri for party in parties if party["name"] not in refused for uri in party["web_redirect_uris"] or []}
    leaving = {
        uri for party in parties if party["name"] in refused for uri in party["web_redirect_uris"] or []
    } - staying
    uris = dict(params["web_redirect_uris"] or {})
    for verb in ("set", "add"):
        if uris.get(verb):
            uris[verb] = [uri for uri in uris[verb] if uri not in leaving]
    return {
        **params,
        "web_redirect_uris": uris or params["web_redirect_uris"],
        "client_secrets": [item for item in params["client_secrets"] or [] if item["name"] not in refused],
    }
