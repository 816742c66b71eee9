# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Query options that Graph supports by default, those it supports in advanced queries only, and those it refuses."""

from __future__ import annotations

import pytest

from .conftest import Api
from .test_graph_more import path_of, principal_of
from .test_graph_rules import BAD, check

UNSUPPORTED = "Request_UnsupportedQuery"
EVENTUAL = {"ConsistencyLevel": "eventual"}


def names(api: Api, query: str, advanced: bool = False, path: str = "/applications") -> list[str]:
    """Return the sorted display names of a query's results, without the tenant's automation."""
    query += "&$count=true" if advanced else ""
    answer = api.graph("GET", f"{path}?{query}", headers=EVENTUAL if advanced else {})
    assert answer.status_code == 200, answer.text
    return sorted(item["displayName"] for item in answer.json()["value"] if item["displayName"] != "automation")


@pytest.fixture
def three(api: Api) -> Api:
    """A tenant with three applications."""
    api.application(displayName="Desk one", description="Remote help", tags=["t"], identifierUris=["api://one"])
    api.application(displayName="Desk two", signInAudience="AzureADMultipleOrgs")
    api.application(displayName="Other", description="first")
    return api


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("displayName eq 'desk ONE'", ["Desk one"]),
        ("DisplayName eq 'Desk one'", ["Desk one"]),
        ("displayName in ('Desk one', 'other', 'nobody')", ["Desk one", "Other"]),
        ("displayName eq 'Desk one' or displayName eq 'Other'", ["Desk one", "Other"]),
        ("startswith(displayName,'desk') and signInAudience eq 'AzureADMyOrg'", ["Desk one"]),
        ("displayName eq 'Other' or startswith(displayName,'desk') and description eq 'Remote help'",
         ["Desk one", "Other"]),
        ("(displayName eq 'Other' or startswith(displayName,'desk')) and description eq 'Remote help'", ["Desk one"]),
        ("tags/any(t:t eq 'T')", ["Desk one"]),
        ("identifierUris/any(u:startswith(u,'api://'))", ["Desk one"]),
        ("displayName ge 'e'", ["Other"]),
        ("createdDateTime ge 2999-01-01T00:00:00Z", []),
    ],
)  # fmt: skip
def test_filters(three: Api, expression: str, found: list[str]) -> None:
    assert names(three, f"$filter={expression}") == found
    assert names(three, f"$filter={expression}", advanced=True) == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("displayName ne 'Other'", ["Desk one", "Desk two"]),
        ("not startswith(displayName,'desk')", ["Other"]),
        ("NOT(displayName eq 'Desk one' or displayName eq 'Other')", ["Desk two"]),
        ("not tags/any(t:t eq 't')", ["Desk two", "Other"]),
        ("tags/$count ne 0", ["Desk one"]),
    ],
)
def test_filters_of_advanced_queries(three: Api, expression: str, found: list[str]) -> None:
    assert names(three, f"$filter={expression}", advanced=True) == found
    for query, headers in ((f"$filter={expression}&$count=true", {}), (f"$filter={expression}", EVENTUAL)):
        check(three.graph("GET", f"/applications?{query}", headers=headers), 400, UNSUPPORTED, "ConsistencyLevel")


def test_filters_of_users_groups_and_service_principals(three: Api) -> None:
    three.tenant.set_permissions(["Directory.Read.All", "Application.ReadWrite.All"])
    three.sign_in()
    three.tenant.add_group("Helpdesk", [])
    principal_of(three, three.application(displayName="Desk three"))
    domain = three.tenant.domain
    assert names(three, f"$filter=endsWith(mail,'@{domain}')", True, "/users") == ["Alice", "Bob"]
    assert names(three, "$filter=startswith(displayName,'a')", path="/users") == ["Alice"]
    assert names(three, "$filter=displayName ne 'Alice'", True, "/users") == ["Bob"]
    assert names(three, "$filter=securityEnabled eq true", path="/groups") == ["Helpdesk"]
    untagged = "$filter=accountEnabled eq true and tags/$count eq 0"
    assert "Desk three" in names(three, untagged, True, "/servicePrincipals")
    for query in (
        "/users?$filter=endsWith(mail,'x')",
        "/users?$filter=endsWith(displayName,'x')&$count=true",
        "/users?$filter=businessPhones eq 'x'",
        "/users?$filter=mobilePhone eq 'x'",
    ):
        headers = EVENTUAL if "$count" in query else {}
        check(three.graph("GET", query, headers=headers), 400, UNSUPPORTED)


@pytest.mark.parametrize(
    ("expression", "code", "text"),
    [
        ("bogus eq 'x'", "BadRequest", "Could not find a property named 'bogus' on type 'microsoft.graph.application'"),
        ("notes eq 'x'", UNSUPPORTED, "specified for property 'notes' of resource 'Application'"),
        ("web/homePageUrl eq 'x'", UNSUPPORTED, "property 'web'"),
        ("startswith(appId,'x')", UNSUPPORTED, "property 'appId'"),
        ("endsWith(displayName,'x')", UNSUPPORTED, "property 'displayName'"),
        ("contains(displayName,'x')", UNSUPPORTED, "operator 'Contains'"),
        ("tags eq 't'", UNSUPPORTED, "property 'tags'"),
        ("displayName/any(d:d eq 'x')", UNSUPPORTED, "property 'displayName'"),
        ("displayName has 'x'", "BadRequest", "Invalid filter clause"),
        ("displayName eq x", "BadRequest", "Invalid filter clause"),
        ("displayName eq", "BadRequest", "Invalid filter clause"),
        ("displayName eq 'x' and", "BadRequest", "Invalid filter clause"),
        ("(displayName eq 'x'", "BadRequest", "Invalid filter clause"),
        ("displayName eq 'x' displayName eq 'y'", "BadRequest", "Invalid filter clause"),
        ("createdDateTime ge '2026-01-01'", "BadRequest", "Invalid filter clause"),
    ],
)
def test_bad_filters(api: Api, expression: str, code: str, text: str) -> None:
    answer = api.graph("GET", "/applications", params={"$filter": expression, "$count": "true"}, headers=EVENTUAL)
    check(answer, 400, code, text)


def test_select(api: Api) -> None:
    application = api.application(displayName="Desk")
    one = api.graph("GET", f"{path_of(application)}?$select=Id, DISPLAYNAME,authenticationBehaviors")
    found = {name: value for name, value in one.json().items() if name[0] != "@"}
    assert found == {"id": application["id"], "displayName": "Desk", "authenticationBehaviors": None}
    listed = api.graph("GET", "/applications?$filter=displayName eq 'Desk'&$select=Id")
    assert listed.json()["value"] == [{"id": application["id"]}]
    assert listed.headers["x-ms-resource-unit"] == "1"
    assert api.graph("GET", "/applications").headers["x-ms-resource-unit"] == "2"
    assert api.graph("GET", "/applications?$top=5").headers["x-ms-resource-unit"] == "1"
    owners = api.graph("GET", f"{path_of(application)}/owners?$select=Id,appId").json()["value"]
    assert [sorted(item) for item in owners] == [["@odata.type", "appId", "id"]]
    text = "Could not find a property named 'bogus'"
    for path in ("/applications", path_of(application), f"{path_of(application)}/owners"):
        check(api.graph("GET", f"{path}?$select=id,bogus"), 400, "BadRequest", text)


def test_count(three: Api) -> None:
    listed = three.graph("GET", "/applications?$filter=startswith(displayName,'desk')&$count=true&$top=1")
    assert "@odata.count" not in listed.json()
    listed = three.graph("GET", listed.request.path_url.removeprefix("/v1.0"), headers=EVENTUAL)
    assert (listed.json()["@odata.count"], len(listed.json()["value"])) == (2, 1)
    path = "/applications/$count?$filter=startswith(displayName,'desk')"
    check(three.graph("GET", path), 400, BAD, "$count is not currently supported.")
    counted = three.graph("GET", path, headers=EVENTUAL)
    assert (counted.text, counted.headers["Content-Type"]) == ("2", "text/plain")


def test_search(three: Api) -> None:
    def found(text: str) -> list[str]:
        answer = three.graph("GET", "/applications", params={"$search": text}, headers=EVENTUAL)
        assert answer.status_code == 200, answer.text
        return sorted(item["displayName"] for item in answer.json()["value"])

    assert found('"displayName:on"') == ["Desk one"]
    assert found('"displayName:desk"') == ["Desk one", "Desk two"]
    assert found('"displayName:esk"') == []
    assert found('"displayName:desk" AND "description:help"') == ["Desk one"]
    assert found('"displayName:two" OR "description:first"') == ["Desk two", "Other"]
    text = "ConsistencyLevel: eventual"
    check(three.graph("GET", '/applications?$search="displayName:x"'), 400, UNSUPPORTED, text)
    check(three.graph("GET", '/applications?$search="notes:x"', headers=EVENTUAL), 400, UNSUPPORTED)
    check(three.graph("GET", "/applications?$search=x", headers=EVENTUAL), 400, BAD)


def test_order(three: Api) -> None:
    answer = three.graph("GET", "/applications?$orderby=displayName desc&$count=true", headers=EVENTUAL)
    shown = [item["displayName"] for item in answer.json()["value"]]
    assert shown == ["Other", "Desk two", "Desk one", "automation"]
    text = "Sorting not supported for current query."
    for query in ("$orderby=displayName", "$orderby=notes&$count=true", "$filter=appId eq 'x'&$orderby=displayName"):
        headers = EVENTUAL if "$count" in query else {}
        check(three.graph("GET", f"/applications?{query}", headers=headers), 400, UNSUPPORTED, text)
    for clause in ("displayName up", "bogus"):
        check(three.graph("GET", f"/applications?$orderby={clause}"), 400, "BadRequest", "Invalid orderby clause")


def test_options_that_do_not_exist(api: Api) -> None:
    application = api.application()
    for path in ("/applications", path_of(application)):
        check(api.graph("GET", f"{path}?$bogus=1"), 400, "BadRequest", "'$bogus'")
        check(api.graph("GET", f"{path}?$expand=bogus"), 400, "BadRequest")
    check(api.graph("GET", "/applications?$skip=1"), 400, BAD, "$skip")
    check(api.graph("GET", f"{path_of(application)}?$filter=displayName eq 'x'"), 400, "BadRequest", "collection")
    expanded = api.graph("GET", f"{path_of(application)}?$select=id&$expand=owners").json()
    assert [owner["id"] for owner in expanded["owners"]] == [api.tenant.automation["object_id"]]
