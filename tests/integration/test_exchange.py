# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same rules for every client of the collection: what a faulty server cannot do, and how its failure is described.

The clients are those for consoles and the login endpoint (requests), azure-identity's, and Microsoft Graph's (httpx).
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timezone
from functools import cache
from typing import Any

import pytest
from urllib3.util import retry as urllib3_retry

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import connect
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import (
    clouds,
    credentials,
    discovery,
    token_endpoint,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import AmbiguousError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, waits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
from support.wrong_servers import HOST, Authorities, Sending, answering, serving

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENTS = ("console", "login", "sign-in", "graph")
CANARY = "CANARY-of-the-answer"
# Seconds until a client of the timeout tests gives up
TIMEOUT = 0.5
# Seconds until a slow server answers
SLOW = 0.3
JSON = {"Content-Type": "application/json"}
Parts = Callable[[], Iterable[bytes]]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    """The CAs of the servers in this file."""
    return Authorities(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that clients requested, in seconds; the tests do not really wait."""
    kept: list[float] = []
    sleep = asyncio.sleep

    async def briefly(seconds: float, *_result: Any) -> None:
        if seconds:
            kept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(urllib3_retry.time, "sleep", lambda seconds: kept.append(seconds) if seconds > 0.2 else None)
    monkeypatch.setattr(asyncio, "sleep", briefly)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return kept


def answer(status: int = 200, content: bytes = b"{}", headers: dict[str, str] | None = None) -> bytes:
    """Return a response as it is sent; ``headers`` replace the default ones."""
    told = {"Content-Length": str(len(content)), **JSON, **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode("latin-1") + content


def ask(client: str, url: str, ca: str, *, method: str = "GET", timeout: float = 5.0, wait: float = 60.0) -> Any:
    """Send one request to ``url``; return the response and the clock of the server."""
    options = {"auth_source": "access_token", "access_token": "a.b", "ca_path": ca, "timeout": timeout}
    if client == "sign-in":
        options |= {"auth_source": "secret", "client_id": TENANT, "client_secret": "Zx9~secret"}
    if client in ("sign-in", "graph"):
        graph = "https://graph.invalid" if client == "sign-in" else url
        return asyncio.run(_ask_graph({**options, "wait_timeout": wait}, clouds.Cloud(url, graph), method))
    with closing(Http(ca, timeout, wait_timeout=wait)) as http:
        if client == "login":
            found = discovery.read_discovery(http, url)
            return found, found.now
        connection = Connection(url, http)
        found = connection.call(method, "/api/login-options", "Asking failed", json={})
        return found, connection.now


async def _ask_graph(params: dict[str, Any], cloud: clouds.Cloud, method: str) -> Any:
    async with connect(params, cloud, TENANT) as graph:
        graph.now = None  # type: ignore[assignment]  # so that the clock which is read shows
        found = await graph.send(
            graph.request(method, graph.client.applications, {} if method == "POST" else None), "Asking"
        )
        return found, graph.now


def failure(client: str, server: Sending, authorities: Authorities, **how: Any) -> ServiceError:
    """Return the error of one request to ``server``, which must not quote any of the response."""
    with serving(server) as port, pytest.raises(ServiceError) as caught:
        ask(client, f"https://{HOST}:{port}", str(authorities.path), **how)
    told = json.dumps(caught.value.as_result())
    assert CANARY not in told
    assert "Zx9~secret" not in told
    assert "failed unexpectedly" not in told
    return caught.value


def endless(start: bytes, part: bytes) -> Parts:
    """A response with this start that repeats the same part up to 256 MiB."""
    return lambda: itertools.chain([start], itertools.repeat(part, 256 * 1024**2 // len(part)))


@cache
def bomb(window: int) -> bytes:
    """64 MiB of white space, compressed."""
    machine = zlib.compressobj(wbits=window)
    return b"".join(machine.compress(b" " * 1024**2) for _time in range(64)) + machine.flush()


OPEN = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SPACES = b" " * 65536
LARGE: dict[str, Parts] = {
    "with a length": endless(f"{OPEN}Content-Length: {256 * 1024**2}\r\n\r\n".encode(), SPACES),
    "to the end": endless(f"{OPEN}\r\n".encode(), SPACES),
    "chunked": endless(f"{OPEN}Transfer-Encoding: chunked\r\n\r\n".encode(), b"10000\r\n" + SPACES + b"\r\n"),
    "an error": endless(f"HTTP/1.1 503 X\r\nContent-Length: {256 * 1024**2}\r\n\r\n".encode(), SPACES),
    "gzip": lambda: [answer(200, bomb(zlib.MAX_WBITS | 16), {"Content-Encoding": "gzip"})],
    "deflate": lambda: [answer(200, bomb(zlib.MAX_WBITS), {"Content-Encoding": "deflate"})],
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", LARGE)
def test_large_response(case: str, client: str, authorities: Authorities) -> None:
    """A client reads at most the allowed size; the server's surplus is in network buffers."""
    server = Sending(authorities.context(), LARGE[case])
    error = failure(client, server, authorities)
    assert server.done < bounds.LARGEST_ON_WIRE + 16 * 1024**2, server.done
    if case == "an error":  # it is requested again, each time without being read
        assert server.begun <= waits.ATTEMPTS
    else:
        assert server.begun == 1
        assert f"is larger than {bounds.LARGEST // 1024**2} MiB" in str(error.answer), error


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", ["a header", "a chunk's length"])
def test_endless_framing(case: str, client: str, authorities: Authorities) -> None:
    start = f"{OPEN}X: " if case == "a header" else f"{OPEN}Transfer-Encoding: chunked\r\n\r\n2;"
    server = Sending(authorities.context(), endless(start.encode(), b"x" * 65536))
    error = failure(client, server, authorities)
    assert server.done < waits.ATTEMPTS * (bounds.LARGEST_ON_WIRE + 16 * 1024**2), server.done
    assert "of 127.0.0.1" in str(error.answer) or "127.0.0.1" in str(error.answer), error


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("where", ["headers", "body"])
def test_slow_response(where: str, client: str, authorities: Authorities) -> None:
    """A byte now and then extends no request beyond its timeout."""
    start = OPEN if where == "headers" else f"{OPEN}Content-Length: 1000\r\n\r\n"
    drip = itertools.repeat(b"x" if where == "headers" else b" ", 1000)
    server = Sending(authorities.context(), lambda: itertools.chain([start.encode()], drip), 0.05)
    began = time.monotonic()
    error = failure(client, server, authorities, timeout=TIMEOUT)
    assert time.monotonic() - began < 2 * TIMEOUT + 1
    assert server.begun == 1
    assert f"within {TIMEOUT} seconds" in str(error.answer), error
    assert "increase timeout" in str(error.hint)
    if where == "body":
        assert f"not complete within {TIMEOUT} seconds" in str(error.answer)


def silence() -> Iterable[bytes]:
    """No response at all."""
    return iter(())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("client", CLIENTS)
def test_silent_server(client: str, method: str, authorities: Authorities) -> None:
    """It gets one request, and the error shows how long the client waited."""
    server = Sending(authorities.context(), silence)
    began = time.monotonic()
    error = failure(client, server, authorities, method=method, timeout=TIMEOUT)
    assert time.monotonic() - began < 2 * TIMEOUT + 1
    assert server.begun == 1
    assert f"did not answer within {TIMEOUT} seconds" in str(error.answer), error
    assert "increase timeout" in str(error.hint)


@pytest.mark.parametrize("client", CLIENTS)
def test_server_without_a_handshake(client: str, authorities: Authorities) -> None:
    """It accepts connections and sends nothing."""
    met: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        met.append(connection)
        while connection.recv(65536):
            pass

    began = time.monotonic()
    with serving(talk) as port, pytest.raises(ServiceError) as caught:
        ask(client, f"https://{HOST}:{port}", str(authorities.path), timeout=TIMEOUT)
    assert time.monotonic() - began < 2 * TIMEOUT + 1
    assert len(met) == 1
    assert f"within {TIMEOUT} seconds" in str(caught.value.answer)


@pytest.mark.parametrize("client", CLIENTS)
def test_late_failures(client: str, authorities: Authorities) -> None:
    """A gateway fails late: all attempts together begin within the timeout of one."""
    server = Sending(authorities.context(), lambda: _late(answer(503, b"")))
    error = failure(client, server, authorities, timeout=3 * SLOW)
    assert 2 <= server.begun <= 3, server.begun
    assert "503" in str(error)


def _late(text: bytes) -> Iterable[bytes]:
    threading.Event().wait(SLOW * 1.3)
    yield text


@pytest.mark.parametrize("client", CLIENTS)
def test_permanent_500(client: str, authorities: Authorities) -> None:
    """Graph's 500 is temporary [iss]; the other services get fewer attempts."""
    server = Sending(authorities.context(), lambda: [answer(500, b"")])
    assert "500" in str(failure(client, server, authorities))
    assert server.begun == (waits.ATTEMPTS if client == "graph" else waits.ATTEMPTS_AT_500)


@pytest.mark.parametrize("client", CLIENTS)
def test_temporary_500(client: str, authorities: Authorities) -> None:
    answers = iter([answer(500, b"")])
    ports: list[int] = []

    def parts() -> Iterable[bytes]:
        addresses = dict.fromkeys(discovery.MEMBERS, f"https://{HOST}:{ports[0]}/{TENANT}")
        return [next(answers, None) or answer(200, json.dumps({**addresses, "value": []}).encode())]

    server = Sending(authorities.context(), parts)
    with serving(server) as port:
        ports.append(port)
        if client == "sign-in":  # it then has no working token endpoint
            with pytest.raises(ServiceError):
                ask(client, f"https://{HOST}:{port}", str(authorities.path))
            assert server.begun > 1
        else:
            assert ask(client, f"https://{HOST}:{port}", str(authorities.path))[0]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_500_without_a_repetition(method: str, authorities: Authorities) -> None:
    """Collecting a sign-in's code is a GET that must not be repeated, and no write is sent twice."""
    server = Sending(authorities.context(), lambda: [answer(500, b"")])
    with serving(server) as port, closing(Http(str(authorities.path), 5.0)) as http:
        http.send(method, f"https://{HOST}:{port}", repeatable=False)
    assert server.begun == 1


DEEP = b"[" * 100_000
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "deep": (answer(200, DEEP), "nested more than"),
    "deep error": (answer(400, b'{"error": ' + DEEP), "nested more than"),
    "wrong encoding": (answer(200, b"{}", {"Content-Encoding": "gzip"}), "does not match its Content-Encoding"),
    "foreign encoding": (answer(200, b"{}", {"Content-Encoding": "br"}), "does not match its Content-Encoding"),
    "cut gzip": (
        answer(200, gzip.compress(b'{"a": 1}' * 99)[:-9], {"Content-Encoding": "gzip"}),
        "does not match its Content-Encoding",
    ),
    "two lengths": (answer(200, b"{}", {"Content-Length": "2\r\nContent-Length: 7"}), "not valid HTTP"),
    "garbled chunks": (f"{OPEN}Transfer-Encoding: chunked\r\n\r\n{CANARY}\r\n".encode(), "not valid HTTP"),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_response(case: str, client: str, authorities: Authorities) -> None:
    """The error describes it and does not report a bug in the collection."""
    text, words = UNREADABLE[case]
    error = failure(client, Sending(authorities.context(), lambda: [text]), authorities)
    assert words in str(error.answer), error


@pytest.mark.parametrize("client", ["console", "graph"])
@pytest.mark.parametrize("case", [*UNREADABLE, "garbled", "large", "slow", "length", "cut", "not JSON"])
def test_effect_of_a_lost_response_is_unknown(case: str, client: str, authorities: Authorities) -> None:
    """A request that must not be repeated was sent: without a readable response, its effect is unknown."""
    others: dict[str, Parts] = {
        "garbled": lambda: [f"\x00\x01{CANARY}\r\n\r\n".encode()],
        "large": LARGE["with a length"],
        "slow": lambda: [f"{OPEN}Content-Length: 9\r\n\r\n".encode(), *[b" "] * 8, b""],
        "length": lambda: [answer(200, b"{}", {"Content-Length": "-7"})],
        "cut": lambda: [answer(200, b"{}", {"Content-Length": "70"})],
        "not JSON": lambda: [answer(200, CANARY.encode())],
    }
    parts = others.get(case) or (lambda: [UNREADABLE[case][0]])
    server = Sending(authorities.context(), parts, 0.1 if case == "slow" else 0)
    if case == "cut":
        server = _once(server)
    if case == "deep error":  # an unreadable refusal does not count as understood
        words = UNREADABLE[case][1]
        assert words in str(failure(client, server, authorities, method="POST").answer)
        return
    error = failure(client, server, authorities, method="POST", timeout=TIMEOUT)
    assert isinstance(error, AmbiguousError), error
    assert server.begun == 1


def _once(server: Sending) -> Sending:
    """The same server, which closes the connection after one response."""
    talk = server._parts

    def parts() -> Iterable[bytes]:
        yield from talk()
        raise OSError

    server._parts = parts
    return server


ODD_DATES = {
    "Sun, 01 Mar 2026 12:00:00 -0000": datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    "Sun, 01 Mar 2026 12:00:00 GMT": datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    "yesterday": None,
    "Fri, 31 Dec 9999 23:59:59 -2300": None,
}


@pytest.mark.parametrize("client", ["console", "login", "graph"])
@pytest.mark.parametrize("date", ODD_DATES)
def test_odd_date(date: str, client: str, authorities: Authorities) -> None:
    """It is read as UTC or ignored; the response remains valid, including that of a change."""
    ports: list[int] = []

    def text() -> bytes:
        addresses = dict.fromkeys(discovery.MEMBERS, f"https://{HOST}:{ports[-1]}/{TENANT}")
        return answer(200, json.dumps({**addresses, "value": []}).encode(), {"Date": date})

    for method in ("GET", "POST") if client != "login" else ("GET",):
        with serving(Sending(authorities.context(), lambda: [text()])) as port:
            ports.append(port)
            found, now = ask(client, f"https://{HOST}:{port}", str(authorities.path), method=method)
        assert found
        assert now == ODD_DATES[date]


WAITS = {"3600": 1, "Sun, 01 Mar 2099 12:00:00 GMT": 1, "1e400": 1, "25": 2, "0.4": 4, "soon": None, "-1": None}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wanted", WAITS)
def test_requested_waits(wanted: str, status: int, client: str, authorities: Authorities, waited: list[float]) -> None:
    """They add up to at most one minute; the error shows the wait that the service requested."""
    server = Sending(authorities.context(), lambda: [answer(status, b"{}", {"Retry-After": wanted})])
    error = failure(client, server, authorities)
    asked = [seconds for seconds in waited if seconds in (60.0, 25.0, 0.4)]
    assert sum(asked) <= waits.BUDGET
    if WAITS[wanted] is not None:
        assert len(asked) == WAITS[wanted]
        assert server.begun == len(asked) + 1
    else:
        assert server.begun == waits.ATTEMPTS
    assert str(status) in str(error), error
    if wanted in ("3600", "25"):
        assert f"requesting a wait of {wanted} s" in str(error.answer)
    if wanted == "1e400":
        assert "requesting an endless wait" in str(error.answer)


@pytest.mark.parametrize("client", CLIENTS)
def test_wait_timeout_is_the_budget(client: str, authorities: Authorities, waited: list[float]) -> None:
    server = Sending(authorities.context(), lambda: [answer(503, b"", {"Retry-After": "20"})])
    assert "503" in str(failure(client, server, authorities, wait=50))
    assert [seconds for seconds in waited if seconds > 10] == [20, 20]
    assert server.begun == 3


TOKENS: dict[str, tuple[int, Any, str]] = {
    "no token": (200, {"token_type": "Bearer", "expires_in": 3599, "other": CANARY}, "without an access_token"),
    "no text": (200, {"access_token": {"a": CANARY}, "expires_in": 3599}, "without an access_token"),
    "two lines": (
        200,
        {"access_token": f"a.b\r\n{CANARY}", "expires_in": 3599},
        "characters that are not valid in a token",
    ),
    "expires soon": (200, {"access_token": CANARY, "expires_in": "soon"}, "expires_in that is not a number"),
    "expires never": (200, {"access_token": CANARY, "expires_in": 10**400}, "expires_in that is not a number"),
    "expires in no time": (200, {"access_token": CANARY, "expires_in": None}, "expires_in that is not a number"),
    "no expiry": (200, {"access_token": CANARY}, "without expires_in"),
    "a list": (200, [CANARY], "not a JSON object"),
    "a list of errors": (400, [CANARY], "HTTP 400 with a body that is not a JSON object"),
    "nothing": (200, None, "an empty body"),
    "no error": (400, {"message": CANARY}, "HTTP 400 without an error"),
}


@pytest.mark.parametrize("case", TOKENS)
def test_invalid_token(case: str, authorities: Authorities) -> None:
    """The error states what is wrong with the token without quoting any of it."""
    status, document, words = TOKENS[case]
    text = answer(status, json.dumps(document).encode() if document is not None else b"")
    with serving(Sending(authorities.context(), lambda: [text])) as port:
        url = f"https://{HOST}:{port}"
        with pytest.raises(ServiceError) as caught:
            ask("sign-in", url, str(authorities.path))
        with closing(Http(str(authorities.path), 5.0)) as http:
            verdict = token_endpoint.TokenEndpoint(http, url, "scope", TENANT).check("Zx9~secret")
    assert words in str(caught.value.answer), caught.value
    assert url in str(caught.value.answer)
    assert CANARY not in json.dumps(caught.value.as_result())
    assert verdict.accepted is None
    assert status != 200 or words in str(verdict.answer)


def test_redirect_to_an_invalid_address(authorities: Authorities) -> None:
    """requests parses the target although redirects are not followed."""
    for target in ("http://[", "//[", "http://127.0.0.1:99999999/"):
        text = answer(302, b"", {"Location": target})
        for client in CLIENTS:
            failure(client, Sending(authorities.context(), lambda text=text: [text]), authorities)


@pytest.mark.parametrize("wanted", ["3600", "1e400", "soon", "25"])
def test_waits_of_managed_identities(wanted: str, waited: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-identity retries by its own rules there, and gets a wait no longer than the remaining time."""
    params = {"auth_source": "managed_identity", "timeout": 5.0}
    with answering(lambda _request, _body: (503, {"Retry-After": wanted}, b"{}")) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url)
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        with pytest.raises(ServiceError) as caught:
            asyncio.run(_ask_graph(params, clouds.Cloud("https://login.invalid", "https://graph.invalid"), "GET"))
    assert "failed unexpectedly" not in str(caught.value)
    assert sum(seconds for seconds in waited if seconds in (60.0, 25.0)) <= waits.BUDGET
    assert max([0.0, *waited]) <= waits.LONGEST


def test_unknown_exception_of_credentials() -> None:
    """An exception that the library does not document."""
    params = {"auth_source": "secret", "client_id": TENANT, "client_secret": "x"}
    error = credentials.refused(KeyError(CANARY), params, TENANT, "https://login.example")
    assert "https://login.example returned no usable token" in str(error)
    assert CANARY not in str(error)
