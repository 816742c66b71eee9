# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user signs in with a browser at a server that the playbook configured, as RustDesk's client starts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from lab.client import Console, Lab
from support.fleet import USER, Fleet

CLIENT = {"id": "123456789", "uuid": "c29tZSBtYWNoaW5l"}


def begin(lab: Lab, console: Console) -> dict[str, str]:
    """Send the client's first request; return the address for the browser and the code for later requests."""
    device = {"os": "linux", "type": "client", "name": "browser test"}
    body = {"op": "azure", **CLIENT, "deviceInfo": device}
    answer = lab.http.post(f"{console.url}/api/oidc/auth", json=body, timeout=20).json()
    assert "url" in answer, answer
    return dict(answer)


def collect(lab: Lab, console: Console, code: str) -> dict[str, Any]:
    """Query, as the client does, whether its user has signed in."""
    answer = lab.http.get(f"{console.url}/api/oidc/auth-query", params={"code": code, **CLIENT}, timeout=20)
    return dict(answer.json())


def test_sign_in_with_a_browser(make_fleet: Callable[[int], Fleet], lab: Lab, page: Page) -> None:
    fleet = make_fleet(1)
    done = fleet.site()
    assert done.rc == 0, done.output
    (console,) = fleet.consoles.values()
    upn = f"{USER}@{fleet.domain}"

    begun = begin(lab, console)
    assert "access_token" not in collect(lab, console, begun["code"])
    page.goto(begun["url"])
    expect(page.get_by_text("to continue to RustDesk")).to_be_visible()
    page.get_by_label("User name").fill(upn)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(fleet.tenant.users[upn])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#result")).to_have_text("Sign-in succeeded")
    assert page.url.startswith(f"{console.url}/api/oidc/callback?")
    signed_in = collect(lab, console, begun["code"])
    assert signed_in["access_token"]
    assert signed_in["user"]["name"] == USER

    # An administrator removes the redirect URI: Entra shows its error page and never sends the browser back
    (app,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    body = {"web": {"redirectUris": ["https://other.example/api/oidc/callback"]}}
    assert fleet.tenant.graph("PATCH", f"/applications/{app['id']}", body).ok
    begun = begin(lab, console)
    page.context.clear_cookies()
    page.goto(begun["url"])
    expect(page.get_by_role("alert")).to_contain_text("AADSTS50011")
    assert page.url.startswith(lab.login_url)
    assert page.get_by_label("User name").count() == 0
    assert "access_token" not in collect(lab, console, begun["code"])

    # The next run corrects it
    assert fleet.site().rc == 0
    page.goto(begin(lab, console)["url"])
    expect(page.get_by_label("User name")).to_be_visible()
