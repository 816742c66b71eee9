# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The fields of an application that can be declared, and the complete value of each declared option.

Names and paths follow the application resource type of Microsoft Graph v1.0 [doc].
"""

from __future__ import annotations

import itertools
import typing as t
import uuid

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses, _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.redirect_uris import (
    PERSONAL_AUDIENCES,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import SET, TEXT, Field, Kind, records

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

TOKEN_KINDS = {"id_token": "idToken", "access_token": "accessToken", "saml2_token": "saml2Token"}
CLAIM = {
    "name": "name",
    "source": "source",
    "essential": "essential",
    "additional_properties": "additionalProperties",
}
APP_ROLE = {
    "id": "id",
    "value": "value",
    "display_name": "displayName",
    "description": "description",
    "allowed_member_types": "allowedMemberTypes",
    "enabled": "isEnabled",
}
PERMISSION_SCOPE = {
    "id": "id",
    "value": "value",
    "type": "type",
    "admin_consent_display_name": "adminConsentDisplayName",
    "admin_consent_description": "adminConsentDescription",
    "user_consent_display_name": "userConsentDisplayName",
    "user_consent_description": "userConsentDescription",
    "enabled": "isEnabled",
}
LOCK = {
    "enabled": "isEnabled",
    "all_properties": "allProperties",
    "credentials_with_usage_sign": "credentialsWithUsageSign",
    "credentials_with_usage_verify": "credentialsWithUsageVerify",
    "token_encryption_key_id": "tokenEncryptionKeyId",
}
WEB, PUBLIC = "web_redirect_uris", "public_client_redirect_uris"
REDIRECT_URIS = (WEB, "spa_redirect_uris", PUBLIC)
PERSONAL_TOKEN_VERSION = 2
# IDs of roles and scopes are derived from their values: check mode predicts them, and a repeated request reuses them.
NAMESPACE = uuid.UUID("6f2a7b1e-6d0e-5d51-9c53-0b7c5f1d8f0a")
APP_ID = "{app_id}"

_claims = records(CLAIM, "name", ("additional_properties",))


def _claims_of(value: t.Any) -> Document:
    return {kind: _claims.read((value or {}).get(member)) for kind, member in TOKEN_KINDS.items()}


def _split(value: str | None) -> list[str]:
    return sorted(part.strip() for part in (value or "").split(",") if part.strip() not in ("", "None"))


def _accesses(value: t.Any) -> list[Document]:
    """Return requiredResourceAccess as one entry for each resource, with the IDs of its scopes and roles."""
    found: dict[str, Document] = {}
    for item in value or []:
        entry = found.setdefault(
            item["resourceAppId"], {"resource": item["resourceAppId"], "scopes": set(), "app_roles": set()}
        )
        for access in item.get("resourceAccess") or []:
            entry["scopes" if access["type"] == "Scope" else "app_roles"].add(access["id"])
    entries = [{**e, "scopes": sorted(e["scopes"]), "app_roles": sorted(e["app_roles"])} for e in found.values()]
    return sorted((e for e in entries if e["scopes"] or e["app_roles"]), key=lambda entry: entry["resource"])


def _resource_access(value: list[Document]) -> list[Document]:
    return [
        {
            "resourceAppId": entry["resource"],
            "resourceAccess": [
                *({"id": key, "type": "Scope"} for key in entry["scopes"]),
                *({"id": key, "type": "Role"} for key in entry["app_roles"]),
            ],
        }
        for entry in value
    ]


CLAIMS = Kind(
    read=_claims_of,
    write=lambda value: {TOKEN_KINDS[kind]: _claims.write(claims) for kind, claims in value.items()},
    key=lambda value: {kind: _claims.key((value or {}).get(kind)) for kind in TOKEN_KINDS},
    whole=True,
)
# Flags in one string, joined by commas [doc]; the word None and null both mean no flag.
GROUP_CLAIMS = Kind(
    read=_split, write=lambda value: ",".join(sorted(set(value))) or None, key=lambda value: sorted(set(value or []))
)
ACCESSES = Kind(
    read=_accesses, write=_resource_access, key=lambda value: _accesses(_resource_access(value or [])), whole=True
)
PRE_AUTHORIZED = records({"app_id": "appId", "scopes": "delegatedPermissionIds"}, "app_id", ("scopes",))
ROLES = records(APP_ROLE, "value", ("allowed_member_types",))
SCOPES = records(PERMISSION_SCOPE, "value")
# Graph's isDisabled is the inverse, and null until it is first set.
ENABLED = Kind(read=lambda value: not value, write=lambda value: not value)
# Graph returns null for the switches of an object until one of them is set; null and false mean the same.
SWITCH = Kind(read=bool, key=bool)

FIELDS = (
    Field("display_name", ("displayName",)),
    Field("unique_name", ("uniqueName",)),
    Field("description", ("description",), TEXT),
    Field("notes", ("notes",), TEXT),
    Field("tags", ("tags",), SET),
    Field("service_management_reference", ("serviceManagementReference",), TEXT),
    Field("enabled", ("isDisabled",), ENABLED),
    Field("sign_in_audience", ("signInAudience",)),
    Field("requested_access_token_version", ("api", "requestedAccessTokenVersion")),
    Field("web_redirect_uris", ("web", "redirectUris"), SET),
    Field("spa_redirect_uris", ("spa", "redirectUris"), SET),
    Field("public_client_redirect_uris", ("publicClient", "redirectUris"), SET),
    Field("fallback_public_client_enabled", ("isFallbackPublicClient",), SWITCH),
    Field("id_token_issuance_enabled", ("web", "implicitGrantSettings", "enableIdTokenIssuance")),
    Field("access_token_issuance_enabled", ("web", "implicitGrantSettings", "enableAccessTokenIssuance")),
    Field("home_page_url", ("web", "homePageUrl"), TEXT),
    Field("logout_url", ("web", "logoutUrl"), TEXT),
    Field("marketing_url", ("info", "marketingUrl"), TEXT),
    Field("privacy_statement_url", ("info", "privacyStatementUrl"), TEXT),
    Field("support_url", ("info", "supportUrl"), TEXT),
    Field("terms_of_service_url", ("info", "termsOfServiceUrl"), TEXT),
    Field("group_membership_claims", ("groupMembershipClaims",), GROUP_CLAIMS),
    Field("optional_claims", ("optionalClaims",), CLAIMS),
    # Returned only on $select; null is neither true nor false, but leaves the decision to Entra [doc].
    Field("remove_unverified_email_claim", ("authenticationBehaviors", "removeUnverifiedEmailClaim")),
    Field("identifier_uris", ("identifierUris",), SET),
    Field("app_roles", ("appRoles",), ROLES),
    Field("permission_scopes", ("api", "oauth2PermissionScopes"), SCOPES),
    Field("pre_authorized_applications", ("api", "preAuthorizedApplications"), PRE_AUTHORIZED),
    Field("required_resource_access", ("requiredResourceAccess",), ACCESSES),
    *(
        Field(f"service_principal_lock.{name}", ("servicePrincipalLockConfiguration", member), SWITCH)
        for name, member in LOCK.items()
    ),
)
# These must be disabled before they are changed or removed (Graph: CannotDeleteOrUpdateEnabledEntitlement [iss]).
ENTITLEMENTS = ("app_roles", "permission_scopes")


def view(document: t.Mapping[str, t.Any]) -> Document:
    """Return all fields of Graph's ``document`` under the names of the options."""
    return {field.option: field.read(document) for field in FIELDS}


def shown(values: t.Mapping[str, t.Any]) -> Document:
    """Return ``values`` as results show them: with ``service_principal_lock`` as one object."""
    plain = {name: value for name, value in values.items() if "." not in name}
    return {**plain, "service_principal_lock": {name: values[f"service_principal_lock.{name}"] for name in LOCK}}


def desired(params: Params, have: t.Mapping[str, t.Any], app_id: str) -> Document:
    """Return the complete value of each declared option, None for unmanaged ones. Pure.

    ``have`` is the application's view(). ``required_resource_access`` must contain IDs. Raises InputError for a
    permission scope that the application does not expose.
    """
    want: Document = {field.option: params.get(field.option) for field in FIELDS}
    # Entra accepts audiences with personal accounts only with version 2 tokens [doc].
    if (want["sign_in_audience"] or have["sign_in_audience"]) in PERSONAL_AUDIENCES:
        want["requested_access_token_version"] = PERSONAL_TOKEN_VERSION
    for option in REDIRECT_URIS:
        if want[option]:
            want[option] = sorted(_plan.chosen(have[option] or [], _as_registered(want[option], have[option] or [])))
    for name, switch in (params.get("service_principal_lock") or {}).items():
        want[f"service_principal_lock.{name}"] = switch
    if want["identifier_uris"] is not None:
        want["identifier_uris"] = [uri.replace(APP_ID, app_id) for uri in want["identifier_uris"]]
    if want["optional_claims"] is not None:
        claims = {kind: list_ for kind, list_ in want["optional_claims"].items() if list_ is not None}
        want["optional_claims"] = {**_claims_of(None), **(have["optional_claims"] or {}), **claims}
    for option in ENTITLEMENTS:
        if want[option] is not None:
            want[option] = _identified(want[option], have[option] or [], option)
    if want["pre_authorized_applications"] is not None:
        scopes = have["permission_scopes"] if want["permission_scopes"] is None else want["permission_scopes"]
        want["pre_authorized_applications"] = [
            {"app_id": entry["app_id"].lower(), "scopes": [_scope(name, scopes or []) for name in entry["scopes"]]}
            for entry in want["pre_authorized_applications"]
        ]
    return want


def _as_registered(declared: Document, have: list[str]) -> Document:
    """Return ``declared`` with each URI to remove in every spelling that the application has."""
    gone = declared.get("remove") or []
    return {**declared, "remove": sorted({*gone, *_addresses.spellings(gone, have)})}


def _identified(declared: list[Document], have: list[Document], option: str) -> list[Document]:
    """Return the declared roles or scopes with IDs: the declared ID, else that of the existing one with this value."""
    known = {item["value"]: item["id"] for item in have if item["value"]}
    taken = {item["id"] for item in have}
    return [
        {**item, "id": (item.get("id") or known.get(item["value"]) or _new_id(option, item["value"], taken)).lower()}
        for item in declared
    ]


def _new_id(option: str, value: str, taken: t.Collection[str]) -> str:
    """Return an unused ID for a new app role or permission scope; one that was renamed elsewhere keeps its ID."""
    ids = (str(uuid.uuid5(NAMESPACE, f"{option}:{value}{turn or ''}")) for turn in itertools.count())
    return next(key for key in ids if key not in taken)


def _scope(name: str, scopes: list[Document]) -> str:
    for scope in scopes:
        if name == scope["value"] or name.lower() == str(scope["id"]).lower():
            return str(scope["id"])
    raise InputError(
        f"pre_authorized_applications contains the scope {name}, which the application does not expose",
        answer=f"it exposes {', '.join(str(scope['value']) for scope in scopes) or 'none'}",
        hint="Add the scope to permission_scopes, or correct its name",
    )


def stages(have: t.Mapping[str, t.Any], changes: t.Sequence[_plan.Change]) -> list[list[_plan.Change]]:
    """Return ``changes`` grouped into the consecutive requests that Graph needs.

    An enabled role or scope must be disabled before it is removed or changed. A client application can be
    pre-authorized only for existing scopes (microsoftgraph/msgraph-sdk-dotnet #2044 [iss]).
    """
    by_option = {change.field.option: change for change in changes}
    first: list[_plan.Change] = []
    for option in ENTITLEMENTS:
        change = by_option.get(option)
        if change is None:
            continue
        after = {item["id"]: item for item in change.after}
        disabled = [
            item if _compatible(item, after.get(item["id"])) else {**item, "enabled": False} for item in have[option]
        ]
        if disabled != have[option]:
            first.append(_plan.Change(change.field, have[option], disabled))
    clients, scopes = by_option.get("pre_authorized_applications"), by_option.get("permission_scopes")
    if clients and scopes:
        staying = {item["id"] for item in scopes.after}
        kept = [{**item, "scopes": [key for key in item["scopes"] if key in staying]} for item in clients.before]
        kept = [item for item in kept if item["scopes"]]
        if kept != clients.before:
            first.append(_plan.Change(clients.field, clients.before, kept))
        others = [change for change in changes if change is not clients]
        return [stage for stage in (first, others, [clients]) if stage]
    return [stage for stage in (first, list(changes)) if stage]


def _compatible(item: Document, other: Document | None) -> bool:
    """Return True if ``item`` can become ``other`` in one step: it is disabled, or only its state changes."""

    def meaning(entitlement: Document) -> Document:
        return {name: value for name, value in entitlement.items() if value and name != "enabled"}

    return not item["enabled"] or (other is not None and meaning(item) == meaning(other))
