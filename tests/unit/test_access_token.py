# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claims of an access token, for each form of Microsoft Graph's audience."""

from __future__ import annotations

import asyncio
import time

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, tokens
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from lab.entra.keys import SigningKey

TENANT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def sign():
    return SigningKey().sign


@pytest.mark.parametrize("cloud", clouds.CLOUDS.values(), ids=clouds.CLOUDS)
@pytest.mark.parametrize("form", ["{}", "{}/", "00000003-0000-0000-c000-000000000000"])
def test_a_token_for_graph_is_accepted_unchanged(sign, cloud, form):
    ends = int(time.time()) + 600
    token = sign({"aud": form.format(cloud.graph_endpoint), "tid": TENANT.upper(), "exp": ends})

    async def taken():
        async with tokens.AccessTokenCredential(f" {token}\n", cloud, TENANT) as credential:
            return await credential.get_token(cloud.scope, claims=None, enable_cae=True)

    assert asyncio.run(taken()) == (token, ends)


def test_a_token_of_another_cloud_is_refused(sign):
    token = sign({"aud": "https://graph.microsoft.com", "tid": TENANT, "exp": int(time.time()) + 600})
    with pytest.raises(InputError, match=r"https://graph\.microsoft\.us"):
        tokens.AccessTokenCredential(token, clouds.CLOUDS["us_government"], TENANT)


@pytest.mark.parametrize("text", ["opaque", "a.b.c", "e30.W10.x", "..", "\u00e4.\u00e4.\u00e4"])
def test_a_text_other_than_a_jwt_has_no_claims(text):
    assert tokens.claims(text) is None
    credential = tokens.AccessTokenCredential(text, clouds.CLOUDS["public"], TENANT)
    assert asyncio.run(credential.get_token()).expires_on > time.time() + 3000
