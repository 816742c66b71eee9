# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each request of the collection to Graph and to the login endpoints, answered as in the contract."""

from __future__ import annotations

import struct
import uuid
import zlib
from typing import Any

import pytest
from live.made import new_name, remove_named
from live.run import Run, token_form
from live.service import Service

V1 = "/v1.0"
APPS, PRINCIPALS = f"{V1}/applications", f"{V1}/servicePrincipals"
DELETED = f"{V1}/directory/deletedItems"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
SELECT = "$select=id,appId,displayName,uniqueName,web"
ROLE = {
    "allowedMemberTypes": ["Application"],
    "displayName": "Live",
    "description": "Live",
    "value": "live",
    "isEnabled": True,
}


class App:
    """An application of this run with its service principal."""

    def __init__(self, run: Run) -> None:
        self.graph, self.name = run.graph(), new_name()
        ids: list[str] = []
        run.made.add(f"the application {self.name}", lambda: remove_named(self.graph, self.name, ids))
        body = {"displayName": self.name, "signInAudience": "AzureADMyOrg"}
        made = self.graph.call("create an application", APPS, body).body
        ids.append(made["id"])
        self.id, self.app_id, self.path = made["id"], made["appId"], f"{APPS}/{made['id']}"
        self.graph.until("read an application", self.path, lambda a: a.status == 200, "a new application by its ID")
        what = "a new application for its service principal"
        made = self.graph.persist("create a service principal", PRINCIPALS, {"appId": self.app_id}, what).body
        self.sp = made["id"]
        self.graph.until(
            "read a service principal by application ID",
            f"{PRINCIPALS}(appId='{self.app_id}')",
            lambda a: a.status == 200,
            "a new service principal by its application ID",
        )


@pytest.fixture(scope="module")
def apps(run: Run) -> list[App]:
    """Two applications."""
    if not run.target.tenant:
        pytest.skip("LIVE_TENANT is not set")
    return [App(run), App(run)]


def needs(run: Run, *alternatives: str) -> None:
    """Skip the case if the automation has none of these permissions."""
    if run.lacks(*alternatives):
        pytest.skip(f"the automation has no {' or '.join(alternatives)}")


def listed(graph: Service, case: str, path: str, key: str, what: str, *, there: bool = True) -> Any:
    """Read a list until it has, or no longer has, the object ``key``; return that object."""

    def of(body: Any) -> list[Any]:
        return [item for item in (body or {}).get("value") or [] if key in (item.get("id"), item.get("keyId"))]

    answer = graph.until(case, path, lambda a: a.status == 200 and bool(of(a.body)) == there, what)
    return (of(answer.body) or [None])[0]


def test_discovery(entra: Run) -> None:
    login, tenant = entra.login(), entra.tenant
    document = login.call("discovery", f"/{tenant.tenant_id}/v2.0/.well-known/openid-configuration").body
    assert document["issuer"].endswith(f"/{tenant.tenant_id}/v2.0")
    login.call("discovery of an unknown tenant", f"/{uuid.uuid4()}/v2.0/.well-known/openid-configuration")


def test_token_errors(entra: Run) -> None:
    login, tenant = entra.login(), entra.tenant
    path = f"/{tenant.tenant_id}/oauth2/v2.0/token"
    unknown = token_form(str(uuid.uuid4()), "wrong", tenant.graph_url)
    login.call("token of an unknown application", path, data=unknown)
    login.call("token in an unknown tenant", f"/{uuid.uuid4()}/oauth2/v2.0/token", data=unknown)


def test_lookups(entra: Run, apps: list[App]) -> None:
    app, graph = apps[0], entra.graph()
    graph.until("read selected members", f"{app.path}?{SELECT}", lambda a: a.status == 200, "an application")
    graph.call("read by the application ID in place of the object ID", f"{APPS}/{app.app_id}")
    graph.persist("read by application ID", f"{APPS}(appId='{app.app_id}')", what="a new application by its client ID")
    by_name = f"{APPS}?$filter=displayName eq '{app.name}'&{SELECT}"
    listed(graph, "list applications by name", by_name, app.id, "a new application in the list")
    owned = f"{PRINCIPALS}/{entra.caller}/ownedObjects/graph.application?{SELECT}"
    listed(graph, "list applications that the automation owns", owned, app.id, "a new application among the owned ones")
    steps = [
        {"id": str(number), "method": "GET", "url": f"/applications/{item.id}"} for number, item in enumerate(apps)
    ]
    answers = graph.call("read several at once", f"{V1}/$batch", {"requests": steps}).body["responses"]
    assert {item["id"] for item in answers} == {"0", "1"}
    token = {"Authorization": "Bearer eyJ.wrong.token"}
    graph.call("create with an unknown token", APPS, {"displayName": app.name}, headers=token)


def test_lifecycle_by_unique_name(entra: Run) -> None:
    """Replication of each step, and how long a unique name stays taken."""
    graph, name = entra.graph(), new_name()
    path = f"{APPS}(uniqueName='{name}')"
    body, prefer = {"displayName": name, "signInAudience": "AzureADMyOrg"}, {"Prefer": "create-if-missing"}
    graph.call("read an unknown unique name", path)
    ids: list[str] = []
    entra.made.add(f"the application {name}", lambda: remove_named(graph, name, ids))
    made = graph.call("create by unique name", path, body, headers=prefer).body
    ids.append(made["id"])
    one, deleted = f"{APPS}/{made['id']}", f"{DELETED}/{made['id']}"
    graph.until("read by unique name", path, lambda a: a.status == 200, "a new application by its unique name")
    graph.persist("change by unique name", path, {"displayName": name, "notes": "one"}, headers=prefer)
    graph.persist("change an application", one, {"notes": "two", "web": {"redirectUris": ["https://live.example/x"]}})
    graph.until(
        "read an application",
        one,
        lambda a: a.status == 200 and a.body["notes"] == "two" and a.body["web"]["redirectUris"] != [],
        "a change of an application",
    )
    graph.persist("delete an application", one)
    graph.until("delete an application that is deleted", one, lambda a: a.status == 404, "a deletion")
    gone = f"{DELETED}/microsoft.graph.application?$select=id,deletedDateTime"
    listed(graph, "list deleted applications", gone, made["id"], "a deleted application among the deleted ones")
    taken = "create with a unique name that a deleted application has"
    graph.call(taken, path, body, headers=prefer)
    graph.persist("restore an application", f"{deleted}/restore")
    graph.until("read an application", one, lambda a: a.status == 200, "a restored application")
    graph.persist("delete an application", one)
    graph.persist("purge", deleted, what="a deleted application for its purge")
    graph.until("purge what is not deleted", deleted, lambda a: a.status == 404, "a purge")
    again = graph.until(
        "create by unique name",
        path,
        lambda a: a.status == 201,
        "a unique name to be free after a purge",
        body,
        headers=prefer,
    )
    ids[:] = [again.body["id"]]


def test_client_secrets(entra: Run, apps: list[App]) -> None:
    app, graph, login, tenant = apps[0], entra.graph(), entra.login(), entra.tenant
    wanted = {"passwordCredential": {"displayName": app.name}}
    made = graph.persist("add a client secret", f"{app.path}/addPassword", wanted).body
    graph.keep_secret(made["secretText"])
    assert made["secretText"].startswith(made["hint"])
    graph.until(
        "read an application",
        app.path,
        lambda a: a.status == 200 and made["keyId"] in {item["keyId"] for item in a.body["passwordCredentials"]},
        "a new client secret in the application",
    )
    form = token_form(app.app_id, made["secretText"], tenant.graph_url)
    path = f"/{tenant.tenant_id}/oauth2/v2.0/token"
    answer = login.until(
        "token", path, lambda a: a.status == 200, "a new client secret at the token endpoint", data=form
    )
    login.keep_secret((answer.body or {}).get("access_token"))
    wrong = {**form, "client_secret": made["keyId"]}
    login.call("token with a wrong secret", path, data=wrong)
    key = {"keyId": made["keyId"]}
    graph.until(
        "remove a client secret",
        f"{app.path}/removePassword",
        lambda a: a.status == 204,
        "a new secret for removal",
        key,
    )
    refused = f"{app.path}/removePassword"
    graph.until("remove an unknown client secret", refused, lambda a: a.status == 400, "the removal of a secret", key)
    removed = "the removal of a client secret at the token endpoint"
    login.until("token with a wrong secret", path, lambda a: a.status == 401, removed, data=form)


def test_policies(entra: Run, apps: list[App]) -> None:
    needs(entra, "Policy.Read.All")
    graph = entra.graph()
    graph.persist("list the policies of an application", f"{apps[0].path}/appManagementPolicies")
    graph.call("read the default app management policy", f"{V1}/policies/defaultAppManagementPolicy")
    graph.call("read an unknown app management policy", f"{V1}/policies/appManagementPolicies/{uuid.uuid4()}")
    graph.call("read the authorization policy", f"{V1}/policies/authorizationPolicy")


def test_federated_credentials(entra: Run, apps: list[App]) -> None:
    app, graph = apps[0], entra.graph()
    path = f"{app.path}/federatedIdentityCredentials"
    body = {"name": app.name, "issuer": "https://token.actions.githubusercontent.com", "subject": f"repo:{app.name}"}
    body["audiences"] = ["api://AzureADTokenExchange"]
    made = graph.persist("add a federated credential", path, body).body
    listed(graph, "list federated credentials", path, made["id"], "a new federated credential")
    graph.persist("change a federated credential", f"{path}/{made['id']}", {"subject": f"repo:{app.name}:ref"})
    graph.persist("remove a federated credential", f"{path}/{made['id']}")
    removed = "the removal of a federated credential"
    listed(graph, "list federated credentials", path, made["id"], removed, there=False)


def test_logo(entra: Run, apps: list[App]) -> None:
    graph, path = entra.graph(), f"{apps[0].path}/logo"
    graph.persist("set the logo", path, data=picture(), headers={"Content-Type": "image/png"})
    graph.until("read the logo", path, lambda a: a.status == 200, "a new logo")


def picture() -> bytes:
    """Return a PNG of 64 by 64 pixels in one color."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + b"\x20\x60\xa0" * 64 for _row in range(64))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_owners(entra: Run, apps: list[App]) -> None:
    needs(entra, "Application.ReadWrite.All")
    graph, (app, other) = entra.graph(), apps
    owner = {"@odata.id": f"{entra.tenant.graph_url}/v1.0/directoryObjects/{other.sp}"}
    graph.persist("add an owner", f"{app.path}/owners/$ref", owner)
    listed(graph, "list owners", f"{app.path}/owners?$select=id", other.sp, "a new owner")
    graph.call("add an owner again", f"{app.path}/owners/$ref", owner)
    graph.persist("remove an owner", f"{app.path}/owners/{other.sp}/$ref")
    listed(graph, "list owners", f"{app.path}/owners?$select=id", other.sp, "the removal of an owner", there=False)
    path = f"{PRINCIPALS}/{app.sp}/owners"
    graph.persist("add an owner of a service principal", f"{path}/$ref", owner)
    what = "a new owner of a service principal"
    listed(graph, "list the owners of a service principal", f"{path}?$select=id", other.sp, what)


def test_service_principals(entra: Run, apps: list[App]) -> None:
    graph, (app, other) = entra.graph(), apps
    graph.call("create a second service principal", PRINCIPALS, {"appId": app.app_id})
    by_name = f"{PRINCIPALS}?$filter=displayName eq '{app.name}'&$select=id,appId"
    listed(graph, "list service principals by name", by_name, app.sp, "a new service principal in the list")
    graph.persist("change a service principal", f"{PRINCIPALS}/{app.sp}", {"appRoleAssignmentRequired": True})
    graph.until(
        "read a service principal by application ID",
        f"{PRINCIPALS}(appId='{app.app_id}')",
        lambda a: a.status == 200 and a.body["appRoleAssignmentRequired"],
        "a change of a service principal",
    )
    graph.persist("list the application permissions", f"{PRINCIPALS}/{other.sp}/appRoleAssignments")
    third = App(entra)
    graph.persist("delete a service principal", f"{PRINCIPALS}/{third.sp}")
    gone = f"{DELETED}/microsoft.graph.servicePrincipal?$select=id,appId"
    what = "a deleted service principal among the deleted ones"
    listed(graph, "list deleted service principals", gone, third.sp, what)
    graph.persist("purge", f"{DELETED}/{third.sp}")


def test_grants(entra: Run, apps: list[App]) -> None:
    needs(entra, "DelegatedPermissionGrant.ReadWrite.All")
    app, graph = apps[0], entra.graph()
    resource = graph.call("read a service principal by application ID", f"{PRINCIPALS}(appId='{GRAPH_APP_ID}')").body[
        "id"
    ]
    path, grant = f"{V1}/oauth2PermissionGrants", {"clientId": app.sp, "consentType": "AllPrincipals"}
    body = {**grant, "resourceId": resource, "scope": "openid"}
    made = graph.persist("grant a delegated permission", path, body).body
    of_client = f"{path}?$filter=clientId eq '{app.sp}'"
    listed(graph, "list the grants of a client", of_client, made["id"], "a new grant")
    listed(
        graph,
        "list the grants of a service principal",
        f"{PRINCIPALS}/{app.sp}/oauth2PermissionGrants",
        made["id"],
        "a new grant of a service principal",
    )
    graph.call("grant a delegated permission again", path, body)
    graph.persist("change a grant", f"{path}/{made['id']}", {"scope": "openid profile"})
    graph.persist("revoke a grant", f"{path}/{made['id']}")
    listed(graph, "list the grants of a client", of_client, made["id"], "the removal of a grant", there=False)


def test_assignments(entra: Run, apps: list[App]) -> None:
    needs(entra, "AppRoleAssignment.ReadWrite.All")
    graph, (app, other) = entra.graph(), apps
    role = {**ROLE, "id": str(uuid.uuid4())}
    graph.persist("change an application", app.path, {"appRoles": [role]})
    graph.until(
        "read a service principal by application ID",
        f"{PRINCIPALS}(appId='{app.app_id}')",
        lambda a: a.status == 200 and role["id"] in {item["id"] for item in a.body["appRoles"]},
        "a new app role at the service principal",
    )
    path = f"{PRINCIPALS}/{app.sp}/appRoleAssignedTo"
    body = {"principalId": other.sp, "resourceId": app.sp, "appRoleId": role["id"]}
    made = graph.persist("assign", path, body).body
    listed(graph, "list assignments", path, made["id"], "a new assignment")
    graph.call("assign again", path, body)
    graph.persist("remove an assignment", f"{path}/{made['id']}")
    listed(graph, "list assignments", path, made["id"], "the removal of an assignment", there=False)


def test_people(entra: Run) -> None:
    """No user of the tenant is read."""
    needs(entra, "User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All")
    graph, name = entra.graph(), new_name()
    graph.call("read an unknown user", f"{V1}/users/{name}@live.example?$select=id,displayName")
    needs(entra, "Group.Read.All", "GroupMember.Read.All", "Group.ReadWrite.All")
    found = graph.call("list groups by name", f"{V1}/groups?$filter=displayName eq '{name}'&$select=id,displayName")
    assert found.body["value"] == []
