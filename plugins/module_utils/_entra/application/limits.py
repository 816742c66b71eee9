# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Check a declaration against Entra's limits before the first request.

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

# The limit of the resource type. The next two come from the page on supported accounts [doc]; an existing longer name
# is kept.
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
# The next step if an application would have more redirect URIs than its audience allows
SPLIT = (
    "Remove unused redirect URIs, or use several applications (in the role entra_oidc, set "
    "rustdesk_sso_app_unique_name to a different name for each group of servers)"
)
# Members whose values must be unique among the entitlements of an application
UNIQUE = ("id", "value")


def check(params: Params) -> None:
    """Raise InputError for the first declared value that Entra would refuse."""
    audience = params.get("sign_in_audience")
    for option in fields.REDIRECT_URIS:
        _check_redirect_uris(option, params.get(option) or {}, audience)
    given = {option: _given(params.get(option) or {}) for option in fields.REDIRECT_URIS}
    for uri, (one, other) in redirect_uris.on_two_platforms(given).items():
        raise InputError(
            f"{one} and {other} both contain {_input.cut(uri)}",
            answer="Entra allows a redirect URI on only one platform of an application",
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
    """Raise InputError if the resulting application would exceed a limit of its audience.

    ``have`` and ``values`` are all fields by option name, before and after. A new audience can put undeclared values
    over a limit. Values that Entra has accepted under the same audience are not checked again.
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
                f"Entra would refuse the application's {option.replace('_', ' ').replace('uris', 'URIs')}",
                answer="; ".join(found),
                hint=SPLIT if many else None,
            )
    if audience in PERSONAL_AUDIENCES and not stays:
        _check_personal(values, str(audience))


def _check_display_name(have: Params, values: Params) -> None:
    """Check a new display name. An existing name may be longer, unless a new audience allows less."""
    limit, name = _display_name_max(values.get("sign_in_audience")), values.get("display_name") or ""
    stays = name == have.get("display_name") and limit >= _display_name_max(have.get("sign_in_audience"))
    if len(name) > limit and not stays:
        raise _too_long("display_name", limit, values.get("sign_in_audience"))


def _display_name_max(audience: str | None) -> int:
    return DISPLAY_NAME_MAX_PERSONAL if audience in PERSONAL_AUDIENCES else DISPLAY_NAME_MAX


def _too_long(option: str, limit: int, audience: str | None) -> InputError:
    return InputError(
        f"{option} has more than {limit} characters, the limit with sign_in_audience {audience}",
        hint=f"Shorten {option}",
    )


def _check_redirect_uris(option: str, uris: Params, audience: str | None) -> None:
    _plan.check_chosen(option, uris)
    clash = sorted(set(uris.get("add") or []) & set(uris.get("remove") or []))
    if clash:
        raise InputError(f"{option} both adds and removes {_input.cut(', '.join(clash))}")
    found = redirect_uris.problems(_given(uris), audience, any_scheme=option == fields.PUBLIC)
    if found:
        many = redirect_uris.too_many(_given(uris), audience)
        hint = SPLIT if found == many else "Correct these URIs"
        raise InputError(f"Entra would refuse {option}", answer="; ".join(found), hint=hint)


def _given(uris: Params) -> list[str]:
    return [*(uris.get("set") or []), *(uris.get("add") or [])]


def _check_platforms(have: Params, values: Params) -> None:
    """Raise InputError for a URI that would be added to a second platform; see on_two_platforms()."""
    before, after = ({o: side.get(o) or [] for o in fields.REDIRECT_URIS} for side in (have, values))
    for uri, options in redirect_uris.on_two_platforms(after).items():
        present = [option for option in options if uri in before[option]]
        if len(present) != 1:  # Graph has accepted both, or this is a new application, see check()
            continue
        (new,) = set(options) - set(present)
        held, platform = present[0], redirect_uris.PLATFORMS[present[0]]
        role = ". In the role entra_oidc, set rustdesk_sso_app_move_redirect_uris to true"
        raise InputError(
            f"The redirect URI {uri} cannot be added to {new}",
            answer=f"it is registered under the platform {platform} ({held}), and Entra allows only one platform",
            hint=f"To move it, remove it from {held} in the same task" + (role if new == fields.WEB else ""),
        )


def _check_texts(params: Params, audience: str | None) -> None:
    # The other audiences' limit applies only to new names, see check_result().
    limit = DISPLAY_NAME_MAX_PERSONAL if audience in PERSONAL_AUDIENCES else DISPLAY_NAME_MAX_OF_ALL
    if params.get("display_name") is not None and not 0 < len(params["display_name"]) <= limit:
        raise InputError(f"display_name must have 1 to {limit} characters with sign_in_audience {audience}")
    for tag in params.get("tags") or []:
        if not 0 < len(tag) <= TAG_MAX or any(character.isspace() for character in tag):
            raise InputError(
                f"tags contains {_input.quoted(tag)}", hint=f"Use tags of 1 to {TAG_MAX} characters without white space"
            )
    if len(params.get("notes") or "") > NOTES_MAX:
        raise InputError(f"notes has more than {NOTES_MAX} characters")
    for option in URLS:
        if params.get(option) and not _is_url(params[option], ("https", "http")):
            raise InputError(f"{option} is not an http(s) URL: {_input.quoted(params[option])}")
    logout = params.get("logout_url")
    if logout and (not _is_url(logout, ("https",)) or len(logout) > LOGOUT_URL_MAX):
        raise InputError(
            f"logout_url is not an https URL of at most {LOGOUT_URL_MAX} characters: {_input.quoted(logout)}"
        )
    _check_identifier_uris(params.get("identifier_uris") or [])
    for entry in params.get("pre_authorized_applications") or []:
        if not GUID.fullmatch(entry["app_id"]):
            raise InputError(
                f"pre_authorized_applications contains an app_id that is not a GUID: {_input.quoted(entry['app_id'])}"
            )


def _check_identifier_uris(uris: t.Sequence[str]) -> None:
    """Check the form of ``uris``, but not their hosts: reading the verified domains takes another permission."""
    for uri in uris:
        if not _has_scheme(uri) or uri.endswith("/") or any(character.isspace() for character in uri):
            raise InputError(
                f"identifier_uris contains {_input.quoted(uri)}",
                hint="Use a URI without a trailing slash, such as api://{app_id}",
            )
    for one, other in itertools.pairwise(sorted(set(uris), key=str.lower)):
        if one.lower() == other.lower():  # the same to Entra [iss]
            raise InputError(
                f"identifier_uris contains {_input.cut(one)} and {_input.cut(other)}, which differ only in case",
                hint="Remove one of them",
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
            raise InputError(
                f"{option} contains the value {value}",
                hint=f"Use values of 1 to {ENTITLEMENT_VALUE_MAX} characters without spaces",
            )
        if item.get("id") and not GUID.fullmatch(item["id"]):
            raise InputError(f"{name} has an id that is not a GUID: {_input.quoted(item['id'])}")
        if option == "app_roles" and not item["allowed_member_types"]:
            raise InputError(f"{name} has no allowed_member_types", hint="Set it to User, Application or both")
    for member in UNIQUE:
        _plan.check_once(f"{member} of {option}", [item[member] for item in items if item.get(member)])


def _check_personal(values: Params, audience: str) -> None:
    """Check the tighter limits of the audiences that include personal accounts."""

    def refuse(what: str, hint: str) -> t.NoReturn:
        raise InputError(f"{what} with sign_in_audience {audience}", hint=hint)

    other = "Set sign_in_audience to AzureADMyOrg or AzureADMultipleOrgs, or "
    if values.get("app_roles"):
        refuse("app_roles are not supported", other + "set app_roles to []")
    if values.get("requested_access_token_version") not in (None, fields.PERSONAL_TOKEN_VERSION):
        refuse("requested_access_token_version must be 2", "Set it to 2 or omit it")
    uris = values.get("identifier_uris") or []
    if len(uris) > IDENTIFIER_URIS_MAX_PERSONAL:
        refuse(f"More than {IDENTIFIER_URIS_MAX_PERSONAL} identifier_uris are not allowed", other + "remove some")
    if any(uri.startswith("urn:") for uri in uris):
        refuse("A URN in identifier_uris is not allowed", other + "remove it")
    accesses = values.get("required_resource_access") or []
    counts = [len(entry.get("scopes") or []) + len(entry.get("app_roles") or []) for entry in accesses]
    if (
        len(accesses) > RESOURCES_MAX_PERSONAL
        or sum(counts) > PERMISSIONS_MAX_TOTAL_PERSONAL
        or max(counts, default=0) > PERMISSIONS_MAX_PERSONAL
    ):
        refuse(
            f"required_resource_access may have at most {RESOURCES_MAX_PERSONAL} resources, {PERMISSIONS_MAX_PERSONAL} "
            f"permissions for each and {PERMISSIONS_MAX_TOTAL_PERSONAL} in total",
            other + "require fewer permissions",
        )
