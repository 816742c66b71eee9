# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mistakes: each results in a message that names what to change, and nothing changes on either side."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from typing import Any

from support.controller import Run
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

UNKNOWN_TENANT = "00000000-aaaa-bbbb-cccc-000000000000"
HTML = "<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"


def closed_port() -> int:
    """A port of this machine without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def message(run: Run, name: str) -> str:
    """The error message of a server, as the user reads it."""
    found = re.search(rf"^fatal: \[{re.escape(name)}[^\]]*\]: FAILED! => (\{{.*\}})$", run.output, re.MULTILINE)
    assert found, f"{name} did not fail:\n{run.output}"
    said = json.loads(found.group(1))["msg"]
    return str(said)


def places(run: Run, sentence: str) -> list[str]:
    """The first words of the lines that contain a sentence of an error."""
    start = " ".join(sentence.split())[:100]
    return [line.split()[0] for line in run.output.splitlines() if start in line or json.dumps(start)[1:-1] in line]


# For each mistake, its message must match all of these patterns
SAYS: dict[str, tuple[str, ...]] = {
    "http-public-url": (r"rustdesk_sso_public_url", r"https"),
    "unknown-tenant-id": (r"tenant_id", UNKNOWN_TENANT),
    "unknown-tenant-domain": (r"tenant_id", r"nobody\.example"),
    "tenant-common": (r"tenant_id", r"common"),
    "wrong-password": (r"password", r"Wrong credentials"),
    "closed-port": (r"console_url", r"127\.0\.0\.1:\d+", r"(?i)refused|reach"),
    "no-permission": (r"Application\.ReadWrite\.OwnedBy",),
    "wrong-automation-secret": (r"client_secret", r"AADSTS7000215"),
    "html": (r"console_url", r"(?i)html"),
    "redirect": (r"console_url", r"(?i)redirect", r"https://127\.0\.0\.1:\d+"),
    "no-admin": (r"(?i)admin", r"username|admin"),
    "email-code": (r"verification_code", r"verification_secret"),
}


def spoil(fleet: Fleet, poor: Fleet) -> dict[str, str]:
    """Add a server for each mistake; return their names."""
    names = {case: f"{case}.{fleet.domain}" for case in SAYS}
    special: dict[str, dict[str, Any]] = {
        "no-admin": {"admin": False},
        "email-code": {"second_factor": "email"},
        "redirect": {"http_redirect": True},
    }
    for case, name in names.items():
        fleet.add_server(name, **special.get(case, {}))
        fleet.hosts[name]["rustdesk_sso_app_unique_name"] = name
    console = fleet.consoles[names["redirect"]]
    mistakes: dict[str, dict[str, Any]] = {
        "http-public-url": {"rustdesk_sso_public_url": "http://desk.example.com"},
        "unknown-tenant-id": {"rustdesk_sso_tenant_id": UNKNOWN_TENANT},
        "unknown-tenant-domain": {"rustdesk_sso_tenant_id": "nobody.example"},
        "tenant-common": {"rustdesk_sso_tenant_id": "common"},
        "wrong-password": {"rustdesk_sso_console_password": "Wrong-Pa55word"},
        "closed-port": {"rustdesk_sso_console_url": f"https://127.0.0.1:{closed_port()}"},
        "no-permission": {
            "rustdesk_sso_tenant_id": poor.tenant.tenant_id,
            "rustdesk_sso_entra_client_id": poor.tenant.automation["client_id"],
            "rustdesk_sso_entra_client_secret": poor.tenant.automation["client_secret"],
        },
        "wrong-automation-secret": {"rustdesk_sso_entra_client_secret": "xyz8Q~wrong-secret-of-the-automation-000"},
        "redirect": {"rustdesk_sso_console_url": console.http_url, "rustdesk_sso_public_url": console.url},
    }
    for case, variables in mistakes.items():
        fleet.hosts[names[case]].update(variables)
    poor.tenant.set_permissions([])
    fleet.lab.fault(names["html"], times=1000, html=HTML)
    return names


def test_every_mistake_has_its_message_and_stops_only_its_server(
    fleet: Fleet, make_fleet: Callable[[int], Fleet], seen: Callable[[Fleet], str]
) -> None:
    """All mistakes in one run, next to a healthy server."""
    poor = make_fleet(0)
    names = spoil(fleet, poor)
    settings = {name: json.dumps(console.settings()) for name, console in fleet.consoles.items()}
    poor_before = seen(poor)
    well = fleet.add_server(f"well.{fleet.domain}").name

    run = fleet.site()
    assert run.failed() == set(names.values()), run.output
    said = {case: message(run, name) for case, name in names.items()}
    missing = {
        (case, pattern, said[case])
        for case, patterns in SAYS.items()
        for pattern in patterns
        if not re.search(pattern, said[case])
    }
    assert not missing, "\n".join(f"{case}: {pattern} is not in: {text}" for case, pattern, text in missing)
    assert not re.search(r"Traceback|KeyError|TypeError|AttributeError|object at 0x", run.output), run.output
    assert all(text.count("\n") < 8 for text in said.values()), said
    # Once where it happens and once at the end; ansible-core 2.19 and later repeat the message of a failed task
    for case, text in said.items():
        told = [place for place in places(run, text) if place != "[ERROR]:"]
        assert (len(told), told[0]) == (2, "fatal:"), f"{case}: {places(run, text)}\n{run.output}"
        assert places(run, text).count("[ERROR]:") <= 1, run.output
    assert '"attempted"' not in run.output, run.output
    assert (
        run.output.index("Show the summary") < run.output.rindex("Wrong credentials") < run.output.index("PLAY RECAP")
    )

    # Servers with a mistake are unchanged; the healthy one is set up completely
    apps = {item["uniqueName"] for item in fleet.tenant.applications()} - {None}
    assert apps == {"rustdesk-sso"}
    assert {name: json.dumps(fleet.consoles[name].settings()) for name in settings} == settings
    assert seen(poor) == poor_before
    assert fleet.sign_in(well)["access_token"]


def test_unreachable_server_keeps_its_registration(fleet: Fleet) -> None:
    """The server that registers for the others is down while they drift: they are corrected, and it loses nothing."""
    down, up = (fleet.add_server(f"{name}.{fleet.domain}").name for name in ("down", "up"))
    assert quick_run(fleet).rc == 0
    (app,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    keys = {key["keyId"] for key in app["passwordCredentials"]}
    redirect_uris = {f"{console.url}/api/oidc/callback" for console in fleet.consoles.values()}
    remaining = {"web": {"redirectUris": [f"{fleet.consoles[down].url}/api/oidc/callback"]}}
    assert fleet.tenant.graph("PATCH", f"/applications/{app['id']}", remaining).ok
    reachable = fleet.hosts[down]["rustdesk_sso_console_url"]
    fleet.hosts[down]["rustdesk_sso_public_url"] = reachable
    fleet.hosts[down]["rustdesk_sso_console_url"] = f"https://127.0.0.1:{closed_port()}"

    run = quick_run(fleet)
    assert run.failed() == {down}, run.output
    assert run.changed()[up] > 0
    (app,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    assert set(app["web"]["redirectUris"]) == redirect_uris
    assert {key["keyId"] for key in app["passwordCredentials"]} == keys
    assert fleet.sign_in(up)["access_token"]
    assert fleet.sign_in(down)["access_token"]

    # Once it is back, no change is left
    fleet.hosts[down]["rustdesk_sso_console_url"] = reachable
    run = quick_run(fleet)
    assert run.changed() == {down: 0, up: 0}, run.output


def test_second_factor_by_email(make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """The first run requests the code and returns the verification secret of the attempt; the second run sends both."""
    fleet = make_fleet(0)
    console = fleet.add_server(f"mail.{fleet.domain}", second_factor="email")
    options = fleet.console_options(console.name)
    asked = in_process.task("rustdesk_oidc_provider_info", **options)
    assert asked["failed"]
    assert "verification_code" in asked["msg"]
    (mail,) = console.mailbox()
    options["verification_secret"] = asked["error"]["verification_secret"]
    codes = ("not it", mail["code"])
    wrong, done = in_process.tasks(
        *(
            {"deskops.rustdesk_sso.rustdesk_oidc_provider_info": {**options, "verification_code": code}}
            for code in codes
        )
    )
    assert wrong["failed"]
    assert "verification_code" in wrong["msg"]
    assert not done.get("failed"), done
    assert [item["name"] for item in done["providers"]] == ["legacy"]
    assert len(console.mailbox()) == 1
    assert console.sessions() == []
