# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A console that is reachable only through a proxy: requests to the console use it, and those to Entra do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from faults.steps import module

from lab.client import Lab
from lab.tls import INTERNAL
from support import consoles
from support.controller import MODULE_DOOR, Controller
from support.fleet import Fleet
from support.in_process import InProcess
from support.proxy import REFUSED, UNAUTHORIZED, HttpProxy, Proxy, SocksProxy

CONSOLE_URL = f"https://{INTERNAL}"
PASSWORD = "pr0xy~pass.word"
CREDENTIALS = ("gate", PASSWORD)
PROVIDER = {"client_id": "app-1", "client_secret": "Zx9~wide.awake_0123456789-abcdefghijklmn"}


@pytest.fixture
def desk(fleet: Fleet) -> tuple[dict[str, Any], dict[str, int]]:
    """The options for a console under a name that only a proxy resolves, and the proxy's names."""
    console = consoles.add(fleet, "pro")
    port = urlsplit(console.url).port
    assert port
    return {**fleet.console_options(console.name), "console_url": CONSOLE_URL}, {INTERNAL: port}


def check(lab: Lab, fleet: Fleet, proxy: str) -> dict[str, Any]:
    """The options of a sign-in check at the same console."""
    return {
        "public_url": CONSOLE_URL,
        "issuer": f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
        "client_id": PROVIDER["client_id"],
        "callback_url": f"{CONSOLE_URL}/api/oidc/callback",
        "ca_path": str(lab.ca_path),
        "console_proxy": proxy,
    }


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
def test_all_modules_use_the_proxy(
    kind: type[Proxy],
    lab: Lab,
    fleet: Fleet,
    in_process: InProcess,
    desk: tuple[dict[str, Any], dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The environment neither adds nor removes a proxy, and requests to Entra are direct."""
    options, hosts = desk
    with kind(hosts, CREDENTIALS) as proxy, HttpProxy({}) as other:
        through = {**options, "proxy": proxy.url, "timeout": 10}
        issuer = f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
        around = {"NO_PROXY": "*", "HTTPS_PROXY": other.url, "ALL_PROXY": other.url}
        for environment in ({}, around, {**around, "NO_PROXY": ""}):
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            counted = len(proxy.targets())
            results = in_process.tasks(
                module("rustdesk_oidc_provider_info", **through),
                module("rustdesk_oidc_provider", **through, **PROVIDER, issuer=issuer),
                module("rustdesk_oidc_provider_info", **through, probe=True),
                module("rustdesk_sign_in_check", **check(lab, fleet, proxy.url)),
            )
            read, written, probed, checked = results
            assert read["console_type"] == "pro", read
            assert written["provider"]["client_id"] == PROVIDER["client_id"], written
            assert {"signed_in": "pro"} in probed["probe"], probed
            console_checks = {item["name"]: item["ok"] for item in checked["checks"]}
            assert console_checks["authorization_url"] is True, checked
            assert console_checks["issuer"] is True or environment, checked
            assert PASSWORD not in str(results)
            assert len(proxy.targets()) >= counted + 4
        assert set(proxy.targets()) == {INTERNAL}
        assert proxy.targets(REFUSED) == proxy.targets(UNAUTHORIZED) == []
        assert INTERNAL not in other.targets(REFUSED)
    gone = in_process.task("rustdesk_oidc_provider_info", **options, timeout=5)
    assert gone["failed"], "only the proxy leads there"


def test_modules_in_their_own_process_use_the_proxy(
    lab: Lab, fleet: Fleet, quick_controller: Controller, desk: tuple[dict[str, Any], dict[str, int]]
) -> None:
    """The result is the same if the environment is set when the process starts."""
    options, hosts = desk
    options["timeout"] = 10
    with HttpProxy(hosts, CREDENTIALS) as http, SocksProxy(hosts, CREDENTIALS) as socks, HttpProxy({}) as other:
        around = {"NO_PROXY": "*", "HTTPS_PROXY": other.url, "ALL_PROXY": other.url}
        issuer = f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
        tasks = [
            (module("rustdesk_oidc_provider_info", **options, proxy=http.url), around),
            (module("rustdesk_oidc_provider", **options, proxy=socks.url, **PROVIDER, issuer=issuer), around),
            (module("rustdesk_sign_in_check", **check(lab, fleet, socks.url)), {**around, "NO_PROXY": ""}),
        ]
        read, written, checked = quick_controller.tasks(
            *({**task, "environment": {**MODULE_DOOR["environment"], **environment}} for task, environment in tasks)
        )
        assert read["console_type"] == "pro", read
        assert written["provider"]["client_id"] == PROVIDER["client_id"], written
        assert {item["name"]: item["ok"] for item in checked["checks"]}["authorization_url"] is True, checked
        for proxy in (http, socks):
            assert set(proxy.targets()) == {INTERNAL}
            assert proxy.targets(REFUSED) == proxy.targets(UNAUTHORIZED) == []
        assert INTERNAL not in other.targets(REFUSED)
        assert PASSWORD not in str([read, written, checked])


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
def test_proxy_errors(
    kind: type[Proxy], lab: Lab, fleet: Fleet, in_process: InProcess, desk: tuple[dict[str, Any], dict[str, int]]
) -> None:
    """The message names the proxy and the next step, never the password; a wrong password is tried once."""
    options, hosts = desk
    with kind({}) as gone:
        pass
    with kind(hosts, CREDENTIALS) as proxy, kind({}) as strict:
        urls = {
            "password": proxy.url.replace(PASSWORD, "wrong~password"),
            "no password": f"{proxy.scheme}://{proxy.address}",
            "refuses": strict.url,
            "down": gone.url,
        }
        tasks = [
            task
            for url in urls.values()
            for task in (
                module("rustdesk_oidc_provider_info", **options, proxy=url, timeout=5),
                module("rustdesk_sign_in_check", **check(lab, fleet, url), timeout=5),
            )
        ]
        results = in_process.tasks(*tasks)
        words = {
            "password": [proxy.address, "password"],
            "no password": [proxy.address, "password"],
            "refuses": [strict.address, CONSOLE_URL],
            "down": [gone.address, "no connection through"],
        }
        for index, result in enumerate(results):
            case = list(urls)[index // 2]
            assert result["failed"], case
            wanted = [*words[case], f"{proxy.scheme} proxy", "console_proxy" if index % 2 else "proxy"]
            assert [word for word in wanted if word not in result["msg"]] == [], (case, result["msg"])
            assert "wrong~password" not in str(result)
            assert "********" not in result["msg"], result["msg"]
        assert len(proxy.targets(UNAUTHORIZED)) <= 2 * 2 * 2, proxy.seen
        assert proxy.targets() == []
    assert lab.requests(next(iter(fleet.consoles))) == []


def test_unusable_proxy_urls(
    lab: Lab, fleet: Fleet, in_process: InProcess, desk: tuple[dict[str, Any], dict[str, int]]
) -> None:
    """They are refused before the first request, and not quoted."""
    options, _hosts = desk
    urls = [
        "proxy.example:3128",
        "ftp://gate:s3cret~word@proxy.example",
        "socks5://gate:s3cret~word@proxy.example",
        "http://gate:s3cret~word@",
        "http://gate:s3cret~word@proxy.example:port",
        "http://gate:s3cret/~word@proxy.example:3128",
        "http://gate:s3cret~word@proxy.example:3128/path",
        "http://gate:s3cret ~word@proxy.example:3128",
    ]
    tasks = []
    for url in urls:
        tasks += [
            module("rustdesk_oidc_provider_info", **options, proxy=url),
            module("rustdesk_oidc_provider_info", **options, proxy=url, probe=True),
            module("rustdesk_sign_in_check", **check(lab, fleet, url)),
        ]
    for task, result in zip(tasks, in_process.tasks(*tasks), strict=True):
        assert result["failed"], task
        option = "console_proxy" if "rustdesk_sign_in_check" in str(task) else "proxy"
        assert result["msg"].startswith(f"{option} "), (task, result["msg"])
        assert "s3cret" not in str(result)
    assert lab.requests() == []


def test_plain_http_through_a_proxy(in_process: InProcess, fleet: Fleet) -> None:
    """Without TLS the proxy answers in place of the console."""
    console = consoles.add(fleet, "pro")
    options = {**fleet.console_options(console.name), "console_url": f"http://{INTERNAL}"}
    with HttpProxy({}, CREDENTIALS) as proxy:
        (result,) = in_process.tasks(
            module("rustdesk_oidc_provider_info", **options, proxy=f"http://{proxy.address}", console_type="pro")
        )
        assert f"http proxy {proxy.address}" in result["msg"], result["msg"]
        assert "407" in result["msg"]


def test_missing_pysocks(quick_controller: Controller, tmp_path: Path) -> None:
    """The error names the package only if it alone is missing; an http proxy does not need it."""
    sitecustomize = tmp_path / "broken/sitecustomize.py"
    sitecustomize.parent.mkdir()
    sitecustomize.write_text("import sys\nsys.modules['socks'] = None\n")
    options = {"console_url": CONSOLE_URL, "username": "admin", "password": "s3cret~word"}
    apart = {
        "environment": {"PYTHONPATH": str(sitecustomize.parent)},
        "vars": {"ansible_python_interpreter": sys.executable},
    }
    socks, http = quick_controller.tasks(
        *(
            {**module("rustdesk_oidc_provider_info", **options, proxy=f"{scheme}://127.0.0.1:9"), **apart}
            for scheme in ("socks5h", "http")
        )
    )
    assert "Failed to import the required Python library (PySocks)" in socks["msg"], socks["msg"]
    assert "pip install 'PySocks>=1.7'" in socks["msg"]
    assert "http proxy 127.0.0.1:9" in http["msg"], http["msg"]
