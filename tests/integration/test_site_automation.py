# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The automation's own credential: a warning before it expires, and the next step if Entra refuses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from lab.client import Lab
from support import certificates
from support.controller import Controller
from support.fleet import Fleet
from support.quick_runs import quick_run

RENEW = "bootstrap_automation with -e bootstrap_renew=true"
DAY = 24 * 3600


def test_client_secret_that_expires_soon(lab: Lab, make_quick_fleet: Callable[[int], Fleet]) -> None:
    """One warning for all servers and one in each record, without further requests; removal warns as well as main."""
    fleet = make_quick_fleet(2)
    first, second = fleet.hosts
    unknown = quick_run(fleet, "--check")
    assert "automation's own" not in unknown.output
    records = [host.run[name] for name, host in unknown.of.hosts.items()]
    client_id = fleet.tenant.automation["client_id"]
    known = {"client_id": client_id, "credential": "secret", "expires": "", "state": "unknown", "certificate_path": ""}
    assert [record["automation"] for record in records] == [known, known]
    requests = unknown.of.requests

    day = datetime.now(timezone.utc) + timedelta(days=12, hours=1)
    fleet.variables["rustdesk_sso_entra_client_secret_expires"] = day.strftime("%Y-%m-%dT%H:%M:%SZ")
    run = quick_run(fleet, "--check")
    assert run.output.count("The automation's own client secret expires in 12 days") == 1, run.output
    assert RENEW in run.output
    assert run.of.requests == requests
    assert run.of.hosts[second].run[first]["automation"]["state"] == "expiring"
    assert quick_run(fleet, "--check", entry="remove").output.count("automation's own client secret expires") == 1

    observed = quick_run(fleet, entry="observe")
    assert observed.output.count("automation's own client secret expires") == 1, observed.output
    assert {record["automation"]["state"] for record in observed.observed.values()} == {"expiring"}

    # The warning period is configurable, and invalid values fail the servers that have them
    fleet.variables["rustdesk_sso_entra_credential_warn_before"] = "7d"
    assert "automation's own" not in quick_run(fleet, "--check").output
    fleet.hosts[first]["rustdesk_sso_entra_client_secret_expires"] = "soon"
    fleet.hosts[second]["rustdesk_sso_entra_credential_warn_before"] = "a week"
    refused = quick_run(fleet, "--check")
    assert refused.failed() == {first, second}
    assert "rustdesk_sso_entra_client_secret_expires is neither a date nor a time: 'soon'" in refused.output
    assert "rustdesk_sso_entra_credential_warn_before is not a time span" in refused.output


def test_certificate_that_expires(own_lab: Lab, controller: Controller, unhurried: None, tmp_path: Path) -> None:
    """Its file has the expiry date. Expired and unknown certificates are distinguished, each with its remedy."""
    own_lab.set_lag(0, 0)
    fleet = Fleet(own_lab, controller, 1)
    (host,) = fleet.hosts
    own = certificates.make(datetime.now(timezone.utc) + timedelta(days=20, hours=1))
    path = certificates.write_pem(tmp_path / "automation.pem", own)
    fleet.variables |= {"rustdesk_sso_entra_client_secret": "", "rustdesk_sso_entra_certificate_path": str(path)}

    unknown = quick_run(fleet, "--check")
    assert unknown.failed() == {host}
    assert "is not registered on application" in unknown.output
    assert "Upload the certificate in rustdesk_sso_entra_certificate_path" in unknown.output

    certificates.register(fleet.tenant, own)
    run = quick_run(fleet)
    assert run.rc == 0, run.output
    assert "The automation's own certificate expires in 20 days" in run.output
    assert run.of.hosts[host].run[host]["automation"]["credential"] == "certificate"

    own_lab.advance(21 * DAY)
    late = quick_run(fleet)
    assert late.failed() == {host}
    assert "is expired on application. [Reason - The key used is expired." in late.output
    assert "The automation's own certificate has expired. To renew it" in late.output
    assert "Upload the certificate" not in late.output


def test_expired_client_secret_of_the_automation(lab: Lab, make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(1)
    lab.fault("login", path_regex="token$", deny=7000222)
    run = quick_run(fleet, "--check")
    assert "The automation's own client secret has expired. To renew it" in run.output
    assert RENEW in run.output
