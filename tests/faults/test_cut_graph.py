# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to Graph that is cut before or after a change took effect.

Nobody can tell the two from outside. Whatever the run says, the next one ends with what is declared: never a second
application, and never a client secret of ours that works and that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.steps import accepted, control, key_ids, module, only, own

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

CUTS = ("before", "after")


@pytest.fixture
def fleet(lab: Lab, make_fleet: Callable[[int], Fleet]) -> Iterator[Fleet]:
    """A tenant without servers, in which changes are replicated at once."""
    lab.set_lag(0, 0)
    yield make_fleet(0)
    lab.set_lag(0.2, 0.5)


def declared(fleet: Fleet, case: str, held: str = "", **options: Any) -> dict[str, Any]:
    """A task that declares an application of the case's name, with one client secret."""
    secret = {"name": "desk1", "held": held, "overlap": "0d"}
    named = {"unique_name": case, "display_name": case, "client_secrets": [secret], "wait_timeout": 10, "timeout": 5}
    return module("entra_app", **{**fleet.entra, **named, **options})


def value(results: list[dict[str, Any]]) -> str:
    """The client secret that the last of some runs to make one gave away."""
    given = [entry.get("secret_text", "") for run in results for entry in run.get("client_secrets", [])]
    return next((text for text in reversed(given) if text), "")


def converge(fleet: Fleet, controller: Controller, cases: dict[str, list[dict[str, Any]]], **options: Any) -> None:
    """After the faults: one more run reaches what is declared, the next one is quiet, and nothing is left over."""
    fleet.lab.clear_faults()
    unclear = [
        f"{case}: {run['msg']}"
        for case, (run, *_rest) in cases.items()
        if run["failed"] and ("Traceback" in str(run) or run["msg"].startswith(("MODULE FAILURE", "Unexpected")))
    ]
    assert not unclear, "\n".join(unclear)
    again = controller.tasks(*(declared(fleet, case, value(runs), **options) for case, runs in cases.items()))
    for runs, result in zip(cases.values(), again, strict=True):
        assert not result["failed"], result["msg"]
        runs.append(result)
    # A client secret that a lost answer made is removed once its successor is in use.
    controller.tasks(*(declared(fleet, case, value(runs), **options) for case, runs in cases.items()))
    quiet = controller.tasks(*(declared(fleet, case, value(runs), **options) for case, runs in cases.items()))
    for (case, runs), result in zip(cases.items(), quiet, strict=True):
        assert not result["failed"], result["msg"]
        assert not result["changed"], (case, result)
        application = only(fleet.tenant, displayName=case)
        assert key_ids(application, "desk1") == {result["client_secrets"][0]["key_id"]}, case
        assert len(application["passwordCredentials"]) == 1
        assert accepted(fleet, application["appId"], value(runs)), case
        principal = fleet.tenant.graph("GET", f"/servicePrincipals(appId='{application['appId']}')")
        assert principal.status_code == 200, case


@pytest.mark.parametrize("times", [1, 30])
def test_while_creating(times: int, lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """The application, by its unique name and without one, its service principal, and its client secret."""
    tasks, cases = [], {}
    for cut in CUTS:
        for part, method, path, options in (
            ("upsert", "PATCH", "/applications", {}),
            ("post", "POST", "/applications$", {"unique_name": None}),
            ("principal", "POST", "/servicePrincipals$", {}),
            ("secret", "POST", "/addPassword$", {}),
        ):
            case = f"{part} {cut}"
            order = {"service": "graph", "method": method, "path_regex": path, "times": times, "cut": cut}
            tasks += [
                {**control(lab, "DELETE", "/faults")},
                {"ansible.builtin.uri": fault_request(lab, order), "environment": {}},
                declared(fleet, case, **options),
            ]
            cases[case] = options
    results = dict(zip(cases, controller.tasks(*tasks)[2::3], strict=True))
    for case in cases:
        assert len(own(fleet.tenant.applications(), displayName=case)) <= 1, case
    named = {case: [run] for case, run in results.items() if not case.startswith("post")}
    nameless = {case: [run] for case, run in results.items() if case.startswith("post")}
    converge(fleet, controller, named)
    converge(fleet, controller, nameless, unique_name=None)


def fault_request(lab: Lab, order: dict[str, Any]) -> dict[str, Any]:
    """A fault as options of the task that orders it."""
    url = f"{lab.control_url}/faults"
    return {"url": url, "method": "POST", "body": order, "body_format": "json", "ca_path": str(lab.ca_path)}


@pytest.mark.parametrize("times", [1, 30])
def test_while_changing(times: int, lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """A changed field, an added redirect URI, and a renewed client secret; what was there before is not lost."""
    names = [f"{part} {cut}" for part in ("patch", "renew") for cut in CUTS]
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
    changed = {name: [runs[1], runs[0], runs[1]] for name, runs in cases.items() if name.startswith("patch")}
    renewed = {name: [runs[1], *runs] for name, runs in cases.items() if name.startswith("renew")}
    converge(fleet, controller, changed, web_redirect_uris=uris)
    for name in changed:
        assert only(fleet.tenant, displayName=name)["web"]["redirectUris"] == uris["add"]
    converge(fleet, controller, renewed)


@pytest.mark.parametrize("times", [1, 30])
def test_while_removing(times: int, lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """A holder's client secret, and the application: gone after one more run, and nothing else with them."""
    names = [f"{part} {cut}" for part in ("secret", "application") for cut in CUTS]
    controller.tasks(*(declared(fleet, name) for name in names))
    for name in names:
        application = only(fleet.tenant, displayName=name)
        path = f"/applications/{application['id']}/addPassword"
        fleet.tenant.graph("POST", path, json={"passwordCredential": {"displayName": "by hand"}})
        part, cut = name.split()
        if part == "secret":
            lab.fault("graph", "POST", f"{application['id']}/removePassword", times=times, cut=cut)
        else:
            lab.fault("graph", "DELETE", application["id"], times=times, cut=cut)
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
