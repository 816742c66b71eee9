# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules on the directory's state that no recording shows."""

from __future__ import annotations

from typing import Any

import pytest

from lab.client import Lab

from .conftest import Api
from .test_graph_more import DENIED, path_of, principal_of
from .test_graph_rules import BAD, check


def test_a_deleted_application_keeps_its_unique_name(api: Api) -> None:
    gone, other = api.application(uniqueName="kept"), api.application()
    assert api.graph("DELETE", path_of(gone)).status_code == 204
    upsert = {"Prefer": "create-if-missing"}
    for answer in (
        api.graph("POST", "/applications", {"displayName": "x", "uniqueName": "kept"}),
        api.graph("PATCH", "/applications(uniqueName='kept')", {"displayName": "x"}, headers=upsert),
        api.graph("PATCH", path_of(other), {"uniqueName": "kept"}),
    ):
        check(answer, 400, BAD, "Another object with the same value for property uniqueName already exists.")
    assert api.graph("DELETE", f"/directory/deletedItems/{gone['id']}").status_code == 204
    assert api.graph("PATCH", path_of(other), {"uniqueName": "kept"}).status_code == 204


@pytest.mark.parametrize("on_replica", [False, True])
def test_an_upsert_decided_on_a_lagging_replica(api: Api, lab: Lab, on_replica: bool) -> None:
    api.tenant.set_switches(upsert_on_replica=on_replica)
    lab.set_lag(30, 0)

    def upsert() -> Any:
        prefer = {"Prefer": "create-if-missing"}
        return api.graph("PATCH", "/applications(uniqueName='one')", {"displayName": "x"}, headers=prefer)

    answers = [upsert() for _turn in range(3)]
    assert [answer.status_code for answer in answers] == ([201, 204, 400] if on_replica else [201, 204, 204])


@pytest.mark.parametrize("way", ["application", "principal", "microsoft"])
def test_a_disabled_application_gets_no_tokens(api: Api, way: str) -> None:
    application = api.application()
    principal = principal_of(api, application)
    secret = api.password(application)["secretText"]
    if way == "application":
        assert api.graph("PATCH", path_of(application), {"isDisabled": True}).status_code == 204
    elif way == "principal":
        disabled = api.graph("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": False})
        assert disabled.status_code == 204
    else:
        api.tenant.disable_by_microsoft(application["appId"], "DisabledDueToViolationOfServicesAgreement")
    refused = api.token(client_id=application["appId"], client_secret=secret)
    assert refused.json()["error_codes"] == [7000112]
    shown = api.graph("GET", f"{path_of(application)}?$select=isDisabled").json()
    assert shown["isDisabled"] is (True if way == "application" else None)
    assert "isDisabled" not in api.graph("GET", path_of(application)).json()


def test_owners_of_a_new_service_principal(api: Api) -> None:
    api.tenant.set_switches(new_principal_owned=False)
    one, other = api.application(), api.application()
    ownerless = principal_of(api, one)
    check(api.graph("PATCH", f"/servicePrincipals/{ownerless['id']}", {"notes": "x"}), 403, DENIED)
    mine = f"/servicePrincipals(appId='{api.tenant.automation['client_id']}')"
    oid = api.graph("GET", mine).json()["id"]
    me = f"{api.lab.graph_url}/v1.0/directoryObjects/{oid}"
    made = api.graph("POST", "/servicePrincipals", {"appId": other["appId"], "owners@odata.bind": [me]})
    path = f"/servicePrincipals/{made.json()['id']}"
    assert api.graph("PATCH", path, {"notes": "x"}).status_code == 204
    query = "?$select=id,notes&$expand=owners($select=id)"
    assert [owner["id"] for owner in api.graph("GET", path + query).json()["owners"]] == [oid]
