# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client secrets that are retired at the end, and the redirect URIs that are restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import retirements as decisions
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support.servers import (
    OBJECT_ID,
    SIGN_IN,
    TENANT,
    callback,
    console,
    holders,
    ready,
    refused,
    registration,
    result,
    secret,
    verified,
)


def retirements(*servers: Server, predicted: bool = False) -> list[dict[str, Any]]:
    """Return the retirements. The registration alone shows whether anything needs to be done."""
    found = decisions.retirements(servers, predicted=predicted)
    may = any(decisions.may_retire(server.registration, predicted=predicted) for server in servers)
    assert may or not found
    return found


class TestRetirements:
    """The client secrets that are removed at the end."""

    def test_superseded_client_secrets_of_verified_servers(self) -> None:
        (entry,) = retirements(*verified(ready("desk1"), ready("desk2"), decision="renewed"))
        assert entry["object_id"] == OBJECT_ID
        assert [(item["name"], item["state"], item["held_key_id"]) for item in entry["client_secrets"]] == [
            ("rustdesk-sso desk1", "retire", "new key of desk1"),
            ("rustdesk-sso desk2", "retire", "new key of desk2"),
        ]
        assert entry["web_redirect_uris"] == {"add": [callback("desk1"), callback("desk2")]}
        assert entry.items() >= {**SIGN_IN, "tenant_id": TENANT, "verify_held": "never"}.items()

    @pytest.mark.parametrize(
        "changed",
        [
            {"verified": {}},
            {"verified": {"skipped": True}},
            {"verified": {"verified": False, "holds_client_secret": True}},
            {"verified": {"verified": False, "holds_client_secret": True, "failed": True}},
            {"verified": {"verified": True, "holds_client_secret": True, "failed": True}},
            {"failure": {"phase": "Verify sign-in", "message": "The client secret is refused."}},
        ],
    )
    def test_nothing_of_a_server_without_a_successful_verification(self, changed: dict[str, Any]) -> None:
        one, two = verified(ready("desk1"), ready("desk2"), decision="renewed")
        (entry,) = retirements(one, replace(two, **changed))
        assert holders(entry) == ["rustdesk-sso desk1"]
        assert entry["web_redirect_uris"] == {"add": [callback("desk1")]}
        assert retirements(replace(two, **changed)) == []

    @pytest.mark.parametrize("holds", [False, None])
    def test_nothing_if_the_console_has_another_secret_by_now(self, holds: bool | None) -> None:
        (server,) = verified(ready(), decision="renewed")
        (entry,) = retirements(replace(server, verified={"verified": True, "holds_client_secret": holds}))
        # Its redirect URI is restored anyway
        assert (entry["client_secrets"], entry["web_redirect_uris"]) == ([], {"add": [callback()]})

    def test_nothing_to_do_without_changes_and_superseded_secrets(self) -> None:
        assert retirements(*verified(ready("desk1"), ready("desk2"))) == []

    def test_superseded_by_an_earlier_run(self) -> None:
        (entry,) = retirements(*verified(ready(), secrets={"superseded": ["k0"]}))
        assert holders(entry) == ["rustdesk-sso desk1"]

    def test_if_another_run_was_faster_its_client_secret_is_the_consoles(self) -> None:
        (server,) = verified(ready(), decision="created", secrets={"strays": ["k0"]})
        kept = replace(server, configured={**server.configured, "client_secret": "of another run"})
        (entry,) = retirements(kept)
        (item,) = entry["client_secrets"]
        assert (item["held"], item["stray_key_ids"]) == ("of another run", ["k0"])
        assert "held_key_id" not in item

    def test_redirect_uris_are_restored_if_the_registration_changed(self) -> None:
        (entry,) = retirements(*verified(ready(), changed=True))
        assert entry["web_redirect_uris"] == {"add": [callback()]}
        assert retirements(*verified(ready(), changed=True), predicted=True) == []

    def test_check_mode_predicts_although_no_console_has_the_new_secret(self) -> None:
        (server,) = verified(ready(), decision="renewed")
        server = replace(server, verified={"verified": None, "holds_client_secret": None})
        (entry,) = retirements(server, predicted=True)
        assert holders(entry) == ["rustdesk-sso desk1"]

    def test_a_server_with_an_obstacle_is_left_out(self) -> None:
        stopped = replace(ready("desk2"), console=console(callback_url=callback("else")))
        (entry,) = retirements(*verified(ready("desk1"), stopped, decision="renewed"))
        assert (holders(entry), entry["web_redirect_uris"]) == (["rustdesk-sso desk1"], {"add": [callback("desk1")]})

    def test_an_application_that_failed_is_left_alone(self) -> None:
        own, other = ready("desk1"), ready("desk2", app_unique_name="other")
        both = registration(refused(own), result(other, decision="renewed"))
        done = {"verified": True, "holds_client_secret": True}
        servers = [replace(server, registration=both, verified=done) for server in (own, other)]
        assert [holders(entry) for entry in retirements(*servers)] == [["rustdesk-sso desk2"]]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "verified": st.sampled_from([True, False, None, "missing"]),
                "holds_client_secret": st.sampled_from([True, False, None]),
                "failed": st.booleans(),
                "failure": st.booleans(),
                "decision": st.sampled_from(["kept", "created", "renewed"]),
            }
        ),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_no_unverified_server_loses_a_client_secret(drawn: list[dict[str, Any]], predicted: bool) -> None:
    servers = [ready(f"desk{place}") for place in range(len(drawn))]
    secrets = [secret(server, item["decision"]) for server, item in zip(servers, drawn, strict=True)]
    everything = registration(result(*servers, client_secrets=secrets, changed=True))
    for place, item in enumerate(drawn):
        servers[place] = replace(
            servers[place],
            registration=everything,
            verified={
                key: item[key] for key in ("verified", "holds_client_secret", "failed") if item[key] != "missing"
            },
            failure={"phase": "Verify sign-in", "message": "No."} if item["failure"] else {},
        )
    retired = {name for entry in retirements(*servers, predicted=predicted) for name in holders(entry)}
    for server, item in zip(servers, drawn, strict=True):
        if server.declaration["client_secret"]["name"] in retired:
            assert item["verified"] not in (False, "missing")
            assert not item["failed"]
            assert not item["failure"]
            assert predicted or item["holds_client_secret"]
