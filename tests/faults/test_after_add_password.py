# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: whatever fails after Entra has created a client secret, it is removed again, or the error names it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from faults.steps import key_ids, only
from integration.entra_app_rows import run, secrets

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import restriction_facts
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from lab.client import Lab
from support.fleet import Fleet

REMOVAL = ("POST", "/removePassword$")


class Interrupted(BaseException):
    """Stands for a run that is stopped manually."""


@pytest.fixture
def altered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Alter Graph's response to the creation of a client secret: members of the response, or an exception instead."""
    send = httpx.AsyncHTTPTransport.handle_async_request

    def alter(error: BaseException | None = None, **members: Any) -> None:
        async def altering(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            answer = await send(transport, request)
            if not request.url.path.endswith("/addPassword"):
                return answer
            document = json.loads(await answer.aread())
            monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", send)
            if error:
                raise error
            return httpx.Response(answer.status_code, json={**document, **members}, request=request)

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", altering)

    return alter


@pytest.mark.parametrize(
    "members",
    [
        {"keyId": 7},
        {"keyId": None},
        {"secretText": 42},
        {"secretText": ""},
        {"endDateTime": "soon"},
        {"endDateTime": 1},
        {"startDateTime": "2026-02-31T00:00:00Z"},
    ],
    ids=str,
)
def test_response_with_wrong_types(members: dict[str, Any], altered: Callable[..., None], fleet: Fleet) -> None:
    altered(**members)
    failed = run(fleet, **secrets({"name": "desk1"}))
    assert failed["failed"], failed
    assert "Creating a client secret for desk1" in failed["msg"]
    assert "found and removed" in failed["msg"]
    assert only(fleet.tenant)["passwordCredentials"] == []


@pytest.mark.parametrize(
    "error",
    [
        ValueError("an unparsable date"),
        RecursionError(),
        httpx.DecodingError("not gzip"),
        httpx.RemoteProtocolError("a garbled frame"),
        MemoryError(),
    ],
    ids=repr,
)
def test_any_exception_after_the_request_was_sent(error: Exception, altered: Callable[..., None], fleet: Fleet) -> None:
    altered(error)
    failed = run(fleet, **secrets({"name": "desk1"}))
    assert failed["failed"], failed
    assert "Creating a client secret for desk1" in failed["msg"]
    assert "Run the playbook again" in failed["msg"]
    assert only(fleet.tenant)["passwordCredentials"] == []


@pytest.mark.parametrize("error", [asyncio.CancelledError(), Interrupted()], ids=repr)
def test_interrupted_run(error: BaseException, altered: Callable[..., None], fleet: Fleet) -> None:
    altered(error)
    with pytest.raises(type(error)):
        run(fleet, **secrets({"name": "desk1"}))
    assert only(fleet.tenant)["passwordCredentials"] == []


def test_client_secret_that_cannot_be_removed_is_named(altered: Callable[..., None], lab: Lab, fleet: Fleet) -> None:
    """By name, key ID and expiry date, whether its value was lost or it was not accepted."""
    altered(secretText=None)
    lab.fault("graph", *REMOVAL, status=403, times=100)
    failed = run(fleet, **secrets({"name": "desk1"}))
    (stays,) = only(fleet.tenant)["passwordCredentials"]
    assert f"with an unknown value could not be removed: desk1 (key {stays['keyId']}, expires " in failed["msg"]

    lab.set_lag(0, 3600)
    failed = run(fleet, **secrets({"name": "desk2"}), wait_timeout=0.5)
    lab.set_lag(0, 0)
    (stays,) = key_ids(only(fleet.tenant), "desk2")
    assert "was not accepted within" in failed["msg"]
    assert f"with unknown values could not be removed: desk2 (key {stays}, expires " in failed["msg"]


def test_failure_after_all_changes(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client secret that could not be returned is removed again."""

    async def refused(*_given: Any, **_named: Any) -> Any:
        raise ServiceError("Reading the assignments failed", answer="Graph answered 503", hint="Run again")

    with monkeypatch.context() as patch:
        patch.setattr(restriction_facts, "read", refused)
        failed = run(fleet, **secrets({"name": "desk1"}))
    assert failed["failed"], failed
    assert "were removed again: desk1 (key " in failed["msg"]
    assert only(fleet.tenant)["passwordCredentials"] == []
    assert run(fleet, **secrets({"name": "desk1"}))["client_secrets"][0]["decision"] == "created"
