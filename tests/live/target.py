# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant and the console that a live run may use, from the environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from live.contract import GUID

KINDS = ("pro", "rustdesk_console", "rustdesk_api")
NOTHING_SENT = "Nothing was sent."
REQUESTS = 400
LEFTOVERS = ("", "list", "remove")


class RefusedError(Exception):
    """One sentence with the missing setting, and that nothing was sent."""


@dataclass(frozen=True)
class TenantTarget:
    """A tenant and the automation's sign-in."""

    tenant_id: str
    client_id: str
    client_secret: str
    login_url: str
    graph_url: str


@dataclass(frozen=True)
class ConsoleTarget:
    """A console and an administrator's sign-in; ``issuer`` is that of the provider that the cases add."""

    kind: str
    url: str
    username: str
    password: str
    totp_secret: str
    issuer: str


@dataclass(frozen=True)
class Target:
    """The services of a live run: a tenant, a console, or both."""

    tenant: TenantTarget | None
    console: ConsoleTarget | None
    ca_path: str
    requests: int
    leftovers: str
    words: tuple[str, ...]


# The issuer of personal accounts answers discovery everywhere. The tenant's own one is not used: rustdesk_console keeps
# one client for each issuer (1.8.0 [rec]), so that the cases would break sign-in with the tenant for up to a day.
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


def read(environment: Mapping[str, str]) -> Target:
    """Return the target in the environment. Raises RefusedError."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    if given.get("LIVE") != "1":
        raise RefusedError(f"Live tests change a real tenant and a real console, so they need LIVE=1. {NOTHING_SENT}")
    if not given.keys() & {"LIVE_TENANT", "LIVE_CONSOLE"}:
        raise RefusedError(
            "Set LIVE_TENANT to the ID of the tenant to use, LIVE_CONSOLE to the host name of the console to use, "
            f"or both. {NOTHING_SENT}"
        )
    ca_path = given.get("REQUESTS_CA_BUNDLE") or given.get("SSL_CERT_FILE", "")
    requests, leftovers = given.get("LIVE_REQUESTS", str(REQUESTS)), given.get("LIVE_LEFTOVERS", "")
    if not re.fullmatch(r"[1-9]\d{0,4}", requests):
        raise RefusedError(f"LIVE_REQUESTS is not a number of requests. {NOTHING_SENT}")
    if leftovers not in LEFTOVERS:
        raise RefusedError(f"LIVE_LEFTOVERS is neither list nor remove. {NOTHING_SENT}")
    login_url = given.get("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com").rstrip("/")
    login_url = login_url if "://" in login_url else f"https://{login_url}"
    words = tuple(word for word in re.split(r"[\s,]+", given.get("LIVE_WORDS", "")) if word)
    tenant = _tenant(given, login_url) if "LIVE_TENANT" in given else None
    console = _console(given, login_url) if "LIVE_CONSOLE" in given else None
    return Target(tenant, console, ca_path, int(requests), leftovers, words)


def _tenant(given: Mapping[str, str], login_url: str) -> TenantTarget:
    _need(given, "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    if not re.fullmatch(GUID, given["AZURE_TENANT_ID"]):
        raise RefusedError(f"AZURE_TENANT_ID is not a tenant ID. {NOTHING_SENT}")
    if given["LIVE_TENANT"].lower() != given["AZURE_TENANT_ID"].lower():
        raise RefusedError(f"LIVE_TENANT and AZURE_TENANT_ID name different tenants. {NOTHING_SENT}")
    graph_url = given.get("ENTRA_GRAPH_ENDPOINT", "https://graph.microsoft.com").rstrip("/")
    _https(login_url, "AZURE_AUTHORITY_HOST")
    _https(graph_url, "ENTRA_GRAPH_ENDPOINT")
    return TenantTarget(
        given["AZURE_TENANT_ID"].lower(), given["AZURE_CLIENT_ID"], given["AZURE_CLIENT_SECRET"], login_url, graph_url
    )


def _console(given: Mapping[str, str], login_url: str) -> ConsoleTarget:
    _need(given, "RUSTDESK_URL", "RUSTDESK_USERNAME", "RUSTDESK_PASSWORD", "LIVE_CONSOLE_TYPE")
    _https(given["RUSTDESK_URL"], "RUSTDESK_URL")
    if (urlsplit(given["RUSTDESK_URL"]).hostname or "") != given["LIVE_CONSOLE"].lower():
        raise RefusedError(f"LIVE_CONSOLE and RUSTDESK_URL name different hosts. {NOTHING_SENT}")
    if given["LIVE_CONSOLE_TYPE"] not in KINDS:
        raise RefusedError(f"LIVE_CONSOLE_TYPE is not one of {', '.join(KINDS)}. {NOTHING_SENT}")
    return ConsoleTarget(
        given["LIVE_CONSOLE_TYPE"],
        given["RUSTDESK_URL"].rstrip("/"),
        given["RUSTDESK_USERNAME"],
        given["RUSTDESK_PASSWORD"],
        given.get("RUSTDESK_TOTP_SECRET", ""),
        f"{login_url}/{PERSONAL}/v2.0",
    )


def _need(given: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if name not in given]
    if missing:
        raise RefusedError(f"Set {', '.join(missing)}. {NOTHING_SENT}")


def _https(url: str, name: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except ValueError:
        usable = False
    if not usable:
        raise RefusedError(f"{name} is not an https URL. {NOTHING_SENT}")


def plan(target: Target) -> list[str]:
    """Return the plan of the run, as lines for the user who started it."""
    lines = [f"This run sends at most {target.requests} requests and does not prompt."]
    if target.leftovers:
        verb = "lists" if target.leftovers == "list" else "removes"
        lines[0] = (
            f"This run only {verb} the leftovers of earlier live runs, and sends at most {target.requests} requests."
        )
    if target.tenant:
        lines.append(f"Tenant {target.tenant.tenant_id} at {target.tenant.graph_url}, as {target.tenant.client_id}.")
    if target.tenant and not target.leftovers:
        lines += [
            "  It creates up to four applications and their service principals, all named rustdesk-sso-live-...,",
            "  with client secrets, a federated credential, a logo, an owner, grants and assignments.",
            "  At the end, and if it is interrupted, it deletes them permanently. It also reads policies.",
        ]
    if target.console:
        lines.append(f"Console {target.console.url} ({target.console.kind}), as {target.console.username}.")
    if target.console and not target.leftovers:
        lines += [
            "  It adds the provider rustdesk-sso-live-..., which users can see for a few seconds, and removes it.",
            "  It compares all other providers and settings before and after. It leaves unfinished sign-ins,",
            "  which expire within minutes.",
        ]
    return lines
