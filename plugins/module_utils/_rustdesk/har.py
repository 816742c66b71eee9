# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Learn how a console reads and writes its OIDC settings from a browser recording (HAR 1.2); pure.

The recording should contain one visit to Settings > OIDC with Submit: a response with a list of providers, and a
request that sends it back. Members are recognized by their names in any spelling, and by the types of their values.
"""

from __future__ import annotations

import base64
import json
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, counted
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import json_structure
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro_document import (
    DEFAULT_CONTRACT,
    DEFAULT_KEYS,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH

Document = dict[str, t.Any]

# The possible names of a provider's members, without case and separators; the most likely first
SPELLINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "op", "title", "providername", "provider", "key", "id"),
    "order": ("orderindex", "order", "position", "index", "sort", "priority"),
    "enabled": ("enabled", "enable", "active", "isenabled", "isactive"),
    "client_id": ("clientid", "appid", "applicationid"),
    "client_secret": ("clientsecret", "secret", "appsecret", "applicationsecret"),
    "issuer": ("issuer", "issuerurl", "issueruri", "authority"),
    "authorization_endpoint": (
        "authorizationendpoint",
        "authorizeendpoint",
        "authorizationurl",
        "authurl",
        "authorizeurl",
    ),
    "token_endpoint": ("tokenendpoint", "tokenurl"),
    "userinfo_endpoint": ("userinfoendpoint", "userinfourl"),
    "jwks_endpoint": ("jwksendpoint", "jwksuri", "jwksurl"),
    "icon": ("icon", "logo", "iconsvg"),
}
FITS: dict[str, t.Callable[[t.Any], bool]] = {
    "order": json_structure.is_number,
    "enabled": lambda value: isinstance(value, bool),
}
# The parts of a contract that a recording shows directly
SEEN = ("settings_path", "write_path", "write_method", "document", "providers", "callback_url")
NEEDED = ("name", "client_id", "client_secret")
WRITES = ("PUT", "POST", "PATCH")
DEEPEST = 8


@dataclass(frozen=True)
class Exchange:
    """One request and its response, with their JSON; None for anything but JSON."""

    method: str
    path: str
    sent: t.Any
    status: int
    answer: t.Any


def learn(har: t.Any) -> Document:
    """Return the ``contract`` from a recording, given as text or as an object, with the confidence of each part and a
    ``report`` without values.

    Raises InputError if it is not a recording, or shows no list of providers that was read and written.
    """
    exchanges = _exchanges(har)
    writes = [
        (exchange, *found) for exchange in exchanges if exchange.method in WRITES for found in _lists(exchange.sent)
    ]
    if not writes:
        raise InputError(
            "The recording does not show how the OIDC settings are written",
            answer=f"it has {counted(len(exchanges), 'request')} with JSON, none with a list of providers",
            hint="Record a visit to Settings > OIDC: open it, change something, press Submit, and save all as HAR",
        )
    write, at, entries = max(writes, key=lambda found: len(_keys(found[2])))
    reads = [
        (exchange, place)
        for exchange in exchanges
        if exchange.method == "GET"
        for place, value in _places(exchange.answer)
        if _alike(value, write.sent)
    ]
    if not reads:
        raise InputError(
            "The recording shows how the OIDC settings are written, but not how they are read",
            hint="Start recording before opening the page Settings > OIDC",
        )
    read, document = reads[-1]
    keys = _keys(entries)
    contract: Document = {
        "settings_path": read.path,
        "write_path": write.path if write.path != read.path else None,
        "write_method": write.method,
        "document": document,
        "providers": at,
        "keys": {option: key for option, key in keys.items() if key != DEFAULT_KEYS[option]},
    }
    contract |= _callback(exchanges, write)
    maximum = _maximum(write.sent)
    if maximum:
        contract["maximum_authorized_users"] = maximum
    return {
        "contract": {
            name: value
            for name, value in contract.items()
            if value not in (None, {}) and value != DEFAULT_CONTRACT.get(name)
        },
        "confidence": {
            **{name: "seen" for name in SEEN if contract.get(name) is not None},
            **{f"keys.{option}": _confidence(option, keys.get(option), entries) for option in SPELLINGS},
        },
        "report": [_redacted(exchange) for exchange in exchanges if _concerns(exchange, read, write)],
    }


def _exchanges(har: t.Any) -> list[Exchange]:
    try:
        # Some browsers begin the file with a byte order mark.
        entries = (json.loads(har.lstrip("\ufeff")) if isinstance(har, str) else har)["log"]["entries"]
        found = []
        for entry in entries:
            request, response = entry["request"], entry["response"]
            sent = _json((request.get("postData") or {}).get("text"))
            content = response.get("content") or {}
            answer = _json(content.get("text"), content.get("encoding"))
            if sent is not None or answer is not None:
                path = urlsplit(request["url"]).path
                found.append(Exchange(request["method"].upper(), path, sent, response["status"], answer))
    except (KeyError, TypeError, AttributeError, ValueError):
        # The error's text may contain a secret.
        raise InputError(
            "This is not a recording in HAR format", hint="Save it as HAR from the browser's network tab"
        ) from None
    return found


def _json(text: t.Any, encoding: str | None = None) -> t.Any:
    if not isinstance(text, str):
        return None
    try:
        return json.loads(base64.b64decode(text) if encoding == "base64" else text)
    except ValueError:
        return None


def _places(value: t.Any, place: tuple[str, ...] = ()) -> t.Iterator[tuple[str, t.Any]]:
    """Yield all objects and lists within ``value``, with their dotted places."""
    if not isinstance(value, (dict, list)) or len(place) > DEEPEST:
        return
    yield ".".join(place), value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*place, str(key)))


def _lists(value: t.Any) -> t.Iterator[tuple[str, list[Document]]]:
    """Yield all lists within ``value`` whose items look like providers, with their dotted places."""
    for place, found in _places(value):
        if isinstance(found, list) and found and all(isinstance(item, dict) for item in found):
            keys = _keys(found)
            if all(option in keys for option in NEEDED):
                yield place, found


def _keys(entries: t.Sequence[Document]) -> dict[str, str]:
    """Return the name of each option in ``entries``."""
    members: dict[str, list[t.Any]] = {}
    for entry in entries:
        for key, value in entry.items():
            members.setdefault(key, []).append(value)
    plain = {json_structure.letters(key): key for key in reversed(list(members))}
    found: dict[str, str] = {}
    for option, spellings in SPELLINGS.items():
        fits = FITS.get(option, lambda value: isinstance(value, str))
        for spelling in spellings:
            member = plain.get(spelling)
            if not member or member in found.values():
                continue
            if all(value is None or fits(value) for value in members[member]):
                found[option] = member
                break
    return found


def _alike(read: t.Any, written: t.Any) -> bool:
    """True if ``read`` has the structure of ``written``: the same members, and providers at the same place."""
    if type(read) is not type(written):
        return False
    if isinstance(written, dict) and set(read) != set(written):
        return False
    return [place for place, _items in _lists(read)] == [place for place, _items in _lists(written)] != []


def _callback(exchanges: t.Sequence[Exchange], write: Exchange) -> Document:
    """Find the callback URL, in the settings document or in another one with its own path."""
    for exchange in [write, *reversed([e for e in exchanges if e.method in WRITES])]:
        for place, value in _places(exchange.sent):
            if not isinstance(value, dict):
                continue
            for key, item in value.items():
                named = "callback" in json_structure.letters(key)
                if isinstance(item, str) and (named or item.endswith(CALLBACK_PATH)):
                    where = f"{place}.{key}" if place else key
                    return {"callback_url": where, **({} if exchange is write else {"callback_path": exchange.path})}
    return {}


def _maximum(document: t.Any) -> str | None:
    for place, value in _places(document):
        if isinstance(value, dict):
            for key, item in value.items():
                if json_structure.is_number(item) and "max" in json_structure.letters(key):
                    return f"{place}.{key}" if place else str(key)
    return None


def _confidence(option: str, key: str | None, entries: t.Sequence[Document]) -> str:
    if key is None:
        return "not seen"
    if key == DEFAULT_KEYS[option]:
        return "as known"
    likeliest = json_structure.letters(key) == SPELLINGS[option][0]
    return "by its name" if likeliest else "likely, by its name and type: check it"


def _concerns(exchange: Exchange, read: Exchange, write: Exchange) -> bool:
    return exchange.path in (read.path, write.path) or "oidc" in exchange.path or "callback" in exchange.path


def _redacted(exchange: Exchange) -> Document:
    """Return the structure of an exchange, without values, hosts, or the names of people and things."""
    segments = ["{id}" if json_structure.PERSONAL.search(part) else part for part in exchange.path.split("/")]
    return {
        "request": f"{exchange.method} {'/'.join(segments)}",
        "sent": json_structure.skeleton(exchange.sent),
        "status": exchange.status,
        "answer": json_structure.skeleton(exchange.answer),
    }
