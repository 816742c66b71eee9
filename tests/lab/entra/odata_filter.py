# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""$filter on each type: the operators that a property supports, and the refusals.

The tables are those of "Advanced query capabilities on Microsoft Entra ID objects" and of each type's page [doc].
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import GraphError

Test = Callable[[Any], bool]

_NAME = "eq ge le in startsWith null"
_DATE = "eq ge le in null"
_LIST = "eq ge le startsWith"

# The operators of each property in addition to ``ne`` and ``not``, which are supported if ``eq`` is. "null" is a
# comparison with null.
FILTERABLE: dict[str, dict[str, str]] = {
    "application": {
        "appId": "eq in",
        "applicationTemplateId": "eq",
        "createdDateTime": _DATE,
        "deletedDateTime": _DATE,
        "description": "eq ge le startsWith",
        "disabledByMicrosoftStatus": "eq",
        "displayName": _NAME,
        "id": "eq in",
        "identifierUris": _LIST,
        "publisherDomain": "eq ge le startsWith",
        "signInAudience": "eq",
        "tags": _LIST,
        "uniqueName": "eq",
    },
    "servicePrincipal": {
        "accountEnabled": "eq in",
        "alternativeNames": _LIST,
        "appId": "eq in startsWith",
        "applicationTemplateId": "eq",
        "appOwnerOrganizationId": "eq ge le",
        "createdDateTime": _DATE,
        "deletedDateTime": _DATE,
        "description": "eq ge le startsWith",
        "disabledByMicrosoftStatus": "eq",
        "displayName": _NAME,
        "id": "eq in",
        "servicePrincipalNames": _LIST,
        "servicePrincipalType": "eq in",
        "tags": _LIST,
    },
    "user": {
        "displayName": _NAME,
        "givenName": _NAME,
        "id": "eq in",
        "jobTitle": _NAME,
        "mail": f"{_NAME} endsWith",
        "mobilePhone": _NAME,
        "officeLocation": _NAME,
        "preferredLanguage": _NAME,
        "surname": _NAME,
        "userPrincipalName": "eq ge le in startsWith endsWith",
    },
    "group": {
        "description": "eq ge le startsWith",
        "displayName": _NAME,
        "groupTypes": "eq",
        "id": "eq in",
        "mail": _NAME,
        "mailEnabled": "eq",
        "mailNickname": _NAME,
        "securityEnabled": "eq in",
    },
    "oAuth2PermissionGrant": dict.fromkeys(("clientId", "consentType", "principalId", "resourceId"), "eq"),
    "appRoleAssignment": dict.fromkeys(("appRoleId", "principalId", "resourceId"), "eq"),
    "federatedIdentityCredential": dict.fromkeys(("issuer", "name", "subject"), "eq"),
    "directoryObject": {"id": "eq in"},
}
# These always need an advanced query
_ADVANCED_ONLY = {("user", name) for name in ("mobilePhone", "officeLocation", "preferredLanguage")}
_LISTS = frozenset({"identifierUris", "tags", "alternativeNames", "servicePrincipalNames", "groupTypes"})
# Types other than Edm.String, whose values have no quotes
_BOOLEANS = frozenset({"accountEnabled", "mailEnabled", "securityEnabled"})
_UNQUOTED = {("servicePrincipal", "appOwnerOrganizationId")} | {
    ("appRoleAssignment", name) for name in FILTERABLE["appRoleAssignment"]
}
_DATES = frozenset({"createdDateTime", "deletedDateTime"})

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<value>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|\d[\w:.+-]*)"
    r"|(?P<word>[A-Za-z$_@][\w$]*(?:/[\w$]+)*)"
    r"|(?P<mark>[(),:]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "le": operator.le,
}


def unsupported(text: str) -> GraphError:
    """Graph's 400 for a query that it understands but does not support."""
    return GraphError(400, "Request_UnsupportedQuery", text)


def needs_advanced(name: str) -> GraphError:
    """Graph's 400 for a query that it only supports as an advanced one [doc]."""
    return unsupported(
        f"Operator '{name}' is not supported because the required parameters might be missing. Try adding "
        "$count=true query parameter and ConsistencyLevel:eventual header. "
        "Refer to https://aka.ms/graph-docs/advanced-queries for more information"
    )


def invalid(text: str) -> GraphError:
    """Graph's 400 for a $filter that it cannot parse [iss]."""
    return GraphError(400, "BadRequest", f"Invalid filter clause: {text}")


def unknown_property(name: str, kind: str) -> str:
    """Graph's message that a type has no such property [iss]."""
    return f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."


@dataclass
class _Token:
    sort: str
    text: str


def _tokens(expression: str) -> list[_Token]:
    found, position = [], 0
    expression = expression.rstrip()
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise invalid(f"Syntax error at position {position} in '{expression}'.")
        sort = str(match.lastgroup)
        found.append(_Token(sort, match.group(sort)))
        position = match.end()
    return found


def _folded(value: Any) -> Any:
    # The directory ignores case in comparisons.
    return value.lower() if isinstance(value, str) else value


class Filter:
    """One $filter on objects of the type ``kind``, whose members are ``names``. ``advanced`` marks an advanced query.

    Raises Graph's 400 if the expression cannot be parsed, names an unknown property, or is not supported by Graph.
    """

    def __init__(self, expression: str, kind: str, names: frozenset[str], advanced: bool) -> None:
        self._kind = kind
        self._names = {name.lower(): name for name in names}
        self._advanced = advanced
        self._rest = _tokens(expression)
        self._test = self._or()
        if self._rest:
            raise invalid(f"Syntax error at '{self._rest[0].text}'.")

    def __call__(self, item: Mapping[str, Any]) -> bool:
        """Return whether an object is among the results."""
        return self._test(item)

    def _next(self, *wanted: str) -> _Token:
        """Consume the next token, which must be one of these sorts or marks."""
        if not self._rest or not {self._rest[0].sort, self._rest[0].text} & set(wanted):
            raise invalid("Syntax error: " + (f"'{self._rest[0].text}'." if self._rest else "expression expected."))
        return self._rest.pop(0)

    def _taken(self, word: str) -> bool:
        if self._rest and self._rest[0].sort in ("word", "mark") and self._rest[0].text.lower() == word:
            self._rest.pop(0)
            return True
        return False

    def _or(self) -> Test:
        tests = [self._and()]
        while self._taken("or"):
            tests.append(self._and())
        return lambda item: any(test(item) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._taken("and"):
            tests.append(self._not())
        return lambda item: all(test(item) for test in tests)

    def _not(self) -> Test:
        if not self._taken("not"):
            return self._primary()
        if not self._advanced:
            raise needs_advanced("not")
        test = self._not()
        return lambda item: not test(item)

    def _primary(self) -> Test:
        if self._taken("("):
            test = self._or()
            self._next(")")
            return test
        word = self._next("word").text
        if self._rest and self._rest[0].text == "(" and "/" not in word:
            return self._function(word)
        path, _slash, last = word.rpartition("/")
        if last == "any":
            return self._any(self._property(path))
        if last == "$count":
            return self._count(self._property(path))
        name = self._property(word)
        if name in _LISTS:
            raise self._refused(name)
        return self._comparison(name, lambda item: item.get(name))

    def _property(self, path: str) -> str:
        """Return the property's canonical spelling, which may differ from the caller's."""
        first = path.split("/", maxsplit=1)[0]
        name = self._names.get(first.lower())
        if name is None:
            raise invalid(unknown_property(first, self._kind))
        if name not in FILTERABLE[self._kind] or "/" in path:
            raise self._refused(name)
        if (self._kind, name) in _ADVANCED_ONLY and not self._advanced:
            raise self._refused(name)
        return name

    def _refused(self, name: str) -> GraphError:
        resource = self._kind[:1].upper() + self._kind[1:]
        return unsupported(
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'."
        )

    def _check(self, name: str, operation: str) -> None:
        if operation in ("ne", "endsWith") and not self._advanced:
            raise needs_advanced(operation)
        if ("eq" if operation == "ne" else operation) not in FILTERABLE[self._kind][name].split():
            raise self._refused(name)

    def _function(self, word: str) -> Test:
        operation = {"startswith": "startsWith", "endswith": "endsWith"}.get(word.lower())
        if operation is None:
            raise unsupported(f"Unsupported property filter clause operator '{word[:1].upper()}{word[1:]}'.")
        self._next("(")
        name = self._property(self._next("word").text)
        if name in _LISTS:
            raise self._refused(name)
        return self._ends(name, operation, lambda item: item.get(name))

    def _ends(self, name: str, operation: str, value: Callable[[Any], Any]) -> Test:
        """Parse the rest of ``startsWith(name`` or ``endsWith(name``."""
        self._next(",")
        wanted = self._literal(name)
        self._next(")")
        self._check(name, operation)
        method = str.startswith if operation == "startsWith" else str.endswith
        return lambda item: method(_folded(value(item) or ""), wanted)

    def _comparison(self, name: str, value: Callable[[Any], Any]) -> Test:
        operation = self._next("word").text.lower()
        if operation == "in":
            self._check(name, "in")
            self._next("(")
            wanted = [self._literal(name)]
            while self._taken(","):
                wanted.append(self._literal(name))
            self._next(")")
            return lambda item: _folded(value(item)) in wanted
        if operation not in _COMPARE:
            raise invalid(f"Syntax error at '{operation}'.")
        self._check(name, operation)
        compare, other = _COMPARE[operation], self._literal(name)
        if other is None:
            self._check(name, "null")
            if not self._advanced:
                raise self._refused(name)
        if operation in ("eq", "ne"):
            return lambda item: compare(_folded(value(item)), other)
        return lambda item: value(item) is not None and compare(_folded(value(item)), other)

    def _literal(self, name: str) -> Any:
        """Return the next value, folded. Raises if it does not have the property's type."""
        token = self._next("text", "value", "word")
        if token.sort == "word" and token.text == "null":
            return None
        if name in _BOOLEANS:
            if token.sort == "word" and token.text in ("true", "false"):
                return token.text == "true"
        elif (name in _DATES or (self._kind, name) in _UNQUOTED) == (token.sort == "value"):
            text = token.text[1:-1].replace("''", "'") if token.sort == "text" else token.text
            if token.sort != "word":
                return _folded(text)
        raise invalid(f"'{token.text}' is not a value of the type of '{name}'.")

    def _any(self, name: str) -> Test:
        if name not in _LISTS:
            raise self._refused(name)
        self._next("(")
        variable = self._next("word").text
        self._next(":")
        word = self._next("word").text
        if word == variable:
            test = self._comparison(name, lambda entry: entry)
        elif word.lower() in ("startswith", "endswith"):
            self._next("(")
            if self._next("word").text != variable:
                raise self._refused(name)
            operation = "startsWith" if word.lower() == "startswith" else "endsWith"
            test = self._ends(name, operation, lambda entry: entry)
        else:
            raise self._refused(name)
        self._next(")")
        return lambda item: any(test(entry) for entry in item.get(name) or [])

    def _count(self, name: str) -> Test:
        """Compare the size of a list: whether it is empty, or has one entry [doc]."""
        operation, wanted = self._next("word").text.lower(), self._next("value").text
        if not self._advanced:
            raise needs_advanced("$count")
        if name not in _LISTS or operation not in ("eq", "ne") or wanted not in ("0", "1"):
            raise self._refused(name)
        compare = _COMPARE[operation]
        return lambda item: compare(len(item.get(name) or []), int(wanted))
