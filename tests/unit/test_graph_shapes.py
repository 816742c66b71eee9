# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""If any member of Graph's document has another type, it is refused or remains readable for all code."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.fields import FIELDS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import shapes
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts import certificates
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import Credential
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from lab.entra import objects
from lab.mutation import VALUES, members, mutated

ID = "11111111-2222-3333-4444-555555555555"
SELECTED = ("id", "appId", "displayName")
TIME = "2026-11-28T10:00:00.1234567Z"
SECRET = {"keyId": ID, "displayName": "desk1", "hint": "abc", "startDateTime": TIME, "endDateTime": TIME}
SCOPE = {"id": ID, "value": "read", "type": "User", "adminConsentDisplayName": "Read", "isEnabled": True}


@pytest.fixture(scope="module")
def document():
    """Return an application in which no member is empty."""
    found = objects.new_application(ID, "contoso.example", TIME)
    found["web"]["redirectUris"] = ["https://desk1.example/api/oidc/callback"]
    found["spa"]["redirectUris"] = ["https://desk1.example/spa"]
    found["api"]["oauth2PermissionScopes"] = [SCOPE]
    found["api"]["preAuthorizedApplications"] = [{"appId": ID, "delegatedPermissionIds": [ID]}]
    claim = {"name": "email", "source": None, "essential": False, "additionalProperties": []}
    return {
        **found,
        "displayName": "RustDesk",
        "identifierUris": [f"api://{ID}"],
        "tags": ["rustdesk"],
        "groupMembershipClaims": "SecurityGroup",
        "optionalClaims": {"idToken": [claim], "accessToken": [], "saml2Token": []},
        "appRoles": [{"id": ID, "value": "admin", "displayName": "Admin", "allowedMemberTypes": ["User"]}],
        "requiredResourceAccess": [{"resourceAppId": ID, "resourceAccess": [{"id": ID, "type": "Scope"}]}],
        "passwordCredentials": [SECRET],
        "keyCredentials": [{"keyId": ID, "type": "AsymmetricX509Cert", "usage": "Verify", "endDateTime": TIME}],
    }


def read(found):
    """Run everything that reads an application."""
    for field in FIELDS:
        field.kind.key(field.read(found))
    for item in found.get("passwordCredentials") or []:
        Credential.parse(item).describe()
    for item in found.get("keyCredentials") or []:
        certificates.shown(item)


@pytest.mark.parametrize("collection", [False, True])
def test_every_mutation_is_refused_or_readable(document, collection):
    read(document)
    tried = refused = 0
    for at in members(document)[1:]:
        for value in VALUES:
            if value == "missing" and isinstance(at[-1], int):
                continue
            found = mutated(document, at, value)
            answer = {"value": [found]} if collection else found
            tried += 1
            try:
                shapes.check(answer, "Reading failed", "Look", SELECTED)
            except ServiceError as error:
                refused += 1
                assert "the response is not understood" in str(error)
                assert len(str(error)) < 300
                continue
            read(found)
            assert isinstance(found["id"], str)
            assert isinstance(found["appId"], str)
    assert tried > 800
    assert refused > tried / 3


@pytest.mark.parametrize("wrong", ["", "../users/x", "a/b", "a?b", "a b", "a\n", "\u0661", "x" * 200])
def test_an_id_cannot_change_the_path(document, wrong):
    """IDs become a part of URLs."""
    for name in ("id", "appId"):
        with pytest.raises(ServiceError, match=f"{name} is not an ID"):
            shapes.check({**document, name: wrong}, "Reading failed", "Look", SELECTED)


@pytest.mark.parametrize(
    "wrong", ["soon", "", "2026-99-99T10:00:00Z", "2026-11-28", "0000-00-00T00:00:00Z", "9999-12-31T23:00:00-02:00"]
)
def test_a_time_is_valid(document, wrong):
    with pytest.raises(ServiceError, match="endDateTime is not a time"):
        shapes.check({**document, "passwordCredentials": [{**SECRET, "endDateTime": wrong}]}, "Reading failed", "Look")
