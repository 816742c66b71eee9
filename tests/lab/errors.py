# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors in the formats of Microsoft Graph and of the token endpoint."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from .clock import stamp


class GraphError(Exception):
    """An error response of Graph."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        inner: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers or {}
        self.inner = inner or {}

    def body(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the JSON body. ``innerError.date`` has no time zone [rec]."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {
            **self.inner,
            "date": stamp(now)[:-1],
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": error}


def bad_request(message: str, details: list[dict[str, str]] | None = None) -> GraphError:
    """400 Request_BadRequest."""
    return GraphError(400, "Request_BadRequest", message, details)


class BodyError(GraphError):
    """400 for a body that violates the published type. No client should ever send one."""

    def __init__(self, message: str, code: str = "Request_BadRequest") -> None:
        super().__init__(400, code, message)


def unreadable() -> BodyError:
    """400 for a body that is not a JSON object [inf]."""
    text = (
        "Unable to read JSON request payload. "
        "Please ensure Content-Type header is set and payload is of valid JSON format."
    )
    return BodyError(text, "BadRequest")


def not_found(key: str) -> GraphError:
    """404 for an object or a reference [rec]."""
    text = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", text)


def denied(message: str = "Insufficient privileges to complete the operation.") -> GraphError:
    """403 for a missing permission [rec]."""
    return GraphError(403, "Authorization_RequestDenied", message)


def invalid_token(message: str) -> GraphError:
    """401 for a bearer token that Graph does not accept [iss]."""
    return GraphError(401, "InvalidAuthenticationToken", message)


def throttled(headers: dict[str, str]) -> GraphError:
    """429. Retry-After may be fractional or absent [doc]."""
    return GraphError(
        429,
        "TooManyRequests",
        "Please retry again later.",
        headers=headers,
        inner={"code": "429", "message": "Please retry after", "status": "429"},
    )


_RECORDED_ERRORS = json.loads((Path(__file__).parent / "recorded" / "graph_errors.json").read_text("utf-8"))


def recorded_error(code: str) -> GraphError:
    """Return the first recorded or quoted error of Graph with this code. An unknown code becomes a generic 400."""
    for entry in _RECORDED_ERRORS:
        # A question mark marks a code that was not captured.
        if entry["code"].rstrip("?") == code:
            text = entry.get("message", "The request was refused.")
            return GraphError(entry["status"], code, text, entry.get("details"), entry.get("headers"))
    return GraphError(400, code, "The request was refused.")


# HTTP status, `error` and text of each AADSTS code. Recorded and quoted texts are verbatim except for the identifiers.
STS: dict[int, dict[str, Any]] = {
    int(code): entry
    for code, entry in json.loads((Path(__file__).parent / "entra" / "aadsts.json").read_text("utf-8")).items()
}
_OTHER = {"status": 400, "error": "invalid_request", "text": "The request was denied."}


class StsError(Exception):
    """An AADSTS error. `facts` fill the placeholders of its text."""

    def __init__(self, code: int, **facts: str) -> None:
        self.code = code
        entry = STS.get(code, _OTHER)
        self.status: int = entry["status"]
        self.error: str = entry["error"]
        try:
            self.text: str = entry["text"].format(**facts)
        except KeyError:  # ordered as a fault, without known facts
            self.text = entry["text"]
        super().__init__(f"AADSTS{code}: {self.text}")

    def body(self, now: datetime, login_url: str, correlation_id: str = "") -> dict[str, Any]:
        """Return the JSON body of the token endpoint [rec]."""
        moment = now.strftime("%Y-%m-%d %H:%M:%SZ")
        trace = str(uuid.uuid4())
        correlation = correlation_id or str(uuid.uuid4())
        return {
            "error": self.error,
            "error_description": f"{self}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {moment}",
            "error_codes": [self.code],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{login_url}/error?code={self.code}",
        }
