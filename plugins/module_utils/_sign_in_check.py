# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Verify from the outside that a user could sign in; each failed check says what to do.

The only file of the core that knows both Entra and RustDesk.
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
    quoted,
    sentence,
    sentences,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import gateway_headers, sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import SAID, Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES, KeepsDiscovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Tested

Params = t.Mapping[str, t.Any]
Test = t.Callable[[], "Tested | None"]


# What a failed check is due to: what the console or the application holds, or a service that does not answer as usual
SETTINGS, SERVICE = "settings", "service"


@dataclass(frozen=True)
class Check:
    """One question: ``ok`` is None when it could not or need not be asked.

    ``cause`` is SETTINGS or SERVICE; it counts only for a check that failed.
    """

    name: str
    ok: bool | None
    detail: str
    hint: str | None = None
    cause: str = SETTINGS

    def __post_init__(self) -> None:
        """What a console or Entra has said may be anything."""
        object.__setattr__(self, "detail", quoted(self.detail))

    def result(self) -> dict[str, t.Any]:
        """As the task's result shows it."""
        return {**asdict(self), "cause": self.cause if self.ok is False else None}


def verify(http: Http, offers_http: Http, begins_http: Http, params: Params, test: Test) -> list[Check]:
    """All checks for the options of rustdesk_sign_in_check, in the order in which a sign-in meets them; read only.

    ``http`` speaks to Entra, the other two to the console: each is used by a thread of its own. ``test`` has a console
    that keeps its discovery test it; None without a session.
    """
    headers = gateway_headers.of_verification(params)
    offers, begins = (
        Connection(params["public_url"], each, headers, "public_url", "console_ca_path")
        for each in (offers_http, begins_http)
    )
    known = CONSOLES.get(params["console_type"])
    keeps = known is not None and issubclass(known, KeepsDiscovery)
    begins.takes_api_domain = known is None or known.takes_api_domain
    with ThreadPoolExecutor(2) as aside:  # none waits for another
        asked = aside.submit(_entra, http, params)
        first = aside.submit(sign_in.authorization_url, begins, params["name"])
        offered, begun = _console(offers, begins, first, params, test if keeps else None)
        discovery, issuer, secret, now = asked.result()
    checks = [*offered, issuer, _clock(begins if begins.now else offers, now)]
    checks += _request(begun, discovery, params) if begun else [_not_asked(name) for name in REQUEST_CHECKS]
    sent = sign_in.redirect_uri(begun) if begun else None
    return [*checks, _registered(sent, params), _enabled(params), secret, _expires(now, params)]


def _entra(http: Http, params: Params) -> tuple[Discovery | None, Check, Check, datetime | None]:
    """Entra's part: its discovery document, what is thought of issuer and client secret, and Entra's clock."""
    discovery, issuer = _issuer(http, params)
    secret, now = _secret(http, discovery, params)
    return discovery, issuer, secret, now or (discovery.now if discovery else None)


# Conditional access for workloads refuses the token after the client secret was accepted; users are not concerned.
NOT_ABOUT_THE_SECRET = ("53003", "530003", "50105")
# Seconds by which the console's clock may be wrong before ID tokens seem to be of another time.
SKEW = 120
# What consoles say when they cannot begin a sign-in, and what users found to be the cause (issues of
# rustdesk-server-pro: #130, #99, #164, #396, and of lejianwen/rustdesk-api: #436 [iss]).
CAUSES = (
    (
        r"certificate|self.signed|UnknownIssuer|x509",
        "The console does not trust the identity provider's CA: add it there (custom PEM), or to its container",
        SERVICE,
    ),
    (
        r"unexpected issuer",
        "Set the issuer in the console to what the discovery document says, byte for byte",
        SETTINGS,
    ),
    (
        r"dns|resolve|lookup|timed? ?out|refused|unreachable|request failed|fetch failed",
        "The console's own network does not reach the issuer: check DNS, firewall and proxy where it runs (container)",
        SERVICE,
    ),
    (
        r"status code 5\d\d|unexpected HTTP response",
        "The identity provider, or a proxy before it, answers the console with an error: run the playbook again, and "
        "check the proxy where the console runs if that does not help",
        SERVICE,
    ),
    (
        r"html|404|invalid response",
        "Something else answers at the issuer's address there: check issuer and proxy",
        SETTINGS,
    ),
)
UNKNOWN_CAUSE = "Check the issuer in the console, and that its own network reaches it (DNS, proxy, CA)"
TESTED = "Its own test of the provider"
KEPT = (
    "This console keeps a discovery that failed for 24 hours: once its network reaches the issuer, run the test of the "
    "provider in the console or save the provider there, and run the playbook again"
)
REQUEST_CHECKS = ("authorization_endpoint", "client_id", "redirect_uri", "response_type", "scope")


def _console(
    connection: Connection, begins: Connection, first: Future[str], params: Params, test: Test | None
) -> tuple[list[Check], str | None]:
    """The console's part, and the authorization URL that it gave.

    ``first`` is what ``begins`` answers for the name that is declared; a console may spell it otherwise. ``test`` is
    that of a console that keeps its discovery, None for others.
    """
    name = params["name"]
    try:
        names = sign_in.login_options(connection)
    except ServiceError as error:
        later = [_not_asked("provider_offered"), _not_asked("authorization_url")]
        return [Check("console_reachable", False, _what(error), error.hint, SERVICE), *later], None
    only = ", with headers that RustDesk's clients do not send" if connection.has_gateway_headers else ""
    checks = [Check("console_reachable", True, f"{connection.url} answers without a redirect{only}")]
    offered = sign_in.offered(names, name, params["console_type"])
    if offered is None:
        has = f"it offers {', '.join(names)}" if names else "it offers none"
        hint = "Enable the provider in the console; a client whose API server is another one sees other providers"
        absent = Check("provider_offered", False, f"the console does not offer {name}: {has}", hint)
        return [*checks, absent, _not_asked("authorization_url")], None
    checks.append(Check("provider_offered", True, f"users are offered {offered}"))
    try:
        wait([first])  # before its connection is used again
        url = _begun(begins, offered, first if offered == name else None, test)
    except ServiceError as error:
        said = _what(error)
        if error.code not in (None, SAID):  # it is not the console that answers
            return [*checks, Check("authorization_url", False, said, error.hint, SERVICE)], None
        known = ((hint, cause) for pattern, hint, cause in CAUSES if re.search(pattern, said, re.IGNORECASE))
        busy = error.status is None or error.status == 429 or error.status > 500
        hint, cause = next(known, (UNKNOWN_CAUSE, SERVICE if busy else SETTINGS))
        if test and error.status == 500 and TESTED not in said:
            hint = f"{sentence(hint)} {KEPT}"
        return [*checks, Check("authorization_url", False, said, hint, cause)], None
    return [*checks, Check("authorization_url", True, "the console begins a sign-in")], url


def _begun(begins: Connection, name: str, first: Future[str] | None, test: Test | None) -> str:
    """The authorization URL for ``name``, which ``first`` gives if it is not None. Raises ServiceError.

    A console that keeps a discovery that failed is asked once more if its own ``test`` succeeds.
    """
    try:
        return first.result() if first else sign_in.authorization_url(begins, name)
    except ServiceError as error:
        if not test or error.status is None or error.status < 500 or error.code != SAID:
            raise
        try:
            tested = test()
        except ServiceError as refused:
            raise error.but(answer=sentences(error.answer, f"{TESTED} could not be run: {_what(refused)}")) from refused
        if tested is None:
            raise
        if not tested.success:
            raise error.but(answer=sentences(error.answer, f"{TESTED} says: {tested.message}")) from error
    return sign_in.authorization_url(begins, name)


def _issuer(http: Http, params: Params) -> tuple[Discovery | None, Check]:
    """The discovery document below the issuer; strict relying parties compare the issuer byte for byte."""
    issuer, known = params["issuer"], params["discovery"]
    if not issuer.startswith("https://"):  # a client secret would follow
        return None, Check("issuer", False, f"{issuer} is not an https URL", "Set issuer to what entra_app returns")
    try:
        discovery = Discovery.handed_over(known) if known else read_discovery(http, issuer)
    except ServiceError as error:
        return None, Check("issuer", False, _what(error), error.hint, SERVICE)
    if discovery.issuer != issuer:
        detail = f"declared is {issuer}, but the discovery document says {discovery.issuer}"
        return discovery, Check("issuer", False, detail, f"Set issuer to {discovery.issuer}")
    return discovery, Check("issuer", True, f"{issuer} is what the discovery document says")


def _clock(connection: Connection, now: datetime | None) -> Check:
    """Whether the console's clock goes as Microsoft's does, as tokens are only good for a time."""
    name = "clock"
    if now is None or connection.now is None:
        return _not_asked(name)
    off = round((connection.now - now).total_seconds())
    if abs(off) <= SKEW:
        return Check(name, True, "the console's clock is right")
    way = "ahead" if off > 0 else "behind"
    hint = "Synchronize the console's clock, for example with NTP"
    return Check(name, False, f"the console's clock is {abs(off)} seconds {way}", hint, SERVICE)


def _request(url: str, discovery: Discovery | None, params: Params) -> t.Iterator[Check]:
    """Whether the authorization request ``url`` is the one that is declared."""
    try:
        parts = urlsplit(url)
        shown = url.isprintable() and len(url) <= sign_in.LONGEST_URL
    except ValueError:
        shown = False
    if not shown:
        what = f"the console gives {url[:300]!r}, which is no URL"
        yield Check("authorization_endpoint", False, what, "Report this to the console's vendor")
        return
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    hint = "Run the role again: the console's settings are not as declared"
    if discovery is None:
        yield _not_asked("authorization_endpoint")
    else:
        endpoint = f"{parts.scheme}://{parts.netloc}{parts.path}"
        expected = discovery.authorization_endpoint
        yield Check(
            "authorization_endpoint",
            endpoint == expected,
            f"users are sent to {endpoint}" + ("" if endpoint == expected else f" instead of {expected}"),
            None if endpoint == expected else f"{hint}, or the console holds an old discovery document: restart it",
        )
    hints = {
        "redirect_uri": f"{hint}; a console of lejianwen/rustdesk-api takes it from RUSTDESK_API_RUSTDESK_API_SERVER",
        "client_id": f"{hint}; databk/rustdesk-console confuses providers that have the same issuer until one is saved",
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
    yield Check("scope", good, f"the console asks for {query.get('scope')}", None if good else "It has to have openid")


def _slash(name: str, sent: str | None) -> str:
    """What to do first about a callback URL of an address that ends with a slash: consoles append the path as it is,
    and none of them answers there [src]."""
    if name != "redirect_uri" or not (sent or "").endswith(f"/{CALLBACK_PATH}"):
        return ""
    return "Remove the slash at the end of the console's address in its configuration. "


def _registered(sent: str | None, params: Params) -> Check:
    """Whether the callback URL, as the console has ``sent`` it, is among the application's redirect URIs, where these
    are known. Entra compares them byte for byte."""
    name, uris, uri = "redirect_uri_registered", params["registered_redirect_uris"], params["callback_url"]
    if uris is None:
        return Check(name, None, "not asked: registered_redirect_uris is not given")
    if sent and _addresses.same(sent, uri):
        uri = sent
    if uri in uris:
        return Check(name, True, f"{uri} is among the application's redirect URIs")
    others = sorted(_addresses.spellings([uri], uris))
    differs = f", but {', '.join(others)}, and Entra compares them byte for byte" if others else ""
    return Check(
        name,
        False,
        f"{uri} is not among the application's redirect URIs{differs}",
        "Add it to web_redirect_uris of entra_app (with the role, run it again), or Entra stops with AADSTS50011",
    )


def _enabled(params: Params) -> Check:
    """Whether the application is there for users, where this is known."""
    obstacles = params["application_obstacles"]
    if obstacles is None:
        return Check("application_enabled", None, "not asked: application_obstacles is not given")
    if not obstacles:
        return Check("application_enabled", True, "neither the application nor its service principal is disabled")
    said, _dot, todo = obstacles[0].partition(". ")
    return Check("application_enabled", False, said, todo.rstrip("."))


def _secret(http: Http, discovery: Discovery | None, params: Params) -> tuple[Check, datetime | None]:
    """Whether the token endpoint accepts the client secret that the console has, where it is known; and its clock."""
    name = "client_secret_accepted"
    if params["client_secret_accepted"]:
        return Check(name, True, "the token endpoint has just accepted it"), None
    if not params["client_secret"] or discovery is None:
        reason = "no discovery document" if discovery is None else "no client_secret"
        return Check(name, None, f"not asked: {reason}"), None
    endpoint = TokenEndpoint(http, discovery.token_endpoint, discovery.graph_scope, params["client_id"])
    verdict = endpoint.check(params["client_secret"])
    if verdict.accepted:
        return Check(name, True, "the token endpoint accepts it"), verdict.now
    hints = {
        "7000215": "It is not a client secret of this application (or its ID instead of its value): run the role again"
        "; if that does not help, with rustdesk_sso_secret_renew",
        "7000222": "It has expired: run the role again, which makes a new one",
        "700016": "There is no such application in this tenant: check client_id and issuer",
        "7000112": "The application or its service principal (enterprise application) is disabled in this tenant: "
        "enable it, unless somebody disabled it on purpose",
        "7000229": "The application has no service principal in this tenant: run the role again",
    }
    if verdict.code in NOT_ABOUT_THE_SECRET:
        return Check(name, None, f"cannot be told: {verdict.answer}"), verdict.now
    if verdict.hint:
        answer = f"the token endpoint was not reached: {verdict.answer}"
        return Check(name, False, answer, verdict.hint, SERVICE), verdict.now
    hint = hints.get(verdict.code or "", "Look up the code in Microsoft's list of AADSTS error codes")
    return Check(name, False, f"the token endpoint says: {verdict.answer}", hint), verdict.now


def accepted(http: Http, params: Params, client_secret: str) -> Check:
    """Whether the token endpoint accepts ``client_secret`` in place of the one in ``params``."""
    discovery, _issuer_check = _issuer(http, params)
    asked = {**params, "client_secret": client_secret, "client_secret_accepted": False}
    return _secret(http, discovery, asked)[0]


def _expires(now: datetime | None, params: Params) -> Check:
    """Whether the client secret lasts longer than the warning time, where its expiry date is known."""
    name = "client_secret_expires"
    if not params["client_secret_expires"]:
        return Check(name, None, "not asked: client_secret_expires is not given")
    left = parse_time(params["client_secret_expires"]) - (now or datetime.now(timezone.utc))
    good = left.total_seconds() > 0
    text = f"{left.days} days are left" if good else f"it expired {-left.days} days ago"
    return Check(name, good, text, None if good else "Run the role, which renews it")


def _not_asked(name: str) -> Check:
    return Check(name, None, "not asked, because of an earlier failure")


def _what(error: ServiceError) -> str:
    return error.answer or error.attempted
