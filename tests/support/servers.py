# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers as input of the role's decisions: a declaration, an inspected console, and task results.

Every secret contains CANARY, so that a test can find it in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    PREFIX,
    Declaration,
    declare,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification

CANARY = "CANARY"
TENANT = "contoso.example"
TENANT_ID = "3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b90"
ISSUER = f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
EXPIRES = "2027-03-01T00:00:00Z"
OBJECT_ID, APP_ID = "0f9c1b9a-35c5-4f0b-8a86-0a4c1d0c7e77", "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10"
CONSOLE = {"console_url": "https://desk1", "username": "admin", "password": f"{CANARY} of the administrator"}
SIGN_IN = {"client_id": "automation", "client_secret": f"{CANARY} of the automation", "timeout": 30.0}


def held(name: str = "desk1") -> str:
    """The client secret in a server's console before the run."""
    return f"{CANARY} held by {name}"


def made(name: str = "desk1") -> str:
    """The client secret that the run creates for a server."""
    return f"{CANARY} made for {name}"


def callback(name: str = "desk1") -> str:
    """A server's callback URL."""
    return f"https://{name}/api/oidc/callback"


def values(name: str = "desk1", **changed: Any) -> dict[str, Any]:
    """The role's variables of one server with the defaults; ``changed`` are short names, None unsets one."""
    defaults = {variable: rules["default"] for variable, rules in specification().items() if "default" in rules}
    own = {
        "tenant_id": TENANT,
        "console_url": f"https://{name}",
        "secret_name": f"rustdesk-sso {name}",
        "timeout": 30.0,
        "wait_timeout": 300.0,
        **changed,
    }
    given = {**defaults, **{PREFIX + short: value for short, value in own.items()}}
    return {variable: value for variable, value in given.items() if value is not None}


def declared(name: str = "desk1", **changed: Any) -> Declaration:
    """A server's declaration; ``changed`` are variables by their short names."""
    found, problems = declare(values(name, **changed), name)
    assert found, problems
    signs_in = {"entra": SIGN_IN, "console": CONSOLE, "verification": CONSOLE}
    kept = {"inspect": True, "configure": True}
    nothing = {"application": "", "redirect_uri": "", "client_secret": "", "provider": ""}
    run = {"round": "first", "lockstep": True, "keeps_session": kept, "claims": nothing, "other_holders": []}
    return {**found, **run, **signs_in}


def provider(secret: str | None = None, **changed: Any) -> dict[str, Any]:
    """A provider as a console returns it."""
    return {
        "name": "azure",
        "enabled": True,
        "client_id": APP_ID,
        "client_secret_set": bool(secret),
        "client_secret": secret,
        "issuer": ISSUER,
        **changed,
    }


def console(*providers: dict[str, Any], callback_url: str = "") -> dict[str, Any]:
    """An inspected console."""
    session = {"token": f"{CANARY} of the session"}
    return {
        "changed": False,
        "console_type": "pro",
        "callback_url": callback_url,
        "providers": [*providers],
        "session": session,
    }


def ready(name: str = "desk1", **changed: Any) -> Server:
    """A server whose console was inspected and has a client secret."""
    return Server(declared(name, **changed), console=console(provider(held(name))))


def unread(name: str = "desk1", **changed: Any) -> Server:
    """A server whose console could not be inspected."""
    failure = {"phase": "Inspect the console", "message": f"Could not reach https://{name}."}
    return Server(declared(name, **changed), failure=failure)


def secret(server: Server, decision: str = "kept", **changed: Any) -> dict[str, Any]:
    """The entry of entra_app's result for a server's client secret."""
    new = decision in ("created", "renewed")
    item = {
        "name": server.declaration["client_secret"]["name"],
        "decision": decision,
        "reason": "its reason",
        "key_id": f"{'new' if new else 'old'} key of {server.name}",
        "hint": "new" if new else "old",
        "expires": "2027-09-01T00:00:00Z" if new else EXPIRES,
        "accepted": True if new else None,
        "superseded": [f"old key of {server.name}"] if decision == "renewed" else [],
        "removed": [],
        "held": {
            "name": server.declaration["client_secret"]["name"],
            "key_id": f"old key of {server.name}",
            "hint": "old",
            "expires": EXPIRES,
        },
        **changed,
    }
    if decision == "created":
        item["held"] = None
    return {**item, "secret_text": made(server.name)} if new else item


def declared_as(server: Server, **changed: Any) -> dict[str, Any]:
    """The identification of an application in an entry of entra_app's result."""
    application = server.declaration["application"]
    return {
        "tenant_id": server.declaration["tenant_id"],
        "object_id": None,
        "app_id": application.get("app_id"),
        "unique_name": application["unique_name"],
        "display_name": application.get("display_name"),
        **changed,
    }


def result(*servers: Server, decision: str = "kept", secrets: dict[str, Any] | None = None, **changed: Any) -> Any:
    """The entry of entra_app's result for an application that ``servers`` share.

    ``decision`` and ``secrets`` apply to each client secret; ``changed`` replaces keys, ``application`` its members.
    """
    application = {
        "object_id": OBJECT_ID,
        "app_id": APP_ID,
        "web_redirect_uris": sorted(server.declaration["callback_url"] for server in servers),
        **changed.pop("application", {}),
    }
    return {
        "declared": declared_as(servers[0]),
        "changed": decision != "kept",
        "failed": False,
        "diff": secrets_diff(*servers) if decision != "kept" else {"before": {}, "after": {}},
        "tenant_id": TENANT_ID,
        "issuer": ISSUER,
        "discovery": {"issuer": ISSUER, "token_endpoint": "https://login.microsoftonline.com/token"},
        "application": application,
        "client_secrets": [secret(server, decision, **(secrets or {})) for server in servers],
        "other_client_secrets": [],
        **changed,
    }


def secrets_diff(*servers: Server) -> dict[str, Any]:
    """The diff of entra_app if each server's client secret changes."""
    names = [server.declaration["client_secret"]["name"] for server in servers]
    return {
        side: {"client_secrets": {name: [shown] for name in names}}
        for side, shown in (("before", "key old"), ("after", "new, for 180 days"))
    }


def refused(server: Server, message: str = "Graph answered 403.", **changed: Any) -> dict[str, Any]:
    """The entry of entra_app's result for an application that failed."""
    error = {"attempted": message, "status": 403}
    return {
        "declared": declared_as(server),
        "changed": False,
        "failed": True,
        "msg": message,
        "error": error,
        **changed,
    }


def registration(*results: dict[str, Any]) -> dict[str, Any]:
    """The result of the task that registers all applications; the task itself never fails."""
    failed = [item["msg"] for item in results if item["failed"]]
    told = {"changed": any(item["changed"] for item in results), "failed": False, "applications": [*results]}
    return {**told, "msg": f"{len(failed)} applications failed. {' | '.join(failed)}"} if failed else told


def registered(*servers: Server, **how: Any) -> list[Server]:
    """``servers`` after the registration of their shared application; ``how`` as for result()."""
    return [replace(server, registration=registration(result(*servers, **how))) for server in servers]


def verified(*servers: Server, **how: Any) -> list[Server]:
    """``servers`` after their sign-in was verified; ``how`` as for result()."""
    checks = [{"name": "issuer", "ok": True, "detail": "It is the tenant's.", "hint": None}]
    configured = {"changed": False, "provider": provider(), "session": {"token": f"{CANARY} of the session"}}
    done = {"verified": True, "holds_client_secret": True, "checks": checks}
    return [replace(server, configured=configured, verified=done) for server in registered(*servers, **how)]


def removed_from(*servers: Server, left: Iterable[str] = (), **changed: Any) -> dict[str, Any]:
    """The result of removing ``servers`` from their application, which keeps the redirect URIs ``left``."""
    gone = {"decision": "removed", "secrets": {"removed": ["k1"], "held": None, "key_id": None}}
    return registration(result(*servers, application={"web_redirect_uris": [*left]}, **gone, **changed))


def holders(entry: dict[str, Any]) -> list[str]:
    """The names of an entry's client secrets."""
    return [item["name"] for item in entry["client_secrets"]]


def hostvars(*servers: Server, **changed: Any) -> dict[str, dict[str, Any]]:
    """Ansible's hostvars after the role's tasks; ``changed`` are added to each host."""
    parts = ("declaration", "console", "registration", "configured", "verified", "retired", "failure")
    return {
        server.name: {
            f"{PREFIX}timeout": 30.0,
            f"{PREFIX}entra_client_id": "automation",
            f"{PREFIX}entra_client_secret": f"{CANARY} of the automation",
            **{f"__{PREFIX}{part}": dict(getattr(server, part)) for part in parts},
            **changed,
        }
        for server in servers
    }
