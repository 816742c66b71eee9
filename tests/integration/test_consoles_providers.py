# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a provider of a console is identified, and what is known about it, for each console type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from faults.steps import module, predicted

from lab.client import Console, Lab
from support import consoles
from support.fleet import USER, Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

ISSUER = "https://login.example/11111111-2222-3333-4444-555555555555/v2.0"
SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"
PROVIDER = {"client_id": "app-1", "client_secret": SECRET, "issuer": ISSUER}
ENDPOINTS = {f"{name}_endpoint": f"https://sso.example/{name}" for name in ("authorization", "token", "userinfo")}
FREE_NAMES = ("rustdesk_console", "rustdesk_api")


class Desk:
    """A console and tasks for it."""

    def __init__(self, fleet: Fleet, kind: str) -> None:
        self.console: Console = consoles.add(fleet, kind)
        self.options = {**fleet.console_options(self.console.name), "console_type": kind}

    def provider(self, **options: Any) -> dict[str, Any]:
        """A task that declares a provider."""
        return module("rustdesk_oidc_provider", **{**self.options, **options})

    def info(self, **options: Any) -> dict[str, Any]:
        """A task that reads the providers."""
        return module("rustdesk_oidc_provider_info", **{**self.options, **options})

    def stored(self, name: str = "azure") -> dict[str, Any]:
        """A provider as the console stores it."""
        member = consoles.MEMBERS[self.console.kind]["name"]
        return next(item for item in consoles.entries(self.console) if item[member] == name)

    def names(self) -> list[str]:
        """The names of the providers that have a client ID."""
        members = consoles.MEMBERS[self.console.kind]
        return [item[members["name"]] for item in consoles.entries(self.console) if item[members["client_id"]]]


def change(console: Console, provider: str = "azure", **members: Any) -> None:
    """Change members of a stored provider, using the console's own names."""
    settings = console.settings()
    for item in consoles.listed(console.kind, settings):
        if item[consoles.MEMBERS[console.kind]["name"]] == provider:
            item.update(members)
    console.put_settings(settings)


@pytest.mark.parametrize("kind", FREE_NAMES)
def test_a_different_name_is_a_different_provider(kind: str, fleet: Fleet, in_process: InProcess) -> None:
    """azure is neither Microsoft nor Azure if names are free text; manually created providers are kept."""
    desk = Desk(fleet, kind)
    (made,) = in_process.tasks(desk.provider(name="Microsoft", **PROVIDER))
    assert made["changed"], made
    former = desk.stored("Microsoft")
    found, added, kept, gone, differing, absent = in_process.tasks(
        desk.info(name="azure"),
        desk.provider(**PROVIDER),
        desk.provider(name="Microsoft", client_id="app-1"),
        desk.provider(state="absent"),
        desk.provider(name="MICROSOFT", **PROVIDER),
        desk.provider(name="MICROSOFT", state="absent"),
    )
    assert found["providers"] == []
    assert [item["name"] for item in found["other_providers"]] == ["Microsoft"]
    assert added["changed"], added
    assert "The new provider azure has the client ID of Microsoft" in " ".join(added["warnings"])
    assert (kept["changed"], gone["changed"], absent["changed"]) == (False, True, False)
    assert differing["failed"], differing
    assert "Set name to Microsoft" in differing["msg"]
    assert desk.names() == ["Microsoft"]
    assert desk.stored("Microsoft") == former


def test_provider_names_of_pro(fleet: Fleet, in_process: InProcess) -> None:
    """RustDesk Server Pro treats azure and Microsoft as the same provider."""
    desk = Desk(fleet, "pro")
    made, again = in_process.tasks(desk.provider(name="Microsoft", **PROVIDER), desk.provider(**PROVIDER))
    assert made["changed"], made
    assert not again["changed"], again


@pytest.mark.parametrize("kind", FREE_NAMES)
def test_existing_provider_for_the_same_users_is_reported(kind: str, make_quick_fleet: Callable[[int], Fleet]) -> None:
    """A manually created provider is not taken over, and no second one is added next to it."""
    fleet = make_quick_fleet(0)
    console = consoles.add(fleet, kind)
    assert quick_run(fleet).rc == 0
    change(console, **{consoles.MEMBERS[kind]["name"]: "Microsoft"})
    before = consoles.entries(console)
    for options in (["--check"], []):
        refused = quick_run(fleet, *options)
        assert refused.failed() == set(fleet.hosts), refused.output
        assert "Set rustdesk_sso_provider_name to Microsoft" in " ".join(refused.output.split())
        assert consoles.entries(console) == before
    fleet.variables["rustdesk_sso_provider_name"] = "Microsoft"
    kept = quick_run(fleet)
    assert kept.rc == 0, kept.output
    assert consoles.entries(console) == before


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_unread_client_secret_is_not_treated_as_missing(kind: str, fleet: Fleet, in_process: InProcess) -> None:
    """Renaming a provider does not overwrite an existing client secret."""
    desk = Desk(fleet, kind)
    *_made, told, listed, renamed = in_process.tasks(
        desk.provider(**PROVIDER),
        desk.provider(name="contoso", **{**PROVIDER, "issuer": "https://sso.example/contoso"}),
        desk.info(name="azure"),
        desk.info(include_secrets=True),
        desk.provider(name="fabrikam", former_name="contoso", force_rename=True, client_secret=SECRET),
    )
    (other,) = [item for item in told["other_providers"] if item["name"] == "contoso"]
    assert told["providers"][0]["client_secret_set"] is True
    assert other["client_secret_set"] is (None if kind == "rustdesk_console" else True)
    found = {item["name"]: item for item in listed["providers"]}
    assert [found[name]["client_secret"] for name in ("azure", "contoso")] == [SECRET, SECRET]
    assert "client_secret" not in renamed["diff"]["after"], renamed
    assert desk.stored("fabrikam")[consoles.MEMBERS[kind]["client_secret"]] == SECRET


def test_provider_without_a_client_secret(fleet: Fleet, in_process: InProcess) -> None:
    """The provider was read and has none."""
    desk = Desk(fleet, "rustdesk_console")
    in_process.tasks(desk.provider(**PROVIDER))
    change(desk.console, clientSecret=None)
    told, restored = in_process.tasks(desk.info(name="azure"), desk.provider(**PROVIDER))
    assert told["providers"][0]["client_secret_set"] is False
    assert restored["changed"], restored
    assert desk.stored()["clientSecret"] == SECRET


@pytest.mark.parametrize(
    ("kind", "member", "wrong"),
    [
        ("rustdesk_console", "type", "oauth2"),
        ("rustdesk_api", "oauth_type", "webauth"),
    ],
)
def test_wrong_provider_type_is_corrected(
    kind: str, member: str, wrong: str, make_quick_fleet: Callable[[int], Fleet], lab: Lab
) -> None:
    """Users get an error instead of a sign-in until a run corrects it; their accounts are kept."""
    fleet = make_quick_fleet(0)
    fleet.variables["rustdesk_sso_provider_name"] = "contoso"
    console = consoles.add(fleet, kind)
    assert quick_run(fleet).rc == 0
    upn = f"{USER}@{fleet.domain}"
    known = console.sign_in("contoso", upn, fleet.tenant.users[upn])["user"]["name"]
    change(console, "contoso", **{member: wrong})
    body = {"op": "contoso", "id": "1", "uuid": "Mg==", "deviceInfo": {"os": "linux", "type": "client", "name": "lab"}}
    assert lab.http.post(f"{console.url}/api/oidc/auth", json=body, timeout=20).status_code >= 400
    foreseen = quick_run(fleet, "--check")
    healed = quick_run(fleet)
    assert healed.rc == 0, healed.output
    assert foreseen.changed() == healed.changed() != {console.name: 0}
    assert console.sign_in("contoso", upn, fleet.tenant.users[upn])["user"]["name"] == known
    assert quick_run(fleet).changed()[console.name] == 0


def test_working_oauth2_provider_is_refused(fleet: Fleet, in_process: InProcess) -> None:
    """Its users could get new accounts. Without an endpoint no user could sign in, so its type is corrected."""
    desk = Desk(fleet, "rustdesk_console")
    oauth2 = desk.provider(name="contoso", type="oauth2", **PROVIDER, **ENDPOINTS)
    oidc = desk.provider(name="contoso", type="oidc")
    made, refused, unmanaged, cleared, corrected, again = in_process.tasks(
        oauth2, oidc, desk.provider(name="contoso"), desk.provider(name="contoso", userinfo_endpoint=""), oidc, oidc
    )
    assert made["provider"]["type"] == "oauth2"
    assert refused["failed"], refused
    assert "not changed from oauth2 to oidc" in refused["msg"]
    assert not unmanaged["changed"], unmanaged
    assert cleared["changed"], cleared
    assert corrected["diff"]["after"]["type"] == "oidc", corrected
    assert not again["changed"], again


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"name": "Azure", "enabled": False}, "Set rustdesk_sso_provider_name to Azure"),
        (
            {
                "type": "oauth2",
                "authorizationEndpoint": "https://sso.example/a",
                "tokenEndpoint": "https://sso.example/t",
                "userinfoEndpoint": "https://sso.example/u",
            },
            "Change its type to oidc in the console",
        ),
    ],
)
def test_refusals_come_before_any_change(
    members: dict[str, Any], said: str, make_quick_fleet: Callable[[int], Fleet], seen: Callable[[Fleet], str]
) -> None:
    """The application and the console are left unchanged, in check mode and in a real run."""
    fleet = make_quick_fleet(0)
    console = consoles.add(fleet, "rustdesk_console")
    assert quick_run(fleet).rc == 0
    change(console, **members)
    before = seen(fleet)
    for options in (["--check"], []):
        refused = quick_run(fleet, *options)
        assert refused.failed() == {console.name}, refused.output
        assert said in " ".join(refused.output.split())
        assert seen(fleet) == before


def test_endpoints_are_cleared(fleet: Fleet, in_process: InProcess) -> None:
    """The console refuses an empty address and clears the member with null."""
    desk = Desk(fleet, "rustdesk_console")
    jwks = {"jwks_endpoint": "https://sso.example/jwks"}
    empty = dict.fromkeys([*ENDPOINTS, *jwks], "")
    made, cleared, again = in_process.tasks(
        desk.provider(**PROVIDER, **ENDPOINTS, **jwks), desk.provider(**empty), desk.provider(**empty)
    )
    assert made["changed"], made
    assert cleared["changed"], cleared
    assert not again["changed"], again
    stored = desk.stored()
    assert [stored[name] for name in ("authorizationEndpoint", "tokenEndpoint", "userinfoEndpoint", "jwksUri")] == (
        [None] * 4
    )


def test_values_that_rustdesk_api_keeps(fleet: Fleet, in_process: InProcess) -> None:
    """Changing another option leaves null and the PKCE method unchanged, even if PKCE is off."""
    desk = Desk(fleet, "rustdesk_api")
    in_process.tasks(desk.provider(**PROVIDER))
    for enabled in (True, False):
        change(desk.console, auto_register=None, pkce_enable=enabled, pkce_method="plain")
        told, changed, again = in_process.tasks(
            desk.info(name="azure"),
            desk.provider(client_id=f"app-{enabled}"),
            desk.provider(client_id=f"app-{enabled}"),
        )
        assert told["providers"][0]["auto_register"] is None
        assert (changed["changed"], again["changed"]) == (True, False), changed
        assert [item["name"] for item in changed["restrictions"]] == ["registration"]
        stored = desk.stored()
        kept = [stored[name] for name in ("client_id", "auto_register", "pkce_enable", "pkce_method")]
        assert kept == [f"app-{enabled}", None, enabled, "plain"]
    (chosen,) = in_process.tasks(desk.provider(auto_register=False))
    assert chosen["changed"], chosen
    assert desk.stored()["auto_register"] is False


def test_rustdesk_api_names_a_provider_by_its_type(fleet: Fleet, in_process: InProcess) -> None:
    """It would store a name other than the declared one."""
    desk = Desk(fleet, "rustdesk_api")
    (refused,) = in_process.tasks(predicted(desk.provider(name="GitHub", client_id="app", client_secret=SECRET)))
    assert refused["failed"], refused
    assert "Set name to github" in refused["msg"]


def test_console_that_offers_no_provider(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """An empty list from rustdesk_api is still a list."""
    desk = Desk(fleet, "rustdesk_api")
    options = {"public_url": desk.console.url, "console_type": "rustdesk_api", "issuer": ISSUER, "client_id": "app-1"}
    desk.console.set_switches(web_sso=False)
    check = module(
        "rustdesk_sign_in_check",
        **options,
        callback_url=f"{desk.console.url}/api/oidc/callback",
        ca_path=str(lab.ca_path),
        must_pass=False,
    )
    assert lab.http.get(f"{desk.console.url}/api/login-options", timeout=20).json() == ["common-oidc/null"]
    (result,) = in_process.tasks(check)
    checks = {item["name"]: item for item in result["checks"]}
    assert checks["console_reachable"]["ok"], result
    assert checks["provider_offered"]["detail"] == "the console does not offer azure: it offers none"
