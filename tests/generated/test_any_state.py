# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app leads from any present state to any declaration, as check mode predicts, and changes nothing else.

The product runs in this process; the lab replicates immediately. ``RUSTDESK_SSO_EXAMPLES`` is the number of examples.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from generated.declarations import Example, examples
from generated.ground import Ground
from generated.meaning import NEW, differences, essence
from generated.oracle import Oracle
from generated.refusals import refused
from hypothesis import HealthCheck, given, settings
from live.complete import missing

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from lab.client import Lab

ANY = settings(
    max_examples=int(os.environ.get("RUSTDESK_SSO_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NO_ID = "00000000-0000-0000-0000-000000000000"
# More requests than any run without waits needs
MANY = 150
MADE = ("created", "renewed")
# Members of a new list entry that only Graph can choose
GIVEN = ("id", "key_id", "expires")
Result = dict[str, Any]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A tenant in a lab without any lag, so that no wait is needed."""
    with Lab.start(0, 0) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication, "FIRST_PAUSE", 0.0)
        yield Ground(lab, tmp_path_factory.mktemp("generated"))
        assert missing(lab.endpoints()) == []


def run(ground: Ground, declaration: Result, *, check_mode: bool = False) -> Result:
    """Run the module; raises its exceptions."""
    spec = {name: value for name, value in entra_app.SPEC.items() if name != "supports_check_mode"}
    found = ArgumentSpecValidator(**spec).validate({**ground.entra, **ground.resolve(declaration)})
    assert not found.error_messages, found.error_messages
    return entra_app.run(found.validated_parameters, Context(check_mode, lambda _warning: None))


def same(claim: str, one: Any, other: Any) -> None:
    """Assert that two values are equal, and show their differences."""
    found = differences(one, other)
    assert not found, f"{claim}:\n" + "\n".join(found)


def writes(ground: Ground) -> list[str]:
    """Return the write requests to Graph since the last call; an unnecessary wait would show as many reads."""
    asked = [f"{item['method']} {item['path']}" for item in ground.lab.requests("graph")]
    ground.lab.clear_requests()
    assert len(asked) < MANY, f"{len(asked)} requests, the last {asked[-5:]}"
    return [item for item in asked if not item.startswith("GET ")]


@given(example=examples())
@ANY
def test_any_state_becomes_any_declaration(ground: Ground, example: Example) -> None:
    """Predicted exactly, reached in one run, kept by a second; everything undeclared is unchanged."""
    try:
        if example.state:
            ground.make(example.state)
        before = ground.snapshot()
        old_logo = ground.logo(ground.facts["object_id"]) if "logo" in example.declaration and example.state else None
        ground.lab.clear_requests()

        prediction = run(ground, example.declaration, check_mode=True)
        same("check mode wrote", writes(ground), [])
        result = run(ground, example.declaration)
        wrote = writes(ground)
        assert result["changed"] == bool(wrote), wrote
        same("check mode and the run differ", predictable(prediction, result), predictable(result, result))

        after = ground.snapshot()
        application = result["application"]
        target = application["object_id"] if application else ground.facts["object_id"]
        oracle = Oracle(ground, example.declaration, after, target)
        oracle.old_logo = old_logo if example.target else None
        expected = oracle.expected(before)
        if oracle.logo:
            assert ground.logo(target) == oracle.logo
            if expected["applications"][target]["info"]["logoUrl"] == NEW:
                after["applications"][target]["info"]["logoUrl"] = NEW
        same("the expected and the found state differ", essence(expected, before), essence(after, before))

        again = run(ground, followed(example.declaration, result))
        assert (again["changed"], again["diff"], writes(ground)) == (False, {"before": {}, "after": {}}, [])
        same("the results of the second and the first run differ", lasting(again), lasting(result))
        assert ground.lab.violations() == []
    finally:
        ground.clean()


@given(declaration=refused())
@ANY
def test_what_entra_would_refuse_is_refused_before_any_request(ground: Ground, declaration: Result) -> None:
    """The input is refused, and no request is sent."""
    ground.lab.clear_requests()
    with pytest.raises(InputError):
        run(ground, declaration)
    assert ground.lab.requests() == []


def predictable(result: Result, run_result: Result) -> Result:
    """Return a result without the values that only Graph can choose.

    ``run_result`` is that of the run, which shows the new objects.
    """
    shown = {**result}
    before, application = run_result["diff"]["before"], result["application"]
    if application is None:
        return shown
    if before.get("deleted"):  # assignments and consent cannot be read before the application is restored
        shown["restrictions"] = [item for item in result["restrictions"] if item["name"] == "sign_in_audience"]
    if before.get("display_name", "") is None:  # a new application
        uris = sorted(uri.replace(application["app_id"], NO_ID) for uri in application["identifier_uris"])
        shown["application"] = {**application, "identifier_uris": uris} | dict.fromkeys(
            ("object_id", "app_id", "created")
        )
    if before.get("service_principal") == "absent" and result["service_principal"]:
        shown["service_principal"] = {**result["service_principal"], "object_id": None}
    known = set(_ids(before))
    for option in ("certificates", "federated_credentials", "assignments", "admin_consent"):
        if option in before:
            # The name of a user or group that is declared by its object ID is not read
            given = (*GIVEN, "name") if option == "assignments" else GIVEN
            shown[option] = [_plain(item, known, given) for item in result[option]]
    shown["client_secrets"] = [
        {**item, **dict.fromkeys(("key_id", "hint", "expires", "accepted", "secret_text"))}
        if item["decision"] in MADE
        else item
        for item in result["client_secrets"]
    ]
    return shown


def _ids(value: Any) -> Iterator[str]:
    for option in ("certificates", "federated_credentials", "assignments", "admin_consent"):
        for item in value.get(option) or []:
            yield item.get("id") or item["key_id"]


def _plain(item: Result, known: set[str], given: Iterable[str]) -> Result:
    if (item.get("id") or item.get("key_id")) in known:
        return item
    return {name: None if name in given else value for name, value in item.items()}


def followed(declaration: Result, result: Result) -> Result:
    """Return the declaration of the next run: each holder has its new client secret."""
    made = {item["name"]: item["secret_text"] for item in result["client_secrets"] if item["decision"] in MADE}
    secrets = [
        {"name": item["name"], "state": item["state"], "held": made[item["name"]]} if item["name"] in made else item
        for item in declaration.get("client_secrets", [])
    ]
    return {**declaration, **({"client_secrets": secrets} if secrets else {})}


def lasting(result: Result) -> Result:
    """Return the parts of a result that a second run repeats."""
    passing = ("changed", "diff", "adopted", "restored", "purged", "client_secrets")
    return {name: value for name, value in result.items() if name not in passing}
