# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's browser at each console type, and the page where a sign-in stops if something is wrong."""

from __future__ import annotations

import pytest
from browser.test_sign_in import begin, collect
from playwright.sync_api import Page, expect

from lab.client import Console, Lab
from support import consoles
from support.fleet import USER, Fleet

WRONG_SECRET = "abc8Q~wrong-secret-that-entra-never-made"
# The headings of the consoles' pages after a sign-in
SUCCEEDED = ("Sign-in succeeded", "认证成功", "OauthSuccess")


def authenticate(page: Page, fleet: Fleet, url: str) -> None:
    """Go through Microsoft's page as a user without a session."""
    upn = f"{USER}@{fleet.domain}"
    page.context.clear_cookies()
    page.goto(url)
    page.get_by_label("User name").fill(upn)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(fleet.tenant.users[upn])
    page.get_by_role("button", name="Sign in").click()


def attempt(page: Page, lab: Lab, fleet: Fleet, console: Console) -> bool:
    """Sign in up to the console's own page; return whether the client then gets a token, as the page shows."""
    begun = begin(lab, console)
    assert "access_token" not in collect(lab, console, begun["code"])
    authenticate(page, fleet, begun["url"])
    page.wait_for_url(f"{console.url}/api/oidc/callback?*")
    done = collect(lab, console, begun["code"])
    succeeded = bool(done.get("access_token"))
    assert (page.get_by_role("heading").inner_text() in SUCCEEDED) == succeeded
    return succeeded


def test_sign_in_with_a_browser_at_every_console_type(fleet: Fleet, lab: Lab, page: Page) -> None:
    desks = consoles.one_of_each(fleet)
    run = fleet.site()
    assert run.rc == 0, run.output
    for kind, console in desks.items():
        assert attempt(page, lab, fleet, console), kind

    # With a wrong secret the user still passes Microsoft's page; the error appears when the console redeems the code
    for kind, console in desks.items():
        consoles.put(console, client_secret=WRONG_SECRET)
        assert not attempt(page, lab, fleet, console), kind

    # An unregistered redirect URI ends at Microsoft's page, before the user types a name
    (app,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    body = {"web": {"redirectUris": ["https://other.example/api/oidc/callback"]}}
    assert fleet.tenant.graph("PATCH", f"/applications/{app['id']}", body).ok
    for console in desks.values():
        page.goto(begin(lab, console)["url"])
        expect(page.get_by_role("alert")).to_contain_text("AADSTS50011")
        assert page.url.startswith(lab.login_url)

    # A provider that is disabled, or removed if it has no switch, does not even begin
    for kind, console in desks.items():
        consoles.put(console, **({} if kind == "rustdesk_api" else {"enabled": False}))
        with pytest.raises(AssertionError, match="url"):
            begin(lab, console)

    # The next run corrects everything
    assert fleet.site().rc == 0
    for kind, console in desks.items():
        assert attempt(page, lab, fleet, console), kind
