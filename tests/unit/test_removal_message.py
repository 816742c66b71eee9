# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message about a server that a run removes: its changes, the kept parts and why, and the remaining steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.removal_message import (
    ACCOUNTS,
    kept,
    notes,
    summary,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support.servers import APP_ID, callback, ready, registration, removed_from, result

NEXT = "remove desk1 from the inventory, or the next run of site.yml configures its sign-in again"


def taken_out(left: tuple[str, ...] = (), of: dict[str, Any] | None = None, **changed: Any) -> Server:
    """Return a server after its removal, with the redirect URIs ``left`` in its application. ``of`` are further keys of
    the application's result, ``changed`` variables.
    """
    server = ready(**changed)
    done = removed_from(server, left=left, **(of or {}))
    return replace(server, registration=done, configured={"changed": True, "provider": {}})


def whole(server: Server, *, predicted: bool = False) -> str:
    """Return the message of a server."""
    return "; ".join([summary(server, predicted=predicted), *notes(server, predicted=predicted)])


def claimed(server: Server, **by: str) -> Server:
    """Return ``server`` with parts that another host declares."""
    claims = {**server.declaration["claims"], **by}
    return replace(server, declaration={**server.declaration, "claims": claims})  # type: ignore[typeddict-item]


def deleted() -> Server:
    """A server whose application was deleted with it."""
    server = taken_out(remove_unused_app=True)
    gone = registration(result(server, changed=True) | {"application": None, "client_secrets": []})
    return replace(server, retired=gone)


def test_a_server_that_was_removed() -> None:
    assert whole(taken_out()) == (
        f"{callback()}: provider azure removed; redirect URI removed from rustdesk-sso; client secrets removed: k1; "
        "kept: the application rustdesk-sso (it is unused; to delete it, set rustdesk_sso_remove_unused_app to true); "
        f"{ACCOUNTS}; to add the server again with the same accounts, keep the client ID {APP_ID}; {NEXT}"
    )


def test_check_mode_uses_the_conditional() -> None:
    for server in (taken_out(), deleted()):
        said = whole(server, predicted=True)
        assert "provider azure would be removed" in said
        assert "client secrets that would be removed: k1" in said
        assert "would be kept: " in said
        assert "after the removal, remove desk1 from the inventory" in said
        for past in ("azure removed", "secrets removed", " deleted; would", "; kept"):
            assert past not in said.replace("would be deleted", "")


def test_a_deleted_application_can_be_restored() -> None:
    said = whole(deleted())
    assert "; application rustdesk-sso deleted; " in said
    assert f"restore the application with the client ID {APP_ID} within 30 days (rustdesk_sso_app_restore)" in said
    assert "keep the client ID" not in said
    assert kept(deleted()) == [ACCOUNTS]


@pytest.mark.parametrize(
    ("left", "of", "why"),
    [
        ((callback("else"),), {}, f"it has the redirect URI {callback('else')}"),
        (tuple(callback(name) for name in "abcde"), {}, f"the redirect URIs {callback('a')}, {callback('b')}, "),
        (
            (),
            {"other_client_secrets": [{"name": None, "key_id": "k9"}]},
            "the client secret without a name (key ID k9)",
        ),
        ((), {"federated_credentials": [{"name": "ci"}]}, "it has the federated credential ci"),
        ((), {"certificates": [{"name": "CN=x", "key_id": "c1"}]}, "it has the certificate CN=x (key ID c1)"),
        ((callback("else"),), {"other_client_secrets": [{"name": "erp", "key_id": "k9"}]}, "and the client secret erp"),
    ],
)
def test_contents_of_others_keep_the_application(left: tuple[str, ...], of: dict[str, Any], why: str) -> None:
    said = whole(taken_out(left, of, remove_unused_app=True))
    assert "kept: the application rustdesk-sso (it has " in said
    assert why in said
    assert len(left) <= 3 or f"{callback('c')} and 2 more)" in said


def test_another_host_keeps_its_declared_parts() -> None:
    said = whole(claimed(taken_out(), redirect_uri="desk1-new", provider="desk1-new", application="desk1-new"))
    assert "provider azure kept in the console; redirect URI kept in rustdesk-sso" in said
    assert "kept: the redirect URI (declared by desk1-new); the provider (declared by desk1-new); " in said
    assert "the application rustdesk-sso (declared by desk1-new)" in said


def test_a_console_that_is_not_contacted() -> None:
    said = whole(taken_out(remove_console=False))
    assert "provider azure kept in the console" in said
    assert "kept: the provider (the console was not accessed); " in said


def test_missing_parts_are_not_reported_as_removed() -> None:
    server = taken_out()
    gone = registration(result(server) | {"application": None, "client_secrets": []})
    said = whole(replace(server, registration=gone, configured={"changed": False, "provider": {}}))
    assert "provider azure was already absent" in said
    assert "client secrets removed: none; the application rustdesk-sso does not exist; " in said
    assert "the application rustdesk-sso (" not in said


def test_a_client_secret_created_by_hand_is_kept() -> None:
    secret = {"removed": [], "held": {"name": "by hand", "key_id": "k7"}}
    server = ready()
    done = registration(result(server, decision="removed", secrets=secret, application={"web_redirect_uris": []}))
    said = whole(replace(server, registration=done, configured={"changed": True, "provider": {}}))
    assert "kept: the client secret by hand (key ID k7) that the console had; " in said


def test_former_redirect_uris_do_not_change_the_server() -> None:
    server = taken_out(remove_redirect_uris=["https://old/api/oidc/callback"])
    assert whole(server) == "redirect URIs removed from rustdesk-sso: https://old/api/oidc/callback"
    assert "would be removed" in whole(server, predicted=True)
