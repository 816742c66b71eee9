# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read a tenant's OpenID Connect discovery document."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _answers, _causes, _http, _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import hosts
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError, quoted
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import dates, waits

if t.TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

GUID = _input.GUID
ACCOUNT_PLACEHOLDERS = ("common", "organizations", "consumers")

# The longest error description that is quoted; Microsoft's have about 300 characters
LONGEST_QUOTE = 600
# The members of the document that are used
MEMBERS = ("issuer", "authorization_endpoint", "token_endpoint", "msgraph_host")
# The addresses in the document, which must all belong to the cloud; only relying parties use the last two
ADDRESSES = (*MEMBERS[:3], "jwks_uri", "userinfo_endpoint")


@dataclass(frozen=True)
class Discovery:
    """The part of a tenant's discovery document that sign-in depends on.

    ``now`` is the login endpoint's clock; None if another task read the document.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    graph_host: str
    now: datetime | None = None

    @classmethod
    def handed_over(cls, document: t.Mapping[str, str]) -> Discovery:
        """Restore the result of another task's document()."""
        issuer, authorization_endpoint, token_endpoint, graph_host = (document[member] for member in MEMBERS)
        return cls(issuer, authorization_endpoint, token_endpoint, graph_host)

    def document(self) -> dict[str, str]:
        """Return the values under the document's member names, for another task."""
        values = (self.issuer, self.authorization_endpoint, self.token_endpoint, self.graph_host)
        return dict(zip(MEMBERS, values, strict=True))

    @property
    def graph_scope(self) -> str:
        """The scope of a client-credentials token for the Graph of the tenant's cloud (``msgraph_host`` [rec])."""
        return f"https://{self.graph_host}/.default"

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID, which the issuer contains even if the request named a domain [inf]."""
        found = GUID.search(self.issuer)
        return found.group(0).lower() if found else ""


def check_tenant(tenant_id: str) -> None:
    """Raise InputError if ``tenant_id`` cannot be the tenant of a RustDesk sign-in."""
    if tenant_id.lower() in ACCOUNT_PLACEHOLDERS:
        raise InputError(
            f"tenant_id {tenant_id} is not a tenant",
            answer="its discovery document has a placeholder instead of an issuer, and RustDesk compares the issuer "
            "byte for byte",
            hint="Set tenant_id to the Directory (tenant) ID or to one of the tenant's domain names",
        )
    _input.tenant(tenant_id)


def discover(http: Http, cloud: Cloud, tenant_id: str) -> Discovery:
    """Read the discovery document of ``tenant_id``, a GUID or a domain name.

    Raises ServiceError if the tenant does not exist, the login endpoint cannot be reached, or the document belongs to
    another tenant or names addresses outside ``cloud``.
    """
    found = read_discovery(http, f"{cloud.authority_host}/{tenant_id}/v2.0", hosts.of_cloud(cloud))
    named = tenant_id.lower()
    if not found.tenant_id or (GUID.fullmatch(named) and found.tenant_id != named):
        problem = f"belongs to the tenant {found.tenant_id}" if found.tenant_id else "has no tenant ID"
        raise ServiceError(
            f"Resolving the tenant {tenant_id} failed",
            answer=f"the issuer {found.issuer} {problem}",
            hint="Check tenant_id and authority_host",
        )
    return found


def read_discovery(http: Http, issuer: str, trusted: hosts.Trusted | None = None) -> Discovery:
    """Read the discovery document of ``issuer``, a URL; all its addresses must be ``trusted``.

    By default, the hosts of the issuer's cloud are trusted. Raises ServiceError unless the document can be used.
    """
    trusted = trusted or hosts.of_issuer(issuer)
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    attempted = f"Reading the OpenID Connect discovery document {url} failed"
    asked = _causes.Asked(url, "authority_host", timeout=http.timeout)
    try:
        response = http.send("GET", url)
    except _http.requests.RequestException as error:
        cause = _causes.of_exception(error, asked)
        raise ServiceError(attempted, answer=cause.answer, hint=cause.hint) from error
    try:
        document = response.json()
    except ValueError:
        document = None
    if response.status_code != 200 or not isinstance(document, dict):
        raise _refused(attempted, response, document, asked)
    _check(document, trusted, attempted)
    return Discovery(
        document["issuer"],
        document["authorization_endpoint"],
        document["token_endpoint"],
        document.get("msgraph_host") or "graph.microsoft.com",
        dates.of_answer(response),
    )


def _check(document: dict[str, t.Any], trusted: hosts.Trusted, attempted: str) -> None:
    """Raise ServiceError if the discovery ``document`` lacks an address or has one that is not ``trusted``."""
    missing = [member for member in MEMBERS[:3] if not isinstance(document.get(member), str)]
    if missing:
        raise ServiceError(attempted, answer=f"the document has no {', '.join(missing)}", hint="Check authority_host")
    proxy = "and whether a proxy answers instead of Microsoft. No request was sent to that host"
    hint = f"Check {trusted.option}, {proxy}"
    of_graph = f"Check graph_endpoint, {trusted.option}, {proxy}"
    graph_host = document.get("msgraph_host")
    known = {member: document[member] for member in ADDRESSES if document.get(member) is not None}
    for member, url in known.items():
        wrong = trusted.foreign(member, url) if isinstance(url, str) else f"its {member} is not a string"
        if wrong:
            raise ServiceError(attempted, answer=wrong, hint=of_graph if member == "userinfo_endpoint" else hint)
    if graph_host and not (isinstance(graph_host, str) and trusted.is_graph(graph_host)):
        raise ServiceError(
            attempted, answer="its msgraph_host is not Microsoft Graph's host in this cloud", hint=of_graph
        )


def refusal(document: dict[str, t.Any]) -> tuple[str | None, str, str | None]:
    """Return the code, text and request ID of the login endpoint's error ``document``.

    The code comes from ``error_codes`` or, if these are absent [iss], from the AADSTS number in the description.
    """
    text = next((document[key] for key in ("error_description", "error") if isinstance(document.get(key), str)), "")
    description = text.strip() or "no description"
    codes = document.get("error_codes")
    known = [str(code) for code in codes if str(code).isdecimal()] if isinstance(codes, list) else []
    known = known or re.findall(r"AADSTS(\d+)", description)
    trace = re.search(r"Trace ID: ([0-9a-f-]{36})", description)
    identifier = document.get("trace_id") or (trace.group(1) if trace else None)
    identifier = identifier if isinstance(identifier, str) and re.fullmatch("[0-9A-Fa-f-]{36}", identifier) else None
    return known[0] if known else None, quoted(description.splitlines()[0], LONGEST_QUOTE), identifier


def _refused(attempted: str, response: t.Any, document: t.Any, asked: _causes.Asked) -> ServiceError:
    status, other = response.status_code, _answers.of_answer(response, asked)
    code, answer, request_id = refusal(document) if isinstance(document, dict) else (None, "not a JSON document", None)
    request_id = request_id or _answers.request_id(response)
    if other:
        return ServiceError(attempted, answer=other.answer, hint=other.hint, status=status, request_id=request_id)
    hint = "Check authority_host and cloud" + ("" if isinstance(document, dict) else ", and any proxy in between")
    if code == "90002":
        hint = "Check tenant_id, and cloud if the tenant is not in Microsoft's public cloud"
    return ServiceError(
        attempted,
        answer=f"HTTP {status}: {answer}{waits.wish(response)}",
        hint=hint,
        status=status,
        code=f"AADSTS{code}" if code else None,
        request_id=request_id,
    )
