# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Differences between responses and an expectation, and paths that are the same request."""

from __future__ import annotations

from typing import Any

import pytest
from live.contract import Answer, Expected, differences, template

ID = "1b2c3d4e-0000-4000-8000-00000000abcd"
LIST = Expected("GET", "/x", 200, {"value": "list", "value[].id": "string", "value[].web.uri": "string|null"})
REFUSED = Expected("POST", "/x", 400, code=("Bad", "Worse"), says="already exists")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/v1.0/applications/{ID}/owners/{ID}/$ref", "/applications/{id}/owners/{id}/$ref"),
        ("/v1.0/applications(uniqueName=%27a/b%27)?$select=id", "/applications(uniqueName='{key}')"),
        (f"/v1.0/oAuth2PermissionGrants/{ID}", "/oauth2PermissionGrants/{id}"),
        ("/v1.0/directory/deletedItems/microsoft.graph.application", "/directory/deletedItems/graph.application"),
        (f"/v1.0/directory/deletedItems/{ID}/restore", "/directory/deletedItems/{id}/restore"),
        ("/v1.0/users/alice@contoso.example", "/users/{id}"),
        (f"/{ID}/oauth2/v2.0/token", "/{tenant}/oauth2/v2.0/token"),
        ("/contoso.example/v2.0/.well-known/openid-configuration", "/{tenant}/v2.0/.well-known/openid-configuration"),
        ("/api/oidc-providers/sort", "/api/oidc-providers/sort"),
        (f"/api/oidc-providers/{ID}/test", "/api/oidc-providers/{id}/test"),
        ("/api/oidc-providers?current=1", "/api/oidc-providers"),
    ],
)
def test_template(path: str, expected: str) -> None:
    assert template(path) == expected


@pytest.mark.parametrize(
    ("expected", "status", "body", "found"),
    [
        (LIST, 200, {"value": []}, []),
        (LIST, 200, {"value": [{"id": "x", "web": {"uri": None}}]}, []),
        (LIST, 202, {"value": []}, ["status is 202, expected 200"]),
        (LIST, 200, None, ["body is empty"]),
        (LIST, 200, [], ["member value is missing", "member value[] is missing", "member value[] is missing"]),
        (LIST, 200, {"value": {}}, ["member value is object, expected list"] + ["member value is not a list"] * 2),
        (
            LIST,
            200,
            {"value": [{"id": 1, "web": {}}]},
            ["member value[].id is number, expected string", "member value[].web.uri is missing"],
        ),
        (REFUSED, 400, {"error": {"code": "Worse", "message": "It already exists."}}, []),
        (
            REFUSED,
            400,
            {"error": {"code": "New", "message": "It exists."}},
            ["error code is New, expected Bad or Worse", "error message does not contain: already exists"],
        ),
        (Expected("POST", "/x", 401, code="AADSTS7000215"), 401, {"error": "x", "error_codes": [7000215]}, []),
        (Expected("PATCH", "/x", 204, body=False), 204, {"id": 1}, ["body is not empty"]),
        (
            Expected("POST", "/x", 200, kind="passwordCredential"),
            200,
            {"keyId": "x", "newMember": 1, "@odata.context": "x"},
            ["passwordCredential has the unknown member newMember"],
        ),
        (
            Expected("GET", "/x", 200, {"[].name": "string"}),
            200,
            [{"name": "x"}, {"name": 1}],
            ["member [].name is number, expected string"],
        ),
    ],
)
def test_differences(expected: Expected, status: int, body: Any, found: list[str]) -> None:
    assert differences(expected, Answer(status, {}, body)) == found
