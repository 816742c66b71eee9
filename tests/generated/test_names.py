# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application of one unique name is created, deleted, purged and restored in any order, while replicas lag,
responses are lost and Graph refuses.

``RUSTDESK_SSO_EXAMPLES`` is the number of examples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from lab.client import Lab, Tenant

NAME = "desks"
LAG = 0.06
BUSY = {"error": {"code": "Directory_ConcurrencyViolation", "message": "Please wait briefly and retry."}}
WHERE = [
    ("PATCH", r"/applications\(uniqueName"),
    ("PATCH", r"/applications/[^/]+$"),
    ("POST", r"/servicePrincipals$"),
    ("POST", r"/addPassword$"),
    ("DELETE", r"/applications/[^/]+$"),
    ("POST", r"/restore$"),
    ("DELETE", r"/deletedItems/"),
]
HOW = [{"cut": "before"}, {"cut": "after"}, {"status": 409, "json": BUSY}, {"status": 503, "json": BUSY}]
SWITCHES = ("upsert_on_replica", "list_with_owned_by", "new_principal_owned")
PRESENT = {"unique_name": NAME, "display_name": "RustDesk", "client_secrets": [{"name": "desk1"}]}
ABSENT = {"unique_name": NAME, "state": "absent"}
RUNS: list[dict[str, Any]] = [
    PRESENT,
    {**PRESENT, "restore": True},
    {**PRESENT, "restore": False},
    {**PRESENT, "create": False},
    {**PRESENT, "web_redirect_uris": {"add": ["https://desk1.example.com/callback"]}},
    ABSENT,
    {**ABSENT, "purge": True},
]
STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "run": st.sampled_from(RUNS),
            "used": st.booleans(),
            "faults": st.lists(st.tuples(st.sampled_from(WHERE), st.sampled_from(HOW)), max_size=2),
        }
    ),
    min_size=2,
    max_size=5,
)


@pytest.fixture(scope="module")
def lagging() -> Iterator[Lab]:
    """A lab whose replicas lag a little, and a product that waits only briefly between its reads."""
    with Lab.start(LAG, 0) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication, "FIRST_PAUSE", LAG / 3)
        patch.setattr(replication, "CATCH_UP", 1.0)
        yield lab


def run(lab: Lab, tenant: Tenant, check: bool = False, **options: Any) -> dict[str, Any]:
    """Return the result of entra_app."""
    rules = {name: value for name, value in entra_app.SPEC.items() if name != "supports_check_mode"}
    sign_in = {
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.automation["client_id"],
        "client_secret": tenant.automation["client_secret"],
        "authority_host": lab.login_url,
        "graph_endpoint": lab.graph_url,
        "ca_path": lab.ca_path,
        "wait_timeout": 3,
        "timeout": 10,
    }
    found = ArgumentSpecValidator(**rules).validate({**sign_in, **options})
    assert not found.error_messages, found.error_messages
    return outcome(entra_app.run, found.validated_parameters, Context(check, lambda _warning: None))


def named(tenant: Tenant, path: str) -> list[dict[str, Any]]:
    """Return the applications of the name at ``path``, as the primary stores them."""
    return [item for item in tenant.graph("GET", path).json()["value"] if item["uniqueName"] == NAME]


numbers = iter(range(1, 1_000_000))


@given(steps=STEPS, switches=st.fixed_dictionaries({name: st.booleans() for name in SWITCHES}))
@settings(
    max_examples=int(os.environ.get("RUSTDESK_SSO_EXAMPLES", "120")) // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_one_application_of_the_name_or_an_error(
    lagging: Lab, steps: list[dict[str, Any]], switches: dict[str, bool]
) -> None:
    """A run ends with the declared state, or in an error with the next step; never with a second application."""
    tenant = lagging.add_tenant(f"names{next(numbers)}.example")
    tenant.set_switches(**switches)
    known = ""
    for step in steps:
        for (method, path), action in step["faults"]:
            lagging.fault("graph", method, path, **action)
        options = dict(step["run"])
        if step["used"] and options.get("state") != "absent":
            options["relying_parties"] = [{"name": "desk1", "client_id": known or None}]
        result = run(lagging, tenant, **options)
        lagging.clear_faults()
        live, gone = named(tenant, "/applications"), named(tenant, "/directory/deletedItems/graph.application")
        assert len(live) + len(gone) <= 1, "two applications have the name"
        known = live[0]["appId"] if live else known
        refused = [item["refused"] for item in result.get("relying_parties") or [] if item["refused"]]
        if result.get("failed"):
            assert "failed unexpectedly" not in result["msg"]
            assert result["error"]["hint"], result
        elif options.get("state") == "absent":
            assert live == [], "it is not deleted"
            assert not (gone and options.get("purge") and result["changed"]), "it is not purged"
        elif refused:  # with another application, users would get new accounts
            assert known in refused[0]
            assert not result["changed"]
        elif options.get("create", True):
            assert [item["id"] for item in live] == [result["application"]["object_id"]]
            if result["restored"]:
                assert options.get("restore") or options.get("relying_parties")
                assert options.get("restore") is not False
    tenant.set_switches(list_with_owned_by=True)
    last = run(lagging, tenant, **PRESENT, restore=True)
    assert not last.get("failed"), last
    (only,) = named(tenant, "/applications")
    assert only["id"] == last["application"]["object_id"]
