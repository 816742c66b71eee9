# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""User-visible peculiarities of each console type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from faults.steps import control, module, predicted

from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

ISSUER = "https://login.example/11111111-2222-3333-4444-555555555555/v2.0"
SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"
PROVIDER = {"client_id": "app-1", "client_secret": SECRET, "issuer": ISSUER}
CLIENT = {"client_id": "app-2", "client_secret": SECRET}


class Desk:
    """A console and tasks for it."""

    def __init__(self, fleet: Fleet, kind: str, name: str = "") -> None:
        self.console: Console = consoles.add(fleet, kind, name)
        self.options = {**fleet.console_options(self.console.name), "console_type": kind}

    def provider(self, **options: Any) -> dict[str, Any]:
        """A task that declares a provider."""
        return module("rustdesk_oidc_provider", **{**self.options, **options})

    def asked(self, method: str) -> list[str]:
        """The paths of the product's requests with this method."""
        requests = [item for item in self.console._lab.requests(self.console.name) if item["method"] == method]
        return [item["path"] for item in requests if item["path"] not in (*consoles.LOGINS, *consoles.LOGOUTS)]


def refused(result: dict[str, Any], *words: str) -> None:
    """Check that the task failed and that its message contains these words."""
    assert result["failed"], result
    assert not [word for word in words if word not in result["msg"]], result["msg"]
    assert SECRET not in str(result)


@pytest.mark.parametrize("kind", ["rustdesk_console", "rustdesk_api"])
def test_scopes_derived_by_the_console(fleet: Fleet, in_process: InProcess, kind: str) -> None:
    """A provider without scopes requests the default ones: they are reported, but not written."""
    desk = Desk(fleet, kind)
    scopes = ["openid", "profile", "email"]
    member = {"rustdesk_console": "scope", "rustdesk_api": "scopes"}[kind]
    (made,) = in_process.tasks(desk.provider(name="azure", **PROVIDER))
    assert made["changed"], made
    settings = desk.console.settings()
    (stored,) = [item for item in consoles.listed(kind, settings) if "azure" in (item.get("name"), item.get("op"))]
    stored[member] = ""
    desk.console.put_settings(settings)
    same, other = in_process.tasks(
        desk.provider(name="azure", scopes=scopes), desk.provider(name="azure", client_id="app-3")
    )
    assert (same["changed"], other["changed"]) == (False, True)
    assert same["provider"]["scopes"] == sorted(scopes)
    (stored,) = [item for item in consoles.entries(desk.console) if "azure" in (item.get("name"), item.get("op"))]
    assert stored[member] == ""


def test_general_settings_of_a_rustdesk_console(fleet: Fleet, in_process: InProcess) -> None:
    """A new callback URL leaves all other settings unchanged."""
    desk = Desk(fleet, "rustdesk_console")
    settings = desk.console.settings()
    settings["general"] |= {
        "watermarkEnabled": False,
        "defaultLanguage": "pt-BR",
        "webauthn": {"enabled": False, "rpName": "Desks"},
    }
    settings["general"]["site"]["frontendUrl"] = "https://front.example"
    desk.console.put_settings(settings)
    callback = "https://desk.example/api/oidc/callback"
    (done,) = in_process.tasks(desk.provider(name="azure", **PROVIDER, callback_url=callback))
    assert done["changed"], done
    settings["general"]["site"]["backendUrl"] = "https://desk.example"
    assert desk.console.settings()["general"] == settings["general"]


def test_later_task_rereads_a_rustdesk_console_only_if_needed(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """It rereads nothing if nothing changes, and everything if another process was faster."""
    desk = Desk(fleet, "rustdesk_console")
    inspect = module(
        "rustdesk_oidc_provider_info", **desk.options, name="azure", include_secrets=True, keep_session=True
    )
    (made,) = in_process.tasks(desk.provider(name="azure", **PROVIDER))
    assert made["changed"], made

    (seen,) = in_process.tasks(inspect)
    lab.clear_requests()
    (same,) = in_process.tasks(desk.provider(name="azure", **PROVIDER, session=seen["session"]))
    assert same["changed"] is False, same
    assert desk.asked("GET") == ["/api/sessions"]

    (seen,) = in_process.tasks(inspect)
    settings = desk.console.settings()
    settings["providers"] = [item for item in settings["providers"] if item["name"] != "azure"]
    desk.console.put_settings(settings)
    wanted = {**PROVIDER, "client_id": "app-3"}
    (again,) = in_process.tasks(desk.provider(name="azure", **wanted, session=seen["session"]))
    assert again["changed"], again
    assert consoles.entry(desk.console)["client_id"] == "app-3"
    assert desk.console.sessions() == []


def test_rustdesk_console_presets(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """google and github exist from the start, without a client, and reappear at each start: both count as 'absent'."""
    desk = Desk(fleet, "rustdesk_console")
    google = desk.provider(name="google", **CLIENT)
    absent = desk.provider(name="google", state="absent")
    restart = control(lab, "POST", f"/consoles/{desk.console.name}/restart")
    untouched, made, again, gone, _restarted, still_gone, github = in_process.tasks(
        absent, google, google, absent, restart, absent, desk.provider(name="github", **CLIENT)
    )
    assert [item["changed"] for item in (untouched, made, again, gone, still_gone)] == [False, True, False, True, False]
    assert github["changed"], github
    assert desk.asked("POST") == []
    names = [item["name"] for item in consoles.entries(desk.console)]
    assert sorted(names) == ["github", "google"]
    assert next(item for item in consoles.entries(desk.console) if item["name"] == "github")["clientId"] == "app-2"


def test_rustdesk_console(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    desk = Desk(fleet, "rustdesk_console")
    callback = f"{desk.console.url}/api/oidc/callback"
    elsewhere = desk.provider(client_id="app-9", callback_url="https://desk.example/callback")
    settings = control(lab, "GET", f"/consoles/{desk.console.name}/settings")
    made, other_id, stored, twin, no_callback, no_callback_check, unwritten, called, pkce, first, again, last, order = (
        in_process.tasks(
            desk.provider(**PROVIDER, scopes=["openid", "email"]),
            desk.provider(client_id="app-3"),
            settings,
            desk.provider(name="contoso", **{**PROVIDER, "client_id": "app-4"}),
            elsewhere,
            predicted(elsewhere),
            settings,
            desk.provider(callback_url=callback, check_callback_url=False),
            desk.provider(pkce=True, icon="<svg/>"),
            desk.provider(name="contoso", order=0),
            desk.provider(name="contoso", order=0),
            desk.provider(order=4),
            module("rustdesk_oidc_provider_info", **desk.options),
        )
    )
    assert made["changed"], made
    # The response to a change reports no client secret, but it is still stored.
    assert other_id["changed"], other_id
    assert next(i for i in stored["json"]["providers"] if i["name"] == "azure")["clientSecret"] == SECRET
    assert other_id["provider"]["client_secret_set"] is True
    assert "same issuer" in " ".join(twin["warnings"]), twin
    # Disabling the other provider leaves the console's stored values unchanged
    assert "Disable the other one, then test or save this one" in " ".join(twin["warnings"]), twin
    for result in (no_callback, no_callback_check):
        refused(result, "callback_url", "/api/oidc/callback")
    assert "app-9" not in json.dumps(unwritten["json"])
    assert called["changed"], called
    assert desk.console.settings()["general"]["site"]["backendUrl"] == desk.console.url
    refused(pkce, "rustdesk_console", "pkce", "icon")
    assert (first["changed"], again["changed"]) == (True, False)
    refused(last, "order 4", "last place is 3")
    assert [item["name"] for item in order["providers"]] == ["contoso", "azure"]


def test_rustdesk_console_limits_and_races(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Rate limits are waited out, a provider deleted meanwhile is reported, and no write is sent twice."""
    desk = Desk(fleet, "rustdesk_console")
    for method, path in (("POST", "/api/login"), ("GET", "/api/oidc-providers"), ("POST", "/api/oidc-providers")):
        lab.fault(desk.console.name, method, f"^{path}", throttle="0.1", times=2)
    (patient,) = in_process.tasks(desk.provider(**PROVIDER))
    assert patient["changed"], patient
    assert len([item for item in consoles.entries(desk.console) if item["name"] == "azure"]) == 1
    nest = {"message": 'OIDC 提供商 "x" 不存在', "error": "Not Found", "statusCode": 404}
    lab.fault(desk.console.name, "GET", "/api/oidc-providers/", json=nest, status=404)
    (gone,) = in_process.tasks(desk.provider(client_id="app-2"))
    refused(gone, "404", "不存在", desk.console.url)
    assert consoles.entry(desk.console)["client_id"] == "app-1"


def test_rustdesk_api(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    desk = Desk(fleet, "rustdesk_api")
    settings = control(lab, "GET", f"/consoles/{desk.console.name}/settings")
    off = desk.provider(enabled=False, client_id="app-9")
    made, created, other_id, stored, *results = in_process.tasks(
        desk.provider(**PROVIDER, scopes=["openid", "email"], callback_url="https://desk.example/api/oidc/callback"),
        settings,
        desk.provider(client_id="app-2"),
        settings,
        off,
        predicted(off),
        desk.provider(scopes=[]),
        desk.provider(issuer=""),
        desk.provider(order=1, maximum_authorized_users=3),
        desk.provider(auto_register=False, pkce=True),
        desk.provider(auto_register=False, pkce=True),
        desk.provider(name="gitlab", **CLIENT),
        desk.provider(name="github", **CLIENT),
    )
    no_switch, no_switch_check, no_scopes, no_issuer, no_order, bind, bind_again, gitlab, github = results
    assert made["changed"], made
    assert made["callback_url"] is None
    assert created["json"][0]["auto_register"] is True
    # It requires the client secret with each change
    assert other_id["changed"], other_id
    assert (stored["json"][0]["client_id"], stored["json"][0]["client_secret"]) == ("app-2", SECRET)
    for result in (no_switch, no_switch_check):
        refused(result, "cannot be disabled", "absent")
    refused(no_scopes, "scopes", "cannot be cleared", "absent")
    refused(no_issuer, "issuer is empty")
    refused(no_order, "rustdesk_api", "order", "maximum_authorized_users")
    assert (bind["changed"], bind_again["changed"]) == (True, False), (bind, bind_again)
    assert gitlab["changed"], gitlab
    assert github["changed"], github
    kept = {item["op"]: item for item in consoles.entries(desk.console)}
    assert {name: item["oauth_type"] for name, item in kept.items()} == {
        "azure": "oidc",
        "gitlab": "oidc",
        "github": "github",
    }
    assert kept["azure"]["scopes"] == "email,openid"
    assert (kept["azure"]["auto_register"], kept["azure"]["pkce_enable"]) == (False, True)
    assert kept["gitlab"]["issuer"] == "https://gitlab.com"


def test_rustdesk_api_pagination_and_failed_logins(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """All pages are read, regardless of the page size; the causes of failed sign-ins are distinguished."""
    desk, locked = Desk(fleet, "rustdesk_api"), Desk(fleet, "rustdesk_api", "locked")
    many = [{"op": f"oidc{number}", "client_id": "x", "client_secret": SECRET} for number in range(130)]
    azure = {"op": "azure", **PROVIDER, "scopes": ""}
    desk.console.put_settings([*many, azure])
    wrong = {**locked.options, "password": "not~the~password"}
    found, changed, *failed, right = in_process.tasks(
        module("rustdesk_oidc_provider_info", **desk.options),
        desk.provider(client_id="app-2"),
        *([module("rustdesk_oidc_provider_info", **wrong)] * 3),
        module("rustdesk_oidc_provider_info", **locked.options),
    )
    assert [item["name"] for item in found["providers"]] == [*(item["op"] for item in many), "azure"]
    assert changed["changed"]
    assert len(consoles.entries(desk.console)) == 131
    refused(failed[0], "Username or password error", "Check username and password")
    for result in (failed[2], right):
        refused(result, "captcha")
    assert "not~the~password" not in str(failed)
    few = {"code": 0, "data": {"list": many[:50], "page": 1, "total": 131, "page_size": 50}}
    rest = {"code": 0, "data": {"list": [*many[50:], azure], "page": 2, "total": 131, "page_size": 50}}
    for page in (few, rest):
        lab.fault(desk.console.name, "GET", "/oauth/list", json=page)
    (capped,) = in_process.tasks(module("rustdesk_oidc_provider_info", **desk.options, name="azure"))
    assert [item["client_id"] for item in capped["providers"]] == ["app-1"], capped


def test_other_providers(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Every console type lists them; they are removed only on request, and only after the declared provider exists."""
    desks = [Desk(fleet, kind) for kind in consoles.KINDS]
    for desk in desks:
        keep, check, look, remove, again = in_process.tasks(
            desk.provider(name="contoso", **PROVIDER),
            predicted(desk.provider(**PROVIDER, other_providers="remove")),
            desk.provider(**PROVIDER),
            desk.provider(other_providers="remove"),
            desk.provider(other_providers="remove"),
        )
        legacy = ["legacy"] if desk.console.kind == "pro" else []
        assert keep["other_providers"] == legacy
        assert check["diff"]["before"]["other_providers"] == [*legacy, "contoso"]
        assert check["changed"]
        assert check["other_providers"] == []
        assert look["other_providers"] == [*legacy, "contoso"]
        assert remove["changed"], remove
        assert remove["other_providers"] == []
        assert not again["changed"], again
        name = consoles.MEMBERS[desk.console.kind]["name"]
        left = [item[name] for item in consoles.entries(desk.console)]
        assert sorted(left) == sorted(
            ["azure", *(["google", "github"] if desk.console.kind == "rustdesk_console" else [])]
        )


def test_pro_settings_and_lockout_warning(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Icon, position and number of users; a warning if single sign-on would be the only way to sign in."""
    desk = Desk(fleet, "pro")
    console = desk.console
    everything = {"icon": "<svg/>", "order": 0, "maximum_authorized_users": 5}
    user = control(lab, "PUT", f"/consoles/{console.name}/users", name="eve", is_admin=True)
    sso = control(lab, "PUT", f"/consoles/{console.name}/users", name="bob", is_admin=True, third_auth_type="azure")
    off = control(lab, "PUT", f"/consoles/{console.name}/users", name="old", is_admin=True, status=0)
    alone, quiet, _bob, _old, still, _eve, safe = in_process.tasks(
        desk.provider(**PROVIDER, **everything),
        desk.provider(**PROVIDER, **everything),
        sso,
        off,
        desk.provider(client_id="app-2"),
        user,
        desk.provider(client_id="app-3", icon=""),
    )
    for result in (alone, still):
        assert "only administrator" in " ".join(result["warnings"]), result
        assert "rustdesk-utils set_password" in " ".join(result["warnings"])
    assert not quiet["changed"]
    assert quiet.get("warnings", []) == []
    assert safe["changed"]
    assert safe.get("warnings", []) == []
    assert console.settings()["max_auth_count"] == 5
    (azure,) = [item for item in consoles.entries(console) if item["name"] == "azure"]
    assert (azure["order_index"], azure["icon"], azure["client_id"]) == (0, None, "app-3")


def test_provider_types_at_every_console(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Each console sends users to each service that it supports; other types are refused before anything is written."""
    own = {"client_id": "app", "client_secret": SECRET}
    tenant = {"issuer": f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"}
    endpoints = {f"{name}_endpoint": f"https://sso.example/{name}" for name in ("authorization", "token", "userinfo")}
    types: dict[str, tuple[dict[str, Any], str]] = {
        "azure": (tenant, lab.login_url),
        "oidc": (tenant, lab.login_url),
        "github": ({}, "https://github.com/login/oauth/authorize"),
        "facebook": ({}, "https://www.facebook.com/dialog/oauth"),
        "oauth2": (endpoints, "https://sso.example/authorization"),
    }
    names = {"oidc": "contoso", "oauth2": "fabrikam"}
    probe = {"id": "1", "uuid": "Mg==", "deviceInfo": {"os": "linux", "type": "client", "name": "lab"}}
    for desk in [Desk(fleet, kind) for kind in consoles.KINDS]:
        # rustdesk-console confuses two providers with the same issuer
        wanted = [one for one in types if (desk.console.kind, one) != ("rustdesk_console", "oidc")]
        tasks = [desk.provider(name=names.get(one, one), type=one, **own, **types[one][0]) for one in wanted]
        for one, result in zip(wanted, in_process.tasks(*tasks), strict=True):
            if desk.console.kind == "rustdesk_api" and one in ("facebook", "oauth2"):
                refused(result, "rustdesk_api", "does not support")
                continue
            assert result["changed"], result
            body = {"op": names.get(one, one), **probe}
            begun = lab.http.post(f"{desk.console.url}/api/oidc/auth", json=body, timeout=20).json()
            assert begun["url"].startswith(types[one][1]), (one, begun)


def test_lost_write_is_reported_and_reverted(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The console confirms a write but does not keep it: the task reports it, and the former state remains."""
    lost = {
        "rustdesk_console": (("POST", "oidc-providers$"), ("PATCH", "oidc-providers/"), {}),
        "rustdesk_api": (("POST", "oauth/create"), ("POST", "oauth/update"), {"code": 0, "message": "success"}),
    }
    for kind, (create, change, answer) in lost.items():
        desk = Desk(fleet, kind)
        before = consoles.entries(desk.console)
        lab.fault(desk.console.name, *create, json=answer)
        lab.fault(desk.console.name, *change, json=answer)
        settings = control(lab, "GET", f"/consoles/{desk.console.name}/settings")
        new, unwritten, made, other, again = in_process.tasks(
            desk.provider(**PROVIDER),
            settings,
            desk.provider(**PROVIDER),
            desk.provider(client_id="app-2"),
            desk.provider(client_id="app-2"),
        )
        refused(new, "did not keep", "azure")
        assert consoles.listed(kind, unwritten["json"]) == before
        assert made["changed"], made
        refused(other, "did not keep", "the former values were restored")
        assert again["changed"], again
