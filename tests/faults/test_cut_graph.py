# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to Graph that is cut before or after a change took effect.

Nobody can tell the two from outside. Whatever the run says, the next one ends with what is declared: never a second
application, and never a client secret of ours that works and that nobody knows.
"""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import accepted, control, module, only, own

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

CUTS = ("before", "after")
# Once, so that the run itself can recover; and for the whole run, as if the controller had died just there
ONCE = (1, CUTS)
FOR_GOOD = (30, ("after",))


def declared(fleet: Fleet, case: str, held: str = "", **options: Any) -> dict[str, Any]:
    """A task that declares an application of the case's name, with one client secret."""
    secret = {"name": "desk1", "held": held, "overlap": "0d"}
    named = {"unique_name": case, "display_name": case, "client_secrets": [secret], "wait_timeout": 2, "timeout": 5}
    return module("entra_app", **{**fleet.entra, **named, **options})


def value(results: list[dict[str, Any]]) -> str:
    """The client secret that the last of some runs to make one gave away."""
    given = [entry.get("secret_text", "") for run in results for entry in run.get("client_secrets", [])]
    return next((text for text in reversed(given) if text), "")


def converge(
    fleet: Fleet, controller: Controller, cases: dict[str, list[dict[str, Any]]], options: dict[str, dict[str, Any]]
) -> None:
    """After the faults: one more run reaches what is declared, and then there is nothing left to do, nor left over.

    The run of each case that met the fault is its last one so far; those before it made what was there already.
    """
    fleet.lab.clear_faults()
    unclear = [f"{case}: {runs[-1]}" for case, runs in cases.items() if "Traceback" in str(runs[-1])]
    assert not unclear, "\n".join(unclear)
    tasks = []
    for case, runs in cases.items():
        held = value(runs)
        tasks.append(declared(fleet, case, held, **options[case]))
        held = f"{{{{ result_{len(tasks) - 1}.client_secrets[0].secret_text | default('{held}') }}}}"
        # A client secret that a lost answer made is removed once its successor is in use: one run more.
        tasks += [declared(fleet, case, held, **options[case])] * 2
    results = controller.tasks(*tasks)
    for index, (case, runs) in enumerate(cases.items()):
        again, settled, quiet = results[index * 3 : index * 3 + 3]
        for result in (again, settled, quiet):
            assert not result["failed"], (case, result["msg"])
        assert not quiet["changed"], (case, quiet)
        application = only(fleet.tenant, displayName=case)
        (secret,) = application["passwordCredentials"]
        assert secret["keyId"] == quiet["client_secrets"][0]["key_id"], case
        assert accepted(fleet, application["appId"], value([*runs, again])), case
        principal = fleet.tenant.graph("GET", f"/servicePrincipals(appId='{application['appId']}')")
        assert principal.status_code == 200, case


@pytest.mark.parametrize(("times", "cuts"), [ONCE, FOR_GOOD])
def test_while_creating(times: int, cuts: tuple[str, ...], lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """The application, by its unique name and without one, its service principal, and its client secret."""
    tasks: list[dict[str, Any]] = []
    options: dict[str, dict[str, Any]] = {}
    for cut in cuts:
        for part, method, path in (
            ("upsert", "PATCH", "/applications"),
            ("post", "POST", "/applications$"),
            ("principal", "POST", "/servicePrincipals$"),
            ("secret", "POST", "/addPassword$"),
        ):
            case = f"{part} {cut}"
            options[case] = {"unique_name": None} if part == "post" else {}
            order = {"service": "graph", "method": method, "path_regex": path, "times": times, "cut": cut}
            tasks += [
                control(lab, "DELETE", "/faults"),
                control(lab, "POST", "/faults", **order),
                declared(fleet, case, **options[case]),
            ]
    results = dict(zip(options, controller.tasks(*tasks)[2::3], strict=True))
    for case, result in results.items():
        made = own(fleet.tenant.applications(), displayName=case)
        assert len(made) <= 1, case
        # What a lost answer made is gone already: nobody knows its value.
        secrets = [item["displayName"] for found in made for item in found["passwordCredentials"]]
        assert len(secrets) == (0 if result["failed"] else 1), (case, result)
    converge(fleet, controller, {case: [run] for case, run in results.items()}, options)


@pytest.mark.parametrize(("times", "cuts"), [ONCE, FOR_GOOD])
def test_while_changing(times: int, cuts: tuple[str, ...], lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """A changed field, an added redirect URI, and a renewed client secret; what was there before is not lost."""
    # A lost request for a client secret is looked for patiently: once, in the test above, is enough.
    names = [*(f"patch {cut}" for cut in cuts), "renew after"]
    made = dict(zip(names, controller.tasks(*(declared(fleet, name) for name in names)), strict=True))
    applications = {name: only(fleet.tenant, displayName=name)["id"] for name in names}
    for name, key in applications.items():
        part, cut = name.split()
        method, path = ("PATCH", f"{key}|'{name}'|%27{name}") if part == "patch" else ("POST", f"{key}/addPassword")
        lab.fault("graph", method, path, times=times, cut=cut)
    uris = {"add": ["https://desk.example/api/oidc/callback"]}
    results = controller.tasks(
        *(
            declared(fleet, name, value([made[name]]), web_redirect_uris=uris)
            if name.startswith("patch")
            else declared(fleet, name, "not~what~entra~has~0123456789abcdefghij")
            for name in names
        )
    )
    for name in names:
        application = only(fleet.tenant, displayName=name)
        assert accepted(fleet, application["appId"], value([made[name]])) or not results[names.index(name)]["failed"]
    cases = {name: [made[name], result] for name, result in zip(names, results, strict=True)}
    options = {name: {"web_redirect_uris": uris} if name.startswith("patch") else {} for name in names}
    converge(fleet, controller, cases, options)
    for name in names:
        if name.startswith("patch"):
            assert only(fleet.tenant, displayName=name)["web"]["redirectUris"] == uris["add"]


def test_while_removing(lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """A holder's client secret, and the application: gone after one more run, and nothing else with them."""
    names = [f"{part} {cut}" for part in ("secret", "application") for cut in CUTS]
    controller.tasks(*(declared(fleet, name) for name in names))
    for name in names:
        application = only(fleet.tenant, displayName=name)
        path = f"/applications/{application['id']}/addPassword"
        fleet.tenant.graph("POST", path, json={"passwordCredential": {"displayName": "by hand"}})
        part, cut = name.split()
        if part == "secret":
            lab.fault("graph", "POST", f"{application['id']}/removePassword", cut=cut)
        else:
            lab.fault("graph", "DELETE", application["id"], cut=cut)
    gone = {"client_secrets": [{"name": "desk1", "state": "absent"}]}
    tasks = [declared(fleet, name, **(gone if name.startswith("secret") else {"state": "absent"})) for name in names]
    first = controller.tasks(*tasks)
    lab.clear_faults()
    second, third = controller.tasks(*tasks), controller.tasks(*tasks)
    for name, run, again, quiet in zip(names, first, second, third, strict=True):
        assert "Traceback" not in str(run)
        assert not again["failed"], again["msg"]
        assert not quiet["changed"], name
        left = own(fleet.tenant.applications(), displayName=name)
        if name.startswith("secret"):
            assert [item["displayName"] for item in left[0]["passwordCredentials"]] == ["by hand"]
        else:
            assert left == []
