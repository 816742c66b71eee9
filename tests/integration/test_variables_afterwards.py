# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the role, no fact, registered variable or host variable contains a secret, however the run ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.role_in_process import RoleRun, run_role

# Variables that the user has set
OWN = {
    "rustdesk_sso_entra_client_secret",
    "rustdesk_sso_console_password",
    "rustdesk_sso_console_totp_secret",
    "rustdesk_sso_notify_url",
}
# Points of failure: the service, the method and the path of a request that fails from then on
STAGES = {
    "console's sign-in": ("console", "POST", "/login$"),
    "console's settings": ("console", "GET", "/api/(oidc/settings|oidc-providers|admin/oauth/list)"),
    "discovery": ("login", "GET", "openid-configuration"),
    "Entra's sign-in": ("login", "POST", "/token$"),
    "application": ("graph", "GET", "/applications"),
    "client secret": ("graph", "POST", "/addPassword"),
    "provider": ("console", "PUT", "/api/(oidc/settings|oidc-providers/|admin/oauth/(create|update))"),
    "check": ("console", "POST", "/api/oidc/auth$"),
    "superseded secret": ("graph", "POST", "/removePassword"),
}
WRITES = {"pro": "PUT", "rustdesk_console": "PATCH", "rustdesk_api": "POST"}


def forms(secret: str) -> Iterator[str]:
    """The notations of a secret."""
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    # At every possible offset within a longer text
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret.encode()).decode()
        yield encoded[4 if offset else 0 : -4]


def held(run: RoleRun, secrets: list[str]) -> list[str]:
    """The variables that contain a secret, with its position."""
    places: dict[str, str] = {}
    for host, known in run.hosts.items():
        for source in (known.facts, known.variables):
            for name, value in source.items():
                if name not in OWN and name not in ("vars", "hostvars", "groups"):
                    places[f"{host}: {name}"] = json.dumps(value)
    assert any("rustdesk_sso" in place for place in places)
    wanted = {form for secret in secrets if len(secret) >= 8 for form in forms(secret) if len(form) >= 8}
    return sorted(
        f"{place}: {text[max(0, text.find(form) - 80) : text.find(form)]}..."
        for place, text in places.items()
        for form in wanted
        if form in text
    )


@pytest.fixture
def told(lab: Lab, fleet: Fleet) -> Callable[..., RoleRun]:
    """Runs the role, and checks all variables afterwards."""
    fleet.variables["rustdesk_sso_notify_url"] = lab.add_webhook("json").url
    fleet.variables["rustdesk_sso_notify_when"] = "always"

    def run(**options: Any) -> RoleRun:
        done = run_role(fleet, **options)
        secrets = [*lab.secrets(), fleet.variables["rustdesk_sso_notify_url"]]
        secrets += [host[name] for host in fleet.hosts.values() for name in OWN & set(host)]
        assert len(secrets) > 10
        found = held(done, secrets)
        assert not found, "\n".join(found)
        return done

    return run


def test_no_variable_holds_a_secret(fleet: Fleet, told: Callable[..., RoleRun]) -> None:
    """A first run, check mode and a report, an adoption, and a removal."""
    consoles.one_of_each(fleet)
    assert not told(check=True).failed()
    assert not told().failed()
    assert not told(entry="observe").failed()
    assert not told(entry="adopt", hosts=list(fleet.hosts)[:1], check=True).failed()
    assert not told(entry="remove", hosts=list(fleet.hosts)[:2]).failed()


@pytest.mark.parametrize(
    ("entry", "stage"),
    [*(("main", stage) for stage in STAGES), ("observe", "check"), ("remove", "provider"), ("remove", "application")],
)
def test_no_variable_holds_a_secret_after_a_failure(
    lab: Lab, fleet: Fleet, told: Callable[..., RoleRun], entry: str, stage: str
) -> None:
    kind = consoles.KINDS[[*STAGES].index(stage) % len(consoles.KINDS)]
    console = consoles.add(fleet, kind)
    assert not told().failed()
    service, method, path = STAGES[stage]
    target = console.name if service == "console" else service
    lab.fault(target, WRITES[kind] if stage == "provider" else method, path, status=403, times=10_000)
    renew = {"rustdesk_sso_secret_renew": True, "rustdesk_sso_secret_overlap": "0s"} if entry == "main" else {}
    failed = told(entry=entry, extra_vars=renew).failed()
    assert failed == (set() if entry == "observe" else {console.name})


@pytest.mark.parametrize("tag", ["validate", "inspect", "register", "configure", "verify"])
def test_no_variable_holds_a_secret_after_a_part_of_a_run(fleet: Fleet, told: Callable[..., RoleRun], tag: str) -> None:
    consoles.add(fleet, "pro")
    phases = ["validate", "inspect", "register", "configure", "verify"]
    told(tags=[f"rustdesk_sso_{name}" for name in phases[: phases.index(tag) + 1]])
