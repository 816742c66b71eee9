# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a request failed and how to fix it: each cause with a real server, for each client of the collection.

The clients are those for consoles (requests), the login endpoint (requests) and Microsoft Graph (httpx).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import connect
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, credentials, discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import AmbiguousError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
from support.proxy import HttpProxy, SocksProxy
from support.wrong_servers import HOST, Authorities, Talk, answering, over, saying, serving

TENANT = "11111111-2222-3333-4444-555555555555"
OPTIONS = {"console": "console_url", "login": "authority_host", "graph": "graph_endpoint"}
PASSWORD = "pr0xy~pass.word"
PLAIN = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names no proxy, and retries do not pause."""
    monkeypatch.setattr(_http._Retry, "sleep", lambda _self, _response=None: None)
    monkeypatch.setattr(waits, "pause", lambda _attempt: 0.0)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    """The CAs of the servers in this file."""
    return Authorities(tmp_path_factory.mktemp("authorities"))


def ask(client: str, url: str, ca_path: Path | None, *, proxy: str = "", method: str = "GET") -> ServiceError:
    """Return the error of one request to ``url``."""
    ca = str(ca_path) if ca_path else None
    with pytest.raises(ServiceError) as caught, closing(Http(ca, 10, check_proxy(proxy, "proxy"))) as http:
        if client == "console":
            Connection(url, http).call(method, "/api/login-options", "Asking failed", json={})
        elif client == "login":
            discovery.read_discovery(http, url)
        else:
            asyncio.run(_ask_graph(url, ca, method))
    return caught.value


async def _ask_graph(url: str, ca_path: str | None, method: str) -> None:
    params = {
        "auth_source": "access_token",
        "access_token": "a.b",
        "ca_path": ca_path,
        "timeout": 10,
        "wait_timeout": 1,
    }
    async with connect(params, clouds.Cloud("https://login.example", url), TENANT) as graph:
        await graph.send(graph.request(method, graph.client.applications, {} if method == "POST" else None), "Asking")


def tls(authorities: Authorities) -> dict[str, tuple[Talk, list[str], list[str]]]:
    """The behavior of a server, words of the answer, and words of the hint."""
    return {
        "expired": (over(authorities.context(expired=True)), ["has expired"], ["Renew the certificate", "clock"]),
        "other name": (over(authorities.context("other.example")), ["another name"], ["OPTION"]),
        "unknown authority": (
            over(authorities.context(unknown=True)),
            ["trusted certificate authority"],
            ["Set ca_path"],
        ),
        "client certificate": (
            over(authorities.asking(ssl.TLSVersion.TLSv1_2)),
            ["refuses the handshake"],
            ["client certificate", "OPTION"],
        ),
        "not TLS": (saying(PLAIN), ["does not speak TLS"], ["port in OPTION", "http://"]),
        "SSH": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), ["does not speak TLS"], ["port in OPTION"]),
    }


@pytest.mark.parametrize("client", OPTIONS)
@pytest.mark.parametrize("case", ["expired", "other name", "unknown authority", "client certificate", "not TLS", "SSH"])
def test_tls_errors(case: str, client: str, authorities: Authorities) -> None:
    """Each cause has its own wording and is not retried."""
    talk, words, todo = tls(authorities)[case]
    met = []

    def counting(connection: socket.socket) -> None:
        met.append(connection)
        talk(connection)

    with serving(counting) as port:
        error = ask(client, f"https://{HOST}:{port}", authorities.path)
    assert len(met) == 1
    said, hint = str(error.answer), str(error.hint)
    assert f"{HOST}:{port}" in said
    assert not [word for word in words if word not in said], said
    assert not [word for word in todo if word.replace("OPTION", OPTIONS[client]) not in hint], hint
    assert ("ca_path" in hint) is (case == "unknown authority"), hint
    assert "_ssl.c" not in str(error)


def test_missing_client_certificate_with_tls_1_3(authorities: Authorities) -> None:
    """The refusal comes after the handshake, in place of the response."""
    with serving(over(authorities.asking(ssl.TLSVersion.TLSv1_3))) as port:
        for client in OPTIONS:
            error = ask(client, f"https://{HOST}:{port}", authorities.path)
            assert "client certificate" in str(error), error


@pytest.mark.parametrize("client", ["console", "graph"])
def test_only_a_request_that_was_sent_is_ambiguous(client: str, authorities: Authorities) -> None:
    """A request that was never sent has no unknown effect, but a connection cut off after sending does."""
    with serving(over(authorities.context(expired=True))) as port:
        assert not isinstance(ask(client, f"https://{HOST}:{port}", authorities.path, method="POST"), AmbiguousError)
    gone = ask(client, f"https://{HOST}:{port}", authorities.path, method="POST")
    assert not isinstance(gone, AmbiguousError)
    assert "refuse" in str(gone), gone
    context = authorities.context()

    def cut(connection: Any) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)

    with serving(cut) as port:
        assert isinstance(ask(client, f"https://{HOST}:{port}", authorities.path, method="POST"), AmbiguousError)


PROXIES: dict[str, tuple[list[str], list[str]]] = {
    "down": (["no connection through"], ["NAMED"]),
    "password": (["requires a valid user name and password"], ["Set NAMED", "percent-encoded"]),
    "refuses": (["does not connect to", "403"], ["NAMED"]),
}


@contextmanager
def standing(case: str, kind: type[HttpProxy] | type[SocksProxy]) -> Iterator[str]:
    """The URL of a proxy, with a password that must not be shown."""
    credentials = ("gate", PASSWORD)
    with kind({}, ("gate", "another") if case == "password" else credentials) as proxy:
        url = f"{proxy.scheme}://gate:{PASSWORD}@{proxy.address}"
        if case != "down":
            yield url
    if case == "down":
        yield url


@pytest.mark.parametrize("client", OPTIONS)
@pytest.mark.parametrize("case", PROXIES)
def test_proxy_from_the_environment(case: str, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is named with its variable, without its password."""
    words, todo = PROXIES[case]
    with standing(case, HttpProxy) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        error = ask(client, "https://service.example", None)
    named = f"http proxy {url.rpartition('@')[2]}"
    assert named in str(error.answer)
    assert not [word for word in words if word not in str(error.answer)], error.answer
    option = "environment variable HTTPS_PROXY"
    assert not [word for word in todo if word.replace("NAMED", f"the {option}") not in str(error.hint)], error.hint
    assert ("NO_PROXY" in str(error.hint)) is (case != "password")
    assert PASSWORD not in f"{error} {error.__cause__} {error.as_result()}"


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
@pytest.mark.parametrize("case", PROXIES)
def test_proxy_from_an_option(case: str, kind: type[HttpProxy], monkeypatch: pytest.MonkeyPatch) -> None:
    """The option is named, regardless of the environment."""
    monkeypatch.setenv("HTTPS_PROXY", "http://other.example:1")
    with standing(case, kind) as url:
        error = ask("console", "https://service.example", None, proxy=url)
    assert f"{kind.scheme} proxy {url.rpartition('@')[2]}" in str(error.answer)
    assert "environment" not in str(error)
    assert "proxy" in str(error.hint)
    assert PASSWORD not in str(error.as_result())


def test_certificate_of_the_service_behind_a_proxy(authorities: Authorities) -> None:
    """The error is about the service's certificate, not the proxy's."""
    with serving(over(authorities.context("other.example"))) as port, HttpProxy({"desk.example": port}) as proxy:
        error = ask("console", "https://desk.example", authorities.path, proxy=proxy.url)
    assert str(error.answer) == "TLS failed: the certificate of desk.example is for another name"
    assert str(error.hint).startswith("Set console_url")


def test_proxy_that_does_not_speak_tls(authorities: Authorities) -> None:
    """The error names the proxy's own option."""
    with serving(saying(PLAIN)) as port:
        error = ask("console", "https://desk.example", authorities.path, proxy=f"https://{HOST}:{port}")
    assert str(error.answer) == f"TLS failed: the https proxy {HOST}:{port} does not speak TLS on this port"
    assert str(error.hint).startswith("Check the port in proxy, or write the address with http://")


@pytest.mark.parametrize("client", OPTIONS)
def test_plain_http_to_a_tls_port(client: str, authorities: Authorities) -> None:
    """Servers close the connection, or answer in plain text that they require TLS."""
    with serving(over(authorities.context())) as port:
        error = ask(client, f"http://{HOST}:{port}", authorities.path) if client != "graph" else None
        if error:
            assert f"address in {OPTIONS[client]} with https://" in str(error.hint), error
    for text in (
        b"<h1>The plain HTTP request was sent to HTTPS port</h1>",
        b"Client sent an HTTP request to an HTTPS server.",
    ):
        with answering(lambda _request, _body, text=text: (400, {"Content-Type": "text/html"}, text)) as url:
            if client != "graph":  # its SDK refuses to send a token without TLS
                error = ask(client, url, None)
                assert "speaks TLS on this port" in str(error.answer)
                assert str(error.hint) == f"Set {OPTIONS[client]} to {url.replace('http', 'https')}"


def test_unknown_names_and_silent_servers() -> None:
    """Failures that are unrelated to TLS."""
    assert "cannot be resolved" in str(ask("console", "https://desk.invalid", None).answer)

    def wait(connection: Any) -> None:
        while connection.recv(65536):
            pass

    with serving(wait) as port, closing(Http(None, 0.3)) as http, pytest.raises(ServiceError) as caught:
        Connection(f"http://{HOST}:{port}", http).call("POST", "/api/x", "Asking failed", json={})
    assert isinstance(caught.value, AmbiguousError)
    assert "increase timeout" in str(caught.value.hint)


HTML = {"Content-Type": "text/html"}
RD = "https://auth.example.com/?rd=https%3A%2F%2Fdesk"
ANSWERS: dict[str, tuple[int, dict[str, str], str, list[str], list[str]]] = {
    "Cloudflare Access": (
        302,
        {"Location": "https://team.cloudflareaccess.com/cdn-cgi/access/login/desk?meta=secret"},
        "",
        ["Cloudflare Access", "302 to https://team.cloudflareaccess.com/cdn-cgi/access/login/desk)"],
        ["Set headers to", "CF-Access-Client-Id and CF-Access-Client-Secret", "/api"],
    ),
    "Cloudflare Access refuses": (
        403,
        HTML,
        "<title>Error | Cloudflare Access</title>",
        ["Cloudflare Access"],
        ["headers"],
    ),
    "Cloudflare's challenge": (403, {**HTML, "cf-mitigated": "challenge"}, "Just a moment", ["Cloudflare"], ["/api"]),
    "Authelia redirects": (302, {"Location": RD}, "", ["Authelia"], ["Proxy-Authorization", "headers"]),
    "Authelia answers": (401, HTML, f'<a href="{RD}">401 Unauthorized</a>', ["Authelia", "401"], ["headers"]),
    "authentik": (302, {"Location": "/outpost.goauthentik.io/start?rd=x"}, "", ["authentik"], ["headers"]),
    "oauth2-proxy": (302, {"Location": "/oauth2/start?rd=x"}, "", ["oauth2-proxy"], ["headers"]),
    "oauth2-proxy's page": (403, HTML, "<p>Secured with OAuth2 Proxy</p>", ["oauth2-proxy"], ["headers"]),
    "Microsoft": (302, {"Location": "https://login.microsoftonline.com/x"}, "", ["application proxy"], ["headers"]),
    "some login": (302, {"Location": "https://sso.example.com/login?next=x"}, "", ["a login page"], ["headers"]),
    "a login page": (200, HTML, '<form><input name=p type="password"></form>', ["a login page"], ["headers"]),
    "Basic": (401, {"WWW-Authenticate": 'Basic realm="x"'}, "", ["user name and password"], ["/api"]),
    "client certificate": (400, HTML, "No required SSL certificate was sent", ["client certificate"], ["console_url"]),
    "https": (301, {"Location": "https://127.0.0.1:8443/x"}, "", ["https"], ["console_url to https://127.0.0.1:8443"]),
    "elsewhere": (302, {"Location": "https://elsewhere.example/x"}, "", ["redirected (302)"], ["console_url"]),
    "no upstream": (502, HTML, "<h1>502 Bad Gateway</h1>", ["502"], ["reverse proxy"]),
    "no upstream at Cloudflare": (522, HTML, "Connection timed out", ["522"], ["reverse proxy"]),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_other_services_answering_in_place_of_a_console(case: str) -> None:
    """The error names what answered and what to do; a token in a redirect is not shown."""
    status, headers, page, words, todo = ANSWERS[case]
    with answering(lambda _request, _body: (status, headers, page.encode())) as url, closing(Http(None, 10)) as http:
        connection = Connection(url, http)
        with pytest.raises(ServiceError) as caught:
            connection.call("GET", "/api/login-options", "Asking failed")
    error = caught.value
    assert not [word for word in words if word not in str(error.answer)], error.answer
    assert not [word for word in todo if word not in str(error.hint)], error.hint
    assert error.status == status
    assert "meta=secret" not in str(error)


@pytest.mark.parametrize("status", [401, 403, 404, 200])
def test_refusal_of_a_console_is_not_blamed_on_a_gateway(status: int) -> None:
    """The console's own refusals, in JSON or empty, have their own hints."""
    for headers, body in (({"Content-Type": "application/json"}, b'{"error": "no password"}'), ({}, b"")):
        with (
            answering(lambda _request, _body, h=headers, b=body: (status, h, b)) as url,
            closing(Http(None, 10)) as http,
        ):
            response = Connection(url, http).ask("GET", "/api/oidc/settings", "Asking failed")
            assert response.status_code == status


GraphAnswer = tuple[int, dict[str, str], bytes]


def graph_error(answer: GraphAnswer, authorities: Authorities) -> ServiceError:
    """Return the error that this response to a Graph request causes."""
    with answering(lambda _request, _body: answer, authorities.context()) as url:
        return ask("graph", url, authorities.path)


def test_other_services_answering_in_place_of_graph(authorities: Authorities) -> None:
    """A captive portal and a proxy's error page."""
    error = graph_error((302, {"Location": "https://portal.example/login?x=1"}, b""), authorities)
    assert "a login page answers in place of" in str(error.answer)
    assert "graph_endpoint" in str(error.hint)
    error = graph_error((403, HTML, b"<h1>Blocked by policy</h1>"), authorities)
    assert "permission" not in str(error.hint), error
    assert "proxy" in str(error.hint)


@pytest.mark.parametrize(
    ("code", "message", "todo"),
    [
        ("Forbidden", "Only companies who have purchased AAD Premium may perform this operation.", "license"),
        (
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
            "license",
        ),
        ("Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "Application.Read.All"),
    ],
)
def test_missing_license_and_missing_permission_are_distinguished(
    code: str, message: str, todo: str, authorities: Authorities
) -> None:
    """The request ID is taken from the header or the body."""
    for spelling, header in (("innerError", {}), ("innererror", {}), ("innerError", {"request-id": "of the header"})):
        inner = f'"{spelling}": {{"request-id": "of the body", "date": "2026-01-01T00:00:00"}}'
        body = f'{{"error": {{"code": "{code}", "message": "{message}", {inner}}}}}'.encode()
        error = graph_error((403, {"Content-Type": "application/json", **header}, body), authorities)
        assert todo in str(error.hint), error.hint
        assert ("Grant" in str(error.hint)) is (todo != "license")
        assert error.request_id == ("of the header" if header else "of the body")
        assert f"request-id {error.request_id}" in str(error.answer)


def test_request_id_of_the_login_endpoint_is_taken_from_its_text() -> None:
    """The body has no separate member for it."""
    trace = "0a1b2c3d-0000-1111-2222-333344445555"
    body = f'{{"error": "invalid_tenant", "error_description": "AADSTS90002: No.\\r\\nTrace ID: {trace}\\r\\n"}}'
    with answering(lambda _request, _body: (400, {"Content-Type": "application/json"}, body.encode())) as url:
        error = ask("login", url, None)
    assert (error.request_id, error.code) == (trace, "AADSTS90002")


def test_sign_in_to_entra_fails_for_the_same_causes(authorities: Authorities, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of azure-identity get the same hints."""

    async def sleep(_transport: Any, _seconds: float) -> None:
        """Stand in for azure-core's pause before a retry."""

    monkeypatch.setattr(credentials.sdk.AsyncioRequestsTransport, "sleep", sleep)
    params = {
        "auth_source": "secret",
        "client_id": TENANT,
        "client_secret": "Zx9~secret",
        "ca_path": str(authorities.path),
        "timeout": 5,
        "wait_timeout": 1,
    }

    async def sign_in(authority: str) -> None:
        cloud = clouds.Cloud(authority, "https://graph.example")
        async with connect(params, cloud, TENANT) as graph:
            await graph.get(graph.client.applications, "Asking failed")

    with serving(over(authorities.context("other.example"))) as port, pytest.raises(ServiceError) as caught:
        asyncio.run(sign_in(f"https://{HOST}:{port}"))
    assert "is for another name" in str(caught.value.answer), caught.value
    assert "authority_host" in str(caught.value.hint)
    with standing("password", HttpProxy) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        with pytest.raises(ServiceError) as caught:
            asyncio.run(sign_in("https://login.example"))
    assert "HTTPS_PROXY" in str(caught.value.hint), caught.value
    assert PASSWORD not in str(caught.value.as_result())
