# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check request bodies against the published types of Graph."""

from __future__ import annotations

import base64
import copy
import json
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from ..clock import parse
from ..errors import BodyError, unreadable

_DOCUMENT = Path(__file__).parents[1] / "recorded" / "graph-openapi.json"
# Members that the published types allow, but only the server sets [doc]
READ_ONLY = {
    "application": frozenset(
        {"id", "appId", "applicationTemplateId", "certification", "createdByAppId", "createdDateTime",
         "deletedDateTime", "disabledByMicrosoftStatus", "publisherDomain", "verifiedPublisher"}
    ),
    "servicePrincipal": frozenset(
        {"id", "appDisplayName", "appDescription", "applicationTemplateId", "appOwnerOrganizationId", "createdByAppId",
         "createdDateTime", "deletedDateTime", "disabledByMicrosoftStatus", "oauth2PermissionScopes",
         "servicePrincipalType", "signInAudience", "verifiedPublisher", "resourceSpecificApplicationPermissions"}
    ),
    "appRoleAssignment": frozenset(
        {"id", "createdDateTime", "deletedDateTime", "principalDisplayName", "principalType", "resourceDisplayName"}
    ),
    "federatedIdentityCredential": frozenset({"id"}),
    "oAuth2PermissionGrant": frozenset({"id"}),
}  # fmt: skip
# Members that a creation may still name: azure.azcollection does so by default [iss]. They are kept as sent [inf]
ON_CREATION = {"servicePrincipal": frozenset({"servicePrincipalType"})}
# Published after that document, in the recorded types of v1.0 and in msgraph-sdk's models
SINCE = {"application": ("isDisabled",), "servicePrincipal": ("isDisabled",)}
_EDM = {"boolean": "Edm.Boolean", "string": "Edm.String", "integer": "Edm.Int32", "array": "Collection"}

_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(parse(value))


@_formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(uuid.UUID(value))


@_formats.checks("base64url", raises=ValueError)
def _is_base64(value: object) -> bool:
    return not isinstance(value, str) or base64.b64decode(value.replace("-", "+").replace("_", "/") + "==") is not None


def as_json_schema(node: Any) -> Any:
    """Convert an OpenAPI 3.0 schema to JSON Schema: `nullable` becomes a type, and OData annotations are allowed."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: as_json_schema(value) for name, value in node.items() if name != "example"}
    if node.get("additionalProperties") is False:
        node["patternProperties"] = {r"@odata\.": {"not": {"type": "null"}}}
    if node.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, node]} if "type" not in node else {**node, "type": [node["type"], "null"]}
    return node


class Schemas:
    """The request types of the OpenAPI document."""

    def __init__(self) -> None:
        document = json.loads(_DOCUMENT.read_text("utf-8"))
        published = copy.deepcopy(document["components"]["schemas"])
        for kind, names in SINCE.items():
            for suffix in ("", "-create", "-update"):
                published[f"microsoft.graph.{kind}{suffix}"]["properties"] |= {
                    name: {"type": "boolean", "nullable": True} for name in names
                }
        schemas = as_json_schema(published)
        root = {"components": {"schemas": schemas}, "$schema": "https://json-schema.org/draft/2020-12/schema"}
        registry = Registry().with_resource("urn:graph", Resource.from_contents(root))
        self._members = {name: frozenset(schema.get("properties", ())) for name, schema in schemas.items()}
        self._validators = {
            name: Draft202012Validator(
                {"$ref": f"urn:graph#/components/schemas/{name}"}, registry=registry, format_checker=_formats
            )
            for name in schemas
        }

    def check(self, body: Any, kind: str, purpose: str) -> None:
        """Raise Graph's 400 if `body` is not a ``microsoft.graph.<kind>`` for ``create`` or ``update``.

        A member that only the server sets is refused, unless a creation may name it.
        """
        if not isinstance(body, dict):
            raise unreadable()
        errors = sorted(self._validators[f"microsoft.graph.{kind}-{purpose}"].iter_errors(body), key=_depth)
        if errors:
            raise BodyError(_message(_cause(errors[0]), kind))
        allowed = ON_CREATION.get(kind, frozenset()) if purpose == "create" else frozenset()
        for name in sorted((READ_ONLY.get(kind, frozenset()) - allowed) & set(body)):
            raise read_only(name)

    def members(self, kind: str) -> frozenset[str]:
        """Return the names of a type's members, empty if the document has no such type."""
        return self._members.get(f"microsoft.graph.{kind}", frozenset())

    def violations(self, body: Any, kind: str) -> list[str]:
        """Return the violations of the published type in a response's body, for the lab's own tests."""
        return [item.message for item in self._validators[f"microsoft.graph.{kind}"].iter_errors(body)]


def read_only(name: str) -> BodyError:
    """Graph's 400 for a member that cannot be set."""
    return BodyError(f"Property '{name}' is read-only and cannot be set.")


def parameters(body: Any, required: Mapping[str, type], optional: Mapping[str, type] | None = None) -> dict[str, Any]:
    """Check the parameters of an action or a reference by type. Raises Graph's 400. Without parameters there is no
    body.
    """
    known = {**required, **(optional or {})}
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise unreadable()
    for name in body:
        if name not in known and not name.startswith("@odata.type"):
            raise BodyError(
                f"The parameter '{name}' in the request payload is not a valid parameter for the operation."
            )
    for name, kind in known.items():
        if (name in required or body.get(name) is not None) and not isinstance(body.get(name), kind):
            raise BodyError(f"Invalid value specified for the parameter '{name}'.")
    return {name: body.get(name) for name in known}


def _depth(error: ValidationError) -> int:
    return len(error.absolute_path)


def _cause(error: ValidationError) -> ValidationError:
    """Return the error inside a nullable complex type instead of 'is not valid under any of the given schemas'."""
    inner = [item for item in error.context or [] if not (item.validator == "type" and item.validator_value == "null")]
    return _cause(min(inner, key=lambda item: -len(item.absolute_path))) if inner else error


def _message(error: ValidationError, kind: str) -> str:
    """Word the error as Graph's OData reader does [inf]."""
    where = ".".join(str(item) for item in error.absolute_path if not isinstance(item, int))
    if error.validator == "additionalProperties":
        name = re.findall(r"'([^']+)'", error.message)[0]
        return (
            f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'"
            + (f" at '{where}'" if where else "")
            + ". Make sure to only use property names that are defined by the type."
        )
    if error.instance is None:
        if error.absolute_path and isinstance(error.absolute_path[-1], int):
            return (
                f"A null value was found for an item of '{where}', which is a collection. "
                "The expected type does not allow null values."
            )
        return f"A null value was found for the property named '{where}'. The expected type does not allow null values."
    if error.validator == "type":
        wanted = error.validator_value if isinstance(error.validator_value, str) else error.validator_value[0]
        literal = json.dumps(error.instance)[:80]
        return f"Cannot convert the literal '{literal}' of '{where}' to the expected type '{_EDM.get(wanted, wanted)}'."
    return f"Invalid value specified for property '{where}' of resource '{kind[:1].upper()}{kind[1:]}'."
