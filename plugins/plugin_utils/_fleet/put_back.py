# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Restore a server's former provider after a failure, and verify the result. Pure.

Nothing is retired before the verification, so the former client secret is still live. Only this run knows the former
provider. After a crash between write and verification it is lost, and the next run verifies the provider that it finds.
"""

from __future__ import annotations

from datetime import datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import parse_time
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import sentence
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options, stranded
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    Share,
    redirect_uris_before,
    result_of,
    secret_of,
    share,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server

# The name of the role's task
VERIFICATION = "Verify sign-in"
# The checks of settings that the run has written. DISCOVERY is one only if the issuer has changed.
WRITTEN = (
    "provider_offered",
    "authorization_endpoint",
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "redirect_uri_registered",
    "client_secret_accepted",
)
DISCOVERY = "authorization_url"
# The fields of a provider that the role writes
FIELDS = ("enabled", "client_id", "client_secret", "issuer")


def is_due(server: Server, now: datetime) -> bool:
    """Return whether to restore the former provider of ``server``.

    It is restored if sign-in worked before and its own verification failed in a setting that this run has written. A
    provider that another process has changed meanwhile is left unchanged.
    """
    if server.failure.get("phase") != VERIFICATION or not server.configured.get("changed"):
        return False
    if server.verified.get("holds_client_secret") is False or not server.configured.get("worked_before"):
        return False
    return _failed_in_written(server) and _was_accepted(server, now)


def _failed_in_written(server: Server) -> bool:
    after = (server.configured.get("diff") or {}).get("after") or {}
    written = {*WRITTEN, DISCOVERY} if "issuer" in after else set(WRITTEN)
    checks = server.verified.get("checks") or []
    return any(item["ok"] is False and item["cause"] == "settings" and item["name"] in written for item in checks)


def _was_accepted(server: Server, now: datetime) -> bool:
    """Return whether Entra accepted the former sign-in, as far as the registration shows.

    It shows nothing about another application, but the console started a sign-in with it.
    """
    found = result_of(server.declaration, server.registration) or {}
    if (found.get("application") or {}).get("app_id") != server.provider.get("client_id"):
        return True
    held = secret_of(server.declaration, found).get("held") or {}
    live = bool(held) and parse_time(held["expires"]) > now
    sent = server.console.get("callback_url")
    return live and not found.get("obstacles") and (not sent or sent in redirect_uris_before(found))


def provider(server: Server) -> options.Options:
    """Return the options of rustdesk_oidc_provider that restore the former provider."""
    former = server.provider
    return {
        **server.declaration["console"],
        "name": server.declaration["provider_name"],
        "type": "oidc",
        **{name: former.get(name) for name in FIELDS},
        "callback_url": server.console.get("callback_url") or None,
        "check_callback_url": False,
    }


def is_done(server: Server) -> bool:
    """Return whether the console has its former provider again. The task never counts as failed."""
    return "provider" in server.put_back


def is_verified(server: Server) -> bool:
    """Return whether to verify sign-in to ``server`` after the failure.

    It is verified if its former provider was restored, or if another server stopped the run after the run had changed
    this provider.
    """
    if server.put_back:
        return is_done(server)
    stopped = server.failure and not server.failure.get("phase")
    return bool(stopped and server.configured.get("changed") and not server.verified)


def check(server: Server) -> options.Options:
    """Return the options of rustdesk_sign_in_check that verify sign-in after the failure."""
    given = share(server)
    asked = {**options.check(server, given), "session": None, "look_again": False, "must_pass": False}
    return {**asked, **_former(server, given)} if server.put_back else asked


def _former(server: Server, given: Share) -> options.Options:
    """Return the options that differ for the restored provider."""
    found = result_of(server.declaration, server.registration) or {}
    held = secret_of(server.declaration, found).get("held") or {}
    same = given["app_id"] == server.provider.get("client_id")
    return {
        "client_id": server.provider.get("client_id"),
        "callback_url": server.console.get("callback_url") or server.callback_url,
        "client_secret": server.held,
        "client_secret_accepted": False,
        "client_secret_expires": held.get("expires"),
        # Unknown for another application
        "registered_redirect_uris": given["redirect_uris"] if same else None,
        "application_obstacles": given["obstacles"] if same else None,
    }


def report(server: Server) -> str:
    """Report in sentences the steps and findings after the failure; empty if none."""
    back = server.put_back
    if back and not is_done(server):
        return f"The former provider could not be restored: {back.get('msg')}"
    if back:
        return f"The former provider was restored. {_found(server)}{_application(server)}"
    return f"The provider had already been changed. {_found(server)}" if server.verified_after else ""


def _found(server: Server) -> str:
    after = server.verified_after
    failed = [f"{item['name']}: {item['detail']}" for item in after.get("checks") or [] if item["ok"] is False]
    if after.get("verified"):
        return "Sign-in works."
    why = " | ".join(failed) or str(after.get("msg") or "it could not be verified")
    return sentence(f"Sign-in would not work: {why}")


def _application(server: Server) -> str:
    """Report the changes to the application that are kept."""
    found = result_of(server.declaration, server.registration) or {}
    changed = [*((found.get("diff") or {}).get("after") or {})] if found.get("changed") else []
    if stranded.is_taken_back(server):
        changed = [name for name in changed if name != "client_secrets"]
    return f" Changes to the application are kept: {', '.join(changed)}." if changed else ""
