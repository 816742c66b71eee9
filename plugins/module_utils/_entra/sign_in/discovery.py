# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read a tenant's OpenID Connect discovery document."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _answers, _causes, _http, _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

GUID = _input.GUID
ACCOUNT_PLACEHOLDERS = ("common", "organizations", "consumers")

# The members of the document that are used
MEMBERS = ("issuer", "authorization_endpoint", "token_endpoint", "msgraph_host")


@dataclass(frozen=True)
class Discovery:
    """The part of a tenant's discovery document that a sign-in depends on.

    ``now`` is the login endpoint's clock; None where another task has read the document.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    graph_host: str
    now: datetime | None = None

    @classmethod
    def handed_over(cls, document: t.Mapping[str, str]) -> Discovery:
        """What another task has read; see document()."""
        issuer, authorization_endpoint, token_endpoint, graph_host = (document[member] for member in MEMBERS)
        return cls(issuer, authorization_endpoint, token_endpoint, graph_host)

    def document(self) -> dict[str, str]:
        """By the names of the document's members, to hand over to another task."""
        values = (self.issuer, self.authorization_endpoint, self.token_endpoint, self.graph_host)
        return dict(zip(MEMBERS, values, strict=True))

    @property
    def graph_scope(self) -> str:
        """The scope of a client-credentials token for the Graph of the tenant's cloud (``msgraph_host`` [rec])."""
        return f"https://{self.graph_host}/.default"

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID, which the issuer carries even where a domain name was asked for [inf]."""
        found = GUID.search(self.issuer)
        return found.group(0).lower() if found else ""


def check_tenant(tenant_id: str) -> None:
    """Raise InputError when ``tenant_id`` can not be the tenant of a RustDesk sign-in."""
    if tenant_id.lower() in ACCOUNT_PLACEHOLDERS:
        raise InputError(
            f"tenant_id {tenant_id} names no tenant",
            answer="its discovery document carries a placeholder instead of an issuer, and RustDesk compares the "
            "issuer byte for byte",
            hint="Set tenant_id to the Directory (tenant) ID, or to one of the tenant's domain names",
        )
    _input.tenant(tenant_id)


def discover(http: Http, cloud: Cloud, tenant_id: str) -> Discovery:
    """Read the discovery document of ``tenant_id``, a GUID or a domain name.

    Raises ServiceError when there is no such tenant or the login endpoint cannot be reached.
    """
    found = read_discovery(http, f"{cloud.authority_host}/{tenant_id}/v2.0")
    if not found.tenant_id:
        raise ServiceError(
            f"Resolving the tenant {tenant_id} failed",
            answer=f"the issuer {found.issuer} has no tenant ID",
            hint="Check tenant_id and authority_host",
        )
    return found


def read_discovery(http: Http, issuer: str) -> Discovery:
    """Read the discovery document below ``issuer``, an URL; raises ServiceError."""
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    attempted = f"Reading the OpenID Connect discovery document {url} failed"
    asked = _causes.Asked(url, "authority_host")
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
    missing = [member for member in MEMBERS[:3] if not isinstance(document.get(member), str)]
    if missing:
        raise ServiceError(attempted, answer=f"the document has no {', '.join(missing)}", hint="Check authority_host")
    return Discovery(
        document["issuer"],
        document["authorization_endpoint"],
        document["token_endpoint"],
        str(document.get("msgraph_host") or "graph.microsoft.com"),
        date(response),
    )


def date(response: t.Any) -> datetime | None:
    """The login endpoint's clock, where its answer has it."""
    return parsedate_to_datetime(response.headers["Date"]) if "Date" in response.headers else None


def refusal(document: dict[str, t.Any]) -> tuple[str | None, str, str | None]:
    """The code, text and request ID of the login endpoint's error ``document``.

    The code comes from ``error_codes``. These can be absent [iss]; then it is the AADSTS number in the description.
    """
    description = str(document.get("error_description") or document.get("error") or "no description")
    codes = document.get("error_codes") or re.findall(r"AADSTS(\d+)", description)
    trace = re.search(r"Trace ID: ([0-9a-f-]{36})", description)
    identifier = document.get("trace_id") or (trace.group(1) if trace else None)
    return str(codes[0]) if codes else None, description.splitlines()[0], identifier


def _refused(attempted: str, response: t.Any, document: t.Any, asked: _causes.Asked) -> ServiceError:
    status, other = response.status_code, _answers.of_answer(response, asked)
    code, answer, request_id = refusal(document) if isinstance(document, dict) else (None, "no JSON document", None)
    request_id = request_id or _answers.request_id(response)
    if other:
        return ServiceError(attempted, answer=other.answer, hint=other.hint, status=status, request_id=request_id)
    hint = "Check authority_host and cloud" + ("" if isinstance(document, dict) else ", and the proxies on the way")
    if code == "90002":
        hint = "Check tenant_id, and cloud if the tenant is not in Microsoft's public cloud"
    return ServiceError(
        attempted,
        answer=f"HTTP {status}: {answer}",
        hint=hint,
        status=status,
        code=f"AADSTS{code}" if code else None,
        request_id=request_id,
    )
