# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of each application that are removed with the servers, and the applications that are deleted with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import removal
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support import servers
from support.servers import (
    SIGN_IN,
    TENANT,
    callback,
    held,
    refused,
    registration,
    removed_from,
    result,
    unread,
)

AS_A_WHOLE = {"failed": False, "changed": False, "msg": "No module named msgraph."}


def ready(name: str = "desk1", **changed: Any) -> Server:
    """A server whose provider was removed from its console."""
    return replace(servers.ready(name, **changed), configured={"changed": True, "provider": {}})


def leaving(*names: str, **changed: Any) -> list[Server]:
    """Return servers to remove, with an application that is deleted if it is unused."""
    return [ready(name, remove_unused_app=True, **changed) for name in names]


def taken_out(*servers: Server, left: tuple[str, ...] = (), **changed: Any) -> list[Server]:
    """Return ``servers`` after their removal from the application."""
    done = removed_from(*servers, left=left, **changed)
    return [replace(server, registration=done) for server in servers]


def test_only_redirect_uris_and_client_secrets_are_removed() -> None:
    (entry,) = removal.removals([ready("desk1", app_notes="x"), ready("desk2")])
    assert entry == {
        **SIGN_IN,
        "tenant_id": TENANT,
        "unique_name": "rustdesk-sso",
        "wait_timeout": 300.0,
        "create": False,
        "web_redirect_uris": {"remove": [callback("desk1"), callback("desk2")]},
        "client_secrets": [
            {
                "name": f"rustdesk-sso {name}",
                "state": "absent",
                "held": held(name),
                "held_names": ["rustdesk-sso *"],
                "other_holders": [],
            }
            for name in ("desk1", "desk2")
        ],
    }


@pytest.mark.parametrize(
    ("name", "others", "pattern"),
    [
        ("sso desk1 [a]", ["sso desk2"], "sso * [[]a]"),
        # Without the server's name in it, a name of this collection cannot be distinguished from another one
        ("sso", [], None),
        # Another host's name cannot be read: it may be any
        ("sso desk1", None, None),
    ],
)
def test_the_consoles_client_secret_with_another_name_is_removed(name: str, others: Any, pattern: str | None) -> None:
    server = ready(secret_name=name)
    server = replace(server, declaration={**server.declaration, "other_holders": others})
    (entry,) = removal.removals([server])
    (item,) = entry["client_secrets"]
    assert (item.get("held_names"), item.get("other_holders")) == (([pattern], others) if pattern else (None, None))
    assert "held" not in removal.removals([replace(server, console={})])[0]["client_secrets"][0]


def test_only_former_redirect_uris_are_removed() -> None:
    """The server itself and its application are unchanged."""
    former = ["https://old/api/oidc/callback"]
    server = ready(remove_redirect_uris=former, remove_unused_app=True)
    assert server.declaration["remove_console"] is False
    (entry,) = removal.removals([server, ready("desk2")])
    assert entry["web_redirect_uris"] == {"remove": sorted([*former, callback("desk2")])}
    assert [item["name"] for item in entry["client_secrets"]] == ["rustdesk-sso desk2"]
    assert removal.deletions(taken_out(server)) == []


def test_servers_of_one_tenant_in_any_letter_case_are_removed_together() -> None:
    (entry,) = removal.removals([ready("desk1"), ready("desk2", tenant_id="CONTOSO.EXAMPLE")])
    assert len(entry["client_secrets"]) == 2
    assert len(removal.removals([ready("desk1"), ready("desk2", tenant_id="fabrikam.example")])) == 2


def test_a_server_whose_provider_could_not_be_removed_stays_in_the_application() -> None:
    """Users are still offered its sign-in."""
    for failed in (unread("desk2"), servers.ready("desk2"), replace(ready("desk2"), configured={"failed": True})):
        (entry,) = removal.removals([ready("desk1"), failed])
        assert [item["name"] for item in entry["client_secrets"]] == ["rustdesk-sso desk1"]
        assert removal.removals([failed]) == []
    (entry,) = removal.removals([servers.ready("desk2", remove_console=False)])
    assert entry["client_secrets"]


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({}, False),
        ({"client_id": "rustdesk", "issuer": "https://id.example/realms/desk"}, True),
        # A typing error in a provider of Entra
        ({"client_id": "RustDesk"}, False),
        ({"issuer": "https://id.example"}, False),
        ({"client_id": "rustdesk", "issuer": "https://login.partner.microsoftonline.cn/x/v2.0"}, False),
        ({"client_id": None, "issuer": None}, False),
    ],
)
def test_a_provider_of_another_service_is_kept(changed: dict[str, Any], refused: bool) -> None:
    server = looked_up(**changed)
    said = removal.refusal(server).get("msg", "")
    assert bool(said) is refused
    assert not said or "rustdesk_sso_remove_console to false" in said


OTHER = "11111111-2222-4333-8444-555555555555"


def looked_up(found: Any = None, variables: dict[str, Any] | None = None, **changed: Any) -> Server:
    """Return a server before its provider is removed. ``found`` replaces members of the lookup's result, ``changed``
    those of its provider.
    """
    server = servers.ready(**(variables or {}))
    server = replace(server, console=servers.console(servers.provider(**changed)))
    return replace(server, registration=registration(result(server) | (found or {})))


@pytest.mark.parametrize(
    ("variables", "found", "refused"),
    [
        ({}, {}, "but the application rustdesk-sso has"),
        ({}, {"application": {"app_id": OTHER.upper()}}, ""),
        (
            {},
            {"application": None},
            "but the application rustdesk-sso does not exist, and deleted ones cannot be read.",
        ),
        ({"app_replaces": [OTHER]}, {"application": None}, ""),
        ({"app_id": OTHER}, {"application": None}, ""),
    ],
)
def test_a_provider_of_another_application_is_kept(variables: Any, found: Any, refused: str) -> None:
    said = removal.refusal(looked_up(found, variables, client_id=OTHER)).get("msg", "")
    assert refused in said
    assert bool(said) is bool(refused)
    assert not said or f"set rustdesk_sso_app_replaces to {OTHER}." in said


def test_a_provider_is_kept_if_its_application_cannot_be_read() -> None:
    """A run that cannot finish does not remove a sign-in that still works."""
    error = {"code": "invalid_client", "status": 401}
    whole = {"failed": False, "msg": "Signing in to Entra failed.", "error": error}
    server = servers.ready()
    for done in (whole, registration(refused(server, whole["msg"], error=error))):
        told = removal.refusal(replace(server, registration=done))
        assert told["msg"].startswith("Signing in to Entra failed. Nothing was removed for this server.")
        assert told["error"] == error
        assert told["phase"] == "Read the applications"
    assert removal.refusal(replace(server, registration={}))["msg"].startswith("The application rustdesk-sso was not")
    # Nothing exists that could be lost
    assert removal.refusal(replace(server, console=servers.console(), registration=whole)) == {}


def test_the_lookup_before_a_provider_is_removed() -> None:
    (entry,) = removal.lookups([servers.ready("desk1"), servers.ready("desk2")])
    assert (entry["unique_name"], entry["create"]) == ("rustdesk-sso", False)
    assert removal.lookups([unread(), replace(servers.ready(), console=servers.console())]) == []


def test_a_deleted_application_is_looked_up_if_nothing_else_identifies_it() -> None:
    none = {"application": None}
    server = looked_up(none)
    options = removal.deleted_lookup(server)
    assert (options["unique_name"], options["deleted"]) == ("rustdesk-sso", True)
    named = looked_up(none, {"app_replaces": [servers.APP_ID]})
    for other in (looked_up(), named, looked_up(none, client_id="mistyped"), replace(server, registration=AS_A_WHOLE)):
        assert removal.deleted_lookup(other) == {}
    found = {"applications": [{"app_id": servers.APP_ID.upper()}]}
    assert removal.refusal(replace(server, deleted=found)) == {}
    assert (
        "was not recently deleted. Nothing was removed."
        in removal.refusal(replace(server, deleted={"applications": []}))["msg"]
    )
    denied = removal.refusal(replace(server, deleted={"msg": "Graph answered 403."}))["msg"]
    assert "deleted ones cannot be read (Graph answered 403). Nothing was removed." in denied
    assert f"set rustdesk_sso_app_replaces to {servers.APP_ID}." in denied


class TestDeletions:
    """The applications that are deleted."""

    def test_one_without_redirect_uris(self) -> None:
        (entry,) = removal.deletions(taken_out(*leaving("desk1", "desk2")))
        assert entry == {
            **SIGN_IN,
            "tenant_id": TENANT,
            "unique_name": "rustdesk-sso",
            "wait_timeout": 300.0,
            "state": "absent",
        }

    def test_not_one_that_others_use(self) -> None:
        assert removal.deletions(taken_out(*leaving("desk1"), left=(callback("desk2"),))) == []

    @pytest.mark.parametrize(
        "of",
        [
            {"application": {"web_redirect_uris": [], "spa_redirect_uris": ["https://x/spa"]}},
            {"application": {"web_redirect_uris": [], "identifier_uris": ["api://x"]}},
            {"other_client_secrets": [{"name": "erp", "key_id": "k9"}]},
            {"certificates": [{"name": "CN=erp", "key_id": "c1"}]},
            {"federated_credentials": [{"name": "ci"}]},
        ],
    )
    def test_not_one_with_contents_of_others(self, of: dict[str, Any]) -> None:
        (server,) = leaving("desk1")
        done = registration(result(server, **{"application": {"web_redirect_uris": []}, **of}))
        assert removal.deletions([replace(server, registration=done)]) == []

    def test_certificates_and_federation_are_read_if_it_may_be_deleted(self) -> None:
        (entry,) = removal.removals(leaving("desk1"))
        assert (entry["certificates"], entry["federated_credentials"]) == ([], [])

    def test_not_unless_all_request_it(self) -> None:
        assert removal.deletions(taken_out(*leaving("desk1"), ready("desk2"))) == []
        assert removal.deletions(taken_out(ready("desk1"))) == []

    def test_not_one_that_does_not_exist(self) -> None:
        (server,) = leaving("desk1")
        gone = registration(result(server, application={}) | {"application": None, "client_secrets": []})
        assert removal.deletions([replace(server, registration=gone)]) == []

    @pytest.mark.parametrize("done", [{}, AS_A_WHOLE, "refused", "another application"])
    def test_not_one_whose_uses_are_unknown(self, done: Any) -> None:
        (server,) = leaving("desk1")
        if done == "refused":
            done = registration(refused(server))
        elif done == "another application":
            done = removed_from(ready("desk2", tenant_id="fabrikam.example"))
        assert removal.deletions([replace(server, registration=done)]) == []

    def test_not_with_a_server_that_failed(self) -> None:
        (server,) = taken_out(*leaving("desk1"))
        assert removal.deletions([replace(server, failure={"phase": "Any", "message": "No."})]) == []

    def test_each_application_is_decided_individually(self) -> None:
        one, other = leaving("desk1")[0], leaving("desk2", app_unique_name="other")[0]
        done = registration(
            result(one, application={"web_redirect_uris": []}),
            result(other, application={"web_redirect_uris": [callback("else")]}),
        )
        (entry,) = removal.deletions([replace(server, registration=done) for server in (one, other)])
        assert entry["unique_name"] == "rustdesk-sso"


class TestError:
    """The reason why an application is not in the declared state."""

    def test_no_reason(self) -> None:
        (server,) = taken_out(*leaving("desk1"))
        assert removal.error(server, server.registration, {}) == ""
        assert removal.error(server, server.registration, {"skipped": True, "msg": "skipped"}) == ""

    def test_only_its_own_failure(self) -> None:
        own, other = ready("desk1"), ready("desk2", app_unique_name="other")
        done = registration(refused(own, "It was throttled."), result(other))
        assert removal.error(own, done) == "It was throttled."
        assert removal.error(other, done) == ""

    def test_a_failure_of_the_deletion(self) -> None:
        (server,) = taken_out(*leaving("desk1"))
        assert removal.error(server, server.registration, registration(refused(server, "Denied."))) == "Denied."

    def test_a_change_that_would_be_refused_according_to_check_mode(self) -> None:
        (server,) = taken_out(*leaving("desk1"), change_refused="It is not an owner.")
        assert removal.error(server, server.registration) == "It is not an owner."

    def test_a_failure_of_the_whole_task(self) -> None:
        assert removal.error(ready(), AS_A_WHOLE, {}) == "No module named msgraph."
        (server,) = taken_out(*leaving("desk1"))
        assert removal.error(server, server.registration, AS_A_WHOLE) == "No module named msgraph."
