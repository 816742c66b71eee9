# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's decisions about addresses with several spellings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import adoption, drift, removal, shape
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import applications, obstacles
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report import model
from support.records import AT, record
from support.servers import console, declared

PATH = "/api/oidc/callback"
DECLARED = f"https://desk1{PATH}"
OTHER = f"https://DESK1:443{PATH}"
ELSEWHERE = f"https://elsewhere{PATH}"


def one(present: str, kind: str = "pro", **variables: Any) -> Server:
    """A server whose console has a callback URL."""
    return Server(declared(**variables), console={**console(callback_url=present), "console_type": kind})


@pytest.mark.parametrize(
    ("present", "kind", "public_url", "registered"),
    [
        (OTHER, "pro", None, OTHER),
        (OTHER, "rustdesk_console", None, OTHER),
        (OTHER, "rustdesk_api", None, OTHER),
        (OTHER, "pro", "https://desk1", DECLARED),
        (OTHER, "rustdesk_api", "https://desk1", OTHER),
        (DECLARED, "pro", "https://DESK1:443", OTHER),
        (ELSEWHERE, "pro", "https://desk1", DECLARED),
        (ELSEWHERE, "rustdesk_api", "https://desk1", DECLARED),
        ("", "pro", None, DECLARED),
    ],
)
def test_registered_redirect_uris(present: str, kind: str, public_url: str | None, registered: str) -> None:
    server = one(present, kind, public_url=public_url)
    assert server.callback_url == registered
    (entry,) = applications([server])
    assert entry["web_redirect_uris"] == {"add": [registered]}


@pytest.mark.parametrize(
    ("present", "free"),
    [(OTHER, True), (f"https://desk1/{PATH}", True), (ELSEWHERE, False), (f"https://desk1:8443{PATH}", False)],
)
def test_obstacles(present: str, free: bool) -> None:
    for kind in ("pro", "rustdesk_console", "rustdesk_api"):
        server = one(present, kind)
        found = obstacles(server.declaration, server.console)
        assert bool(found) is not free
        if found:
            assert ("would replace it" in found[0]) is (kind != "rustdesk_api")


def test_callback_urls_are_moved_for_servers_that_request_it() -> None:
    servers = [one(DECLARED), Server(declared("desk2", app_move_redirect_uris=True), console=console())]
    (entry,) = applications(servers)
    moved = {"remove": [f"https://desk2{PATH}"]}
    assert (entry["spa_redirect_uris"], entry["public_client_redirect_uris"]) == (moved, moved)
    assert not applications(servers[:1])[0].keys() & {"spa_redirect_uris", "public_client_redirect_uris"}


def test_drift_of_the_servers_redirect_uri_in_any_spelling() -> None:
    before, after = {"web_redirect_uris": []}, {"web_redirect_uris": [OTHER]}
    assert drift.of_server(before, after, "application", "", DECLARED)
    assert not drift.of_server(before, after, "application", "", ELSEWHERE)


def test_a_server_is_removed_with_its_callback_url() -> None:
    (entry,) = removal.removals([replace(one(""), console={}, configured={"provider": {}})])
    assert entry["web_redirect_uris"] == {"remove": [DECLARED]}


def test_the_servers_redirect_uri_is_not_foreign_in_any_spelling() -> None:
    blank = shape.blank("desk1")["application"]
    application = {**blank, "unique_name": "a", "foreign_redirect_uris": [OTHER, ELSEWHERE]}
    member = {"server": "desk1", "tenant_id": "t", "application": application}
    shown = model._application([member], {DECLARED}, complete=False)
    assert (shown["foreign_redirect_uris"], shown["former_redirect_uris"]) == ([ELSEWHERE], [])


def test_a_redirect_uri_of_a_former_address_is_distinguished_from_others() -> None:
    """If each server's declaration is known. Otherwise it may belong to another server."""
    other = "https://portal.example.com/signin"
    one, two = record("desk1"), record("desk2")
    one["application"]["foreign_redirect_uris"] = [other, ELSEWHERE, one["callback_url"]]
    (shown,) = model.build([one, two], AT)["applications"]
    assert (shown["foreign_redirect_uris"], shown["former_redirect_uris"]) == ([other], [ELSEWHERE])
    two["callback_url"] = ""
    (shown,) = model.build([one, two], AT)["applications"]
    assert (shown["foreign_redirect_uris"], shown["former_redirect_uris"]) == ([ELSEWHERE, other], [])


def test_adoption_uses_the_registered_spelling() -> None:
    seen = adoption.Seen("desk1", console_url="https://desk1", console={"callback_url": None})
    found = adoption._public_url(seen, {"web_redirect_uris": [ELSEWHERE, OTHER], "sign_in_audience": "AzureADMyOrg"})
    assert found == ("https://DESK1:443", [])


@pytest.mark.parametrize("kind", ["pro", "rustdesk_console", "rustdesk_api"])
def test_a_callback_url_that_entra_refuses_fails_only_its_console(kind: str) -> None:
    """The server that shares the application is registered without it."""
    bad = one(f"\n{DECLARED}", kind)
    good = Server(declared("desk2"), console={**console(), "console_type": kind})
    (sentence,) = obstacles(bad.declaration, bad.console)
    assert "Correct it in the console" in sentence
    assert sentence.isprintable()
    (entry,) = applications([bad, good])
    assert entry["web_redirect_uris"] == {"add": [f"https://desk2{PATH}"]}
