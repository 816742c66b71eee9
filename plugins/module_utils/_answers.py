# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Detect an access gateway, proxy or web server that answers in place of a service; pure.

Sources: the documentation of each gateway [doc]; the texts in nginx's ngx_http_special_response.c and Go's net/http
server.go [src].
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._causes import Asked, Cause

GATEWAY = "access_gateway"
# The number of characters of a page that are searched
LONGEST_PAGE = 20_000
LOGIN_PAGE = "a login page"


@dataclass(frozen=True)
class Gateway:
    """An access gateway: patterns for its redirects, pages and headers, and the headers of its service tokens."""

    name: str
    location: str
    page: str = r"(?!)"
    header: str = r"(?!)"
    token: str = ""


GATEWAYS = (
    Gateway(
        "Cloudflare Access",
        r"\.cloudflareaccess\.com/|/cdn-cgi/access/",
        r"cloudflareaccess\.com|Cloudflare Access|/cdn-cgi/access/",
        r"www-authenticate: Cloudflare-Access|cf-access-",
        "CF-Access-Client-Id and CF-Access-Client-Secret",
    ),
    Gateway("Cloudflare", r"/cdn-cgi/challenge", r"/cdn-cgi/challenge-platform/", r"cf-mitigated: challenge"),
    Gateway("oauth2-proxy", r"/oauth2/(start|sign_in)\b", r"OAuth2 Proxy|oauth2-proxy"),
    Gateway("authentik", r"/outpost\.goauthentik\.io/", r"goauthentik|<title>[^<]*authentik"),
    Gateway("Authelia", r"authelia|[?&]rd=", r"authelia|[?&]rd=http", token="Proxy-Authorization"),
    Gateway("Pomerium", r"/\.pomerium/", r"pomerium", r"x-pomerium-intercepted-response"),
    Gateway("Google Identity-Aware Proxy", r"//accounts\.google\.com/", header=r"x-goog-iap-generated-response"),
    Gateway(
        "Microsoft Entra application proxy",
        r"//login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn)/",
    ),
)
# The path of a login page, in a redirect to another host
LOGIN = re.compile(r"/(login|log-in|signin|sign-in|sign_in|sso|auth|oauth2?|saml2?|idp|adfs)\b", re.IGNORECASE)
PASSWORD_FIELD = re.compile(r"<input[^>]+type\s*=\s*[\"']?password", re.IGNORECASE)
TO_HTTPS = (
    r"plain HTTP request was sent to HTTPS port|sent an HTTP request to an HTTPS server|speaking plain HTTP to an SSL"
)
NO_CERTIFICATE = r"No required SSL certificate was sent|SSL certificate error"


def of_answer(response: t.Any, asked: Asked, headers: t.Collection[str] = ()) -> Cause | None:
    """Return what answered the request to ``asked`` in place of the service; None if nothing indicates that.

    ``response`` comes from requests or httpx, ``headers`` are the names of the headers sent for a gateway.
    """
    if "json" in response.headers.get("Content-Type", ""):
        return None
    status, location = response.status_code, response.headers.get("Location", "")
    page = response.text[:LONGEST_PAGE]
    if status == 407 and asked.proxy:  # without TLS, the proxy answers in place of the service
        return Cause("proxy", *asked.proxy.refusal)
    if status == 400 and re.search(TO_HTTPS, page):
        return _to_https(asked, f"{asked.host} speaks TLS on this port")
    if status in (400, 495, 496) and re.search(NO_CERTIFICATE, page):
        return Cause(
            "client_certificate",
            f"the web server at {asked.host} requires a client certificate ({status})",
            "Exempt the machine where the task runs from client certificates, or set "
            f"{asked.option} to an address that requires none",
        )
    if 300 <= status < 400 and location:
        target = urljoin(asked.url, location)
        if _is_same_in_https(asked.url, target):
            host = urlsplit(target).netloc
            return _to_https(asked, f"{asked.url} redirects to https://{host} ({status})", host)
        return _gateway(_redirected(asked, target), asked, headers, f"{status} to {_without_query(target)}")
    return _gateway(_shown(response, page), asked, headers, str(status))


def request_id(response: t.Any, document: t.Any = None) -> str | None:
    """Return the identifier with which a service's operator can find a request: from a header, or else from the body
    (Graph's innerError, in both spellings [rec, doc])."""
    for name in ("request-id", "x-ms-request-id", "x-request-id", "cf-ray"):
        if response.headers.get(name):
            return str(response.headers[name])
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        for member in ("innerError", "innererror"):
            inner = error.get(member)
            if isinstance(inner, dict):
                found = inner.get("request-id") or inner.get("client-request-id")
                return str(found) if found else None
    return None


def _redirected(asked: Asked, target: str) -> Gateway | None:
    known = next((gateway for gateway in GATEWAYS if re.search(gateway.location, target, re.IGNORECASE)), None)
    elsewhere = urlsplit(target).hostname != urlsplit(asked.url).hostname
    return known or (Gateway(LOGIN_PAGE, "") if elsewhere and LOGIN.search(urlsplit(target).path) else None)


def _shown(response: t.Any, page: str) -> Gateway | None:
    if response.status_code not in (200, 401, 403, 503):
        return None
    lines = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    if "html" not in response.headers.get("Content-Type", ""):
        page = ""
    for gateway in GATEWAYS:
        if re.search(gateway.page, page, re.IGNORECASE) or re.search(gateway.header, lines, re.IGNORECASE):
            return gateway
    if re.search(r"^www-authenticate: basic", lines, re.IGNORECASE | re.MULTILINE):
        return Gateway("a web server that requires a user name and password", "")
    return Gateway(LOGIN_PAGE, "") if PASSWORD_FIELD.search(page) else None


def _gateway(gateway: Gateway | None, asked: Asked, headers: t.Collection[str], how: str) -> Cause | None:
    if gateway is None:
        return None
    answer = f"{gateway.name} answers in place of {asked.host} ({how})"
    if asked.option != "console_url":
        return Cause(GATEWAY, answer, f"Exempt the path /api from it for all users, or correct {asked.option}")
    if headers:
        todo = f"Check the values of headers ({', '.join(sorted(headers))}), which it rejects"
    else:
        such = f", such as {gateway.token}" if gateway.token else ""
        todo = f"Set headers to those of a service token of the gateway{such}"
    return Cause(GATEWAY, answer, f"{todo}; exempt the path /api from it; or correct {asked.option}")


def _to_https(asked: Asked, answer: str, host: str = "") -> Cause:
    return Cause("https_needed", answer, f"Set {asked.option} to https://{host or asked.host}")


def _is_same_in_https(url: str, target: str) -> bool:
    here, there = urlsplit(url), urlsplit(target)
    return (here.scheme.lower(), there.scheme, here.hostname) == ("http", "https", there.hostname)


def _without_query(url: str) -> str:
    """Return a URL without its query and fragment, which may contain a token."""
    return url.partition("?")[0].partition("#")[0]
