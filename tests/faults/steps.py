# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks and queries that the tests of single modules share.

The steps for the lab are tasks as well: a test can change or inspect the lab between two tasks of one playbook.
"""

from __future__ import annotations

from typing import Any

from lab.client import Lab, Tenant
from support.fleet import Fleet
from support.sent import only_reads

# The differences between two runs that do the same to two applications, or between a prediction and its result.
RANDOM = {"object_id", "app_id", "key_id", "created", "expires", "hint", "secret_text", "accepted", "request_id"}


def module(name: str, /, **options: Any) -> dict[str, Any]:
    """Return a task of this collection."""
    return {f"deskops.rustdesk_sso.{name}": options}


def predicted(task: dict[str, Any]) -> dict[str, Any]:
    """Return the task in check mode."""
    return {**task, "check_mode": True}


def control(lab: Lab, verb: str, path: str, /, **body: Any) -> dict[str, Any]:
    """Return a request to the lab's control API as a task; the response is in ``json`` of the result."""
    request = {"url": lab.control_url + path, "method": verb, "ca_path": str(lab.ca_path)}
    if body:
        request |= {"body": body, "body_format": "json"}
    return {"ansible.builtin.uri": request, "check_mode": False, "environment": {}}


def essence(result: Any) -> Any:
    """Return a result without identifiers, times and secrets."""
    if isinstance(result, dict):
        return {key: "..." if key in RANDOM else essence(value) for key, value in result.items()}
    return [essence(item) for item in result] if isinstance(result, list) else result


def own(listed: list[dict[str, Any]], **members: Any) -> list[dict[str, Any]]:
    """Return the listed applications that have these members; not the automation's own."""
    return [
        item
        for item in listed
        if item["displayName"] != "automation" and all(item[name] == value for name, value in members.items())
    ]


def only(tenant: Tenant, **members: Any) -> dict[str, Any]:
    """Return the one application of the tenant that has these members."""
    (found,) = own(tenant.applications(), **members)
    return found


def key_ids(application: dict[str, Any], name: str) -> set[str]:
    """Return the key IDs of an application's client secrets of this display name."""
    return {item["keyId"] for item in application["passwordCredentials"] if item["displayName"] == name}


def accepted(fleet: Fleet, app_id: str, secret: str) -> bool:
    """Return whether the tenant's token endpoint accepts the client secret now."""
    url = f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": secret,
        "scope": f"{fleet.lab.graph_url}/.default",
    }
    answer = fleet.lab.http.post(url, data=form, timeout=20)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


SIGNING_IN = ("/api/login", "/api/logout", "/api/oidc/auth", "/api/admin/login")


def writes(lab: Lab) -> list[str]:
    """Return the product's requests that attempted a change; sign-in is not one."""
    return [
        f"{item['method']} {item['path']}"
        for item in lab.requests()
        if not only_reads(item) and item["service"] != "login" and not item["path"].startswith(SIGNING_IN)
    ]
