# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Verify that users can sign in, without a user's credentials; each failed check has a hint.

This is the only file of the core that knows both Entra and RustDesk.
"""

from __future__ import annotations

import re
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import parse_time
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import (
    Discovery,
    read_discovery,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import TokenEndpoint
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    ServiceError,
    counted,
    quoted,
    sentence,
    sentences,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import gateway_headers, sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import CONSOLE_ERROR, Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES, KeepsDiscovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Tested

Params = t.Mapping[str, t.Any]
Test = t.Callable[[], "Tested | None"]


# The cause of a failed check: the settings of the console or the application, or a service that does not work
SETTINGS, SERVICE = "settings", "service"


@dataclass(frozen=True)
class Check:
    """The result of one check; ``ok`` is None if the check was skipped.

    ``cause`` is SETTINGS or SERVICE; it only matters if the check failed.
    """

    name: str
    ok: bool | None
    detail: str
    hint: str | None = None
    cause: str = SETTINGS

    def __post_init__(self) -> None:
        """Make the detail safe to print, because it may quote arbitrary text of a console or Entra."""
        object.__setattr__(self, "detail", quoted(self.detail))

    def result(self) -> dict[str, t.Any]:
        """Return the check as in the task's result."""
        return {**asdict(self), "cause": self.cause if self.ok is False else None}


def verify(http: Http, offers_http: Http, begins_http: Http, params: Params, test: Test) -> list[Check]:
    """Return all checks for the options of rustdesk_sign_in_check, in the order of a sign-in; read only.

    ``http`` connects to Entra, the other two to the console; each is used by one thread. ``test`` runs the console's
    own test of its discovery; it returns None without a session.
    """
    headers = gateway_headers.of_verification(params)
    offers, begins = (
        Connection(params["public_url"], each, headers, "public_url", "console_ca_path")
        for each in (offers_http, begins_http)
    )
    known = CONSOLES.get(params["console_type"])
    keeps = known is not None and issubclass(known, KeepsDiscovery)
    begins.takes_api_domain = known is None or known.takes_api_domain
    with ThreadPoolExecutor(2) as aside:  # all three run at the same time
        asked = aside.submit(_entra, http, params)
        first = aside.submit(sign_in.authorization_url, begins, params["name"])
        offered, begun = _console(offers, begins, first, params, test if keeps else None)
        discovery, issuer, secret, now = asked.result()
    checks = [*offered, issuer, _clock(begins if begins.now else offers, now)]
    checks += _request(begun, discovery, params) if begun else [_not_asked(name) for name in REQUEST_CHECKS]
    sent = sign_in.redirect_uri(begun) if begun else None
    return [*checks, _registered(sent, params), _enabled(params), secret, _expires(now, params)]


def _entra(http: Http, params: Params) -> tuple[Discovery | None, Check, Check, datetime | None]:
    """Return the results from Entra: its discovery document, the checks of issuer and client secret, and its clock."""
    discovery, issuer = _issuer(http, params)
    secret, now = _secret(http, discovery, params)
    return discovery, issuer, secret, now or (discovery.now if discovery else None)


# Conditional access for workloads denies the token after the client secret was accepted; this does not affect users.
NOT_ABOUT_THE_SECRET = ("53003", "530003", "50105")
# Seconds by which the console's clock may be wrong before it rejects ID tokens
SKEW = 120
# The errors of consoles that cannot begin a sign-in, and the causes that users found (issues of rustdesk-server-pro:
# #130, #99, #164, #396, and of lejianwen/rustdesk-api: #436 [iss]).
CAUSES = (
    (
        r"certificate|self.signed|UnknownIssuer|x509",
        "The console does not trust the identity provider's CA: add it in the console (custom PEM) or to its container",
        SERVICE,
    ),
    (
        r"unexpected issuer",
        "Set the issuer in the console to the one in the discovery document, byte for byte",
        SETTINGS,
    ),
    (
        r"dns|resolve|lookup|timed? ?out|refused|unreachable|request failed|fetch failed",
        "The console cannot reach the issuer: check DNS, firewall and proxy on its host or in its container",
        SERVICE,
    ),
    (
        r"status code 5\d\d|unexpected HTTP response",
        "The identity provider, or a proxy in front of it, answers the console with an error: run the playbook again; "
        "if that does not help, check the proxy where the console runs",
        SERVICE,
    ),
    (
        r"html|404|invalid response",
        "From the console, something else answers at the issuer's address: check issuer and proxy",
        SETTINGS,
    ),
)
UNKNOWN_CAUSE = "Check the issuer in the console, and that the console can reach it (DNS, proxy, CA)"
TESTED = "The console's own test of the provider"
KEPT = (
    "This console remembers a failed discovery for 24 hours: once it can reach the issuer, test or save the provider "
    "in the console, and run the playbook again"
)
REQUEST_CHECKS = ("authorization_endpoint", "client_id", "redirect_uri", "response_type", "scope")


def _console(
    connection: Connection, begins: Connection, first: Future[str], params: Params, test: Test | None
) -> tuple[list[Check], str | None]:
    """Return the checks of the console, and the authorization URL that it returned.

    ``first`` is the response of ``begins`` for the declared name, which the console may spell differently. ``test`` is
    the test of a console that caches its discovery, None for others.
    """
    name = params["name"]
    try:
        names = sign_in.login_options(connection)
    except ServiceError as error:
        later = [_not_asked("provider_offered"), _not_asked("authorization_url")]
        return [Check("console_reachable", False, _what(error), error.hint, SERVICE), *later], None
    only = ", using headers that RustDesk's clients do not send" if connection.has_gateway_headers else ""
    checks = [Check("console_reachable", True, f"{connection.url} answers without a redirect{only}")]
    offered = sign_in.offered(names, name, params["console_type"])
    if offered is None:
        has = f"it offers {', '.join(names)}" if names else "it offers none"
        hint = "Enable the provider in the console; clients that use another API server see other providers"
        absent = Check("provider_offered", False, f"the console does not offer {name}: {has}", hint)
        return [*checks, absent, _not_asked("authorization_url")], None
    checks.append(Check("provider_offered", True, f"users are offered {offered}"))
    try:
        wait([first])  # before its connection is used again
        url = _begun(begins, offered, first if offered == name else None, test)
    except ServiceError as error:
        detail = _what(error)
        if error.code not in (None, CONSOLE_ERROR):  # something other than the console answered
            return [*checks, Check("authorization_url", False, detail, error.hint, SERVICE)], None
        known = ((hint, cause) for pattern, hint, cause in CAUSES if re.search(pattern, detail, re.IGNORECASE))
        busy = error.status is None or error.status == 429 or error.status > 500
        hint, cause = next(known, (UNKNOWN_CAUSE, SERVICE if busy else SETTINGS))
        if test and error.status == 500 and TESTED not in detail:
            hint = f"{sentence(hint)} {KEPT}"
        return [*checks, Check("authorization_url", False, detail, hint, cause)], None
    return [*checks, Check("authorization_url", True, "the console begins a sign-in")], url


def _begun(begins: Connection, name: str, first: Future[str] | None, test: Test | None) -> str:
    """Return the authorization URL for ``name``, from ``first`` if it is not None. Raises ServiceError.

    A console that caches a failed discovery is queried once more if its own ``test`` succeeds.
    """
    try:
        return first.result() if first else sign_in.authorization_url(begins, name)
    except ServiceError as error:
        if not test or error.status is None or error.status < 500 or error.code != CONSOLE_ERROR:
            raise
        try:
            tested = test()
        except ServiceError as refused:
            raise error.but(answer=sentences(error.answer, f"{TESTED} could not be run: {_what(refused)}")) from refused
        if tested is None:
            raise
        if not tested.success:
            raise error.but(answer=sentences(error.answer, f"{TESTED} failed: {tested.message}")) from error
    return sign_in.authorization_url(begins, name)


def _issuer(http: Http, params: Params) -> tuple[Discovery | None, Check]:
    """Return the issuer's discovery document and its check; strict relying parties compare the issuer byte for byte."""
    issuer, known = params["issuer"], params["discovery"]
    if not issuer.startswith("https://"):  # the client secret would be sent there
        return None, Check(
            "issuer", False, f"{issuer} is not an https URL", "Set issuer to the one that entra_app returns"
        )
    try:
        discovery = Discovery.handed_over(known) if known else read_discovery(http, issuer)
    except ServiceError as error:
        return None, Check("issuer", False, _what(error), error.hint, SERVICE)
    if discovery.issuer != issuer:
        detail = f"issuer is {issuer}, but the discovery document says {discovery.issuer}"
        return discovery, Check("issuer", False, detail, f"Set issuer to {discovery.issuer}")
    return discovery, Check("issuer", True, f"{issuer} matches the discovery document")


def _clock(connection: Connection, now: datetime | None) -> Check:
    """Check that the console's clock agrees with Microsoft's, because tokens are only valid for a time."""
    name = "clock"
    if now is None or connection.now is None:
        return _not_asked(name)
    off = round((connection.now - now).total_seconds())
    if abs(off) <= SKEW:
        return Check(name, True, "the console's clock is correct")
    way = "ahead" if off > 0 else "behind"
    hint = "Synchronize the console's clock, for example with NTP"
    return Check(name, False, f"the console's clock is {counted(abs(off), 'second')} {way}", hint, SERVICE)


def _request(url: str, discovery: Discovery | None, params: Params) -> t.Iterator[Check]:
    """Check that the authorization request ``url`` matches the declaration."""
    try:
        parts = urlsplit(url)
        shown = url.isprintable() and len(url) <= sign_in.LONGEST_URL
    except ValueError:
        shown = False
    if not shown:
        what = f"the console returned {url[:300]!r}, which is not a URL"
        yield Check("authorization_endpoint", False, what, "Report this to the console's vendor")
        return
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    hint = "Run the role again: the console's settings differ from the declaration"
    if discovery is None:
        yield _not_asked("authorization_endpoint")
    else:
        endpoint = f"{parts.scheme}://{parts.netloc}{parts.path}"
        expected = discovery.authorization_endpoint
        yield Check(
            "authorization_endpoint",
            endpoint == expected,
            f"users are sent to {endpoint}" + ("" if endpoint == expected else f" instead of {expected}"),
            None if endpoint == expected else f"{hint}, or it has an old discovery document and needs a restart",
        )
    hints = {
        "redirect_uri": f"{hint}; lejianwen/rustdesk-api takes it from RUSTDESK_API_RUSTDESK_API_SERVER",
        "client_id": f"{hint}; databk/rustdesk-console confuses providers with the same issuer until one is saved",
    }
    for name, expected in (
        ("client_id", params["client_id"]),
        ("redirect_uri", params["callback_url"]),
        ("response_type", "code"),
    ):
        sent = query.get(name)
        good = sent == expected or (name == "redirect_uri" and _addresses.same(sent or "", expected))
        text = f"the console sends {sent}" + ("" if good else f" instead of {expected}")
        yield Check(name, good, text, None if good else _slash(name, sent) + hints.get(name, hint))
    good = "openid" in query.get("scope", "").split()
    text = f"the console requests {query.get('scope')}"
    yield Check("scope", good, text, None if good else "Add openid to the provider's scopes")


def _slash(name: str, sent: str | None) -> str:
    """Return the first step for a callback URL with a double slash: consoles append the path to their address
    unchanged, and none of them answers there [src]."""
    if name != "redirect_uri" or not (sent or "").endswith(f"/{CALLBACK_PATH}"):
        return ""
    return "Remove the slash at the end of the console's address in its configuration. "


def _registered(sent: str | None, params: Params) -> Check:
    """Check that the callback URL, as ``sent`` by the console, is among the application's redirect URIs, if these are
    known. Entra compares them byte for byte."""
    name, uris, uri = "redirect_uri_registered", params["registered_redirect_uris"], params["callback_url"]
    if uris is None:
        return Check(name, None, "not checked: registered_redirect_uris is not set")
    if sent and _addresses.same(sent, uri):
        uri = sent
    if uri in uris:
        return Check(name, True, f"{uri} is among the application's redirect URIs")
    others = sorted(_addresses.spellings([uri], uris))
    differs = f"; it has {', '.join(others)}, and Entra compares them byte for byte" if others else ""
    return Check(
        name,
        False,
        f"{uri} is not among the application's redirect URIs{differs}",
        "Add it to web_redirect_uris of entra_app (with the role, run it again); otherwise Entra answers AADSTS50011",
    )


def _enabled(params: Params) -> Check:
    """Check that the application is enabled for users, if this is known."""
    obstacles = params["application_obstacles"]
    if obstacles is None:
        return Check("application_enabled", None, "not checked: application_obstacles is not set")
    if not obstacles:
        return Check("application_enabled", True, "neither the application nor its service principal is disabled")
    detail, _dot, hint = obstacles[0].partition(". ")
    return Check("application_enabled", False, detail, hint.rstrip("."))


def _secret(http: Http, discovery: Discovery | None, params: Params) -> tuple[Check, datetime | None]:
    """Check that the token endpoint accepts the console's client secret, if known; also return the endpoint's clock."""
    name = "client_secret_accepted"
    if params["client_secret_accepted"]:
        return Check(name, True, "the token endpoint has just accepted it"), None
    if not params["client_secret"] or discovery is None:
        reason = "no discovery document" if discovery is None else "no client_secret"
        return Check(name, None, f"not checked: {reason}"), None
    endpoint = TokenEndpoint(http, discovery.token_endpoint, discovery.graph_scope, params["client_id"])
    verdict = endpoint.check(params["client_secret"])
    if verdict.accepted:
        return Check(name, True, "the token endpoint accepts it"), verdict.now
    hints = {
        "7000215": "It does not belong to this application, or is the secret's ID instead of its value: run the role "
        "again; if that does not help, set rustdesk_sso_secret_renew",
        "7000222": "It has expired: run the role again to create a new one",
        "700016": "The application does not exist in this tenant: check client_id and issuer",
        "7000112": "The application or its service principal (enterprise application) is disabled in this tenant: "
        "enable it, unless it was disabled on purpose",
        "7000229": "The application has no service principal in this tenant: run the role again",
    }
    if verdict.code in NOT_ABOUT_THE_SECRET:
        return Check(name, None, f"unknown: {verdict.answer}"), verdict.now
    if verdict.hint:
        answer = f"the token endpoint was not reached: {verdict.answer}"
        return Check(name, False, answer, verdict.hint, SERVICE), verdict.now
    hint = hints.get(verdict.code or "", "Look up the code in Microsoft's list of AADSTS error codes")
    return Check(name, False, f"the token endpoint answered: {verdict.answer}", hint), verdict.now


def accepted(http: Http, params: Params, client_secret: str) -> Check:
    """Check that the token endpoint accepts ``client_secret`` instead of the one in ``params``."""
    discovery, _issuer_check = _issuer(http, params)
    asked = {**params, "client_secret": client_secret, "client_secret_accepted": False}
    return _secret(http, discovery, asked)[0]


def _expires(now: datetime | None, params: Params) -> Check:
    """Check that the client secret has not expired, if its expiry date is known."""
    name = "client_secret_expires"
    if not params["client_secret_expires"]:
        return Check(name, None, "not checked: client_secret_expires is not set")
    left = parse_time(params["client_secret_expires"]) - (now or datetime.now(timezone.utc))
    good = left.total_seconds() > 0
    text = f"it expires in {counted(left.days, 'day')}" if good else f"it expired {counted(-left.days, 'day')} ago"
    return Check(name, good, text, None if good else "Run the role, which renews it")


def _not_asked(name: str) -> Check:
    return Check(name, None, "not checked because of an earlier failure")


def _what(error: ServiceError) -> str:
    return error.answer or error.attempted
