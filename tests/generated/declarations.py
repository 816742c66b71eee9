# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations of entra_app: any options, with any values that fit each other and a present state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generated import words
from generated.states import State, states
from generated.words import booleans, members, one_in, some, texts
from hypothesis import strategies as st

Draw = Any
Declaration = dict[str, Any]

OPTIONS = (
    "description", "notes", "tags", "service_management_reference", "requested_access_token_version",
    "web_redirect_uris", "spa_redirect_uris", "public_client_redirect_uris", "fallback_public_client_enabled",
    "id_token_issuance_enabled", "access_token_issuance_enabled", "home_page_url", "logout_url", "marketing_url",
    "privacy_statement_url", "support_url", "terms_of_service_url", "logo", "group_membership_claims",
    "optional_claims", "identifier_uris", "app_roles", "permission_scopes", "pre_authorized_applications",
    "required_resource_access", "admin_consent", "owners", "assignments", "certificates", "federated_credentials",
    "service_principal_lock", "service_principal", "client_secrets",
)  # fmt: skip
# Graph does not show these of a deleted application, so that check mode cannot predict what a restore brings back
NOT_OF_DELETED = ("logo", "admin_consent", "owners", "assignments", "certificates", "federated_credentials")


@dataclass(frozen=True)
class Example:
    """A present state, or None, and a declaration; ``target`` is whether the declaration means that application."""

    state: State | None
    declaration: Declaration
    target: bool


def _mixed_case(draw: Draw, key: str) -> str:
    return draw(st.sampled_from([key, key.upper()]))


def _subset(draw: Draw, vocabulary: list[str]) -> dict[str, Any]:
    """Return some of set, add and remove."""
    if draw(booleans):
        return {"set": draw(some(vocabulary))}
    add = draw(some(vocabulary))
    remove = draw(some([item for item in vocabulary if item not in add])) if len(add) < len(vocabulary) else []
    return {name: value for name, value in (("add", add), ("remove", remove)) if value or draw(booleans)}


def _doubled(draw: Draw, items: list[str]) -> list[str]:
    """Sometimes add a duplicate item."""
    return [*items, items[0]] if items and draw(one_in(8)) else items


_claims = st.lists(
    members(
        {"name": st.sampled_from(words.CLAIM_NAMES)},
        {
            "source": st.just("user"),
            "essential": booleans,
            "additional_properties": some(words.CLAIM_PROPERTIES),
        },
    ),
    max_size=2,
    unique_by=lambda claim: claim["name"],
)


def _ids(draw: Draw, values: list[str], ids: dict[str, str]) -> dict[str, str | None]:
    """Return an ID for some values: the present one's, another, or that of a present value that is not declared."""
    found: dict[str, str | None] = dict.fromkeys(values)
    for value in values:
        if value in ids:
            found[value] = draw(st.sampled_from([None, None, ids[value], ids[value].upper(), f"9{ids[value][1:]}"]))
    free = [key for value, key in ids.items() if value not in values]
    if free and draw(booleans):
        found["Renamed"] = draw(st.sampled_from(free))
    return found


def _entitlements(draw: Draw, ids: dict[str, str], required: Any, optional: Any) -> list[dict[str, Any]]:
    chosen = _ids(draw, draw(some([*ids, "New"])), ids)
    entries = [{"value": value, **draw(members(required, optional))} for value in chosen]
    return [entry | ({"id": key} if key else {}) for entry, key in zip(entries, chosen.values(), strict=True)]


def _roles(draw: Draw) -> list[dict[str, Any]]:
    required = {"display_name": st.sampled_from(["Admin", "Other name"]), "description": st.sampled_from(["Admin"])}
    optional = {"enabled": booleans, "allowed_member_types": st.sampled_from(words.MEMBER_TYPES)}
    return _entitlements(draw, words.ROLE_IDS, required, optional)


def _scopes(draw: Draw) -> list[dict[str, Any]]:
    text = st.sampled_from(["read", "Other text"])
    required = {"admin_consent_display_name": text, "admin_consent_description": text}
    optional = {
        "type": st.sampled_from(["User", "Admin"]),
        "user_consent_display_name": st.sampled_from(["", "Use it"]),
        "user_consent_description": text,
        "enabled": booleans,
    }
    return _entitlements(draw, words.SCOPE_IDS, required, optional)


def _resources(draw: Draw, *, optional: bool) -> list[dict[str, Any]]:
    entries = []
    for name in draw(some(tuple(words.PERMISSIONS))):
        scopes, roles = words.PERMISSIONS[name]
        entry: dict[str, Any] = {"resource": draw(st.sampled_from([name, words.RESOURCE_IDS[name]]))}
        for option, known in (("scopes", scopes), ("app_roles", roles)):
            if not optional or not draw(one_in(4)):
                entry[option] = [draw(st.sampled_from([item, known[item]])) for item in draw(some(tuple(known)))]
        entries.append(entry)
    if not optional and draw(booleans):  # a resource that is not in the tenant
        unknown = "99999999-0000-4000-8000-00000000000"
        entries.append({"resource": f"{unknown}0", "scopes": [f"{unknown}1"], "app_roles": draw(some([f"{unknown}2"]))})
    return entries


def _assignments(draw: Draw, roles: list[dict[str, Any]]) -> dict[str, Any]:
    """``roles`` are those that the application will have, with the names of the options."""
    enabled = [role for role in roles if role["enabled"]]
    names = [
        role[key] for role in enabled if "User" in role["allowed_member_types"] for key in ("value", "id") if role[key]
    ]
    names = names if enabled else [None]
    people = [{"user": f"<{name}>"} for name in words.USERS] + [{"user": f"<upn:{name}>"} for name in words.USERS]
    people += [{"group": name} for name in words.GROUPS] + [{"group": f"<group:{name}>"} for name in words.GROUPS]

    def entries(who: list[dict[str, str]]) -> list[dict[str, Any]]:
        if not names or not who:
            return []
        return [
            {**person, **({"app_role": role} if role else {})}
            for person, role in draw(st.lists(st.tuples(st.sampled_from(who), st.sampled_from(names)), max_size=3))
        ]

    if draw(booleans):
        return {"set": entries(people)}
    cut = draw(st.integers(0, 1))
    added = [people[cut], people[2 + cut], people[4 + cut], people[6 + cut]]
    others = [item for item in people if item not in added]
    known = [None, *(role["value"] for role in roles if role["value"])]
    removed = draw(st.lists(st.tuples(st.sampled_from(others), st.sampled_from(known)), max_size=3))
    return {
        "add": entries(added),
        "remove": [{**person, **({"app_role": role} if role else {})} for person, role in removed],
    }


def _certificates(draw: Draw) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for number in draw(st.lists(st.integers(0, 2), unique=True)):
        given = draw(st.sampled_from([{"content": f"<pem:{number}>"}, {"path": f"<path:{number}>"}]))
        if draw(booleans):
            entries.append({**given, **draw(members({}, {"name": st.sampled_from(["mine", "by hand"])}))})
        else:
            given = draw(st.sampled_from([given, {"thumbprint": f"<thumbprint:{number}>"}]))
            entries.append({**given, "state": "absent"})
    return entries


def _federated(draw: Draw, state: State | None) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    optional = {
        "description": st.one_of(st.just(""), texts),
        "audiences": st.sampled_from(words.AUDIENCES).map(lambda one: [one]),
    }
    for name in draw(some(words.CREDENTIALS)):
        if draw(booleans):
            entries.append({"name": name, "state": "absent"})
            there = (state or {}).get("federated", {}).get(name)
            if there and draw(booleans):  # renamed: another name trusts the same tokens
                trusted = {"issuer": there["issuer"], "subject": f"{name}:{there['branch']}"}
                entries.append({"name": f"{name}-renamed", **trusted})
            continue
        subject = f"{name}:{draw(st.sampled_from(['main', 'dev']))}"
        required = {"name": st.just(name), "issuer": st.sampled_from(words.ISSUERS), "subject": st.just(subject)}
        entries.append(draw(members(required, optional)))
    return draw(st.permutations(entries))


def _principal(draw: Draw, *, absent: bool) -> dict[str, Any]:
    if absent and draw(booleans):
        return {"state": "absent"}
    optional = {
        "account_enabled": booleans,
        "app_role_assignment_required": booleans,
        "visible_to_users": booleans,
        "notes": st.one_of(st.just(""), texts),
        "notification_email_addresses": some(words.ADDRESSES).map(list),
        "preferred_single_sign_on_mode": st.sampled_from(["", *words.SSO_MODES]),
    }
    return draw(members({}, optional))


def _client_secrets(draw: Draw, state: State | None, *, safe: bool) -> list[dict[str, Any]]:
    entries = []
    passwords = enumerate((state or {}).get("passwords", []))
    there = {number: item["displayName"] for number, item in passwords}
    for name in draw(some(words.SECRET_NAMES, maximum=1 if safe else 2)):
        entry: dict[str, Any] = {
            "name": name,
            "state": draw(st.sampled_from(["present", "present", "absent", "retire"])),
        }
        # Not one that belongs to the other name, whose own entry declares it.
        held = [number for number, owner in there.items() if owner not in words.SECRET_NAMES or owner == name]
        number = draw(st.sampled_from([None, -1, *held]))
        if number == -1:
            entry["held"] = "a value that Entra never gave"
        elif number is not None:
            del there[number]
            entry |= draw(st.sampled_from([{"held": f"<secret:{number}>"}, {"held_key_id": f"<key:{number}>"}]))
        entries.append(entry)
    return entries


def options(draw: Draw, state: State | None, chosen: list[str], *, safe: bool, roles: bool) -> Declaration:
    """Values of these options, in an order in which each can depend on the earlier ones."""
    text = st.one_of(st.just(""), texts)
    url = st.sampled_from(["", *words.URLS])
    uris = [*words.IDENTIFIER_URIS, "api://{app_id}", *([] if safe else ["urn:desk:1"])]
    web = list(words.WEB if safe else words.WEB_ORGANISATIONS)
    lock = ("enabled", "all_properties", "credentials_with_usage_sign", "credentials_with_usage_verify")
    plain: dict[str, st.SearchStrategy] = {
        **dict.fromkeys(("description", "notes", "service_management_reference"), text),
        **dict.fromkeys(
            ("home_page_url", "marketing_url", "privacy_statement_url", "support_url", "terms_of_service_url"), url
        ),
        **dict.fromkeys([option for option in OPTIONS if option.endswith("_enabled")], booleans),
        "logout_url": st.sampled_from(["", *words.LOGOUT_URLS]),
        "requested_access_token_version": st.just(2) if safe else st.sampled_from([1, 2]),
        "logo": st.sampled_from([0, 1, 2]).map(lambda number: f"<logo:{number}>"),
        "optional_claims": members({}, {"id_token": _claims, "access_token": _claims}),
        "service_principal_lock": members({}, dict.fromkeys((*lock, "token_encryption_key_id"), booleans)),
    }
    absent = not {"assignments", "admin_consent", "client_secrets"} & set(chosen)
    made: dict[str, Any] = {
        "tags": lambda: _doubled(draw, draw(some(words.TAGS))),
        "group_membership_claims": lambda: _doubled(draw, draw(some(words.GROUP_CLAIMS))),
        "identifier_uris": lambda: _doubled(draw, draw(some(uris))),
        "web_redirect_uris": lambda: _subset(draw, web),
        "spa_redirect_uris": lambda: _subset(draw, list(words.SPA)),
        "public_client_redirect_uris": lambda: _subset(draw, list(words.PUBLIC)),
        "app_roles": lambda: _roles(draw) if roles else [],
        "permission_scopes": lambda: _scopes(draw),
        "required_resource_access": lambda: _resources(draw, optional=False),
        "admin_consent": lambda: _resources(draw, optional=True),
        "owners": lambda: _subset(draw, ["<automation>", "<upn:alice>", "<bob>", "<client>"]),
        "certificates": lambda: _certificates(draw),
        "federated_credentials": lambda: _federated(draw, state),
        "service_principal": lambda: _principal(draw, absent=absent),
        "client_secrets": lambda: _client_secrets(draw, state, safe=safe),
    }
    declaration: Declaration = {}
    for option in chosen:
        if option in plain:
            declaration[option] = draw(plain[option])
        elif option in made:
            declaration[option] = made[option]()
    application = (state or {}).get("application", {})
    if "pre_authorized_applications" in chosen:
        scopes = declaration.get("permission_scopes")
        if scopes is None:
            scopes = application.get("api", {}).get("oauth2PermissionScopes", [])
        names = [scope["value"] for scope in scopes] + [scope["id"].lower() for scope in scopes if scope.get("id")]
        declaration["pre_authorized_applications"] = [
            {"app_id": _mixed_case(draw, client), "scopes": draw(some(names, maximum=1))}
            for client in draw(some(words.OTHER_CLIENTS))
        ]
    principal = declaration.get("service_principal", {})
    hides = "HideApp" in declaration.get("tags", application.get("tags", []))
    if hides and principal.get("visible_to_users"):  # the application hides it, whatever its service principal has
        principal["visible_to_users"] = False
    if "assignments" in chosen:
        declaration["assignments"] = _assignments(draw, _roles_to_be(application, declaration))
    return declaration


def _roles_to_be(application: dict[str, Any], declaration: Declaration) -> list[dict[str, Any]]:
    """Return the roles that the application will have, with the members that assignments depend on."""
    if "app_roles" in declaration:
        return [
            {"enabled": True, "allowed_member_types": ["User"], "id": None, **role} for role in declaration["app_roles"]
        ]
    return [
        {
            "value": role["value"],
            "id": role["id"],
            "enabled": role["isEnabled"],
            "allowed_member_types": role["allowedMemberTypes"],
        }
        for role in application.get("appRoles", [])
    ]


def _keys(draw: Draw, state: State | None, *, target: bool) -> Declaration:
    """Return the keys that name the application, and sometimes its new names."""
    name = st.sampled_from(words.NAMES)
    if state is None or not target:
        present = (state or {}).get("application", {})
        free = [unique for unique in words.UNIQUE_NAMES if unique != present.get("uniqueName")]
        unique = draw(st.sampled_from(free))
        # A second application with the name of one that has no unique name is refused.
        names = [item for item in words.NAMES if item != present.get("displayName") or "uniqueName" in present]
        ways = [{"unique_name": unique}, {"unique_name": unique, "display_name": draw(st.sampled_from(names))}]
        others = [item for item in words.NAMES if item != present.get("displayName")]
        return draw(st.sampled_from([*ways, {"display_name": draw(st.sampled_from(others))}]))
    document = state["application"]
    unique = document.get("uniqueName")
    renamed = draw(st.sampled_from([{}, {"display_name": draw(name)}]))
    filled = draw(st.sampled_from([{}, {"unique_name": unique or draw(st.sampled_from(words.UNIQUE_NAMES))}]))
    ways = [
        {"object_id": "<object_id>", **renamed, **filled},
        {"app_id": "<app_id>", **renamed, **filled},
        {"display_name": document["displayName"]},
    ]
    if unique:
        ways.append({"unique_name": unique, **renamed})
    elif not state["deleted"]:
        fresh = draw(st.sampled_from(words.UNIQUE_NAMES))
        ways.append({"unique_name": fresh, "display_name": document["displayName"], "adopt": True})
    return draw(st.sampled_from(ways))


@st.composite
def examples(draw: Draw) -> Example:
    """A present state and a declaration that Entra accepts after it."""
    kind = draw(st.sampled_from(["organisation", "organisation", "organisation", "personal", "becomes", "leaves"]))
    organisation, personal = (draw(st.sampled_from(group)) for group in (words.ORGANISATIONS, words.PERSONAL))
    safe = kind != "organisation"
    count = draw(st.sampled_from([8, 14, 3, 20, 0]))
    chosen = draw(some(list(OPTIONS), count, count + 4))
    state, target = None, True
    if not draw(one_in(6)):
        audience = personal if kind in ("personal", "leaves") else organisation
        target = not draw(one_in(10))
        with_roles = kind == "organisation" or (kind == "becomes" and "app_roles" in chosen)
        state = draw(states(audience, roles=with_roles, safe=safe, apart=not target))
    keys = _keys(draw, state, target=target)
    if target and state and draw(one_in(20)):
        names = {key: value for key, value in keys.items() if key != "adopt"}
        if "adopt" in keys:  # it takes one over, and cannot delete one
            names.pop("unique_name")
        # Found by display name only, a deleted one is not purged, because that cannot be undone.
        purge = draw(booleans) and not (state["deleted"] and next(iter(names)) == "display_name")
        return Example(state, {**names, "state": "absent", "purge": purge}, target)
    if target and state and state["deleted"]:
        chosen = [option for option in chosen if option not in NOT_OF_DELETED]
        keys["restore"] = True
    own = state if target else None
    declaration = {**keys, **options(draw, own, chosen, safe=safe, roles=kind in ("organisation", "leaves"))}
    if kind == "becomes" or (kind == "personal" and own is None):
        declaration["sign_in_audience"] = personal
    elif kind == "leaves" or draw(booleans):
        declaration["sign_in_audience"] = personal if kind == "personal" else organisation
    if "client_secrets" in declaration:
        declaration |= draw(
            members({}, {"verify_held": st.sampled_from(["unlisted", "never"]), "retire_superseded": st.just(False)})
        )
    return Example(state, declaration, target)
