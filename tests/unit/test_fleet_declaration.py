# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declaration of one server, and the sentence for each mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import declaration
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX, declare
from support.servers import CANARY, declared, values

NAN, INFINITE = float("nan"), float("inf")


def problems(**changed: Any) -> list[str]:
    """Return the problems of the ``changed`` variables. Without problems, a declaration exists."""
    found, sentences = declare(values(**changed), "desk1")
    assert (found is None) == bool(sentences)
    return sentences


def test_the_defaults_and_two_addresses_are_enough() -> None:
    found = declared("desk1")
    assert problems() == []
    assert (found["server"], found["tenant_id"]) == ("desk1", "contoso.example")
    assert found["application"]["unique_name"] == "rustdesk-sso"
    assert found["callback_url"] == "https://desk1/api/oidc/callback"
    assert found["client_secret"] == {
        "name": "rustdesk-sso desk1",
        "lifetime": "180d",
        "renew_before": "30d",
        "overlap": "1d",
        "state": "present",
    }
    assert (found["provider_name"], found["provider_enabled"]) == ("azure", True)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"tenant_id": None}, "tenant_id"),
        ({"tenant_id": "common"}, "tenant_id"),
        ({"tenant_id": "contoso example"}, "tenant_id"),
        ({"app_unique_name": " "}, "app_unique_name"),
        ({"provider_name": "\t"}, "provider_name"),
        ({"console_url": None}, "console_url"),
        ({"console_url": "desk1.example.com"}, "console_url"),
        ({"console_url": "ftp://desk1"}, "console_url"),
        ({"console_url": "https://desk1/?a=b"}, "console_url"),
        ({"console_url": "https://desk1/#a"}, "console_url"),
        ({"console_url": "https://desk1:port"}, "console_url"),
        ({"console_url": "https://admin@desk1"}, "console_url"),
        ({"console_url": "http://desk1"}, "console_url"),
        ({"public_url": "desk1"}, "public_url"),
        ({"public_url": "https://desk1/?a"}, "public_url"),
        ({"public_url": "http://desk1"}, "public_url"),
        ({"public_url": "https://admin@desk1"}, "public_url"),
        ({"public_url": "https://desk1/(a)"}, "public_url"),
        ({"public_url": f"https://desk1/{'a' * 300}"}, "public_url"),
        ({"public_url": "https://*.example.com", "app_sign_in_audience": "PersonalMicrosoftAccount"}, "public_url"),
        ({"secret_lifetime": "half a year"}, "secret_lifetime"),
        ({"secret_renew_before": "-1d"}, "secret_renew_before"),
        ({"secret_overlap": "1w"}, "secret_overlap"),
        ({"secret_lifetime": "30d", "secret_renew_before": "30d"}, "secret_renew_before"),
        ({"secret_lifetime": "1d", "secret_renew_before": "36h"}, "secret_renew_before"),
        *[
            ({name: seconds}, name)
            for name in ("timeout", "wait_timeout")
            for seconds in (None, 0.0, -1.0, NAN, INFINITE, -INFINITE, 86400.5)
        ],
    ],
)
def test_a_mistake_is_named_with_its_variable(changed: dict[str, Any], named: str) -> None:
    (sentence,) = problems(**changed)
    assert f"{PREFIX}{named} " in sentence
    assert sentence.endswith((".", ")"))
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "changed",
    [
        {"tenant_id": "3F2C8A51-9D7E-4C1B-B6A0-5E8F7D2C4B90"},
        {"console_url": "https://desk1:8443/rustdesk"},
        {"console_url": "http://127.0.0.1:21114"},
        # The controller may use plain HTTP for the console although users do not
        {"console_url": "http://10.0.0.1:21114", "public_url": "https://desk1"},
        {"secret_lifetime": "90m", "secret_renew_before": "30s", "secret_overlap": "0"},
        {"timeout": 0.5, "wait_timeout": 86400.0},
        {"provider_enabled": False, "remove_console": False, "remove_unused_app": True},
    ],
)
def test_unusual_but_valid_values_are_accepted(changed: dict[str, Any]) -> None:
    assert problems(**changed) == []


def test_all_mistakes_are_reported_together() -> None:
    told = problems(tenant_id=None, provider_name=" ", console_url="desk1", secret_overlap="x", timeout=0.0)
    assert len(told) == 5
    for name, sentence in zip(
        ("tenant_id", "provider_name", "console_url", "secret_overlap", "timeout"), told, strict=True
    ):
        assert f"{PREFIX}{name}" in sentence


def test_an_address_that_entra_refuses_is_named_with_the_remedy() -> None:
    (sentence,) = problems(console_url="http://desk1")
    assert "derived from rustdesk_sso_console_url" in sentence
    assert "Set rustdesk_sso_public_url to the https address" in sentence


@pytest.mark.parametrize("name", ["console_url", "public_url"])
@pytest.mark.parametrize(
    "address", ["https://admin:{}@desk1", "https://admin:{}@desk1/?a=b", "ftp://a:{}@b", "admin:{}@desk1"]
)
def test_a_password_in_an_address_is_not_quoted(name: str, address: str) -> None:
    told = problems(**{name: address.format(CANARY)})
    assert told
    assert CANARY not in " ".join(told)


def test_declarations_and_problems_contain_no_secrets() -> None:
    secret = dict.fromkeys(
        (
            "entra_access_token",
            "entra_client_secret",
            "entra_certificate_password",
            "entra_federated_token",
            "console_password",
            "console_totp_secret",
            "console_proxy",
            "notify_url",
        ),
        CANARY,
    )
    assert CANARY not in json.dumps(declare(values("desk1", **secret), "desk1"))
    assert CANARY not in " ".join(problems(**secret, tenant_id=None, console_url="x", timeout=0.0))


def test_users_address_determines_the_callback_url() -> None:
    found = declared("desk1", console_url="https://10.0.0.1:8443/", public_url="https://rustdesk.example.com/a/")
    assert found["console_url"] == "https://10.0.0.1:8443/"
    assert found["public_url"] == "https://rustdesk.example.com/a"
    assert found["callback_url"] == "https://rustdesk.example.com/a/api/oidc/callback"
    assert found["public_url_declared"]
    assert not declared("desk1")["public_url_declared"]


@given(st.from_regex(r"https://[a-z]{1,20}\.example(:[1-9][0-9]{0,3})?(/[a-z]{1,9}){0,2}/{0,3}", fullmatch=True))
def test_trailing_slashes_of_an_address_are_ignored(address: str) -> None:
    expected = f"{address.rstrip('/')}/api/oidc/callback"
    assert declared("desk1", public_url=address)["callback_url"] == declaration.callback_url(address) == expected


def test_renewal_can_be_requested() -> None:
    assert declared("desk1", secret_renew=True)["client_secret"]["state"] == "renew"


@pytest.mark.parametrize("value", [None, ""])
def test_null_and_empty_text_are_not_set(value: Any) -> None:
    assert not declaration.is_set(value)


@pytest.mark.parametrize("value", [[], {}, False, 0, 0.0, " ", "a", ["a"]])
def test_everything_else_is_a_value(value: Any) -> None:
    assert declaration.is_set(value)


def test_the_application_has_the_variables_that_are_set_and_no_others() -> None:
    application = declared("desk1", app_tags=[], app_restore=False, app_id="x", app_notes=None)["application"]
    assert (application["tags"], application["restore"], application["app_id"]) == ([], False, "x")
    assert "notes" not in application
    assert "logo" not in application


def test_texts_of_the_application_can_be_cleared() -> None:
    assert declared("desk1", app_clear=["notes"])["application"]["notes"] == ""
    (unknown,) = problems(app_clear=["display_name"])
    assert "rustdesk_sso_app_clear contains 'display_name'. Use only home_page_url," in unknown
    (both,) = problems(app_clear=["notes"], app_notes="a")
    assert both == "rustdesk_sso_app_clear contains notes, but rustdesk_sso_app_notes is set. Remove one of them."


@pytest.mark.parametrize("option", declaration.APPLICATION)
def test_each_option_of_the_application_has_a_variable_of_the_role(option: str) -> None:
    assert declaration.variable(option) in declaration_variables()


def declaration_variables() -> set[str]:
    """Return the names of the role's variables."""
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification

    return set(specification())


@pytest.mark.parametrize(
    ("tags", "skipped", "inspect", "configure"),
    [
        (["all"], [], True, True),
        # The caller's own tag
        (["sso"], [], True, True),
        (["rustdesk_sso_validate"], [], False, False),
        (["rustdesk_sso_validate", "rustdesk_sso_inspect"], [], False, False),
        (["rustdesk_sso_inspect", "rustdesk_sso_configure"], [], True, False),
        (["rustdesk_sso_inspect", "rustdesk_sso_verify"], [], True, True),
        (["all"], ["rustdesk_sso_verify"], True, False),
        (["all"], ["rustdesk_sso_configure", "rustdesk_sso_verify"], False, False),
    ],
)
def test_the_session_is_kept_for_later_phases(
    tags: list[str], skipped: list[str], inspect: bool, configure: bool
) -> None:
    assert declaration.keeps_session(declaration.runs(tags, skipped)) == {"inspect": inspect, "configure": configure}
