# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to Graph that is cut before or after a change took effect.

A client cannot distinguish the two. Whatever the run reports, the next one ends with the declared state: never a second
application, and never a working client secret of ours whose value is lost.
"""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import accepted, only, own
from integration.entra_app_rows import run

from lab.client import Lab
from support.fleet import Fleet

CUTS = ("before", "after")
# Once, so that the run itself can recover; and for the whole run, as if the controller had died at this request
ONCE = (1, CUTS)
FOR_GOOD = (100, ("after",))


def declared(case: str, held: str = "", **options: Any) -> dict[str, Any]:
    """Options that declare an application of the case's name, with one client secret."""
    secret = {"name": "desk1", "held": held, "overlap": "0d"}
    named = {"unique_name": case, "display_name": case, "client_secrets": [secret]}
    return {"wait_timeout": 2, "timeout": 5, **named, **options}


def value(*runs: dict[str, Any]) -> str:
    """Return the client secret that the last of some runs to create one returned."""
    given = [entry.get("secret_text", "") for run in runs for entry in run.get("client_secrets", [])]
    return next((text for text in reversed(given) if text), "")


def converge(fleet: Fleet, case: str, runs: list[dict[str, Any]], options: dict[str, Any]) -> None:
    """After the faults: one more run reaches the declared state, and then nothing is left to do or to remove.

    ``runs`` ends with the one that encountered the fault; those before it created the existing objects.
    """
    again = run(fleet, **declared(case, value(*runs), **options))
    held = value(*runs, again)
    # A client secret whose response was lost is removed once its successor is in use: one more run.
    settled, quiet = (run(fleet, **declared(case, held, **options)) for _turn in range(2))
    for result in (again, settled, quiet):
        assert not result["failed"], (case, result["msg"])
    assert not quiet["changed"], (case, quiet)
    application = only(fleet.tenant, displayName=case)
    (secret,) = application["passwordCredentials"]
    assert secret["keyId"] == quiet["client_secrets"][0]["key_id"], case
    assert accepted(fleet, application["appId"], held), case
    principal = fleet.tenant.graph("GET", f"/servicePrincipals(appId='{application['appId']}')")
    assert principal.status_code == 200, case


@pytest.mark.parametrize(("times", "cuts"), [ONCE, FOR_GOOD])
def test_while_creating(times: int, cuts: tuple[str, ...], lab: Lab, fleet: Fleet) -> None:
    """The application, by its unique name and without one, its service principal, and its client secret."""
    for cut in cuts:
        for part, method, path in (
            ("upsert", "PATCH", "/applications"),
            ("post", "POST", "/applications$"),
            ("principal", "POST", "/servicePrincipals$"),
            ("secret", "POST", "/addPassword$"),
        ):
            case = f"{part} {cut}"
            options = {"unique_name": None} if part == "post" else {}
            lab.fault("graph", method, path, times=times, cut=cut)
            result = run(fleet, **declared(case, **options))
            lab.clear_faults()
            made = own(fleet.tenant.applications(), displayName=case)
            assert len(made) <= 1, case
            # The client secret of a lost response is already removed, because its value is unknown.
            secrets = [item["displayName"] for found in made for item in found["passwordCredentials"]]
            assert len(secrets) == (0 if result["failed"] else 1), (case, result)
            converge(fleet, case, [result], options)


@pytest.mark.parametrize(("times", "cuts"), [ONCE, FOR_GOOD])
def test_while_changing(times: int, cuts: tuple[str, ...], lab: Lab, fleet: Fleet) -> None:
    """A changed field, an added redirect URI, and a renewed client secret; earlier values are not lost."""
    uris = {"add": ["https://desk.example/api/oidc/callback"]}
    # The search for a lost client secret is patient: once, in the test above, is enough.
    for case in (*(f"patch {cut}" for cut in cuts), "renew after"):
        part, cut = case.split()
        made = run(fleet, **declared(case))
        key = only(fleet.tenant, displayName=case)["id"]
        if part == "patch":
            method, path, held, options = "PATCH", f"{key}|'{case}'|%27{case}", value(made), {"web_redirect_uris": uris}
        else:
            method, path, held, options = "POST", f"{key}/addPassword", "not~what~entra~has~0123456789abcdefghij", {}
        lab.fault("graph", method, path, times=times, cut=cut)
        result = run(fleet, **declared(case, held, **options))
        lab.clear_faults()
        app_id = only(fleet.tenant, displayName=case)["appId"]
        assert accepted(fleet, app_id, value(made)) or not result["failed"]
        converge(fleet, case, [made, result], options)
        if part == "patch":
            assert only(fleet.tenant, displayName=case)["web"]["redirectUris"] == uris["add"]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("part", ["secret", "application"])
def test_while_removing(part: str, cut: str, lab: Lab, fleet: Fleet) -> None:
    """A holder's client secret, and the application: removed after one more run, and nothing else with them."""
    run(fleet, **declared("desks"))
    key = only(fleet.tenant)["id"]
    fleet.tenant.graph("POST", f"/applications/{key}/addPassword", {"passwordCredential": {"displayName": "by hand"}})
    if part == "secret":
        lab.fault("graph", "POST", f"{key}/removePassword", cut=cut)
        gone = declared("desks", client_secrets=[{"name": "desk1", "state": "absent"}])
    else:
        lab.fault("graph", "DELETE", key, cut=cut)
        gone = declared("desks", state="absent")
    run(fleet, **gone)
    assert lab.open_faults() == []
    again, quiet = (run(fleet, **gone) for _turn in range(2))
    assert not again["failed"], again["msg"]
    assert not quiet["changed"]
    left = own(fleet.tenant.applications())
    if part == "secret":
        assert [item["displayName"] for item in left[0]["passwordCredentials"]] == ["by hand"]
    else:
        assert left == []
