# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for every existing fleet: unique names separate applications, and the files describe each server completely."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import adoption, adoption_files
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import GROUP
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.adoption import declare

LOGIN = "https://login.microsoftonline.com"
TENANTS = tuple(f"{number}0000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
LOGIN_HOST = "login.microsoftonline.com"
# Delimiters of templates and YAML
TEXT = st.text("{}%#\"'\\:-! aé\U0001f511", min_size=1)


def guid(number: int) -> str:
    """Return an application's ID."""
    return f"{number:08x}-aaaa-bbbb-cccc-dddddddddddd"


def provider(number: int, tenant: str = TENANTS[0], **members: Any) -> dict[str, Any]:
    """Return a provider of an application, as rustdesk_oidc_provider_info returns it."""
    issuer = f"{LOGIN}/{tenant}/v2.0"
    return {
        "name": "azure",
        "enabled": True,
        "client_id": guid(number),
        "issuer": issuer,
        "client_secret_set": False,
        **members,
    }


def seen(name: str, number: int, tenant: str = TENANTS[0], taken: int | None = None, **members: Any) -> adoption.Seen:
    """Return a server of this application. An application named ``taken`` may already have the role's unique name."""
    url = f"https://{name}.example.com"
    application = {
        "app_id": guid(number),
        "display_name": "RustDesk",
        "unique_name": None,
        "sign_in_audience": "AzureADMyOrg",
        "id_token_issuance_enabled": True,
        "web_redirect_uris": [f"{url}/api/oidc/callback"],
        "client_secrets": [],
        **members,
    }
    answers = [{"item": {"tenant_id": tenant, "app_id": guid(number)}, "applications": [application]}]
    if taken is not None:
        named = {**application, "app_id": guid(taken), "unique_name": "rustdesk-sso"}
        answers.append({"item": {"tenant_id": tenant, "unique_name": "rustdesk-sso"}, "applications": [named]})
    return adoption.Seen(
        name,
        login_host=LOGIN_HOST,
        console_url=url,
        console={"callback_url": f"{url}/api/oidc/callback", "providers": [provider(number, tenant)]},
        answers=[{**answer, "tenant_id": tenant, "issuer": f"{LOGIN}/{tenant}/v2.0"} for answer in answers],
    )


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(TENANTS)), min_size=1, max_size=12),
    st.none() | st.integers(0, 9),
)
def test_unique_names_separate_applications(servers: list[tuple[int, str]], taken: int | None) -> None:
    named = {taken: "rustdesk-sso"} if taken is not None else {}
    records = [
        seen(f"desk{place}", number, tenant, taken, unique_name=named.get(number))
        for place, (number, tenant) in enumerate(servers)
    ]
    found = adoption.adopt(records)
    names = {(server.key, server.variables["rustdesk_sso_app_unique_name"]) for server in found}
    assert len(names) == len({key for key, _name in names}) == len({(key[0], name) for key, name in names})
    for tenant in {tenant for _number, tenant in servers}:
        users = [number for number, where in servers if where == tenant]
        (default,) = [key for key, name in names if key[0] == tenant and name == "rustdesk-sso"] or [None]
        if taken is None:
            assert default
            assert users.count(int(default[1][:8], 16)) == max(users.count(number) for number in users)
        else:
            assert default in (None, (tenant, guid(taken)))


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["found", "new", "failed"]), TEXT), min_size=1),
    st.booleans(),
    st.booleans(),
)
def test_files_describe_each_server_and_no_others(
    servers: list[tuple[int, str, str]], whole: bool, group_there: bool
) -> None:
    records = []
    for place, (number, state, name) in enumerate(servers):
        one = seen(f"desk{place}", number, display_name=name)
        if state == "new":
            one = replace(one, console={**one.console, "providers": []})
        records.append(replace(one, failure="no answer") if state == "failed" else one)
    adopted = adoption.adopt(records)
    existing = [adoption_files.group_file(GROUP)] if group_there else []
    outcomes = adoption_files.outcomes(adopted, existing, whole=whole, check_mode=False)
    texts = {path: text for outcome in outcomes.values() for path, text in outcome["files"].items()}
    assert not [text for text in texts.values() for sign in ("{{", "{%", "{#") if sign in text]
    values = {path: yaml.safe_load(text.replace("!unsafe ", "")) for path, text in texts.items()}
    group = values.pop(adoption_files.group_file(GROUP), {})
    assert "rustdesk_sso_public_url" not in group
    assert not group or (whole and not group_there and "failed" not in {state for _number, state, _name in servers})
    for server in adopted:
        own = values.pop(adoption_files.host_file(server.name), {})
        assert not own if server.state != "found" else {**group, **own} == server.variables
    assert values == {}


def test_an_existing_unique_name_is_kept() -> None:
    servers = adoption.adopt([seen("desk1", 1, unique_name="desks"), seen("desk2", 2)])
    assert [server.variables["rustdesk_sso_app_unique_name"] for server in servers] == ["desks", "rustdesk-sso"]


@pytest.mark.parametrize(
    ("issuer", "tenant", "asked"),
    [
        (f"{LOGIN}/{TENANTS[0]}/v2.0", TENANTS[1], TENANTS[0]),
        (f"https://sts.windows.net/{TENANTS[0]}/", "", TENANTS[0]),
        (f"{LOGIN}/common/v2.0", TENANTS[1], TENANTS[1]),
        (f"{LOGIN}/organizations/v2.0", "", None),
        ("", TENANTS[1], TENANTS[1]),
        ("", "", None),
        ("https://login.microsoftonline.us/x/v2.0", TENANTS[1], None),
        (f"https://login.microsoftonline.com.evil.example/{TENANTS[0]}/v2.0", "", None),
        (f"{LOGIN}@evil.example/{TENANTS[0]}/v2.0", "", None),
        ("https://[", "", None),
    ],
)
def test_the_tenant_that_is_queried(issuer: str, tenant: str, asked: str | None) -> None:
    console = {"providers": [provider(1, issuer=issuer)]}
    questions = adoption.questions(adoption.Seen("desk", tenant, LOGIN_HOST, console=console))
    assert {question["tenant_id"] for question in questions} == ({asked} if asked else set())
    assert [question["app_id"] for question in questions if "app_id" in question] == ([guid(1)] if asked else [])


def test_servers_that_cannot_share_are_reported() -> None:
    personal = {"sign_in_audience": "AzureADandPersonalMicrosoftAccount"}
    pair = adoption.adopt([seen("desk1", 1, **personal), seen("desk2", 1, **personal)])
    assert all("only two client secrets" in server.notes[-1] for server in pair)
    (single,) = adoption.adopt([seen("desk1", 1, **personal)])
    assert "only two client secrets" not in " ".join(single.notes)


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        ({}, None),
        ({"provider_name": "second"}, "second"),
        ({"app_id": guid(1).upper()}, "azure"),
        ({"app_id": guid(2)}, "second"),
        ({"app_id": guid(3)}, None),
        # The group may have it, if this server has another one
        ({"provider_name": "second", "app_id": guid(1)}, "second"),
    ],
)
def test_one_of_several_providers_is_chosen(settings: dict[str, str], chosen: str | None) -> None:
    first, second = seen("desk", 1), seen("desk", 2)
    providers = [*first.console["providers"], provider(2, name="second")]
    both = replace(
        first, console={**first.console, "providers": providers}, answers=[*first.answers, *second.answers], **settings
    )
    (server,) = adoption.adopt([both])
    assert server.variables.get("rustdesk_sso_provider_name") == chosen
    assert server.state == (adoption.FOUND if chosen else adoption.UNDECIDED)


@pytest.mark.parametrize(
    ("days_left", "said"), [(-1, "expired on 2026-01-02. Sign-in does not work"), (1, "expires on 2026-01-02")]
)
def test_the_expiry_date_of_the_consoles_client_secret(days_left: int, said: str) -> None:
    secret = {"name": "", "key_id": "k", "hint": "abc", "expires": "2026-01-02T03:04:05Z", "days_left": days_left}
    one = seen("desk", 1, client_secrets=[secret])
    held = {**provider(1), "client_secret_set": True, "client_secret": "abc~the-rest.of_a-client-secret"}
    (server,) = adoption.adopt([replace(one, console={**one.console, "providers": [held]})])
    assert said in " ".join(server.notes)
    assert held["client_secret"] not in " ".join(server.notes)


def test_the_declaration_of_an_adopted_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLOUD_ENVIRONMENT", "AzureChinaCloud")
    values = {
        "rustdesk_sso_console_url": "https://desk.example",
        "rustdesk_sso_provider_name": "azure",
        "rustdesk_sso_timeout": 30.0,
        "rustdesk_sso_wait_timeout": 300.0,
    }
    declared, problems = declare(values, "desk")
    assert problems == []
    assert declared
    assert (declared["tenant_id"], declared["provider_name"]) == ("", "")
    assert declared["login_host"] == "login.chinacloudapi.cn"
    declared, problems = declare({**values, "rustdesk_sso_entra_cloud": "public"}, "desk")
    assert declared
    assert declared["login_host"] == LOGIN_HOST
    del values["rustdesk_sso_console_url"]
    values |= {"rustdesk_sso_tenant_id": "common", "rustdesk_sso_timeout": -1.0}
    declared, problems = declare(values, "desk")
    assert declared is None
    assert [problem.split()[0] for problem in problems] == [
        "rustdesk_sso_tenant_id",
        "rustdesk_sso_console_url",
        "rustdesk_sso_timeout",
    ]


@pytest.mark.parametrize(
    ("console_type", "state"),
    [("pro", adoption.FOUND), ("rustdesk_console", adoption.NEW), ("rustdesk_api", adoption.NEW)],
)
def test_another_spelling_of_the_provider(console_type: str, state: str) -> None:
    """RustDesk Server Pro treats azure and Microsoft as the same name; the other consoles do not."""
    one = seen("desk", 1)
    known = replace(one, console={**one.console, "console_type": console_type}, provider_name="Microsoft")
    (server,) = adoption.adopt([known])
    assert server.state == state


@pytest.mark.parametrize(
    ("callback", "registered", "public_url", "note"),
    [
        ("https://desk.example.com/api/oidc/callback", [], "https://desk.example.com", "site.yml adds it"),
        # Declaring it would replace it with another one
        ("https://desk.example.com//api/oidc/callback", [], None, "ends with a slash"),
        ("https://desk.example.com//api/oidc/callback", ["itself"], None, "ends with a slash"),
        # The URI of a console without a configured address, and one from local tests
        ("http://localhost:3000/api/oidc/callback", [], None, "does not know its own address"),
        ("http://localhost:3000/api/oidc/callback", ["itself"], "http://localhost:3000", None),
    ],
)
def test_the_address_for_users(callback: str, registered: list[str], public_url: str | None, note: str | None) -> None:
    """Only an address that a run would keep."""
    one = seen("desk", 1, web_redirect_uris=[callback for _uri in registered])
    (found,) = adoption.adopt([replace(one, console={**one.console, "callback_url": callback})])
    assert found.variables.get("rustdesk_sso_public_url") == public_url
    about = [item for item in found.notes if callback in item]
    assert (note is None and not about) or (note is not None and note in about[0])
