# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring a server's former provider after a failure, the verification, and its report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import put_back, record
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import obstacles
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support.servers import APP_ID, CANARY, ISSUER, callback, console, declared, held, provider, ready, verified

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
OTHER_ID = "11111111-2222-3333-4444-555555555555"
FAILURE = {"phase": "Verify sign-in", "message": "Sign-in would not work."}


def check(name: str, ok: bool | None = False, cause: str | None = "settings") -> dict[str, Any]:
    """One check of the verification."""
    return {"name": name, "ok": ok, "detail": f"{name} is wrong", "hint": None, "cause": cause}


def failed(*checks: dict[str, Any], changed: tuple[str, ...] = ("client_secret",), **how: Any) -> Server:
    """Return a server whose provider was changed and that then failed these checks; ``how`` as for verified()."""
    (server,) = verified(ready(), decision=how.pop("decision", "renewed"), **how)
    configured = {
        **server.configured,
        "changed": True,
        "worked_before": True,
        "diff": {"before": {}, "after": dict.fromkeys(changed, "new")},
    }
    found = {"verified": False, "holds_client_secret": True, "failed": True, "checks": list(checks)}
    return replace(server, configured=configured, verified=found, failure=FAILURE)


@pytest.mark.parametrize("name", put_back.WRITTEN)
def test_a_written_provider_is_restored(name: str) -> None:
    assert put_back.is_due(failed(check("clock", True), check(name)), NOW)


@pytest.mark.parametrize("name", ["console_reachable", "clock", "application_enabled", "client_secret_expires"])
def test_other_failures_restore_nothing(name: str) -> None:
    assert not put_back.is_due(failed(check(name)), NOW)


@pytest.mark.parametrize("name", [*put_back.WRITTEN, put_back.DISCOVERY])
def test_an_unavailable_service_restores_nothing(name: str) -> None:
    assert not put_back.is_due(failed(check(name, cause="service"), changed=("issuer",)), NOW)


@pytest.mark.parametrize(("changed", "due"), [(("client_secret", "issuer"), True), (("client_secret",), False)])
def test_a_failed_discovery_counts_only_for_a_new_issuer(changed: tuple[str, ...], due: bool) -> None:
    assert put_back.is_due(failed(check(put_back.DISCOVERY), changed=changed), NOW) is due


def test_nothing_is_restored_without_proof_that_it_worked_before() -> None:
    server = failed(check("client_id"))
    assert put_back.is_due(server, NOW)
    for changed in (
        {"failure": {"phase": "Configure the provider", "message": "The console refused."}},
        {"failure": {"phase": "", "message": "Stopped, because another server failed."}},
        {"configured": {**server.configured, "changed": False}},
        {"configured": {**server.configured, "worked_before": False}},
        {"configured": {**server.configured, "worked_before": None}},
        # Another process has written its own client secret since
        {"verified": {**server.verified, "holds_client_secret": False}},
    ):
        assert not put_back.is_due(replace(server, **changed), NOW), changed


def test_nothing_is_restored_that_entra_refused_before() -> None:
    assert not put_back.is_due(failed(check("client_id"), decision="created"), NOW)
    assert not put_back.is_due(failed(check("client_id"), obstacles=["The application is deactivated."]), NOW)
    expired = datetime(2030, 1, 1, tzinfo=timezone.utc)
    assert not put_back.is_due(failed(check("client_id")), expired)
    server = failed(check("client_id"))
    there, missing = ({**server.console, "callback_url": callback(name)} for name in ("desk1", "desk2"))
    assert put_back.is_due(replace(server, console=there), NOW)
    assert not put_back.is_due(replace(server, console=missing), NOW)


def test_another_application_is_assumed_to_have_worked() -> None:
    server = failed(check("client_id"), decision="created")
    former = console(provider(held(), client_id=OTHER_ID), callback_url=callback("old"))
    assert put_back.is_due(replace(server, console=former), NOW)


def test_the_former_values() -> None:
    former = console(provider(held(), client_id=OTHER_ID, issuer=f"{ISSUER}/"), callback_url=callback("old"))
    server = replace(failed(check("client_id")), console=former)
    options = put_back.provider(server)
    assert (
        options.items()
        >= {
            "client_id": OTHER_ID,
            "client_secret": held(),
            "issuer": f"{ISSUER}/",
            "enabled": True,
            "callback_url": callback("old"),
            "check_callback_url": False,
        }.items()
    )
    # By now, the session of the run is closed
    assert "session" not in options
    back = replace(server, put_back={"changed": True, "provider": provider()})
    asked = put_back.check(back)
    assert (asked["client_id"], asked["client_secret"], asked["callback_url"]) == (OTHER_ID, held(), callback("old"))
    assert (asked["session"], asked["must_pass"], asked["registered_redirect_uris"]) == (None, False, None)
    assert not asked["client_secret_accepted"]


def test_for_the_same_application_everything_is_verified() -> None:
    back = replace(failed(check("client_id")), put_back={"changed": True, "provider": provider()})
    asked = put_back.check(back)
    assert (asked["client_id"], asked["registered_redirect_uris"]) == (APP_ID, [callback()])


def test_the_verification_after_a_failure() -> None:
    own = failed(check("client_id"))
    assert not put_back.is_verified(own)
    assert put_back.is_verified(replace(own, put_back={"changed": True, "provider": provider()}))
    # failed_when does not turn it into a failure
    assert not put_back.is_verified(replace(own, put_back={"failed": False, "msg": "The console refused."}))
    stopped = replace(own, failure={"phase": "", "message": "Stopped, because another server failed."}, verified={})
    assert put_back.is_verified(stopped)
    assert put_back.check(stopped)["client_secret"] != held()
    assert not put_back.is_verified(replace(stopped, configured={"changed": False}))
    assert not put_back.is_verified(replace(stopped, verified={"verified": True}))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"verified": True, "checks": []}, "The former provider was restored. Sign-in works."),
        (
            {"verified": False, "checks": [check("issuer")]},
            "The former provider was restored. Sign-in would not work: issuer: issuer is wrong.",
        ),
        (
            {"msg": "Graph answered 500"},
            "The former provider was restored. Sign-in would not work: Graph answered 500.",
        ),
    ],
)
def test_both_findings_are_reported(after: dict[str, Any], said: str) -> None:
    back = {"changed": True, "provider": provider()}
    server = replace(failed(check("client_id")), put_back=back, verified_after=after)
    found = record.record(server)
    assert found["message"].startswith(
        f"Verify sign-in: Sign-in would not work. {said} Changes to the application are kept: client_secrets."
    )
    assert found["failed"]
    assert found["client_secret"]["key_id"] == "old key of desk1"
    assert CANARY not in str(found)
    lost = replace(server, put_back={"failed": False, "msg": "The console answered 500."}, verified_after={})
    assert "The former provider could not be restored: The console answered 500." in record.record(lost)["message"]


def test_a_new_address_that_leads_elsewhere_is_an_obstacle() -> None:
    seen = console(provider(held()), callback_url=callback("desk1"))
    one = declared(public_url="https://new")
    assert obstacles(one, {**seen, "new_callback_url": {"verified": None, "detail": ""}}) == []
    assert obstacles(one, {**seen, "new_callback_url": {"verified": True, "detail": ""}}) == []
    (found,) = obstacles(
        one, {**seen, "new_callback_url": {"verified": False, "detail": "https://new did not respond"}}
    )
    for words in (callback("desk1"), callback("new"), "https://new did not respond", "--skip-tags rustdesk_sso_verify"):
        assert words in found
