# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manual setups of many variants converge after their adoption, or adopt.yml reports the obstacle."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from faults.steps import only
from integration.test_adopt import adopt, application, by_hand, failed, provider, secret, server, site, variables

from lab.client import Console, Lab, SignInFailed
from support.fleet import Fleet

__all__ = ["by_hand"]
STRANGER = "Not~one.of_its-client-secrets-at-all"
MOVE = "set rustdesk_sso_app_move_redirect_uris to true"


def set_up(fleet: Fleet, name: str, kind: str = "pro", **members: Any) -> tuple[Console, dict[str, Any]]:
    """A server with its own application; ``members`` are Graph's, and its callback URL is under ``platform``."""
    console = server(fleet, name, kind)
    platform = members.pop("platform", "web")
    made = application(fleet, displayName=f"RustDesk {name}", **{"web": {}, **members})
    change(fleet, made, **{platform: {"redirectUris": [f"{console.url}/api/oidc/callback"]}})
    change(fleet, made, web={"implicitGrantSettings": {"enableIdTokenIssuance": name != "no-id-tokens"}})
    return console, made


def change(fleet: Fleet, made: dict[str, Any], **members: Any) -> None:
    """Change an application as its owner would in the portal."""
    assert fleet.tenant.graph("PATCH", f"/applications/{made['id']}", members).ok


def principal(fleet: Fleet, made: dict[str, Any]) -> str:
    """The path of an application's service principal."""
    found = fleet.tenant.graph("GET", f"/servicePrincipals(appId='{made['appId']}')").json()
    return f"/servicePrincipals/{found['id']}"


def signs_in(fleet: Fleet, name: str) -> bool:
    """Return True if a user can sign in to the server ``name``."""
    upn, password = next(iter(fleet.tenant.users.items()))
    op = variables(fleet, name).get("rustdesk_sso_provider_name", "azure")
    try:
        return bool(fleet.consoles[name].sign_in(op, upn=upn, password=password)["access_token"])
    except SignInFailed:
        return False


def test_each_variant_converges_or_the_obstacle_is_reported(lab: Lab, by_hand: Fleet) -> None:
    """One server per variant: adopt, site, and site again without a change."""
    fleet, login, tenant = by_hand, lab.login_url, by_hand.tenant
    discovery = lab.http.get(f"{login}/{tenant.tenant_id}/v2.0/.well-known/openid-configuration")
    tomorrow = parsedate_to_datetime(discovery.headers["Date"]) + timedelta(days=1)
    console, made = set_up(fleet, "expired")
    provider(fleet, console, made["appId"], secret(fleet, made, endDateTime=f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}"))
    lab.advance(2 * 24 * 3600)
    for name, members, values in (
        ("plain", {}, {}),
        ("spa", {"platform": "spa"}, {}),
        ("public", {"platform": "publicClient"}, {}),
        ("domain", {}, {"issuer": f"{login}/{fleet.domain}/v2.0"}),
        ("tenants", {"signInAudience": "AzureADMultipleOrgs"}, {}),
        ("no-id-tokens", {}, {}),
        ("slash", {}, {}),
        ("disabled", {}, {"enabled": False}),
        ("named", {"uniqueName": "our-desk"}, {"name": "Entra ID"}),
        ("nobody", {}, {}),
        ("inactive", {}, {}),
        ("deleted", {}, {}),
        ("api", {"kind": "rustdesk_api"}, {}),
    ):
        console, made = set_up(fleet, name, **members)
        provider(fleet, console, made["appId"], secret(fleet, made), **values)
        if name == "slash":
            fleet.hosts[name]["rustdesk_sso_console_url"] += "/"
        elif name == "nobody":
            tenant.graph("DELETE", principal(fleet, made))
        elif name == "inactive":
            change(fleet, made, isDisabled=True)
        elif name == "deleted":
            tenant.graph("DELETE", f"/applications/{made['id']}")
    console, made = set_up(fleet, "strange")
    provider(fleet, console, made["appId"], STRANGER)
    console, made = set_up(fleet, "multiple")
    first, held, _last = secret(fleet, made), secret(fleet, made, displayName=None), secret(fleet, made)
    provider(fleet, console, made["appId"], held)
    second = application(fleet, console, displayName="Second")
    provider(fleet, console, second["appId"], secret(fleet, second), name="second")
    fleet.hosts["multiple"]["rustdesk_sso_app_id"] = made["appId"]

    adopted = adopt(fleet)
    told = {name: results["Report the result"]["msg"] for name, results in adopted.results.items()}
    assert failed(adopted) == {"deleted"}
    assert "does not exist in tenant" in told["deleted"]
    for name in ("spa", "public"):
        assert MOVE in told[name]
        assert "site.yml adds it" not in told[name]
    assert "The application is deactivated" in told["inactive"]
    # Defaults shared by the other servers are not applied to a server that was decided separately
    assert variables(fleet, "api")["rustdesk_sso_app_unique_name"] == "rustdesk-sso-api"
    # Follow the advice in the output
    del fleet.hosts["deleted"]
    for name in ("spa", "public"):
        fleet.hosts[name]["rustdesk_sso_app_move_redirect_uris"] = True
    fleet.hosts["inactive"]["rustdesk_sso_app_enabled"] = True
    done = site(fleet)
    assert done.rc == 0, done.output
    again = site(fleet)
    assert again.changed() == dict.fromkeys(fleet.hosts, 0), again.output
    assert {name for name in fleet.hosts if not signs_in(fleet, name)} == {"disabled"}
    assert first


def test_missing_ownership_is_reported_before_any_change(by_hand: Fleet) -> None:
    """An automation that may change only its own applications is shown how to become an owner."""
    fleet, tenant = by_hand, by_hand.tenant
    tenant.set_permissions(["Application.ReadWrite.OwnedBy"])
    console, made = set_up(fleet, "unowned")
    provider(fleet, console, made["appId"], secret(fleet, made))
    command = rf"az ad app owner add --id {made['appId']} --owner-object-id ([0-9a-f-]{{36}})"
    adopted = adopt(fleet)
    assert adopted.rc == 0, adopted.output
    owner = re.search(command, adopted.output)
    assert owner, adopted.output
    predicted = site(fleet, "--check")
    assert predicted.failed() == {"unowned"}
    assert re.search(command, predicted.output), predicted.output
    assert only(tenant, appId=made["appId"])["uniqueName"] is None

    # The effect of the command
    reference = {"@odata.id": f"{fleet.lab.graph_url}/v1.0/directoryObjects/{owner[1]}"}
    assert tenant.graph("POST", f"/applications/{made['id']}/owners/$ref", reference).status_code == 204
    assert "az ad app owner" not in adopt(fleet, "-e", "adopt_overwrite=true").output
    predicted = site(fleet, "--check")
    assert predicted.rc == 0, predicted.output
    assert "az ad app owner" not in predicted.output
    assert site(fleet).rc == 0
    assert site(fleet).changed() == {"unowned": 0}
