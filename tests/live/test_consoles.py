# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each request of the collection to a console, answered as in the contract; everything else stays unchanged.

Each signs in twice at most, once as an unknown user: rustdesk_console allows five per minute, and rustdesk_api requires
a captcha after the third failure.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from live.made import is_ours, new_name, remove_providers
from live.run import Run, client, sign_in, sign_out
from live.service import Service
from live.target import ConsoleTarget

FindConsole = Callable[[str], ConsoleTarget]
DEVICE = {"os": "linux", "type": "client", "name": "ansible"}
NOBODY = "rustdesk-sso-live-nobody"
SETTINGS = "/api/oidc/settings"
PROVIDERS = "/api/oidc-providers"
PAGE = "current=1&pageSize=100"
OAUTH = "/api/admin/oauth"
API_PAGE = "page=1&page_size=100"
FORMER, NEWER = "rustdesk-sso-live-client", "rustdesk-sso-live-other-client"


def begin(run: Run, console: Service, name: str, client_id: str) -> None:
    """Begin a sign-in with a provider, and one with a provider that does not exist; neither is completed."""
    names = console.call("login options", "/api/login-options").body
    assert any(item.endswith(name) or name in item for item in names), "the new provider is not offered"
    headers, console.headers = console.headers, {}
    who = {"id": "1234567890", "uuid": client()["uuid"]}
    begun = console.call("begin a sign-in", "/api/oidc/auth", {"op": name, **who, "deviceInfo": DEVICE}).body
    query = parse_qs(urlsplit(begun["url"]).query)
    run.notes.sanitizer.learn(begun["code"], *query.get("state", []), *query.get("nonce", []))
    assert query["client_id"] == [client_id]
    assert query["response_type"] == ["code"]
    assert "openid" in query["scope"][0].split()
    path = f"/api/oidc/auth-query?code={begun['code']}&id={who['id']}&uuid={who['uuid']}"
    console.call("query a pending sign-in", path)
    unknown = {"op": NOBODY, "id": "1234567891", "uuid": client()["uuid"], "deviceInfo": DEVICE}
    console.call("begin a sign-in with an unknown provider", "/api/oidc/auth", unknown)
    console.headers = headers


def text(value: Any) -> str:
    """Return a document as text, with its members in their order."""
    return json.dumps(value, ensure_ascii=False)


def learn_names(console: Service, items: list[Any]) -> None:
    """Keep the names of other providers, and their client secrets, out of the records."""
    for item in items:
        if isinstance(item, dict) and not is_ours(item.get("name") or item.get("op")):
            console.keep_secret(*(value for value in item.values() if isinstance(value, str) and len(value) > 5))


def hidden(document: dict[str, Any]) -> list[str]:
    """Return the providers in Pro's settings whose client secret is hidden, so that writing them back would lose it."""
    return [
        str(item.get("name"))
        for item in document["providers"]
        if item.get("client_id") and not re.search(r"[A-Za-z0-9]", str(item.get("client_secret") or ""))
    ]


def test_pro(run: Run, console_of: FindConsole) -> None:
    check_pro(run, console_of("pro"))


def check_pro(run: Run, target: ConsoleTarget) -> None:
    """The cases of Pro, which write nothing to settings that they do not fully understand."""
    console, who, name = run.console(target), client(), new_name()
    nobody = {"username": NOBODY, "password": "wrong", "autoLogin": True, "type": "account"}
    console.call("sign in as an unknown user", "/api/login", {**nobody, **client()})
    console.call("read the settings without a session", SETTINGS)
    console.call("providers of rustdesk_console", f"{PROVIDERS}?current=1&pageSize=1")
    console.call("providers of rustdesk_api", f"{OAUTH}/list?page=1&page_size=1")
    sign_in(console, target, who)
    console.call("list users", "/api/users?current=1&pageSize=100")
    console.call("read the current user", "/api/currentUser", who)
    before = console.call("read the settings", SETTINGS).body
    learn_names(console, before["providers"])
    unclear = [item for item in run.notes.differences if item.startswith("read the settings:")]
    if unclear or hidden(before):
        sign_out(console, target.kind, who)
    assert not unclear, "the settings have an unknown shape; nothing was written"
    assert not hidden(before), "the settings hide client secrets; nothing was written"
    entry = {"name": name, "enabled": True, "order_index": len(before["providers"]), "client_id": FORMER}
    entry |= {"client_secret": "rustdesk-sso-live-secret", "issuer": target.issuer}
    after = {**copy.deepcopy(before), "providers": [*before["providers"], entry]}
    run.made.add(f"the provider {name}", lambda: remove_in_new_session(run, target))
    console.call("write the settings", SETTINGS, after)
    assert text(console.call("read the settings", SETTINGS).body) == text(after), (
        "the settings were not kept as written"
    )
    begin(run, console, name, FORMER)
    entry["client_id"] = NEWER
    console.call("write the settings", SETTINGS, after)
    assert text(console.call("read the settings", SETTINGS).body) == text(after)
    console.call("write the settings", SETTINGS, before)
    assert text(console.call("read the settings", SETTINGS).body) == text(before), (
        "the former settings were not restored"
    )
    sign_out(console, target.kind, who)
    console.call("read the settings without a session", SETTINGS)


def remove_in_new_session(run: Run, target: ConsoleTarget) -> None:
    """Remove the additions of the cases that still exist."""
    console, who = run.console(target), client()
    sign_in(console, target, who)
    try:
        remove_providers(target.kind, console)
    finally:
        sign_out(console, target.kind, who)


def test_rustdesk_console(run: Run, console_of: FindConsole) -> None:
    target = console_of("rustdesk_console")
    console, who, name = run.console(target), client(), new_name()
    nobody = {"username": NOBODY, "password": "wrong", "autoLogin": True, "type": "account"}
    console.call("sign in as an unknown user", "/api/login", {**nobody, **client()})
    console.call("settings of Pro", SETTINGS)
    console.call("providers of rustdesk_api", f"{OAUTH}/list?page=1&page_size=1")
    listing = f"{PROVIDERS}?{PAGE}"
    console.call("list providers without a session", listing)
    sign_in(console, target, who)
    console.call("list users", f"/api/admin/users?{PAGE}")
    console.call("read the current user", "/api/currentUser", who)
    console.call("list sessions", "/api/sessions")
    console.call("end an unknown session", f"/api/sessions/{uuid.uuid4()}")
    general = console.call("read the general settings", "/api/settings/general").body
    site = {key: value for key, value in general["site"].items() if value is not None}
    same = {"watermarkEnabled": general["watermarkEnabled"], "site": site}
    written = console.call("write the general settings", "/api/settings/general", same).body
    assert text(written["site"]) == text(general["site"])
    before = console.call("list providers", listing).body["data"]
    learn_names(console, before)
    body = {"name": name, "issuer": target.issuer, "clientId": FORMER, "clientSecret": "rustdesk-sso-live-secret"}
    run.made.add(f"the provider {name}", lambda: remove_in_new_session(run, target))
    console.call("create a provider", PROVIDERS, body)
    console.call("create a provider again", PROVIDERS, body)
    console.call("read an unknown provider", f"{PROVIDERS}/{uuid.uuid4()}")
    listed = console.call("list providers", listing).body["data"]
    made = next(item for item in listed if item["name"] == name)
    one = f"{PROVIDERS}/{made['guid']}"
    assert console.call("read a provider", one).body["clientSecret"] == body["clientSecret"]
    begin(run, console, name, FORMER)
    console.call("change a provider", one, {"clientId": NEWER})
    shown = console.call("read a provider", one).body
    assert (shown["clientId"], shown["clientSecret"]) == (NEWER, body["clientSecret"]), (
        "a change affected other members"
    )
    console.call("test a provider", f"{one}/test")
    # Only if that gives each provider its current place
    if [item["priority"] for item in listed] == [*range(len(listed))]:
        console.call("sort the providers", f"{PROVIDERS}/sort", [item["guid"] for item in listed])
    console.call("remove a provider", one)
    assert text(console.call("list providers", listing).body["data"]) == text(before), "another provider has changed"
    sign_out(console, target.kind, who)


def test_rustdesk_api(run: Run, console_of: FindConsole) -> None:
    target = console_of("rustdesk_api")
    console, name = run.console(target), new_name()
    console.call("read the login options", "/api/admin/login-options")
    console.call("settings of Pro", SETTINGS)
    console.call("providers of rustdesk_console", f"{PROVIDERS}?current=1&pageSize=1")
    console.call(
        "sign in as an unknown user", "/api/admin/login", {"username": NOBODY, "password": "wrong", "platform": "linux"}
    )
    listing = f"{OAUTH}/list?{API_PAGE}"
    console.call("list providers without a session", listing)
    sign_in(console, target, {})
    console.call("list users", f"/api/admin/user/list?{API_PAGE}")

    def providers() -> list[dict[str, Any]]:
        return console.call("list providers", listing).body["data"]["list"] or []

    before = providers()
    learn_names(console, before)
    form: dict[str, Any] = {"op": name, "oauth_type": "oidc", "issuer": target.issuer, "client_id": FORMER}
    form |= {"client_secret": "rustdesk-sso-live-secret", "auto_register": False}
    run.made.add(f"the provider {name}", lambda: remove_in_new_session(run, target))
    console.call("create a provider", f"{OAUTH}/create", form)
    console.call("create a provider again", f"{OAUTH}/create", form)
    made = next(item for item in providers() if item["op"] == name)
    assert made["client_secret"] == form["client_secret"]
    begin(run, console, name, FORMER)
    console.call("change a provider", f"{OAUTH}/update", {**form, "id": made["id"], "client_id": NEWER})
    changed = next(item for item in providers() if item["op"] == name)
    assert (changed["client_id"], changed["client_secret"]) == (NEWER, form["client_secret"])
    console.call("remove a provider", f"{OAUTH}/delete", changed)
    console.call("remove an unknown provider", f"{OAUTH}/delete", changed)
    assert text(providers()) == text(before), "another provider has changed"
    sign_out(console, target.kind, {})
