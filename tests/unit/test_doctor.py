# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conclusions of doctor from its observations."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.permission_hints import Caller
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import MissingLibraryError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import ChallengeError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import (
    certificate,
    console,
    controller,
    entra,
    needs,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.certificate import Certificate
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    ok,
    problem,
    warning,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.report import OfTenant, Report

NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)
OWNED_BY = "Application.ReadWrite.OwnedBy"
TESTED = {"azure-identity": "1.25.1", "httpx": "0.28.1", "msgraph-sdk": "1.65.0", "requests": "2.32.5"}
CONTROLLER = controller.Facts((3, 11, 2), "2.20.1", TESTED, ahead=0.4)
SEEN = console.Seen("https://desk1")
ATTEMPT = console.Attempt("app", "https://desk1/api/oidc/callback")
CONSOLE = console.Facts(
    "desk1",
    SEEN,
    "admin",
    detected="pro",
    signed_in=True,
    provider=True,
    administrators=["admin", "second"],
    attempt=ATTEMPT,
)
AUTOMATION: Any = {
    "client_id": "automation",
    "credential": "secret",
    "expires": "2027-11-28T00:00:00Z",
    "state": "valid",
}
CALLER = Caller("oid", frozenset({OWNED_BY}), known=True)
ENTRA = entra.Facts(
    "https://login", "tenant t", "application automation", AUTOMATION, NOW, needed=needs.permissions({}), caller=CALLER
)


def states(found: list[Finding]) -> dict[str, str]:
    """Return the state of each check that did not pass."""
    return {finding.name: finding.state for finding in found if finding.state != "ok"}


def of_console(**changed: Any) -> dict[str, str]:
    """Return the states for a healthy console except for ``changed``. Its certificate is not read here."""
    found = states(console.findings(replace(CONSOLE, **changed), NOW))
    return {name: state for name, state in found.items() if "certificate" not in name}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, {}),
        ({"python": (3, 9, 1)}, {"controller.python": "problem"}),
        ({"python": (3, 99, 0)}, {"controller.python": "warning"}),
        ({"core": "2.15.13"}, {"controller.ansible_core": "problem"}),
        ({"core": "2.99.0.dev0"}, {"controller.ansible_core": "warning"}),
        ({"packages": {**TESTED, "requests": "2.30.0"}}, {"controller.requests": "problem"}),
        ({"packages": {**TESTED, "httpx": None}}, {"controller.httpx": "problem"}),
        ({"packages": {**TESTED, "msgraph-sdk": "2.0"}}, {"controller.msgraph_sdk": "warning"}),
        ({"ahead": -400.0}, {"controller.clock": "problem"}),
        ({"ahead": None}, {"controller.clock": "unknown"}),
        ({"proxies": {"HTTPS_PROXY": "http proxy squid:3128"}}, {}),
        ({"proxies": {"HTTPS_PROXY": ""}}, {"controller.proxy": "problem"}),
        ({"ca_files": {"SSL_CERT_FILE ca.pem": "it cannot be read"}}, {"controller.ca": "problem"}),
    ],
)
def test_controller(changed: dict[str, Any], found: dict[str, str]) -> None:
    assert states(controller.findings(replace(CONTROLLER, **changed))) == found


def test_a_failure_is_reported_once() -> None:
    """Dependent checks are skipped and name it."""
    error = ServiceError("Signing in failed", answer="AADSTS7000215", hint="Set client_secret")
    found = entra.findings(replace(ENTRA, sign_in=error))
    assert states(found).pop("entra.sign_in") == "problem"
    later = [finding for finding in found if finding.state == "unknown"]
    assert {finding.name for finding in later} == {
        "entra.graph",
        "entra.permissions",
        "entra.ownership",
        "entra.policy",
        "entra.consent",
    }
    assert {finding.seen for finding in later} == {"not checked, because entra.sign_in failed"}


def test_missing_packages_are_reported_only_for_the_controller() -> None:
    found = states(entra.findings(replace(ENTRA, login=MissingLibraryError("requests>=2.31"))))
    assert set(found.values()) == {"unknown"}


@pytest.mark.parametrize(
    ("application", "lacking"),
    [
        ({}, []),
        (
            {"assignments": {"set": [{"group": "5f0e1d2c-0000-4000-8000-000000000001"}]}},
            ["AppRoleAssignment.ReadWrite.All"],
        ),
        (
            {"assignments": {"add": [{"user": "a@b.example"}]}},
            ["AppRoleAssignment.ReadWrite.All", "User.ReadBasic.All"],
        ),
        ({"owners": {"add": ["5f0e1d2c-0000-4000-8000-000000000001"]}}, ["Application.ReadWrite.All"]),
        ({"admin_consent": [{"resource": "Graph", "scopes": ["openid"]}]}, ["DelegatedPermissionGrant.ReadWrite.All"]),
    ],
)
def test_permissions(application: dict[str, Any], lacking: list[str]) -> None:
    """Missing permissions are named before any request is refused, with the ability that grants them."""
    caller = Caller("oid", frozenset({OWNED_BY, "Application.Read.All"}), known=True)
    found = entra.permissions(replace(ENTRA, needed=needs.permissions(application), caller=caller))
    assert [*needs.missing(needs.permissions(application), caller)] == lacking
    assert (found.state == "problem") == bool(lacking)
    for permission in lacking:
        assert permission in found.seen
        assert permission in found.remedy
    assert ("bootstrap_abilities" in found.remedy) == bool(lacking)


def test_permissions_of_a_user_are_unknown() -> None:
    """They follow from roles that the token does not contain."""
    found = entra.permissions(replace(ENTRA, caller=Caller("oid", frozenset({"openid"}), delegated=True, known=True)))
    assert found.state == "unknown"


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ({"restrictionType": "passwordAddition", "state": "enabled"}, "problem"),
        ({"restrictionType": "passwordAddition", "state": "disabled"}, "ok"),
        ({"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"}, "problem"),
        ({"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P1Y"}, "ok"),
        (
            {
                "restrictionType": "passwordAddition",
                "state": "enabled",
                "restrictForAppsCreatedAfterDateTime": "2026-11-01T00:00:00Z",
            },
            "ok",
        ),
    ],
)
def test_policy(rule: dict[str, Any], state: str) -> None:
    """A rule counts if it is enabled and applies to an application of this age."""
    policy = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [rule]}}
    known = {"createdDateTime": "2026-10-01T00:00:00Z"}
    application = entra.Application("desks", timedelta(days=180), document=known, policy=policy)
    assert entra.policy(application, NOW).state == state


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, {}),
        ({"administrators": ["Admin"]}, {"console.local_administrator": "warning"}),
        ({"administrators": None}, {"console.local_administrator": "unknown"}),
        ({"provider": False, "attempt": None}, {"console.entra": "unknown"}),
        ({"attempt": console.Attempt(foreign="its host is evil.example")}, {"console.entra": "problem"}),
        ({"console": replace(SEEN, limit=20, left=0)}, {"console.rate_limit": "warning"}),
        ({"console": replace(SEEN, limit=20, left=7)}, {}),
        (
            {"public": console.Seen("https://public"), "public_attempt": ATTEMPT},
            {},
        ),
        (
            {"public": console.Seen("https://public"), "public_attempt": replace(ATTEMPT, client_id="other")},
            {"public_url.console": "problem"},
        ),
        (
            {"public": console.Seen("https://public"), "attempt": None, "provider": False},
            {"console.entra": "unknown", "public_url.console": "unknown"},
        ),
    ],
)
def test_console(changed: dict[str, Any], found: dict[str, str]) -> None:
    assert of_console(**changed) == found


def test_code_by_email() -> None:
    """No verification code is requested, because only a module can accept one."""
    error = ChallengeError("Signing in failed", "it asks for a code", "Set verification_code", "client:secret")
    (found,) = (
        item for item in console.findings(replace(CONSOLE, login=error), NOW) if item.name == console.SECOND_FACTOR
    )
    assert found.remedy == console.BY_EMAIL
    assert "secret:" not in found.seen


@pytest.mark.parametrize(
    ("days", "left", "state"),
    [(90, 40, "ok"), (90, 13, "warning"), (6, 4, "ok"), (6, 1, "warning"), (90, -1, "warning")],
)
def test_certificate(days: int, left: int, state: str) -> None:
    """Those valid for days are renewed later than others."""
    expires = NOW + timedelta(days=left)
    known = Certificate(("desk1",), "CA", expires - timedelta(days=days), expires)
    assert certificate.finding("console.certificate", known, NOW).state == state


@pytest.mark.parametrize(
    ("ahead", "of_controller", "state"),
    [
        (1.0, 0.0, "ok"),
        (-600.0, 0.0, "problem"),
        (-600.0, 600.0, "ok"),
        (0.0, 600.0, "problem"),
        (None, 0.0, "unknown"),
    ],
)
def test_the_clock_that_is_wrong(ahead: float | None, of_controller: float, state: str) -> None:
    """A console is compared with Entra, regardless of the controller's clock."""
    assert console.clock(ahead, of_controller).state == state


def test_no_password_of_an_address() -> None:
    assert problem("x", "https://admin:CANARY@desk1 fails", "").seen == "https://desk1 fails"


def test_table() -> None:
    """The most urgent first. Servers with the same findings share a table, and the others have a line each."""
    bad, late = (
        problem("console.reachable", "no answer", "Start it"),
        warning("console.certificate", "ends", "Renew it"),
    )
    fine = ok("console.reachable", "answers")
    report = Report(
        "2026-11-28T00:00:00Z",
        [ok("controller.python", "Python 3.11")],
        [OfTenant("contoso", "automation", ["a", "b", "c", "d"], [ok("entra.login", "answers")])],
        {"a": [fine], "b": [fine, late], "c": [bad], "d": [bad]},
    )
    assert report.lines() == [
        "2 problems, 1 warning found. 4 servers, 4 checks passed",
        "",
        "c, d: 1 problem, 0 checks passed",
        "  problem  console.reachable  no answer.",
        "                              Start it.",
        "",
        "b: 1 warning, 1 check passed",
        "  warning  console.certificate  ends.",
        "                                Renew it.",
        "",
        "a: no problems found (1 check passed)",
    ]
    assert sum("Python 3.11" in line for line in report.lines(show_all=True)) == 1
    assert report.document()["servers"]["b"][0] == late.result()


def test_many_healthy_servers() -> None:
    report = Report("", [], [], {f"desk{number}": [ok("x", "y")] for number in range(50)})
    assert len(report.lines()) == 23
    assert report.lines()[-1] == "and 30 more servers without problems"
