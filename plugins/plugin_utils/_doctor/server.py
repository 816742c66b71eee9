# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the facts about a console that console.py evaluates. It only reads, signs in and out, and starts sign-ins."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses, _causes, _proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import hosts
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError, SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import Proxy, check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import (
    console,
    gateway_headers,
    sign_in,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES, Console
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import find
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import certificate
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.console import Attempt, Facts, Seen

# The longest timeout of a request in seconds, because an examination should not take as long as a run
LONGEST = 10.0
PATH, VERSION = "/api/login-options", "/api/version"
LONGEST_VERSION = 40


@dataclass(frozen=True)
class Declared:
    """The declaration of a server's console.

    ``params`` are the shared console options, with secrets. ``public_url`` is the users' address. ``cloud`` is the
    tenant's cloud, None if unknown.
    """

    server: str
    params: dict[str, t.Any]
    public_url: str
    provider_name: str
    cloud: Cloud | None

    @property
    def url(self) -> str:
        """The console's address without a trailing slash."""
        return str(self.params["console_url"]).rstrip("/")

    @property
    def another(self) -> str:
        """The users' address if it differs from the console's; otherwise empty."""
        same = not self.public_url or _addresses.same(self.public_url, self.url)
        return "" if same else self.public_url

    @property
    def timeout(self) -> float:
        """The timeout of one request, in seconds."""
        return min(float(self.params["timeout"]), LONGEST)

    @property
    def proxy(self) -> Proxy | None:
        """The declared proxy."""
        return check_proxy(self.params["proxy"], "proxy")

    def http(self) -> Http:
        """Return a new client. Threads cannot share one."""
        return Http(self.params["ca_path"], self.timeout, self.proxy, wait_timeout=0.0)


def examine(declared: Declared) -> Facts:
    """Read the facts about a server's console at both of its addresses, in parallel.

    Raise InputError for invalid options.
    """
    headers = gateway_headers.check_headers(declared.params["headers"])
    params = {**declared.params, "console_url": declared.url, "public_url": declared.another}
    of_public = gateway_headers.of_verification(params) if declared.another else {}
    with ThreadPoolExecutor(4) as aside:
        certificates = [aside.submit(_certificate, declared, url) for url in (declared.url, declared.another)]
        public = aside.submit(_read_address, declared, declared.another, of_public) if declared.another else None
        facts = _console(declared, headers)
        facts = replace(facts, console=replace(facts.console, certificate=certificates[0].result()))
        if public:
            facts = replace(facts, public=replace(public.result(), certificate=certificates[1].result()))
    if facts.public and facts.attempt and not (facts.attempt.error or facts.public.error):
        with closing(declared.http()) as http:
            connection = Connection(declared.another, http, of_public, "public_url")
            connection.takes_api_domain = _takes_api_domain(facts.detected)
            facts = replace(facts, public_attempt=_start(connection, declared, facts))
    return facts


def _certificate(declared: Declared, url: str) -> certificate.Certificate | None:
    """Return the certificate at ``url``, or None if a proxy is used, because certificates are not read through one."""
    if not url or declared.proxy or _proxy.of_environment(url):
        return None
    return certificate.fetch(url, declared.timeout)


def _read_address(declared: Declared, url: str, headers: dict[str, str], option: str = "public_url") -> Seen:
    """Return the state of an address, without a session."""
    with closing(declared.http()) as http:
        return _seen(Connection(url, http, headers, option))


def _seen(connection: Connection) -> Seen:
    seen = Seen(connection.url, tls=connection.url.lower().startswith("https:"))
    try:
        response = connection.ask("GET", PATH, f"Reaching {connection.url} failed")
        limit, left = (_number(response.headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining"))
        return replace(seen, offered=tuple(sign_in.login_options(connection)), limit=limit, left=left)
    except ServiceError as error:
        why = error.__cause__
        cause = _causes.of_exception(why, connection.asks).name if why and error.status is None else error.code
        return replace(seen, error=error, cause=cause or "")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _console(declared: Declared, headers: dict[str, str]) -> Facts:
    """Return the facts about the console at its own address, without a session and with one."""
    params = declared.params
    with closing(declared.http()) as http:
        connection = Connection(declared.url, http, headers)
        seen = _seen(connection)
        ahead = (connection.now - datetime.now(timezone.utc)).total_seconds() if connection.now else None
        facts = Facts(
            declared.server,
            seen,
            params["username"] or "",
            params["console_type"],
            bool(params["username"] and params["password"]),
            provider_name=declared.provider_name,
            ahead=ahead,
        )
        if seen.error:
            return facts
        try:
            detected = console.detect(connection)
            if detected is None and params["console_type"] == "auto":
                detected = console.choose(params, connection).type
        except SsoError as error:
            return replace(facts, type_error=error)
        facts = replace(facts, detected=detected, version=_version(connection, detected))
        another = params["console_type"] not in ("auto", detected) and detected is not None
        if another or not facts.credentials:
            return facts
        kind = "pro" if params["contract"] else detected or params["console_type"]
        return _session(declared, CONSOLES[kind](connection, params["contract"]), connection, facts)


def _version(connection: Connection, detected: str | None) -> str:
    """Return the console's version, or an empty string if unknown.

    Only rustdesk_api shows it without a session (http/router/api.go and service/app.go of 2.7 [src]).
    """
    with suppress(ServiceError):
        answer = connection.call("GET", VERSION, "Reading the version failed") if detected == "rustdesk_api" else None
        version = answer.get("data") if isinstance(answer, dict) else None
        return version.strip()[:LONGEST_VERSION] if isinstance(version, str) else ""
    return ""


def _session(declared: Declared, chosen: Console, connection: Connection, facts: Facts) -> Facts:
    """Return ``facts`` with those that need the administrator's session."""
    try:
        try:
            chosen.login({**declared.params, "console_url": declared.url})
        except SsoError as error:
            return replace(facts, login=error)
        facts = replace(facts, signed_in=True)
        try:
            listed = chosen.providers(declared.provider_name)
            chosen.settings()
        except SsoError as error:
            return replace(facts, contract=error)
        provider = find(listed, declared.provider_name, chosen.type)
        offered = bool(provider and provider.enabled)
        facts = replace(facts, provider=offered, administrators=chosen.local_administrators())
    finally:
        with suppress(SsoError):
            chosen.logout()
    if not offered:
        return facts
    outside = connection.without_session()
    outside.takes_api_domain = chosen.takes_api_domain
    return replace(facts, attempt=_start(outside, declared, facts))


def _takes_api_domain(detected: str | None) -> bool:
    known = CONSOLES.get(detected or "")
    return known is None or known.takes_api_domain


def _start(connection: Connection, declared: Declared, facts: Facts) -> Attempt:
    """Start a sign-in that is never completed. Both addresses receive the same client data."""
    names = list(facts.console.offered)
    name = sign_in.offered(names, declared.provider_name, facts.detected) or declared.provider_name
    try:
        url = sign_in.authorization_url(connection, name, declared.another or declared.url)
    except ServiceError as error:
        return Attempt(error=error)
    foreign = hosts.of_cloud(declared.cloud).foreign("authorization URL", url) if declared.cloud else None
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        query = {}
    return Attempt(query.get("client_id", [None])[0], query.get("redirect_uri", [None])[0], foreign or "")
