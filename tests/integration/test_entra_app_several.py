# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: several applications in one task."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import essence, module, predicted, writes

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

NUMBER = 21  # one more than a $batch takes


def named(number: int, **options: Any) -> dict[str, Any]:
    """The declaration of one of them."""
    uri = f"https://desk{number}.example/api/oidc/callback"
    return {
        "unique_name": f"desk{number}",
        "display_name": f"RustDesk {number}",
        "web_redirect_uris": {"add": [uri]},
        **options,
    }


def names(fleet: Fleet) -> set[str]:
    """The display names of the applications that were made, of which there is one each."""
    made = [app["displayName"] for app in fleet.tenant.applications() if app["uniqueName"]]
    assert len(set(made)) == len(made)
    return set(made)


def test_each_as_if_it_were_alone(lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """All are made, found again by few requests, and each has the result that a task of its own would have."""
    entra = {**fleet.entra, "wait_timeout": 20}
    several = module("entra_app", **entra, applications=[named(number) for number in range(NUMBER)])
    check, made = controller.tasks(predicted(several), several)
    assert check["changed"] and made["changed"], made
    assert [essence(item) for item in check["applications"]] == [essence(item) for item in made["applications"]]
    assert names(fleet) == {f"RustDesk {number}" for number in range(NUMBER)}
    lab.clear_requests()
    (again,) = controller.tasks(several)
    assert again["changed"] is False
    assert writes(lab) == []
    assert len(lab.requests("graph")) == 2 + NUMBER  # two $batch, and each service principal
    (alone,) = controller.tasks(module("entra_app", **entra, **named(7)))
    assert alone["application"] == again["applications"][7]["application"]
    assert alone["service_principal"] == again["applications"][7]["service_principal"]


def test_one_that_fails_stops_no_other(fleet: Fleet, controller: Controller) -> None:
    """It is named with its reason; all the others are as declared, and the next run has only that one to do."""
    unknown = {"app_id": "99999999-8888-7777-6666-555555555555"}
    failed, again = controller.tasks(
        module("entra_app", **fleet.entra, applications=[named(1), unknown, named(2)]),
        module("entra_app", **fleet.entra, applications=[named(1), named(2)]),
    )
    assert failed["failed"]
    assert "1 of 3 applications failed" in failed["msg"]
    assert unknown["app_id"] in failed["msg"]
    assert [item["failed"] for item in failed["applications"]] == [False, True, False]
    assert not again["changed"], again
    assert names(fleet) == {"RustDesk 1", "RustDesk 2"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"applications": [named(1), named(1)]}, "desk1"),
        ({"applications": [named(1)], "display_name": "RustDesk"}, "display_name"),
        ({"applications": [named(1)], "client_secrets": [{"name": "desk1"}]}, "client_secrets"),
        ({"applications": [named(1, tags="x" * 300)]}, "tags"),
        ({"applications": [{"sign_in_audience": "AzureADMyOrg"}]}, "unique_name"),
    ],
)
def test_what_contradicts_itself_is_refused_before_any_request(
    lab: Lab, fleet: Fleet, controller: Controller, options: dict[str, Any], told: str
) -> None:
    lab.clear_requests()
    (refused,) = controller.tasks(module("entra_app", **fleet.entra, **options))
    assert refused["failed"]
    assert told in refused["msg"], refused
    assert lab.requests() == []
