# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Microsoft's rules for redirect URIs, checked before the first request.

Sources: "Redirect URI (reply URL) restrictions and limitations" and "Validation differences by supported account
types" [doc]; URNs: hashicorp/terraform-provider-azuread #575 [iss]; fragments: RFC 6749 section 3.1.2.
"""

from __future__ import annotations

import itertools
import typing as t
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input

# The platform of each option
PLATFORMS = {
    "web_redirect_uris": "Web",
    "spa_redirect_uris": "Single-page application",
    "public_client_redirect_uris": "Mobile and desktop applications",
}
PERSONAL_AUDIENCES = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
MAX_LENGTH = 256
MAX_COUNT = 256
MAX_COUNT_PERSONAL = 100
FORBIDDEN = "!$'(),;"
# The schemes of Microsoft's own brokers (terraform azuread [src])
BROKERS = ("brk-multihub", "ms-appx-web")


def problems(uris: t.Sequence[str], sign_in_audience: str | None, *, any_scheme: bool = False) -> list[str]:
    """Return the problems that Entra would refuse in ``uris``, all of one platform; empty if there are none."""
    return [*malformed(uris, sign_in_audience, any_scheme=any_scheme), *too_many(uris, sign_in_audience)]


def malformed(uris: t.Sequence[str], sign_in_audience: str | None, *, any_scheme: bool = False) -> list[str]:
    """Return the problems that Entra would refuse in each of ``uris``.

    ``any_scheme`` allows custom schemes, which public clients may use.
    """
    personal = sign_in_audience in PERSONAL_AUDIENCES
    return [f"{_input.cut(uri)}: {problem}" for uri in uris for problem in _problems(uri, personal, any_scheme)]


def too_many(uris: t.Sequence[str], sign_in_audience: str | None) -> list[str]:
    """Return the problem, if any, of more ``uris`` than a platform of an application can have."""
    limit = MAX_COUNT_PERSONAL if sign_in_audience in PERSONAL_AUDIENCES else MAX_COUNT
    count = len(set(uris))
    return [f"{count} redirect URIs exceed the {limit} that {sign_in_audience} allows"] if count > limit else []


def on_two_platforms(uris: t.Mapping[str, t.Sequence[str]]) -> dict[str, tuple[str, str]]:
    """Return the URIs that two options of ``uris`` share, each with the two options.

    Graph refuses them: "Redirect URIs must have distinct values" (MicrosoftDocs/azure-docs#89929 [iss]).
    """
    pairs = itertools.combinations([option for option in PLATFORMS if option in uris], 2)
    return {uri: (one, other) for one, other in pairs for uri in sorted(set(uris[one]) & set(uris[other]))}


def _problems(uri: str, personal: bool, any_scheme: bool) -> t.Iterator[str]:
    scheme = uri.partition(":")[0].lower()
    if scheme == "urn":
        if personal:
            yield "a URN is not allowed with personal accounts"
        return
    own_scheme = scheme in BROKERS or (any_scheme and ":" in uri and scheme not in (*_input.WEB, ""))
    schemes = (scheme,) if own_scheme else _input.WEB
    # A URI with a custom scheme needs no host
    problem = _input.url_problem(uri, schemes=schemes, query=True, host=not own_scheme, longest=MAX_LENGTH)
    if problem:
        yield problem
        return
    if scheme == "http" and urlsplit(uri).hostname not in ("localhost", "127.0.0.1"):
        yield "must be https; plain http is accepted only for localhost"
    bad = sorted({character for character in uri if character in FORBIDDEN})
    if bad:
        yield f"must not contain {' '.join(bad)}"
    if personal and "*" in uri:
        yield "a wildcard is not allowed with personal accounts"
    if personal and "?" in uri:
        yield "a query is not allowed with personal accounts"
