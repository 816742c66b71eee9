# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sign-in check against each console type, and its findings for causes that users have reported."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import certifi
from faults.steps import control, module, only

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

# Console messages from users' issue reports, in the words of the consoles' libraries, and words that the hint must
# contain
CAUSES = {
    "Failed to discover OpenID Provider: Request failed: error trying to connect: invalid peer certificate: "
    "UnknownIssuer": "CA",
    "Request failed: self signed certificate in certificate chain": "CA",
    'Get "https://sso.example": tls: failed to verify certificate: x509: certificate signed by unknown authority': "CA",
    "Validation error: unexpected issuer URI `https://sso.example/` (expected `https://sso.example`)": "byte for byte",
    "dns error: failed to lookup address information: Name or service not known": "DNS",
    "Request failed: operation timed out": "firewall",
    "error sending request: Connection refused (os error 111)": "proxy",
    "Server returned invalid response: HTTP status code 404 Not Found": "issuer and proxy",
    "404 Not Found: <html><head><title>404 Not Found</title></head></html>": "issuer and proxy",
    "something that was never reported": "Check the issuer",
}


def result_of(result: dict[str, Any], name: str) -> dict[str, Any]:
    """One check of a result."""
    (found,) = [check for check in result["checks"] if check["name"] == name]
    return dict(found)


def first_failing(result: dict[str, Any]) -> dict[str, Any]:
    """Return the first check that failed; it must have a hint."""
    found = next(check for check in result["checks"] if check["ok"] is False)
    assert found["detail"], found
    assert found["hint"], found
    assert found["hint"] in result["msg"]
    return dict(found)


def test_the_check_at_every_console_type(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """It passes if users can sign in, and otherwise names the failing step and what to do there."""
    desks = consoles.one_of_each(fleet)
    pro, console, api = desks.values()
    assert quick_run(fleet).rc == 0
    issuer, app = consoles.entry(pro)["issuer"], only(fleet.tenant)
    right = {
        kind: {
            "public_url": desk.url,
            "issuer": issuer,
            "client_id": app["appId"],
            "callback_url": f"{desk.url}/api/oidc/callback",
            "client_secret": consoles.entry(desk)["client_secret"],
            "registered_redirect_uris": app["web"]["redirectUris"],
            "ca_path": str(lab.ca_path),
        }
        for kind, desk in desks.items()
    }
    redirecting = consoles.add(fleet, "pro", "redirecting", http_redirect=True)

    def check(kind: str, **options: Any) -> dict[str, Any]:
        return module("rustdesk_sign_in_check", **{**right[kind], **options})

    def switch(desk: Any, **switches: Any) -> dict[str, Any]:
        return control(lab, "PUT", f"/consoles/{desk.name}/switches", **switches)

    lab.clear_requests()
    results = in_process.tasks(*(check(kind, name=name) for kind in desks for name in ("azure", "AZURE", "Microsoft")))
    assert [result.get("verified") for result in results] == [True] * 9, results
    # A console that refuses the address of newer clients is sent a second request without it, and answers 201
    asked = [item for item in lab.requests(console.name) if item["path"] == "/api/oidc/auth"][:2]
    assert [item["status"] for item in asked] == [400, 201]
    assert ["apiDomain" in item["body"] for item in asked] == [True, False]
    assert {item["status"] for item in lab.requests(pro.name) if item["path"] == "/api/oidc/auth"} == {200}
    assert not [item for item in lab.requests() if "authorization" in {name.lower() for name in item["headers"]}]

    without_ca = {**right["pro"], "ca_path": certifi.where()}
    _names, renamed, _later, later, _environment, environment, redirected, proxy, other, untrusted = in_process.tasks(
        switch(pro, login_options="oidc", lower_case=False, microsoft_name=True),
        check("pro"),
        switch(console, login_options="common-oidc", api_domain=True),
        check("rustdesk_console"),
        switch(api, api_server="https://inside.example:21114"),
        check("rustdesk_api"),
        check("pro", public_url=redirecting.http_url),
        check("pro", public_url=lab.login_url),
        check("pro", public_url=redirecting.url),
        module("rustdesk_sign_in_check", **{**without_ca, "public_url": pro.url}),
    )
    assert renamed["verified"], renamed
    assert later["verified"], later
    wrong = first_failing(environment)
    assert wrong["name"] == "redirect_uri"
    assert "https://inside.example:21114" in wrong["detail"]
    assert "RUSTDESK_API_RUSTDESK_API_SERVER" in wrong["hint"]
    for result in (redirected, proxy, untrusted):
        assert first_failing(result)["name"] == "console_reachable"
    assert "https" in first_failing(redirected)["detail"]
    assert "ca_path" in first_failing(untrusted)["hint"]
    assert first_failing(other)["name"] == "provider_offered"
    assert "clients that use another API server" in first_failing(other)["hint"]

    # Every cause that users have reported, in the console's words. It now offers Microsoft: the request uses the
    # declared name while the login options are being read, then the offered one.
    for said in CAUSES:
        lab.fault(pro.name, "POST", "/api/oidc/auth", json={"error": said}, times=2)
    for (said, word), result in zip(CAUSES.items(), in_process.tasks(*[check("pro")] * len(CAUSES)), strict=True):
        assert first_failing(result)["name"] == "authorization_url", said
        assert word in first_failing(result)["hint"], (said, first_failing(result)["hint"])

    # The console's clock, and a page that answers in its place
    now = parsedate_to_datetime(fleet.tenant.graph("GET", "/applications").headers["Date"])
    off = format_datetime(now + timedelta(hours=1), usegmt=True)
    begun = {"code": "c", "url": "https://x.example"}
    lab.fault(pro.name, "POST", "/api/oidc/auth", json=begun, headers={"Date": off}, times=2)
    lab.fault(api.name, "GET", "/api/login-options", html="<html>Gateway</html>")
    lab.fault(console.name, "POST", "/api/oidc/auth", html="<html>Gateway</html>")
    ahead, html, later_html = in_process.tasks(check("pro"), check("rustdesk_api"), check("rustdesk_console"))
    clock = result_of(ahead, "clock")
    assert clock["ok"] is False
    assert "ahead" in clock["detail"]
    assert "NTP" in clock["hint"]
    assert "HTML" in first_failing(html)["detail"]
    assert first_failing(html)["name"] == "console_reachable"
    assert first_failing(later_html)["name"] == "authorization_url"
