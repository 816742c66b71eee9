# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rustdesk_sign_in_check: it passes if a user can sign in, and otherwise names the failing step and the cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.steps import control, module, only, writes

from lab.client import Lab, SignInFailed
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

DAY = 86400
UNKNOWN = "99999999-8888-7777-6666-555555555555"


@pytest.fixture
def converged(lab: Lab, make_fleet: Callable[[int], Fleet]) -> Iterator[tuple[Fleet, str, dict[str, Any]]]:
    """A server at which users can sign in, and the options of a passing check."""
    lab.set_lag(0, 0)
    fleet = make_fleet(1)
    (name,) = fleet.consoles
    run = quick_run(fleet)
    assert run.rc == 0, run.output
    console, application = fleet.consoles[name], only(fleet.tenant)
    (provider,) = [item for item in console.settings()["providers"] if item["name"] == "azure"]
    options = {
        "public_url": console.url,
        "issuer": provider["issuer"],
        "client_id": application["appId"],
        "callback_url": f"{console.url}/api/oidc/callback",
        "client_secret": provider["client_secret"],
        "client_secret_expires": application["passwordCredentials"][0]["endDateTime"],
        "registered_redirect_uris": application["web"]["redirectUris"],
        "application_obstacles": [],
        "ca_path": str(lab.ca_path),
    }
    yield fleet, name, options
    lab.set_lag(0.2, 0.5)


def failing(result: dict[str, Any]) -> list[str]:
    """The names of the failed checks, each of which must have a detail and a hint."""
    failed = [check for check in result["checks"] if check["ok"] is False]
    assert not [check for check in failed if not check["hint"] or not check["detail"]], failed
    return [check["name"] for check in failed]


def test_each_mistake(lab: Lab, converged: tuple[Fleet, str, dict[str, Any]], in_process: InProcess) -> None:
    """Every mistake is found by the check for it, and by no other."""
    fleet, name, right = converged
    assert fleet.sign_in(name)["access_token"]
    wrong: list[tuple[dict[str, Any], list[str], str]] = [
        ({"client_id": UNKNOWN, "client_secret": None}, ["client_id"], UNKNOWN),
        (
            {"callback_url": "https://other.example/api/oidc/callback"},
            ["redirect_uri", "redirect_uri_registered"],
            "oth",
        ),
        ({"registered_redirect_uris": []}, ["redirect_uri_registered"], "AADSTS50011"),
        ({"registered_redirect_uris": [right["callback_url"] + "/"]}, ["redirect_uri_registered"], "AADSTS50011"),
        ({"registered_redirect_uris": [right["callback_url"].upper()]}, ["redirect_uri_registered"], "AADSTS50011"),
        ({"client_secret": "wrong~0123456789~0123456789~0123456789~1"}, ["client_secret_accepted"], "AADSTS7000215"),
        ({"client_secret_expires": "2020-01-01T00:00:00Z"}, ["client_secret_expires"], "expired"),
        ({"name": "okta"}, ["provider_offered"], "okta"),
        ({"public_url": "https://127.0.0.1:9"}, ["console_reachable"], "127.0.0.1:9"),
    ]
    lab.clear_requests()
    passed, alias, bare, tolerated, *failed = in_process.tasks(
        module("rustdesk_sign_in_check", **right),
        module("rustdesk_sign_in_check", **right, name="Microsoft"),
        module(
            "rustdesk_sign_in_check",
            **{key: right[key] for key in ("public_url", "issuer", "client_id", "callback_url", "ca_path")},
        ),
        module("rustdesk_sign_in_check", **{**right, "registered_redirect_uris": []}, must_pass=False),
        *(module("rustdesk_sign_in_check", **{**right, **change}) for change, _checks, _word in wrong),
    )
    assert passed["verified"], passed
    assert not passed["failed"]
    assert [check["ok"] for check in passed["checks"]] == [True] * len(passed["checks"])
    assert alias["verified"], alias
    assert bare["verified"]
    assert None in [check["ok"] for check in bare["checks"]]
    assert not tolerated["failed"]
    assert tolerated["verified"] is False
    assert failing(tolerated) == ["redirect_uri_registered"]
    for (change, checks, word), result in zip(wrong, failed, strict=True):
        assert result["failed"], change
        assert result["verified"] is False
        assert failing(result) == checks, change
        assert word in result["msg"], (change, result["msg"])
        assert all(check in result["msg"] for check in checks)
        assert right["client_secret"] not in str(result)
        assert "wrong~" not in str(result)
    assert writes(lab) == []
    assert not any(result["changed"] for result in (passed, alias, bare, tolerated, *failed))


def test_mistakes_in_the_console(lab: Lab, converged: tuple[Fleet, str, dict[str, Any]], in_process: InProcess) -> None:
    """If a user's sign-in fails, the check fails at the same step."""
    fleet, name, right = converged
    console = fleet.consoles[name]
    document = console.settings()
    tenant = right["issuer"].rsplit("/", 2)[0]
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"enabled": False}, "provider_offered", "login-options"),
        ({"issuer": right["issuer"] + "/"}, "authorization_url", "auth"),
        ({"issuer": f"{tenant}/common/v2.0"}, "authorization_url", "auth"),
        ({"client_id": UNKNOWN}, "client_id", "authorize"),
    ]
    tasks, steps = [], []
    for change, _check, _step in cases:
        changed = {**document, "providers": [{**item, **change} for item in document["providers"][-1:]]}
        console.put_settings(changed)
        with pytest.raises(SignInFailed) as caught:
            fleet.sign_in(name)
        steps.append(caught.value.step)
        tasks += [
            control(lab, "PUT", f"/consoles/{console.name}/settings", document=changed),
            module("rustdesk_sign_in_check", **right),
        ]
    assert steps == [step for _change, _check, step in cases]
    for (change, check, _step), result in zip(cases, in_process.tasks(*tasks)[1::2], strict=True):
        assert result["failed"], change
        assert failing(result)[0] == check, change

    # A callback URL other than the declared one, and a console behind a redirect
    console.put_settings({**document, "callback_url": "https://other.example/api/oidc/callback"})
    redirecting = fleet.add_server(f"redirecting.{fleet.domain}", http_redirect=True)
    callback, redirected, html = in_process.tasks(
        module("rustdesk_sign_in_check", **right),
        module("rustdesk_sign_in_check", **{**right, "public_url": redirecting.http_url}),
        module("rustdesk_sign_in_check", **{**right, "public_url": f"{console.url}/portal"}),
    )
    assert failing(callback)[0] == "redirect_uri"
    assert failing(redirected)[0] == "console_reachable"
    assert "https" in redirected["msg"]
    assert failing(html)[0] == "console_reachable"
    console.put_settings(document)

    # The client secret has expired: both checks for it report this, like the user's sign-in.
    lab.advance(181 * DAY)
    with pytest.raises(SignInFailed, match="AADSTS7000222"):
        fleet.sign_in(name)
    (expired,) = in_process.tasks(module("rustdesk_sign_in_check", **right))
    assert failing(expired) == ["client_secret_accepted", "client_secret_expires"]
    assert "AADSTS7000222" in expired["msg"]
