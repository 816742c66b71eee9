# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Graph server: token check, routing, $batch, headers."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from ..directory import Directory, Tenant
from ..errors import BodyError, GraphError, invalid_token, recorded_error, throttled, unreadable
from ..faults import Fault
from ..requests_log import LAB_AGENT
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from . import (
    graph_applications,
    graph_directory,
    graph_federated,
    graph_grants,
    graph_logo,
    graph_owners,
    graph_people,
    graph_policies,
    graph_service_principals,
    odata,
)
from .graph_call import Answer, Call, Caller
from .keys import SigningKey
from .schemas import Schemas

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
DIAGNOSTIC = {
    "ServerInfo": {
        "DataCenter": "Lab",
        "Slice": "E",
        "Ring": "5",
        "ScaleUnit": "001",
        "RoleInstance": "LAB0000000001",
    }
}
MAX_BATCH = 20


class Graph:
    """Microsoft Graph v1.0, as far as the lab implements it."""

    name = "graph"

    def __init__(self, directory: Directory, vault: Vault, key: SigningKey) -> None:
        self._directory = directory
        self._vault = vault
        self._key = key
        self._schemas = Schemas()
        self._router = Router()
        for module in (
            graph_applications,
            graph_federated,
            graph_logo,
            graph_owners,
            graph_service_principals,
            graph_grants,
            graph_people,
            graph_directory,
            graph_policies,
        ):
            module.add_routes(self._router)
        self._turns: Counter[str] = Counter()
        # Requests, except the lab's own, whose body violated the published types: method, path and message of each
        self.violations: list[dict[str, str]] = []
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        client_request_id = request.headers.get("client-request-id") or str(uuid.uuid4())
        path, _mark, query = request.raw_path.partition("?")
        try:
            if path == "/oidc/userinfo":
                return self._userinfo(request)
            tenant, caller = self._authenticate(request)
            if path == "/v1.0/$batch" and request.method == "POST":
                answer = await self._batch(tenant, caller, await _json(request), request.headers)
            else:
                # Only streams, such as a logo, use PUT. All other bodies are JSON.
                raw = await request.read() if request.method == "PUT" else b""
                body = None if raw else await _json(request)
                answer = self._one(tenant, caller, request.method, path, query, request.headers, body, raw)
        except GraphError as error:
            self._note(error, _is_lab(request), request.method, path)
            return self._error(error, client_request_id)
        headers = {**answer.headers, "x-ms-resource-unit": str(answer.cost)}
        if answer.body is not None:
            headers["odata-version"] = "4.0"
        return self._response(answer.status, answer.body, headers, JSON_TYPE, client_request_id, None, answer.content)

    def _note(self, error: GraphError, by_lab: bool, method: str, path: str) -> None:
        """Record a request whose body violated the published types, unless it is the lab's own."""
        if isinstance(error, BodyError) and not by_lab:
            self.violations.append({"method": method, "path": unquote(path), "message": error.message})

    def refusal(self, fault: Fault) -> web.Response:
        """Build the response to a request that a fault throttles or denies."""
        error = throttled(fault.retry_after) if fault.throttle is not None else recorded_error(str(fault.deny))
        return self._error(error, str(uuid.uuid4()))

    def _error(self, error: GraphError, client_request_id: str) -> web.Response:
        request_id = str(uuid.uuid4())
        body = error.body(self._directory.now(), request_id, client_request_id)
        # Errors have the plain content type and no odata-version [rec].
        headers = {"x-ms-resource-unit": "1", **error.headers}
        return self._response(error.status, body, headers, "application/json", client_request_id, request_id)

    @staticmethod
    def _response(
        status: int,
        body: dict[str, Any] | None,
        headers: dict[str, str],
        kind: str,
        client_request_id: str,
        request_id: str | None = None,
        content: bytes | None = None,
    ) -> web.Response:
        headers = {
            "Cache-Control": "no-cache",
            "Strict-Transport-Security": "max-age=31536000",
            "request-id": request_id or str(uuid.uuid4()),
            "client-request-id": client_request_id,
            "x-ms-ags-diagnostic": json.dumps(DIAGNOSTIC, separators=(",", ":")),
            **headers,
        }
        if body is None:
            return web.Response(status=status, headers=headers, body=content)
        headers |= {"Content-Type": kind, "Vary": "Accept-Encoding"}
        response = web.Response(
            status=status, headers=headers, body=json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        )
        response.enable_chunked_encoding()
        return response

    def _claims(self, request: web.BaseRequest) -> dict[str, Any]:
        """Return the claims of the bearer token. Raises Graph's 401."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise invalid_token("Access token is empty.")
        try:
            claims = self._key.read(token)
        except ValueError:
            raise invalid_token("CompactToken parsing failed with error code: 80049217") from None
        if claims.get("aud") != self.url:
            raise invalid_token("Access token validation failure. Invalid audience.")
        if claims["exp"] <= self._directory.clock.time():
            raise invalid_token("Lifetime validation failed, the token is expired.")
        return claims

    def _authenticate(self, request: web.BaseRequest) -> tuple[Tenant, Caller]:
        claims = self._claims(request)
        tenant = self._directory.tenant(claims["tid"])
        if tenant is None:
            raise invalid_token("Access token validation failure.")
        # A user of the lab may do what the scopes allow, like an administrator
        held = frozenset([*claims.get("roles", []), *claims.get("scp", "").split()])
        return tenant, Caller(claims["appid"], claims["oid"], held, _is_lab(request))

    def _userinfo(self, request: web.BaseRequest) -> web.Response:
        """GET /oidc/userinfo with a user's token: it has fewer claims than the ID token [doc]."""
        claims = self._claims(request)
        tenant = self._directory.tenant(claims["tid"])
        users = {user.oid: user for user in tenant.users.values()} if tenant else {}
        user = users.get(claims["oid"])
        if user is None or "openid" not in claims.get("scp", "").split():
            raise invalid_token("Access token validation failure.")
        scopes = claims["scp"].split()
        body = {"sub": claims["sub"]}
        if "profile" in scopes:
            body["name"] = user.display_name
        if "email" in scopes and user.email:
            body["email"] = user.email
        return self._response(200, body, {}, "application/json; charset=utf-8", str(uuid.uuid4()))

    def _one(
        self,
        tenant: Tenant,
        caller: Caller,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: Any,
        raw: bytes = b"",
    ) -> Answer:
        version, _slash, rest = path.lstrip("/").partition("/")
        if version != "v1.0":
            raise GraphError(400, "BadRequest", f"Invalid version: {version}")
        rest = "/" + unquote(rest)
        counted = method == "GET" and rest.endswith("/$count")
        rest = rest.removesuffix("/$count") if counted else rest
        try:
            handler, address = self._router.find(method, rest)
        except WrongMethod as error:
            text = f"Specified HTTP method is not allowed for the request target. Allowed: {error}."
            raise GraphError(405, "Request_BadRequest", text) from None
        except NotFound:
            segment = rest.strip("/").split("/")[0].split("(")[0]
            raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.") from None
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        call = Call(
            tenant, caller, method, rest, parameters, headers, body,
            self._directory, self._vault, self._schemas, self.url, raw=raw,
        )  # fmt: skip
        call.stale = self._next_is_stale(call)
        if method != "GET":
            return handler(call, **address)
        odata.check_names(parameters)
        answer = handler(odata.count(call) if counted else call, **address)
        if counted:
            return _counted(answer)
        if answer.body is not None and "value" not in answer.body:
            expands = handler in (graph_applications.read, graph_service_principals.read)
            odata.check_options(parameters, odata.ONE if expands else odata.ONE - {"$expand"})
        return answer

    def _next_is_stale(self, call: Call) -> bool:
        """Alternate the requests of one path between the replicas, starting with the lagging one."""
        if call.caller.primary or not self._directory.lag:
            return False
        turn = f"{call.tenant.id} {call.path} {sorted(call.query.items())}"
        self._turns[turn] += 1
        return self._turns[turn] % 2 == 1

    async def _batch(self, tenant: Tenant, caller: Caller, body: Any, headers: Mapping[str, str]) -> Answer:
        """POST /$batch: the outer status is 200 and each request has its own. Responses come in any order [doc]."""
        requests = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(requests, list) or not requests or not all(_is_step(item) for item in requests):
            raise BodyError("Invalid batch payload format.", "BadRequest")
        if len(requests) > MAX_BATCH:
            raise GraphError(
                400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {MAX_BATCH}."
            )
        if len({item.get("id") for item in requests}) != len(requests):
            raise GraphError(400, "BadRequest", "Request Id has to be unique in a batch.")
        done: dict[str, dict[str, Any]] = {}
        for item in requests:
            await asyncio.sleep(0)
            blocked = any(done.get(other, {"status": 424})["status"] >= 400 for other in item.get("dependsOn", []))
            done[item["id"]] = await self._step(tenant, caller, item, blocked)
        return Answer(200, {"responses": list(reversed(done.values()))})

    async def _step(self, tenant: Tenant, caller: Caller, item: dict[str, Any], blocked: bool) -> dict[str, Any]:
        path, _mark, query = str(item.get("url", "")).partition("?")
        headers = {str(name).title(): value for name, value in (item.get("headers") or {}).items()}
        try:
            if blocked:
                raise GraphError(424, "FailedDependency", "A request that this request depends on failed.")
            if "body" in item and "Content-Type" not in headers:
                raise GraphError(400, "BadRequest", "Missing content-type header for a request with a body.")
            answer = self._one(
                tenant, caller, item["method"].upper(), "/v1.0/" + path.lstrip("/"), query, headers, item.get("body")
            )
        except GraphError as error:
            self._note(error, caller.primary, item["method"].upper(), "/v1.0/" + path.lstrip("/"))
            key = str(uuid.uuid4())
            return {
                "id": item["id"],
                "status": error.status,
                "headers": {"Content-Type": "application/json", **error.headers},
                "body": error.body(self._directory.now(), key, key),
            }
        result: dict[str, Any] = {"id": item["id"], "status": answer.status, "headers": dict(answer.headers)}
        if answer.body is not None:
            result["headers"] |= {"Content-Type": JSON_TYPE, "OData-Version": "4.0"}
            result["body"] = answer.body
        elif answer.content is not None:
            result["body"] = base64.b64encode(answer.content).decode()
        return result


def _counted(answer: Answer) -> Answer:
    """Return the response to ``/$count``, from that to the list: a number as plain text [doc]."""
    if answer.body is None or "@odata.count" not in answer.body:
        raise GraphError(400, "BadRequest", "Resource not found for the segment '$count'.")
    text = str(answer.body["@odata.count"])
    return Answer(200, headers={"Content-Type": "text/plain"}, content=text.encode())


def _is_step(item: Any) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(name), str) for name in ("id", "method", "url"))


def _is_lab(request: web.BaseRequest) -> bool:
    return request.headers.get("User-Agent", "").startswith(LAB_AGENT)


async def _json(request: web.BaseRequest) -> Any:
    raw = await request.read()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise unreadable() from None
