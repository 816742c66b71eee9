# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What Entra would refuse in a declaration, found before the first request.

Sources: "Validation differences by supported account types" and the application resource type [doc];
hashicorp/terraform-provider-azuread for the numbers of the personal audiences [src].
"""

from __future__ import annotations

import itertools
import typing as t
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input, _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import fields, redirect_uris
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.redirect_uris import (
    PERSONAL_AUDIENCES,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

Params = t.Mapping[str, t.Any]

# Of the type itself. The next two are those of the page on supported accounts [doc]; an application may have a longer
# name all the same, and keeps it.
DISPLAY_NAME_MAX_OF_ALL = 256
DISPLAY_NAME_MAX = 120
DISPLAY_NAME_MAX_PERSONAL = 90
TAG_MAX = 256
NOTES_MAX = 1024
LOGOUT_URL_MAX = 255
IDENTIFIER_URIS_MAX_PERSONAL = 50
RESOURCES_MAX_PERSONAL = 50
PERMISSIONS_MAX_PERSONAL = 30
PERMISSIONS_MAX_TOTAL_PERSONAL = 200
ENTITLEMENT_VALUE_MAX = 120
URLS = ("home_page_url", "marketing_url", "privacy_statement_url", "support_url", "terms_of_service_url")
# What to do where an application would have more redirect URIs than its audience allows
SPLIT = (
    "Remove those that are not used, or use several applications (in the role entra_oidc, set "
    "rustdesk_sso_app_unique_name to a different name for each group of servers)"
)
# In which list of an entitlement each of its values may be only once.
UNIQUE = ("id", "value")


def check(params: Params) -> None:
    """Raise InputError for the first part of a declaration of an application that Entra would refuse."""
    audience = params.get("sign_in_audience")
    for option in fields.REDIRECT_URIS:
        _check_redirect_uris(option, params.get(option) or {}, audience)
    given = {option: _given(params.get(option) or {}) for option in fields.REDIRECT_URIS}
    for uri, (one, other) in redirect_uris.on_two_platforms(given).items():
        raise InputError(
            f"{one} and {other} have the same URI {_input.cut(uri)}",
            answer="Entra allows a redirect URI on one platform of an application only",
            hint=f"Remove it from {one} or {other}",
        )
    _check_texts(params, audience)
    for option in fields.ENTITLEMENTS:
        _check_entitlements(option, params.get(option) or [])
    for kind in ("id_token", "access_token", "saml2_token"):
        names = [claim["name"] for claim in (params.get("optional_claims") or {}).get(kind) or []]
        _plan.check_once(f"optional_claims.{kind}", names)
    if audience in PERSONAL_AUDIENCES:
        _check_personal(params, str(audience))


def check_result(have: Params, values: Params) -> None:
    """Raise InputError where the application, as it would become, breaks a limit that its audience sets.

    ``have`` and ``values`` are all fields by option name, before and after. What is not declared may break a limit that
    a declared audience brings; what Entra has taken under the same audience is not questioned.
    """
    audience = values.get("sign_in_audience")
    _check_display_name(have, values)
    _check_platforms(have, values)
    stays = audience == have.get("sign_in_audience")
    for option in fields.REDIRECT_URIS:
        known = set(have.get(option) or []) if stays else set()
        new = [uri for uri in values.get(option) or [] if uri not in known]
        found = redirect_uris.malformed(new, audience, any_scheme=option == fields.PUBLIC)
        many = redirect_uris.too_many(values.get(option) or [], audience) if new else []
        found += many
        if found:
            raise InputError(
                f"The application's {option.replace('_', ' ').replace('uris', 'URIs')} would be refused by Entra",
                answer="; ".join(found),
                hint=SPLIT if many else None,
            )
    if audience in PERSONAL_AUDIENCES and not stays:
        _check_personal(values, str(audience))


def _check_display_name(have: Params, values: Params) -> None:
    """A name that the application has already may be longer than a new one, unless another audience allows less."""
    limit, name = _display_name_max(values.get("sign_in_audience")), values.get("display_name") or ""
    stays = name == have.get("display_name") and limit >= _display_name_max(have.get("sign_in_audience"))
    if len(name) > limit and not stays:
        raise _too_long("display_name", limit, values.get("sign_in_audience"))


def _display_name_max(audience: str | None) -> int:
    return DISPLAY_NAME_MAX_PERSONAL if audience in PERSONAL_AUDIENCES else DISPLAY_NAME_MAX


def _too_long(option: str, limit: int, audience: str | None) -> InputError:
    return InputError(
        f"{option} has more than {limit} characters, which is too many with sign_in_audience {audience}",
        hint=f"Set {option} to a shorter name",
    )


def _check_redirect_uris(option: str, uris: Params, audience: str | None) -> None:
    _plan.check_chosen(option, uris)
    clash = sorted(set(uris.get("add") or []) & set(uris.get("remove") or []))
    if clash:
        raise InputError(f"{option} adds and removes the same: {_input.cut(', '.join(clash))}")
    found = redirect_uris.problems(_given(uris), audience, any_scheme=option == fields.PUBLIC)
    if found:
        many = redirect_uris.too_many(_given(uris), audience)
        hint = SPLIT if found == many else "Change them"
        raise InputError(f"{option} would be refused by Entra", answer="; ".join(found), hint=hint)


def _given(uris: Params) -> list[str]:
    return [*(uris.get("set") or []), *(uris.get("add") or [])]


def _check_platforms(have: Params, values: Params) -> None:
    """Raise InputError for a URI that would get a second platform; see on_two_platforms()."""
    before, after = ({o: side.get(o) or [] for o in fields.REDIRECT_URIS} for side in (have, values))
    for uri, options in redirect_uris.on_two_platforms(after).items():
        there = [option for option in options if uri in before[option]]
        if len(there) != 1:  # Graph has taken both, or this is a new application, see check()
            continue
        (new,) = set(options) - set(there)
        held, platform = there[0], redirect_uris.PLATFORMS[there[0]]
        role = "; in the role entra_oidc, set rustdesk_sso_app_move_redirect_uris to true"
        raise InputError(
            f"The redirect URI {uri} cannot be added to {new}",
            answer=f"the application has it under the platform {platform} ({held}), and Entra allows one platform only",
            hint=f"To move it, remove it from {held} in the same task" + (role if new == fields.WEB else ""),
        )


def _check_texts(params: Params, audience: str | None) -> None:
    # The limit of the other audiences is only that of new names, see check_result().
    limit = DISPLAY_NAME_MAX_PERSONAL if audience in PERSONAL_AUDIENCES else DISPLAY_NAME_MAX_OF_ALL
    if params.get("display_name") is not None and not 0 < len(params["display_name"]) <= limit:
        raise InputError(f"display_name has to have 1 to {limit} characters with sign_in_audience {audience}")
    for tag in params.get("tags") or []:
        if not 0 < len(tag) <= TAG_MAX or any(character.isspace() for character in tag):
            raise InputError(
                f"tags has {_input.quoted(tag)}", hint=f"A tag has 1 to {TAG_MAX} characters and no white space"
            )
    if len(params.get("notes") or "") > NOTES_MAX:
        raise InputError(f"notes has more than {NOTES_MAX} characters")
    for option in URLS:
        if params.get(option) and not _is_url(params[option], ("https", "http")):
            raise InputError(f"{option} is not an http(s) URL: {_input.quoted(params[option])}")
    logout = params.get("logout_url")
    if logout and (not _is_url(logout, ("https",)) or len(logout) > LOGOUT_URL_MAX):
        raise InputError(
            f"logout_url has to be an https URL of at most {LOGOUT_URL_MAX} characters: {_input.quoted(logout)}"
        )
    _check_identifier_uris(params.get("identifier_uris") or [])
    for entry in params.get("pre_authorized_applications") or []:
        if not GUID.fullmatch(entry["app_id"]):
            raise InputError(
                f"pre_authorized_applications has an app_id that is not a GUID: {_input.quoted(entry['app_id'])}"
            )


def _check_identifier_uris(uris: t.Sequence[str]) -> None:
    """Hosts are not checked: which domains are verified takes another permission to read, so Entra has the word."""
    for uri in uris:
        if not _has_scheme(uri) or uri.endswith("/") or any(character.isspace() for character in uri):
            raise InputError(
                f"identifier_uris has {_input.quoted(uri)}",
                hint="Write a URI without a slash at its end, such as api://{app_id}",
            )
    for one, other in itertools.pairwise(sorted(set(uris), key=str.lower)):
        if one.lower() == other.lower():  # the same to Entra [iss]
            raise InputError(
                f"identifier_uris has {_input.cut(one)} and {_input.cut(other)}, which differ in case only",
                hint="Remove one",
            )


def _has_scheme(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    return not _input.url_problem(text, schemes=schemes, query=True)


def _check_entitlements(option: str, items: t.Sequence[Params]) -> None:
    for item in items:
        value = _input.quoted(item["value"])
        name = f"{option} {value}"
        if not 0 < len(item["value"]) <= ENTITLEMENT_VALUE_MAX or any(c.isspace() for c in item["value"]):
            raise InputError(f"{option} has the value {value}", hint="It must not be empty or have spaces")
        if item.get("id") and not GUID.fullmatch(item["id"]):
            raise InputError(f"{name} has an id that is not a GUID: {_input.quoted(item['id'])}")
        if option == "app_roles" and not item["allowed_member_types"]:
            raise InputError(f"{name} has no allowed_member_types", hint="Set them to User, Application or both")
    for member in UNIQUE:
        _plan.check_once(f"{member} of {option}", [item[member] for item in items if item.get(member)])


def _check_personal(values: Params, audience: str) -> None:
    """The tighter limits of the audiences that include personal accounts."""

    def refuse(what: str, hint: str) -> t.NoReturn:
        raise InputError(f"{what} with sign_in_audience {audience}", hint=hint)

    other = "Choose AzureADMyOrg or AzureADMultipleOrgs, or "
    if values.get("app_roles"):
        refuse("app_roles are not supported", other + "set app_roles to []")
    if values.get("requested_access_token_version") not in (None, fields.PERSONAL_TOKEN_VERSION):
        refuse("requested_access_token_version has to be 2", "Set it to 2, or omit it")
    uris = values.get("identifier_uris") or []
    if len(uris) > IDENTIFIER_URIS_MAX_PERSONAL:
        refuse(f"More than {IDENTIFIER_URIS_MAX_PERSONAL} identifier_uris are not allowed", other + "name fewer")
    if any(uri.startswith("urn:") for uri in uris):
        refuse("An URN in identifier_uris is not allowed", other + "remove it")
    accesses = values.get("required_resource_access") or []
    counts = [len(entry.get("scopes") or []) + len(entry.get("app_roles") or []) for entry in accesses]
    if (
        len(accesses) > RESOURCES_MAX_PERSONAL
        or sum(counts) > PERMISSIONS_MAX_TOTAL_PERSONAL
        or max(counts, default=0) > PERMISSIONS_MAX_PERSONAL
    ):
        refuse(
            f"required_resource_access may have {RESOURCES_MAX_PERSONAL} resources, {PERMISSIONS_MAX_PERSONAL} "
            f"permissions of each and {PERMISSIONS_MAX_TOTAL_PERSONAL} in all",
            other + "require fewer",
        )
