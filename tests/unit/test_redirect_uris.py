# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's rules for redirect URIs."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.redirect_uris import (
    on_two_platforms,
    problems,
)

PERSONAL = "AzureADandPersonalMicrosoftAccount"
ORGANISATION = "AzureADMyOrg"


@pytest.mark.parametrize(
    "uri",
    [
        "https://desk.example.com/api/oidc/callback",
        "https://desk.example.com:21114/api/oidc/callback",
        "https://192.0.2.1/api/oidc/callback",
        "http://localhost/api/oidc/callback",
        "http://localhost:8000/api/oidc/callback",
        "http://127.0.0.1:8000/callback",
        "https://desk.example.com/callback?tenant=1",
        "https://*.example.com/callback",
        "urn:ietf:wg:oauth:2.0:oob",
        "https://desk.example.com/" + "x" * 231,
    ],
)
def test_accepted(uri):
    assert problems([uri], ORGANISATION) == []


@pytest.mark.parametrize(
    ("uri", "about"),
    [
        ("http://desk.example.com/callback", "https"),
        ("http://[::1]/callback", "https"),
        ("https://desk.example.com/callback#part", "fragment"),
        ("https://desk.example.com/call back", "white space"),
        ("https://user@desk.example.com/callback", "user name"),
        ("https://desk.example.com/callback(1)", "( )"),
        ("https://desk.example.com/" + "x" * 232, "256"),
        ("desk.example.com/callback", "https://"),
        ("ftp://desk.example.com/callback", "https://"),
        ("https://desk.example.com:port/callback", "URL"),
        ("", "https://"),
    ],
)
def test_refused(uri, about):
    found = problems([uri], ORGANISATION)
    assert len(found) == 1
    assert about in found[0]
    assert found[0].startswith(uri[:80].replace("user@", "***@"))


@pytest.mark.parametrize("uri", ["https://*.example.com/callback", "https://a.example.com/?x=1", "urn:x:y"])
def test_refused_only_with_personal_accounts(uri):
    assert problems([uri], ORGANISATION) == []
    assert len(problems([uri], PERSONAL)) == 1


def test_on_two_platforms():
    known = {"web_redirect_uris": ["https://a/", "https://b/"], "spa_redirect_uris": ["https://b/", "https://B/"]}
    found = on_two_platforms(known)
    assert found == {"https://b/": ("web_redirect_uris", "spa_redirect_uris")}
    assert on_two_platforms({**known, "spa_redirect_uris": []}) == {}


def test_number_of_redirect_uris():
    uris = [f"https://desk{number}.example.com/callback" for number in range(257)]
    assert problems(uris[:256], ORGANISATION) == []
    assert len(problems(uris, ORGANISATION)) == 1
    assert problems(uris[:100], PERSONAL) == []
    assert len(problems(uris[:101], PERSONAL)) == 1
