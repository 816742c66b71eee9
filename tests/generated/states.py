# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Present states: an application as a user of the portal may have created it, with all related objects."""

from __future__ import annotations

from typing import Any

from generated import words
from generated.words import booleans, members, one_in, some, texts
from hypothesis import strategies as st

State = dict[str, Any]
Draw = Any
NO_ROLE = "00000000-0000-0000-0000-000000000000"

_claim = members(
    {"name": st.sampled_from(words.CLAIM_NAMES)},
    {
        "source": st.sampled_from([None, "user"]),
        "essential": booleans,
        "additionalProperties": some(words.CLAIM_PROPERTIES),
    },
)
_claims = st.lists(_claim, max_size=2, unique_by=lambda claim: claim["name"])
_optional_claims = members({}, {"idToken": _claims, "accessToken": _claims, "saml2Token": _claims})
_group_claims = st.one_of(
    st.sampled_from([None, "None"]),
    st.tuples(some(words.GROUP_CLAIMS, 1), st.sampled_from([",", ", "])).map(lambda drawn: drawn[1].join(drawn[0])),
)
_switch = st.sampled_from([None, False, True])
_lock = members(
    {"isEnabled": booleans},
    dict.fromkeys(("allProperties", "credentialsWithUsageSign", "credentialsWithUsageVerify"), _switch),
)
# Members that the module does not know
_foreign = {
    "parentalControlSettings": st.just(
        {"countriesBlockedForMinors": ["FR"], "legalAgeGroupRule": "RequireConsentForKids"}
    ),
    "addIns": st.just([{"id": "f0000000-0000-4000-8000-000000000001", "type": "FileHandler", "properties": []}]),
    "isDeviceOnlyAuthSupported": _switch,
    "defaultRedirectUri": st.sampled_from([None, "https://desk1.example/"]),
    "samlMetadataUrl": st.sampled_from([None, "https://desk.example/saml"]),
}


def _access(draw: Draw) -> list[dict[str, Any]]:
    """requiredResourceAccess, in which one resource may have two entries."""
    found = []
    for resource in draw(st.lists(st.sampled_from(["Microsoft Graph", "Microsoft Graph", words.FLEET]), max_size=2)):
        scopes, roles = words.PERMISSIONS[resource]
        items = [{"id": scopes[name], "type": "Scope"} for name in draw(some(tuple(scopes)))]
        items += [{"id": roles[name], "type": "Role"} for name in draw(some(tuple(roles)))]
        found.append({"resourceAppId": words.RESOURCE_IDS[resource], "resourceAccess": items})
    return found


def _roles(draw: Draw) -> list[dict[str, Any]]:
    found = [
        {
            "id": words.ROLE_IDS[value],
            "value": value,
            "displayName": draw(st.sampled_from([value, "Other name"])),
            "description": value,
            "allowedMemberTypes": draw(st.sampled_from(words.MEMBER_TYPES)),
            "isEnabled": draw(booleans),
        }
        for value in draw(some(tuple(words.ROLE_IDS)))
    ]
    if draw(one_in(8)):  # the portal allows roles without a value
        nameless = {"displayName": "Default", "description": "Default", "allowedMemberTypes": ["User"]}
        found.append({"id": "b0000000-0000-4000-8000-00000000000f", "value": None, "isEnabled": True, **nameless})
    return found


def _scopes(draw: Draw) -> list[dict[str, Any]]:
    consent = st.sampled_from([None, "Use it"])
    return [
        {
            "id": words.SCOPE_IDS[value],
            "value": value,
            "type": draw(st.sampled_from(["User", "Admin"])),
            "adminConsentDisplayName": value,
            "adminConsentDescription": draw(st.sampled_from([value, "Other text"])),
            "userConsentDisplayName": draw(consent),
            "userConsentDescription": draw(consent),
            "isEnabled": draw(booleans),
        }
        for value in draw(some(tuple(words.SCOPE_IDS)))
    ]


def _application(draw: Draw, audience: str, roles: bool, safe: bool) -> dict[str, Any]:
    """Return the members of an application. ``safe`` restricts them to those that all audiences allow."""
    personal = audience in words.PERSONAL
    scopes = _scopes(draw)
    some_scopes = some([scope["id"] for scope in scopes], 1) if scopes else st.just([])
    clients = draw(some(words.OTHER_CLIENTS)) if scopes else []
    url = st.sampled_from([None, *words.URLS])
    uris = [*words.IDENTIFIER_URIS, *([] if safe else ["urn:desk:1"])]
    optional = {
        "description": texts,
        "notes": texts,
        "serviceManagementReference": texts,
        "tags": some(words.TAGS),
        "groupMembershipClaims": _group_claims,
        "optionalClaims": _optional_claims,
        "isFallbackPublicClient": _switch,
        "identifierUris": some(uris),
        "spa": st.fixed_dictionaries({"redirectUris": some(words.SPA)}),
        "publicClient": st.fixed_dictionaries({"redirectUris": some(words.PUBLIC)}),
        "info": members({}, dict.fromkeys(("marketingUrl", "privacyStatementUrl", "supportUrl"), url)),
        "servicePrincipalLockConfiguration": _lock,
        **_foreign,
    }
    web_uris = some(words.WEB if safe else words.WEB_ORGANISATIONS)
    web = {
        "implicitGrantSettings": members(
            {}, {"enableIdTokenIssuance": booleans, "enableAccessTokenIssuance": booleans}
        ),
        "homePageUrl": url,
        "logoutUrl": st.sampled_from([None, *words.LOGOUT_URLS]),
    }
    document = draw(members({"displayName": st.sampled_from(words.NAMES), "web": members({}, web)}, optional))
    given = draw(web_uris)
    if draw(booleans):
        document["web"]["redirectUris"] = given
    else:
        document["web"]["redirectUriSettings"] = [{"uri": uri, "index": None} for uri in given]
    version = 2 if personal else draw(st.sampled_from([None, 1, 2]))
    document |= {
        "signInAudience": audience,
        "requiredResourceAccess": _access(draw),
        "appRoles": _roles(draw) if roles else [],
        "api": {
            "requestedAccessTokenVersion": version,
            "knownClientApplications": draw(some(words.OTHER_CLIENTS)),
            "oauth2PermissionScopes": scopes,
            "preAuthorizedApplications": [{"appId": c, "delegatedPermissionIds": draw(some_scopes)} for c in clients],
        },
    }
    return document


def assignable(roles: list[dict[str, Any]], member: str) -> list[str]:
    """Return the IDs of the roles that can be assigned to a User (or group) or an Application, see graph_grants."""
    enabled = [role for role in roles if role["isEnabled"]]
    return [role["id"] for role in enabled if member in role["allowedMemberTypes"]] if enabled else [NO_ROLE]


def _principal(draw: Draw, application: dict[str, Any]) -> State:
    """Return the service principal with its grants and assignments; the application's tags appear among its own."""
    roles, inherited = application["appRoles"], application.get("tags", [])
    optional = {
        "accountEnabled": booleans,
        "appRoleAssignmentRequired": booleans,
        "notes": texts,
        "notificationEmailAddresses": some(words.ADDRESSES),
        "preferredSingleSignOnMode": st.sampled_from([None, *words.SSO_MODES]),
        "tags": some([tag for tag in words.TAGS if tag not in inherited]),
        "alternativeNames": st.just(["by hand"]),
        "loginUrl": st.just("https://desk.example/login"),
        "description": texts,
    }
    grants = []
    for resource, (scopes, _roles_there) in words.PERMISSIONS.items():
        for person in draw(some([None, "<alice>", "<bob>"], maximum=2)):
            scope = draw(st.sampled_from([" ", "  "])).join(draw(some(tuple(scopes), 1)))
            grants.append({"resource": resource, "principal": person, "scope": scope})
    held = [
        [resource, role] for resource, (_s, there) in words.PERMISSIONS.items() for role in draw(some(tuple(there)))
    ]
    people = ["<alice>", "<bob>", *(f"<group:{name}>" for name in words.GROUPS)]
    pairs = [[person, role] for person in people for role in assignable(roles, "User")]
    pairs += [["<client>", role] for role in assignable(roles, "Application")]
    assigned = draw(st.lists(st.sampled_from(pairs), unique_by=tuple, max_size=4))
    return {"members": draw(members({}, optional)), "grants": grants, "held": held, "assigned": assigned}


@st.composite
def states(draw: Draw, audience: str, *, roles: bool, safe: bool, apart: bool) -> State:
    """An application and all related objects; ``apart`` omits those that only one application can have."""
    application = _application(draw, audience, roles, safe)
    unique_name = draw(st.sampled_from([None, *words.UNIQUE_NAMES]))
    if unique_name:
        application["uniqueName"] = unique_name
    if apart:
        application.pop("identifierUris", None)
    password = st.fixed_dictionaries(
        {
            "displayName": st.sampled_from([*words.SECRET_NAMES, "by hand", None]),
            "start_days": st.sampled_from([-3, -200, 0]),
            "end_days": st.sampled_from([400, 10]),
        }
    )
    key = st.fixed_dictionaries({"certificate": st.integers(0, 3), "displayName": st.sampled_from([None, "by hand"])})
    credential = members(
        {"issuer": st.sampled_from(words.ISSUERS), "branch": st.sampled_from(["main", "dev"])},
        {"description": texts, "audiences": st.sampled_from([[words.AUDIENCES[1]]])},
    )
    return {
        "application": application,
        "own_uri": not apart and draw(booleans),
        "deleted": draw(one_in(10)),
        "owners": draw(some(["<automation>", "<alice>", "<bob>", "<client>"])),
        "passwords": draw(st.lists(password, max_size=1 if safe else 4)),
        "keys": draw(st.lists(key, max_size=3, unique_by=lambda item: item["certificate"])),
        "federated": draw(st.dictionaries(st.sampled_from([*words.CREDENTIALS, "by hand"]), credential)),
        "logo": draw(st.sampled_from([None, None, 0, 1])),
        "principal": _principal(draw, application) if not draw(one_in(4)) else None,
    }
