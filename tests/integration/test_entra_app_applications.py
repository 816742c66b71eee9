# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: several applications in one task."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import essence, module
from integration.entra_app_rows import perform, quietly, run

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

NUMBER = 21  # one more than a $batch can hold


def named(number: int, **options: Any) -> dict[str, Any]:
    """The declaration of one application."""
    uri = f"https://desk{number}.example/api/oidc/callback"
    return {
        "unique_name": f"desk{number}",
        "display_name": f"RustDesk {number}",
        "web_redirect_uris": {"add": [uri]},
        **options,
    }


def names(fleet: Fleet) -> set[str]:
    """The display names of the created applications, each of which exists once."""
    made = [app["displayName"] for app in fleet.tenant.applications() if app["uniqueName"]]
    assert len(set(made)) == len(made)
    return set(made)


def test_each_result_matches_a_task_of_its_own(lab: Lab, fleet: Fleet) -> None:
    """All are created and found again with few requests, and each has the result that a separate task would have."""
    several = [named(number) for number in range(NUMBER)]
    check = quietly(fleet, check=True, applications=several)
    made = run(fleet, applications=several)
    assert check["changed"] and made["changed"], made
    assert [essence(item) for item in check["applications"]] == [essence(item) for item in made["applications"]]
    assert names(fleet) == {f"RustDesk {number}" for number in range(NUMBER)}
    again = quietly(fleet, applications=several)
    assert again["changed"] is False
    assert len(lab.requests("graph")) == 2 + NUMBER  # two $batch requests, and each service principal
    alone = run(fleet, **named(7))
    assert alone["application"] == again["applications"][7]["application"]
    assert alone["service_principal"] == again["applications"][7]["service_principal"]


def test_one_failure_stops_no_other(fleet: Fleet) -> None:
    """It is named with its reason; all others match their declarations and need no further change."""
    unknown = {"app_id": "99999999-8888-7777-6666-555555555555"}
    failed = run(fleet, applications=[named(1), unknown, named(2)])
    again = run(fleet, applications=[named(1), named(2)])
    assert failed["failed"]
    assert "1 of 3 applications failed" in failed["msg"]
    assert unknown["app_id"] in failed["msg"]
    assert [item["failed"] for item in failed["applications"]] == [False, True, False]
    assert not again["changed"], again
    assert names(fleet) == {"RustDesk 1", "RustDesk 2"}


def secrets(result: dict[str, Any]) -> list[str | None]:
    """The new client secret of each application of a result; None for a failed one."""
    return [next((c["secret_text"] for c in app.get("client_secrets", [])), None) for app in result["applications"]]


def test_new_client_secrets_are_kept_if_others_fail(lab: Lab, fleet: Fleet) -> None:
    """An application, a sign-in and a tenant are refused; the new client secrets of the others are in the result."""
    guest = lab.add_tenant(f"guest.{fleet.domain}")
    other = lab.add_tenant(f"other.{fleet.domain}")
    signed_in = {"client_id": other.automation["client_id"], "client_secret": other.automation["client_secret"]}
    entries = [
        named(1, client_secrets=[{"name": "desk1"}]),
        named(2, client_secrets=[{"name": "desk2"}], app_id="99999999-8888-7777-6666-555555555555"),
        named(3, client_secrets=[{"name": "desk3"}], tenant_id=guest.tenant_id),
        named(4, client_secrets=[{"name": "desk4"}], tenant_id="nobody.example"),
        named(1, client_secrets=[{"name": "desk5"}], tenant_id=other.domain, **signed_in),
        named(6, client_secrets=[{"name": "desk6", "lifetime": "soon"}]),
    ]
    made = run(fleet, applications=entries)
    assert made["failed"]
    assert [item["failed"] for item in made["applications"]] == [False, True, True, True, False, True], made["msg"]
    assert "4 of 6 applications failed" in made["msg"]
    for number, said in {1: "99999999-8888", 2: "AADSTS", 3: "nobody.example", 5: "lifetime"}.items():
        assert said in made["applications"][number]["msg"]
        assert made["applications"][number]["error"]["attempted"]
    first, *_failed, fifth, _bad = secrets(made)
    for secret, app, tenant in ((first, 0, fleet.tenant.tenant_id), (fifth, 4, other.tenant_id)):
        application = made["applications"][app]
        assert application["tenant_id"] == tenant
        assert application["declared"]["unique_name"] == "desk1"
        url = f"{lab.login_url}/{tenant}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": application["application"]["app_id"],
            "client_secret": secret,
            "scope": f"{lab.graph_url}/.default",
        }
        assert lab.http.post(url, data=form, timeout=20).status_code == 200

    # Now that their holders have them, they are recognized
    kept = [
        {**entry, "client_secrets": [{**entry["client_secrets"][0], "held": held}]}
        for entry, held in ((entries[0], first), (entries[4], fifth))
    ]
    again = run(fleet, applications=kept)
    assert not again["changed"], again


def test_a_result_with_a_secret_is_censored(fleet: Fleet, quick_controller: Controller) -> None:
    """It is censored even if another application failed, and at any verbosity; the diff is shown."""
    entries = [named(1, client_secrets=[{"name": "desk1"}]), {"app_id": "99999999-8888-7777-6666-555555555555"}]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{**module("entra_app", **fleet.entra, applications=entries), "ignore_errors": True}],
    }
    run = quick_controller.playbook([play], {"all": {"hosts": {}}}, "-vvv", "--diff")
    assert names(fleet) == {"RustDesk 1"}
    assert "censored" in run.output
    assert '+        "display_name": "RustDesk 1"' in run.output
    assert not [secret for secret in fleet.lab.secrets() if secret in run.output]


def test_one_application_with_two_names_of_its_tenant(fleet: Fleet) -> None:
    """One entry names the tenant by its ID, another by its domain: neither loses the other's additions."""
    uris = [f"https://desk{number}.example/api/oidc/callback" for number in (1, 2)]
    entries = [
        named(1, tenant_id=tenant, web_redirect_uris={"add": [uri]})
        for tenant, uri in zip((fleet.tenant.tenant_id, fleet.domain), uris, strict=True)
    ]
    made = run(fleet, applications=entries)
    assert not made["failed"], made
    (application,) = [app for app in fleet.tenant.applications() if app["uniqueName"]]
    assert sorted(application["web"]["redirectUris"]) == uris


def test_missing_application_is_not_created(fleet: Fleet) -> None:
    change = {**named(1), "create": False, "client_secrets": [{"name": "desk1"}]}
    nothing = run(fleet, **change)
    made = run(fleet, **named(1))
    changed = quietly(fleet, check=True, **change)
    assert (nothing["changed"], nothing["application"], nothing["client_secrets"]) == (False, None, [])
    assert made["changed"]
    assert changed["client_secrets"][0]["decision"] == "created"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"applications": [named(1), named(1)]}, "desk1"),
        ({"applications": [named(1)], "display_name": "RustDesk"}, "display_name"),
        ({"applications": [named(1)], "client_secrets": [{"name": "desk1"}]}, "client_secrets"),
        ({"applications": [named(1, tenant_id="common")]}, "tenant_id"),
        ({"applications": [named(1, tags="x" * 300)]}, "tags"),
        ({"applications": [{"sign_in_audience": "AzureADMyOrg"}]}, "unique_name"),
    ],
)
def test_contradictions_are_refused_before_any_request(
    lab: Lab, fleet: Fleet, options: dict[str, Any], told: str
) -> None:
    lab.clear_requests()
    refused = perform(fleet, entra_app, **fleet.entra, **options)
    assert refused["failed"]
    assert told in refused["msg"], refused
    assert lab.requests() == []
