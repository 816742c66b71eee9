# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of NestJS in rustdesk-console: error responses, and the validation of a request's body and query [src]."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

_URL = re.compile(r"(https?|ftp)://(localhost|[\w.-]+|\[[0-9a-fA-F:]+\])(:\d+)?([/?#]\S*)?")


class NestError(Exception):
    """An exception that Nest turns into a response. `message` is a text or, after a validation, a list."""

    def __init__(self, status: int, message: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(message))
        self.status = status
        self.message = message
        self.headers = headers

    def response(self) -> web.Response:
        """Return the response. The text is in `message`; `error` only names the status [rec]."""
        body: dict[str, Any] = {"message": self.message}
        # These two do not come from Nest's named exceptions and have no reason.
        if self.status not in (429, 500):
            body["error"] = HTTPStatus(self.status).phrase
        return web.json_response({**body, "statusCode": self.status}, status=self.status, headers=self.headers)


class PlainError(Exception):
    """An exception with its own body, such as a refused login."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    def response(self) -> web.Response:
        """Return the response."""
        return web.json_response({"error": str(self)}, status=self.status)


# A check takes the name and value of a member, and returns its problem.
Check = Callable[[str, Any], list[str]]


def text(name: str, value: Any) -> list[str]:
    """A string."""
    return [] if isinstance(value, str) else [f"{name} must be a string"]


def filled(name: str, value: Any) -> list[str]:
    """A string that is not empty."""
    empty = value in ("", None)
    return ([f"{name} should not be empty"] if empty else []) + text(name, value)


def url(name: str, value: Any) -> list[str]:
    """A URL with its scheme. The host needs no top-level domain."""
    right = isinstance(value, str) and _URL.fullmatch(value)
    return ([] if right else [f"{name} must be a URL address"]) + text(name, value)


def boolean(name: str, value: Any) -> list[str]:
    """A boolean."""
    return [] if isinstance(value, bool) else [f"{name} must be a boolean value"]


def anything(_name: str, _value: Any) -> list[str]:
    """Any value."""
    return []


def one_of(*values: str) -> Check:
    """One of several strings."""
    known = ", ".join(values)
    return lambda name, value: [] if value in values else [f"{name} must be one of the following values: {known}"]


def language(name: str, value: Any) -> list[str]:
    """A language with its region."""
    right = isinstance(value, str) and re.fullmatch(r"[a-z]{2}-[A-Z]{2}", value)
    return [] if right else [f"{name} must be a BCP 47 region tag like en-US, pt-BR, zh-CN"]


def members(required: dict[str, Check], /, **optional: Check) -> Check:
    """An object with these members."""

    def check(name: str, value: Any) -> list[str]:
        if not isinstance(value, dict):
            return [f"nested property {name} must be either object or array"]
        return [f"{name}.{mistake}" for mistake in mistakes(value, required, optional)]

    return check


def mistakes(body: dict[str, Any], required: dict[str, Check], optional: dict[str, Check]) -> list[str]:
    """Return all problems of a body."""
    found = [f"property {name} should not exist" for name in body if name not in required and name not in optional]
    for name, check in required.items():
        found += check(name, body.get(name))
    for name, check in optional.items():
        if body.get(name) is not None:
            found += check(name, body[name])
    return found


def checked(body: Any, required: dict[str, Check], optional: dict[str, Check]) -> dict[str, Any]:
    """Return the body, a valid object. Raises NestError."""
    value = body if isinstance(body, dict) else {}
    found = mistakes(value, required, optional)
    if found:
        raise NestError(400, found)
    return value


def page(query: dict[str, str], *filters: str) -> tuple[int, int]:
    """Return the mandatory `current` and `pageSize` of a query [rec], and its optional `filters`. Raises NestError."""
    allowed = {"current", "pageSize", *filters}
    found = [f"property {name} should not exist" for name in query if name not in allowed]
    for name in ("current", "pageSize"):
        if not re.fullmatch(r"[1-9]\d*", query.get(name, "")):
            found += [
                f"{name} must be an integer number",
                f"{name} must not be less than 1",
                f"{name} must be a number conforming to the specified constraints",
            ]
    if found:
        raise NestError(400, found)
    return int(query["current"]), int(query["pageSize"])
