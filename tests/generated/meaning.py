# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Normalize snapshots, so that equivalent ones are equal."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

Document = dict[str, Any]
NEW = "<new>"
# A service principal shows these members of its application.
MIRRORED = (
    "appDisplayName", "appDescription", "displayName", "homepage", "logoutUrl", "replyUrls", "servicePrincipalNames",
    "signInAudience", "appRoles", "oauth2PermissionScopes", "info",
)  # fmt: skip


def alike(value: Any) -> Any:
    """Lists have no order; null, an empty text and an empty list equal a missing member."""
    if isinstance(value, dict):
        items = {str(name): alike(item) for name, item in value.items()}
        return {name: item for name, item in sorted(items.items()) if item not in (None, "", [], {})}
    if isinstance(value, list):
        return sorted((alike(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def essence(snapshot: Document, before: Document) -> Document:
    """Return a normalized snapshot; objects missing in ``before`` lack the values that only Graph can choose."""
    applications = {
        key: _application(item, before["applications"].get(key)) for key, item in snapshot["applications"].items()
    }
    principals = {
        key: {
            name: member
            for name, member in item.items()
            if name not in MIRRORED and (name != "createdDateTime" or key in before["principals"])
        }
        for key, item in snapshot["principals"].items()
    }
    return alike(
        {
            "applications": applications,
            "principals": {key: {**item, "@odata.context": None} for key, item in principals.items()},
            "deleted": {key: _deleted(item) for key, item in snapshot["deleted"].items()},
            "grants": {ends: _grant(item, before["grants"].get(ends)) for ends, item in snapshot["grants"].items()},
            "assignments": {
                ends: item if ends in before["assignments"] else NEW for ends, item in snapshot["assignments"].items()
            },
        }
    )


def _deleted(item: Document) -> Document:
    """Owners and federated credentials of a deleted application are not shown."""
    return {**_application(item, None), **dict.fromkeys(("deletedDateTime", "owners", "federated"))}


def _application(item: Document, before: Document | None) -> Document:
    known = before or {"keyCredentials": [], "passwordCredentials": [], "federated": []}
    keys = {credential["keyId"] for credential in [*known["keyCredentials"], *known["passwordCredentials"]]}
    federated = {credential["id"] for credential in known["federated"]}
    shown = {
        **item,
        "@odata.context": None,
        "groupMembershipClaims": [
            word.strip()
            for word in (item["groupMembershipClaims"] or "").split(",")
            if word.strip() not in ("", "None")
        ],
        "requiredResourceAccess": [
            [entry["resourceAppId"], access["type"], access["id"]]
            for entry in item["requiredResourceAccess"]
            for access in entry["resourceAccess"]
        ],
        "keyCredentials": [c if c["keyId"] in keys else _certificate(c) for c in item["keyCredentials"]],
        "passwordCredentials": [
            c if c["keyId"] in keys else {"new": c["displayName"]} for c in item["passwordCredentials"]
        ],
        "federated": [{**c, "id": c["id"] if c["id"] in federated else NEW} for c in item.get("federated", [])],
    }
    return shown if before else {**shown, "createdDateTime": None, "publisherDomain": None}


def _certificate(item: Document) -> Document:
    """Return a new certificate by its thumbprint, whose beginning is its name if none is declared."""
    thumbprint = item.get("thumbprint")
    if thumbprint is None:
        text = item["customKeyIdentifier"]
        try:
            thumbprint = text if len(text) == 40 else base64.b64decode(text).hex().upper()
        except binascii.Error:
            thumbprint = text
    name = item.get("name") or item.get("displayName") or f"certificate {thumbprint[:8]}"
    return {"thumbprint": thumbprint, "name": name}


def _grant(item: Document, before: Document | None) -> Document:
    shown = {**item, "scope": sorted(set((item["scope"] or "").split()))}
    return shown if before else {"scope": shown["scope"]}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Return the differences between two values, one line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for name in sorted({*one, *other}, key=str)
            for line in differences(one.get(name), other.get(name), f"{where}/{name}")
        ]
    return [] if one == other else [f"{where}: {one!r} != {other!r}"]
