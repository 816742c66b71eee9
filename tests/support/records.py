# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of servers as the role creates them: one, some in each state, or a fleet."""

from __future__ import annotations

import copy
import random
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import blank

Record = dict[str, Any]

AT = "2026-11-21T17:00:00Z"
NOW = datetime(2026, 11, 21, 17, tzinfo=timezone.utc)
PORTAL = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/"
CHECKS = (
    ("login options", "The console offers azure", ""),
    ("authorization request", "The console sends users to the tenant's authorization endpoint", ""),
    ("redirect URI", "Entra knows the callback URL", ""),
    ("issuer", "The issuer is the tenant's", ""),
    ("client secret", "Entra accepts the client secret", ""),
)
FAILED = (
    "client secret",
    "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value",
    "Run the playbook site. It creates a client secret and writes it to the console.",
)
WEB = """\
display_name: RustDesk
web:
  redirect_uris:
    - https://{server}/api/oidc/callback
  id_tokens: {id_tokens}
"""


def expires(days: float) -> str:
    """The expiry date of a client secret with this many days left."""
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def record(server: str = "desk1.example.com", **changed: Any) -> Record:
    """A healthy server; ``changed`` replaces keys, and merges those whose value is a dict."""
    made: Record = {
        "server": server,
        "tenant_id": "contoso.example",
        "console": {"url": f"https://{server}", "type": "pro"},
        "application": {
            "unique_name": "rustdesk-sso",
            "display_name": "RustDesk",
            "app_id": "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10",
            "object_id": "0f9c1b9a-35c5-4f0b-8a86-0a4c1d0c7e77",
            "foreign_redirect_uris": [],
            "assignment": "all",
            "portal_url": PORTAL + "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10",
        },
        "callback_url": f"https://{server}/api/oidc/callback",
        "provider": {"name": "azure", "present": True, "enabled": True},
        "client_secret": {
            "name": f"rustdesk-sso {server}",
            "key_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, server)),
            "hint": "q3~",
            "expires": expires(150),
            "decision": "kept",
            "reason": "it expires in 150 days",
            "removed": [],
        },
        "renew_before": "30d",
        "verified": True,
        "changed": False,
        "checks": [{"name": name, "ok": True, "detail": detail, "hint": hint} for name, detail, hint in CHECKS],
        "restrictions": [],
        "drift": [],
        "automation": {
            "client_id": "2b6c8c1e-51a4-4c35-9a5a-3f0e6d1b7a42",
            "credential": "certificate",
            "expires": expires(200),
            "state": "valid",
            "certificate_path": "/etc/automation.pem",
        },
        "error": {},
        "failed": False,
        "message": f"https://{server}/api/oidc/callback: sign-in with azure works",
    }
    for key, value in changed.items():
        made[key] = {**made[key], **value} if isinstance(value, dict) and isinstance(made[key], dict) else value
    return copy.deepcopy(made)


def unreachable(server: str, **changed: Any) -> Record:
    """A server whose console did not answer."""
    nothing = {"name": "", "key_id": "", "hint": "", "expires": "", "decision": "", "reason": ""}
    message = (
        f"Could not read the providers of https://{server}: the connection timed out after 30 seconds. "
        "Check that the console is running and that the controller can reach it."
    )
    unknown: Record = {
        "client_secret": nothing,
        "provider": {"present": None, "enabled": None},
        "checks": [{"name": name, "ok": None, "detail": "", "hint": ""} for name, _detail, _hint in CHECKS],
        "verified": None,
        "error": {"phase": "Inspect the console", "message": message, "cause": ""},
        "failed": True,
        "message": f"Inspect the console: {message}",
    }
    return record(server, **{**unknown, **changed})


def refused(server: str, **changed: Any) -> Record:
    """A server whose console refuses the automation's password."""
    message = (
        f"Signing in to the console https://{server} as automation failed: the console answered 401: Wrong "
        "credentials. Check username and password, and that the account is enabled."
    )
    error = {"phase": "Inspect the console", "message": message, "cause": "sign_in"}
    return unreachable(server, **{"error": error, **changed})


def invalid(server: str) -> Record:
    """A server with invalid variables."""
    message = (
        f"{server}: rustdesk_sso_secret_lifetime is not a time span: 'a year'. Use a number followed by d, h, m or s."
    )
    error = {"phase": "Read and check the declaration", "message": message, "cause": "variables"}
    return {**blank(server), "error": error, "failed": True, "message": f"{error['phase']}: {message}"}  # type: ignore[typeddict-item]


def broken(server: str, **changed: Any) -> Record:
    """A server whose client secret Entra refuses."""
    made = record(server, **{"verified": False, **changed})
    name, detail, hint = FAILED
    made["checks"][-1] = {"name": name, "ok": False, "detail": detail, "hint": hint}
    return made


def drifted(server: str, **changed: Any) -> Record:
    """A server whose application and provider were changed manually."""
    made = record(server, **{"changed": True, **changed})
    before, after = WEB.format(server="old.example.com", id_tokens="false"), WEB.format(server=server, id_tokens="true")
    made["drift"] = [
        {"object": "application RustDesk", "before": before, "after": after},
        {"object": "provider azure", "before": "enabled: false\n", "after": "enabled: true\n"},
    ]
    return made


def restricted(server: str, **changed: Any) -> Record:
    """A server without an assigned user."""
    made = record(server, **changed)
    made["restrictions"] = [
        {
            "name": "assignment",
            "detail": "assignment is required, and no user or group is assigned (AADSTS50105)",
            "hint": "Set rustdesk_sso_app_allowed_groups or rustdesk_sso_app_assignments",
        }
    ]
    return made


def expiring(server: str, days: float = 12, **changed: Any) -> Record:
    """A server whose client secret expires soon."""
    decision = {"expires": expires(days), "decision": "renewed", "reason": "it expires within 30 days"}
    return record(server, client_secret=decision, **changed)


def fleet(count: int, seed: int = 1) -> list[Record]:
    """Servers of several tenants, most of them healthy, always the same for the same ``count`` and ``seed``."""
    draw = random.Random(seed)
    tenants = {
        "contoso.example": "rustdesk-sso",
        "3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b90": "rustdesk-sso",
        "fabrikam.example": "remote-support",
    }
    made = []
    for place in range(count):
        name = f"desk{place + 1}.{draw.choice(['berlin', 'lyon', 'oslo', 'porto'])}.example.com"
        tenant = draw.choices(list(tenants), [5, 3, 2])[0]
        application = {
            "unique_name": tenants[tenant],
            "display_name": "RustDesk" if tenants[tenant] == "rustdesk-sso" else "Remote support",
            "app_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, tenant)),
            "foreign_redirect_uris": ["https://portal.example.com/signin-oidc"] if tenant == "contoso.example" else [],
        }
        console_type = draw.choice(["pro", "pro", "rustdesk_console", "rustdesk_api"])
        console = {"url": f"https://{name}", "type": console_type}
        shared = {"tenant_id": tenant, "application": application, "console": console}
        make = draw.choices([unreachable, broken, drifted, restricted, expiring, record], [2, 3, 4, 2, 6, 83])[0]
        if make is expiring:
            made.append(expiring(name, draw.choice([-9.5, -0.5, 0.5, 3, 12, 25]), **shared))
        elif make is record:
            made.append(record(name, client_secret={"expires": expires(draw.randint(31, 180))}, **shared))
        else:
            made.append(make(name, **shared))
    return made


def few() -> list[Record]:
    """Three servers: a healthy one, a broken one and a drifted one."""
    return [record("desk1.example.com"), broken("desk2.example.com"), drifted("desk3.example.com")]
