# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Microsoft Graph sessions: requests built by msgraph-sdk, responses read as JSON, safe requests repeated."""

from __future__ import annotations

import copy
import json
import re
import typing as t
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timezone
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import (
    _addresses,
    _answers,
    _causes,
    _documents,
    _http,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import (
    middleware,
    permission_hints,
    replication,
    sdk,
    shapes,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import credentials, tokens
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ServiceError,
    SsoError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, dates, waits

if t.TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud

# msgraph-sdk's name of the query parameter $select
SELECT = "%24select"
# The link to the next page of a collection, and the maximum number of pages
NEXT = "@odata.nextLink"
PAGES = 1000
# Texts of a 403 because of the tenant's license (MicrosoftDocs/azure-docs#83577 [iss])
LICENCE = re.compile(r"\bpremium|NonPremiumTenant|\blicen[cs]e|have purchased", re.IGNORECASE)
NO_DOCUMENT = "Check graph_endpoint and any proxy in between"
# Codes for a request that was not carried out and can be repeated. The first comes with status 409 and 503, also for
# addPassword (nais/azurerator#448, Azure/azure-cli#23081 [iss]).
NOTHING_DONE = ("Directory_ConcurrencyViolation", "Request_ThrottledTemporarily")
# Next steps for refusals, by words in their code or message ([iss]; allowed forms: [doc])
HINTS = (
    (
        "HostNameNotOnVerifiedDomain",
        "In identifier_uris, use api://{app_id}, api://<tenant ID>/<name>, api://<name>/{app_id}, or an https URI "
        "whose host is a verified domain of the tenant or a subdomain of one",
    ),
    (
        "property identifierUris already exists",
        "Use another URI in identifier_uris, or remove it from the application of the tenant that already has it. "
        "Case is ignored",
    ),
    (
        "Redirect URIs must have distinct values",
        "Remove the URI from the option of its other platform (web_redirect_uris, spa_redirect_uris or "
        "public_client_redirect_uris) in the same task",
    ),
)


class Graph:
    """A session with Microsoft Graph for one tenant.

    ``client`` is msgraph-sdk's GraphServiceClient, whose request builders are the addresses for request(). ``now`` is
    the service's clock, so the controller's clock need not be correct. ``patience`` limits each wait for replication,
    in seconds.
    """

    # The maximum number of requests in a $batch [doc]
    BATCH = 20

    def __init__(self, client: t.Any, http: t.Any, params: t.Mapping[str, t.Any], cloud: Cloud, tenant_id: str) -> None:
        self.client = client
        self.cloud = cloud
        self.tenant_id = tenant_id
        self.patience: float = params.get("wait_timeout") or 0.0
        self.now = datetime.now(timezone.utc)
        self._http = http
        self._asked = asked(cloud, params)
        self._params = params
        self._authorization = ""
        self._ahead: dict[str, dict[str, t.Any]] = {}

    @property
    def caller_id(self) -> str | None:
        """The object ID of the signed-in identity (``oid`` of the token [doc]), known after the first request."""
        return self.caller.object_id or None

    @property
    def caller(self) -> permission_hints.Caller:
        """The signed-in identity, known after the first request."""
        return permission_hints.Caller.of(tokens.claims(self._authorization.partition(" ")[2]))

    @property
    def who(self) -> str:
        """The name of the signed-in identity for messages."""
        client_id = self._params.get("client_id")
        return f"application {client_id}" if client_id else "signed-in account"

    def may(self, permissions: t.Collection[str]) -> bool:
        """Return True if the access token has one of the Microsoft Graph ``permissions``.

        False before the first request and for an unreadable token.
        """
        return self.caller.may(permissions)

    def request(
        self, method: str, address: t.Any, document: t.Any = None, query: t.Mapping[str, t.Any] | None = None
    ) -> RequestInformation:
        """Return a request to ``address``, one of the SDK's request builders, with a JSON ``document`` as its body.

        The SDK's models are not used for the body: Graph clears a member by null [doc], which they do not write for a
        nested member such as web.logoutUrl [src: kiota 1.16]. ``query`` are OData options without the dollar sign, such
        as ``{"select": ["id"]}``.
        """
        request = sdk.RequestInformation(sdk.Method(method), address.url_template, dict(address.path_parameters))
        request.query_parameters.update({f"%24{name}": value for name, value in (query or {}).items()})
        request.headers.try_add("Accept", "application/json")
        if document is not None:
            request.set_stream_content(json.dumps(document).encode(), "application/json")
        return request

    async def get(
        self, address: t.Any, attempted: str, *, missing_ok: bool = False, **query: t.Any
    ) -> dict[str, t.Any] | None:
        """Read the JSON object at ``address``; see request() and send()."""
        return await self.send(self.request("GET", address, None, query), attempted, missing_ok=missing_ok)

    async def download(self, address: t.Any, attempted: str) -> bytes | None:
        """Return the bytes at ``address``; None if there are none. Raises ServiceError."""
        request = self.request("GET", address)
        request.headers.remove("Accept")
        response = await self._exchange(request, attempted, True)
        if response.status_code == 404:
            return None
        if not response.is_success:
            raise self._refused(attempted, response, True)
        return bytes(response.content) or None

    async def send(
        self, request: RequestInformation, attempted: str, *, repeatable: bool | None = None, missing_ok: bool = False
    ) -> dict[str, t.Any] | None:
        """Send ``request`` and return the response's JSON object; ``{}`` for an empty response.

        ``attempted`` begins the error message. ``repeatable`` overrides whether the request may be sent again after a
        failure with an unknown effect; by default, every method except POST may. ``missing_ok`` returns None for a 404.
        If Graph reports that a request was not carried out, it is repeated within ``patience``, whatever its method.
        Raises AmbiguousError if a request that must not be repeated got no response, ServiceError for a refusal.
        """
        try:
            return await replication.persist(
                lambda: self._send_once(request, attempted, repeatable, missing_ok),
                lambda error: error.code in NOTHING_DONE,
                self.patience,
                "Microsoft Graph, because another process is changing the same object",
            )
        except ServiceError as error:
            if not self._without_unknown(request, error):
                raise
        return await self.send(request, attempted, repeatable=repeatable, missing_ok=missing_ok)

    @staticmethod
    def _without_unknown(request: RequestInformation, error: ServiceError) -> bool:
        """Remove the member that ``error`` reports as unknown from a read's selection; return True if there was one.

        New members reach the national clouds later. Members that cannot be read there are not managed there.
        """
        unknown = re.search(r"Could not find a property named '(\w+)'", error.answer or "")
        selected = request.query_parameters.get(SELECT) or []
        if error.status != 400 or unknown is None or unknown.group(1) not in selected:
            return False
        request.query_parameters[SELECT] = [name for name in selected if name != unknown.group(1)]
        return True

    async def _send_once(
        self, request: RequestInformation, attempted: str, repeatable: bool | None, missing_ok: bool
    ) -> dict[str, t.Any] | None:
        safe = request.http_method != sdk.Method.POST if repeatable is None else repeatable
        response = await self._exchange(request, attempted, safe)
        reads = request.http_method == sdk.Method.GET
        selected = request.query_parameters.get(SELECT, shapes.ALWAYS[:1]) if reads else None
        try:
            return self._document(response, attempted, safe, missing_ok, selected)
        except SsoError:
            raise
        except Exception as error:
            if safe:
                raise
            raise self._unreadable(attempted, error) from error

    def _document(
        self, response: t.Any, attempted: str, safe: bool, missing_ok: bool, selected: t.Sequence[str] | None
    ) -> dict[str, t.Any] | None:
        if response.status_code == 404 and missing_ok:
            return None
        if not response.is_success:
            raise self._refused(attempted, response, safe)
        try:
            document = response.json() if response.content else {}
        except ValueError:
            document = None
        if not isinstance(document, dict):
            kind = ServiceError if safe else AmbiguousError  # the request may have been carried out
            raise kind(
                attempted,
                answer=f"HTTP {response.status_code} with a body that is not a JSON object",
                hint=NO_DOCUMENT,
            )
        try:
            shapes.check(document, attempted, NO_DOCUMENT, selected)
        except ServiceError as error:
            if safe:
                raise
            raise AmbiguousError(attempted, answer=error.answer, hint=error.hint) from error
        return document

    async def _exchange(self, request: RequestInformation, attempted: str, safe: bool) -> t.Any:
        """Send ``request`` and return the response, whatever its status."""
        adapter = self.client.request_adapter
        adapter.set_base_url_for_request_information(request)
        url = request.url
        # The SDK expands the template on each access to the URL, which takes longer than the rest of the request
        expanded = copy.copy(request)
        expanded.path_parameters = {request.RAW_URL_KEY: url}
        try:
            native = await adapter.convert_to_native_async(expanded)
        except SsoError:
            raise
        except Exception as error:  # azure-identity assumes a well-formed token response
            raise credentials.refused(error, self._params, self.tenant_id, self.cloud.authority_host) from error
        native.extensions[middleware.SAFE] = safe
        self._authorization = native.headers.get("Authorization", "")
        tokens.check_received(self._authorization.partition(" ")[2], f"Signing in to tenant {self.tenant_id} failed")
        ahead = self._ahead.pop(url, None) if request.http_method == sdk.Method.GET else None
        if ahead:
            return sdk.httpx.Response(ahead["status"], json=ahead.get("body"), request=native)
        response = await self._send(native, attempted, safe)
        self.now = dates.of_answer(response) or self.now
        return response

    async def _send(self, native: t.Any, attempted: str, safe: bool) -> t.Any:
        try:
            return await self._http.send(native)
        except (sdk.HTTPError, bounds.UnreadableAnswer, OSError) as error:
            cause = _causes.of_exception(error, self._asked)
            if cause.open and not safe:
                answer = _causes.lost(error, cause)
                raise AmbiguousError(attempted, answer=answer, hint=cause.hint) from error
            raise ServiceError(attempted, answer=cause.answer, hint=cause.hint) from error
        except Exception as error:  # from a library that did not expect this response
            raise self._unreadable(attempted, error, safe=safe) from error

    def _unreadable(self, attempted: str, error: Exception, *, safe: bool = False) -> ServiceError:
        """Return the error for a response at which a library failed, without its text, which may quote anything."""
        cause = _causes.of_exception(bounds.UnreadableAnswer(), self._asked)
        if safe:
            return ServiceError(attempted, answer=f"{cause.answer} ({type(error).__name__})", hint=cause.hint)
        return AmbiguousError(attempted, answer=_causes.lost(error, cause), hint=cause.hint)

    async def ahead(self, *requests: RequestInformation) -> None:
        """Send at most BATCH GET requests as one ($batch [doc]); send() then uses each response once.

        Failed requests are left to send(). Raises ServiceError without a connection. msgraph-core's BatchRequestContent
        is not used: its steps have absolute URLs, but Graph requires relative ones [doc], and it imports the package
        deprecated, which it does not require [src: msgraph-core 1.5.2].
        """
        for request in requests:
            self.client.request_adapter.set_base_url_for_request_information(request)
        urls = {str(number): request.url for number, request in enumerate(requests)}
        base = self.client.request_adapter.base_url
        steps = [{"id": number, "method": "GET", "url": url.removeprefix(base)} for number, url in urls.items()]
        batch = sdk.RequestInformation(sdk.Method.POST, "{+baseurl}/$batch", {})
        batch.headers.try_add("Accept", "application/json")
        batch.set_stream_content(json.dumps({"requests": steps}).encode(), "application/json")
        response = await self._exchange(batch, "Reading several objects in one batch failed", True)
        with suppress(ValueError, KeyError, TypeError, AttributeError):  # malformed: send() sends each request
            for answer in response.json()["responses"]:
                if answer["status"] in (200, 404):
                    self._ahead[urls[answer["id"]]] = answer

    async def pages(self, request: RequestInformation, attempted: str) -> list[dict[str, t.Any]]:
        """Return all items of a collection, following ``@odata.nextLink`` unchanged [doc], but only to Graph's address.

        Raises ServiceError for any other link, a repeated link, or more than PAGES pages.

        msgraph-core's PageIterator is not used: it stops at an empty page, which another page may follow [doc], and
        needs the response models, see sdk.py [src: msgraph-core 1.5.2].
        """
        items: list[dict[str, t.Any]] = []
        seen: set[str] = set()
        for _page in range(PAGES):
            answer = await self.send(request, attempted) or {}
            items.extend(_documents.objects(answer, "value", attempted, NO_DOCUMENT))
            link = _documents.optional_text(answer, NEXT, attempted, NO_DOCUMENT)
            if not link:
                return items
            if link in seen or _addresses.origin(link) != _addresses.origin(self.cloud.graph_endpoint):
                where = "a page that was already read" if link in seen else "a host other than that of graph_endpoint"
                raise ServiceError(attempted, answer=f"{NEXT} leads to {where}", hint=NO_DOCUMENT)
            seen.add(link)
            request = self.request("GET", self.client.applications.with_url(link))
        raise ServiceError(attempted, answer=f"the response has more than {PAGES} pages", hint=NO_DOCUMENT)

    def _refused(self, attempted: str, response: t.Any, safe: bool) -> ServiceError:
        try:
            document = response.json()
            code, message = str(document["error"].get("code")), str(document["error"].get("message"))
        except (ValueError, KeyError, AttributeError, TypeError):
            document, code, message = None, None, "no error document"
        request_id = _answers.request_id(response, document)
        other = None if document else _answers.of_answer(response, self._asked)
        if other:  # the request did not reach Graph
            return ServiceError(
                attempted, answer=other.answer, hint=other.hint, status=response.status_code, request_id=request_id
            )
        unknown = response.status_code >= 500 and not safe and code not in NOTHING_DONE
        kind = AmbiguousError if unknown else ServiceError
        return kind(
            attempted,
            answer=f"Graph answered {response.status_code} {code or ''}: {message} (request-id {request_id})"
            f"{waits.wish(response)}",
            hint=self._hint(response, code, message) if document else _without_document(response.status_code),
            status=response.status_code,
            code=code,
            request_id=request_id,
        )

    def _hint(self, response: t.Any, code: str | None, message: str) -> str | None:
        status = response.status_code
        for words, hint in HINTS:
            if words in f"{code} {message}":
                return hint
        if status == 403 and LICENCE.search(f"{code} {message}"):
            return "Omit the option, or obtain a Microsoft Entra ID P1 or P2 license; no permission replaces it"
        if status == 403:
            request, graph = response.request, self.cloud.graph_endpoint
            return permission_hints.hint(request.method, request.url.path, self.who, self.caller, graph)
        if status == 401:
            return f"Check that the {self.who} belongs to tenant {self.tenant_id} (tenant_id) and that cloud is correct"
        if code == "Directory_QuotaExceeded" or status == 429:
            return message if status == 429 else "Remove applications or credentials that are no longer needed"
        return None


def _without_document(status: int) -> str:
    """Return the next step for a response without Graph's error document, from a proxy or from a busy Graph."""
    return "Run the playbook again" if status == 429 or status >= 500 else NO_DOCUMENT


def asked(cloud: Cloud, params: t.Mapping[str, t.Any]) -> _causes.Asked:
    """Return the target of requests to Graph for messages."""
    return _causes.Asked(cloud.graph_endpoint, "graph_endpoint", timeout=params.get("timeout"))


@asynccontextmanager
async def connect(params: t.Mapping[str, t.Any], cloud: Cloud, tenant_id: str) -> t.AsyncIterator[Graph]:
    """Open a Graph session for ``tenant_id`` with the shared Entra options ``params`` and, if set, O(wait_timeout).

    Raises InputError for an unusable certificate or CA file, and MissingLibraryError.
    """
    sdk.require()
    verify = _http.trust(params.get("ca_path")) or True
    credential = credentials.create(params, cloud, tenant_id)
    http = sdk.KiotaClientFactory.create_with_custom_middleware(
        [
            middleware.Repeats(
                waits.BUDGET if params.get("wait_timeout") is None else params["wait_timeout"],
                params["timeout"],
                asked(cloud, params),
            ),
            sdk.ParametersNameDecodingHandler(),
            middleware.Bounded(params["timeout"]),
        ],
        sdk.httpx.AsyncClient(verify=verify, timeout=params["timeout"]),
    )
    provider = sdk.AzureIdentityAuthenticationProvider(
        credential, scopes=[cloud.scope], allowed_hosts=[urlsplit(cloud.graph_endpoint).hostname or ""]
    )
    adapter = sdk.GraphRequestAdapter(provider, http)
    adapter.base_url = f"{cloud.graph_endpoint}/v1.0"
    async with credential, http:
        yield Graph(sdk.GraphServiceClient(request_adapter=adapter), http, params, cloud, tenant_id)
