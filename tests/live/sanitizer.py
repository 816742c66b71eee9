# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes identities and secrets from a recorded exchange.

It keeps known harmless values and replaces everything else. An unknown word, a name, an encoded or a signed value is
never shown, whatever it contains. The same value gets the same placeholder throughout one run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from live import vocabulary

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
EMAIL = re.compile(r"[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+")
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.(?P<fraction>\d{1,7}))?(?:Z|[+-]\d\d:\d\d)?)?")
# Numbers that identify no user, versions, times of day, error codes of the token endpoint
HARMLESS = re.compile(r"\d{1,5}|\d{1,3}\.\d{1,3}(\.\d{1,3})?|\d\d:\d\d:\d\dZ?|AADSTS\d{4,7}|P(T?\d{1,4}[DHMS])+")
PERMISSION = re.compile(r"[A-Z][A-Za-z]+\.(?:Read|ReadWrite|ReadBasic)\.(?:All|OwnedBy)")
ANNOTATION = re.compile(r"([A-Za-z0-9]*)@odata\.([A-Za-z]+)")
TYPE = re.compile(r"#?(?:microsoft\.graph|Microsoft\.DirectoryServices)\.([A-Za-z]+)")
MEMBER_PATH = re.compile(r"[A-Za-z0-9_]+(?:\[\])?(?:\.[A-Za-z0-9_]+(?:\[\])?)+|[A-Za-z0-9_]+\[\]")
ALTERNATE_KEY = re.compile(r"(?P<name>[A-Za-z]+)\((?P<key>[A-Za-z]+)='(?P<value>.*)'\)")
FUNCTION = re.compile(r"(?P<name>[a-z]+)\((?P<member>[A-Za-z]+),\s*'(?P<value>.*)'\)")
COMPARISON = re.compile(r"(?P<member>[A-Za-z]+) eq (?:'(?P<text>.*)'|(?P<id>[0-9a-fA-F-]{36}))")
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z_]{1,40}")
CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
OUTER = "'\"`.,:;!?()[]{}\u201c\u201d"
# Members whose text is personal or secret, even if each of its words is a common one
PERSONAL = frozenset({
    "access_token", "api-token", "audience", "clientSecret", "client_assertion", "client_secret",
    "customKeyIdentifier", "description", "displayName", "display_name", "email", "givenName", "hint", "id_token",
    "jobTitle", "key", "keyId", "mail", "name", "nickname", "nonce", "note", "notes", "password",
    "preferred_username", "principalDisplayName", "publisherDomain", "refresh_token", "resourceDisplayName",
    "secret", "secretText", "serviceManagementReference", "state", "subject", "surname", "tfaCode", "thumbprint",
    "token", "uniqueName", "upn", "user", "userPrincipalName", "username", "verificationCode",
})  # fmt: skip
HALVES = ("request", "response")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
LONGEST_NUMBER = 10**5
LONGEST_ERROR_CODE = 10**7
DEPTH = 30


class Sanitizer:
    """Sanitizes the exchanges of one run. ``words`` are further words to keep, chosen by the user."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = vocabulary.words() | {word.lower() for word in words}
        self._known: set[str] = set()
        self._names: dict[tuple[str, str], str] = {}
        # Replaced names of members that look like identifiers, for the user at the terminal
        self.replaced_members: set[str] = set()

    def learn(self, *values: str | None) -> None:
        """Never show these values, even if they consist of known words."""
        self._known |= {value.lower() for value in values if value}

    def exchange(self, exchange: Mapping[str, Any]) -> dict[str, Any]:
        """Sanitize an exchange: ``request`` with method, uri, headers and body, and ``response`` with status, headers
        and body. Other members are texts of this program and are kept, except for known values."""
        made: dict[str, Any] = {name: self._own(value) for name, value in exchange.items() if name not in HALVES}
        for name in HALVES:
            made[name] = self._half(exchange[name])
        return made

    def _own(self, value: Any) -> Any:
        return value if isinstance(value, (int, float)) else self.value(value)

    def _half(self, half: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if "method" in half:
            method = str(half["method"])
            made["method"] = method if method in METHODS else "{method}"
        if "uri" in half:
            made["uri"] = self._guarded(self._url(str(half["uri"])))
        if "status" in half:
            made["status"] = self._number(half["status"])
        if "headers" in half:
            made["headers"] = self._headers(half["headers"])
        if "body" in half:
            made["body"] = self.value(half["body"])
        return made

    def _headers(self, headers: Mapping[str, Any]) -> dict[str, str]:
        shown = ((str(name).lower(), str(value)) for name, value in headers.items())
        return {
            name: value if value in vocabulary.HEADER_VALUES else self.text(value)
            for name, value in sorted(shown)
            if name in vocabulary.HEADERS
        }

    # Values

    def value(self, value: Any, member: str = "", depth: int = 0) -> Any:
        """Sanitize a JSON value; ``member`` is the name of the member that contains it."""
        if depth > DEPTH:
            return "{deep}"
        if isinstance(value, Mapping):
            return {self._member(str(name)): self.value(item, str(name), depth + 1) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item, member, depth + 1) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self._number(value, member)
        if isinstance(value, bytes):
            return self._placeholder("bytes", value.hex())
        return self._string(str(value), member, depth)

    def _string(self, text: str, member: str, depth: int) -> str:
        if member in PERSONAL and text.strip() and not (member == "name" and self._is_word(text)):
            return self._personal(text)
        prefix, mark, rest = text.partition("/")
        for head, inner in (("", text), (prefix + mark, rest) if prefix == "common-oidc" else ("", "")):
            if inner.lstrip()[:1] in ("{", "["):
                try:
                    document = json.loads(inner)
                except (ValueError, RecursionError):
                    continue
                return self._guarded(head + json.dumps(self.value(document, member, depth + 1)))
        return self.text(text)

    def _personal(self, text: str) -> str:
        if GUID.fullmatch(text):
            return self._id(text)
        return self._email(text) if EMAIL.fullmatch(text) else self._placeholder("text", text)

    def _member(self, name: str) -> str:
        annotation = ANNOTATION.fullmatch(name)
        if self._is_word(name) or (annotation and all(self._is_word(part) for part in annotation.groups() if part)):
            return self._guarded(name)
        if IDENTIFIER.fullmatch(name) and not self._is_known(name):
            self.replaced_members.add(name)
        return self._placeholder("member", name)

    def _number(self, value: Any, member: str = "") -> Any:
        if isinstance(value, float):
            return value if len(repr(value)) <= 6 else 0.5
        if not isinstance(value, int):
            return self.text(str(value))
        limit = LONGEST_ERROR_CODE if member in ("error_codes", "code") else LONGEST_NUMBER
        return value if abs(value) < limit and str(value) not in self._known else 999999

    # Texts

    def text(self, text: str) -> str:
        """Any text, word by word."""
        if self._spells_known(text):
            return self._placeholder("text", text)
        for pattern, form in ((FUNCTION, "{name}({member},'{value}')"), (COMPARISON, "{member} eq '{value}'")):
            match = pattern.fullmatch(text)
            if match:
                parts = match.groupdict()
                value = self._personal(parts.get("value") or parts.get("text") or parts.get("id") or "")
                name, member = (self._word(parts.get(key) or "eq") for key in ("name", "member"))
                return self._guarded(form.format(name=name, member=member, value=value))
        return self._guarded("".join(self._chunk(chunk) for chunk in re.split(r"(\s+)", text)))

    def _chunk(self, chunk: str) -> str:
        if not chunk or chunk.isspace():
            return "".join(sign if sign in " \r\n\t" else " " for sign in chunk)
        core = chunk.strip(OUTER)
        if not core:
            return chunk if len(chunk) <= 3 else self._placeholder("text", chunk)
        if chunk.endswith(")") and ALTERNATE_KEY.search(chunk):
            core = chunk
        before, _core, after = chunk.partition(core)
        if len(before) + len(after) > 6:
            return self._placeholder("text", chunk)
        return before + self._word(core) + after

    def _word(self, core: str) -> str:
        if self._is_word(core) or HARMLESS.fullmatch(core):
            return self._placeholder("text", core) if core.lower() in self._known else core
        if PERMISSION.fullmatch(core) and self._is_word(core.partition(".")[0]):
            return core
        if MEMBER_PATH.fullmatch(core) and all(self._is_word(part) for part in re.findall(r"[A-Za-z0-9_]+", core)):
            return core
        kind = TYPE.fullmatch(core)
        if kind and self._is_word(kind[1]):
            return core
        date = DATE.fullmatch(core)
        if date:
            fraction = date["fraction"]
            return core.replace(f".{fraction}", "." + "0" * len(fraction)) if fraction else core
        if GUID.fullmatch(core):
            return self._id(core)
        if "://" in core:
            return self._url(core)
        if EMAIL.fullmatch(core):
            return self._email(core)
        alternate = ALTERNATE_KEY.fullmatch(core)
        if alternate and self._is_word(alternate["name"]) and self._is_word(alternate["key"]):
            return f"{alternate['name']}({alternate['key']}='{self._personal(alternate['value'])}')"
        if "/" in core:
            return "/".join(self._segment(part) for part in core.split("/"))
        return self._placeholder("text", core)

    def _segment(self, part: str) -> str:
        """One segment of a path, or a part of a word that contains slashes; never longer than the longest kept word."""
        decoded = unquote(part)
        return (
            self._word(decoded)
            if decoded and "/" not in decoded and "://" not in decoded
            else (self._placeholder("text", part) if part else "")
        )

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, query = parts.hostname or "", parse_qsl(parts.query, keep_blank_values=True)
        except ValueError:
            return self._placeholder("text", url)
        scheme = parts.scheme if self._is_word(parts.scheme) else "https"
        shown = f"{scheme}://{self._host(host)}" if "://" in url else ""
        shown += "/".join(self._segment(part) for part in parts.path.split("/"))
        if query:
            shown += "?" + "&".join(f"{self._member(name)}={self._query_value(name, value)}" for name, value in query)
        elif parts.query:
            shown += "?" + self._placeholder("text", parts.query)
        if parts.fragment:
            shown += "#" + "/".join(self._segment(part) for part in parts.fragment.split("/"))
        return shown

    def _query_value(self, name: str, value: str) -> str:
        if name == "$select":
            return ",".join(self._member(item) for item in value.split(","))
        if name == "code" and re.fullmatch(r"\d{4,7}", value):  # of an error
            return value
        return str(self._string(value, name, 0))

    # Placeholders

    def _host(self, host: str) -> str:
        lower = host.lower()
        if lower in vocabulary.HOSTS and lower not in self._known:
            return lower
        return self._numbered("host", lower, "host{}.example.com")

    def _id(self, guid: str) -> str:
        lower = guid.lower()
        return lower if lower in vocabulary.IDS else self._numbered("id", lower, "00000000-0000-0000-0000-{:0>12}")

    def _email(self, address: str) -> str:
        return self._numbered("user", address.lower(), "user{}@example.com")

    def _placeholder(self, kind: str, value: str) -> str:
        return self._numbered(kind, value, "{{" + kind + "-{}}}")

    def _numbered(self, kind: str, value: str, form: str) -> str:
        key = (kind, value)
        if key not in self._names:
            number = sum(1 for other, _value in self._names if other == kind) + 1
            self._names[key] = form.format(number)
        return self._names[key]

    # Known values

    def _is_word(self, word: str) -> bool:
        """Return whether it is a known word, or a compound of known words such as ObjectConflict."""
        if word.lower() in self._words:
            return True
        parts = CAMEL.findall(word) if IDENTIFIER.fullmatch(word) else []
        return len(parts) > 1 and all(len(part) > 1 and part.lower() in self._words for part in parts)

    def _is_known(self, text: str) -> bool:
        lower = text.lower()
        return any(value in lower for value in self._known if len(value) >= 4) or lower in self._known

    def _spells_known(self, text: str) -> bool:
        """Return whether a text contains a known value of several words, or is a known value."""
        lower = " ".join(text.lower().split())
        return lower in self._known or any(" ".join(value.split()) in lower for value in self._known if " " in value)

    def _guarded(self, text: str) -> str:
        """Return the sanitized ``text``; if it still contains a known value, all of it is replaced."""
        return self._placeholder("text", text) if self._is_known(text) else text
