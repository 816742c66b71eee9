# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user without a browser, who signs in with plain HTTP requests, form by form."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from .requests_log import LAB_AGENT

TIMEOUT = 20
MAX_STEPS = 8


class SignInFailed(Exception):
    """A failed sign-in.

    `step` is the place: login-options, auth, authorize, password, callback or auth-query. `code` is the AADSTS code, or
    an empty string. `message` is the text that the user sees.
    """

    def __init__(self, step: str, code: str, message: str) -> None:
        super().__init__(f"{step}: {code} {message}".strip())
        self.step = step
        self.code = code
        self.message = message


class _Page(HTMLParser):
    """A parser for a page's first form, its title, its paragraphs, and the texts of its elements with an ID."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.title = ""
        self.paragraphs: list[str] = []
        self._id = ""
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record forms, inputs and IDs."""
        attributes = {name: value or "" for name, value in attrs}
        self._id, self._tag = attributes.get("id", ""), tag
        if self._id:
            self.texts.setdefault(self._id, "")
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
        if tag == "input" and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        """Record the text of the element opened last."""
        if self._id:
            self.texts[self._id] = (self.texts.get(self._id, "") + data).strip()
        if self._tag == "title":
            self.title += data.strip()
        if self._tag == "p":
            self.paragraphs.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        self._id = self._tag = ""


def _arrived(url: str, status: int, page: _Page, text: str) -> None:
    """Raise SignInFailed unless the console's response to the callback shows that the user is signed in.

    A status other than 200 is a failure. rustdesk_api always responds with 200: on failure, its page has a specific
    title and a script that writes the reason. A new user who must bind an account is sent to a separate address.
    """
    parts = urlsplit(url)
    if status == 200 and parts.path.endswith("/callback") and not page.title.startswith("OauthFailed"):
        return
    written = re.search(r"\bmsg = '([^']*)'", text)
    reason = written.group(1) if written else " ".join(part for part in page.paragraphs if part)
    if parts.path.startswith("/_admin/"):
        reason = f"the console shows {parts.fragment}"
    reason = reason or text[:300]
    raise SignInFailed("callback", _code(reason), reason)


def offered(options: Any) -> list[str]:
    """Return the names in a login-options response, in either form."""
    names = []
    for option in options if isinstance(options, list) else []:
        if option.startswith("common-oidc/"):
            names += [entry["name"] for entry in json.loads(option.removeprefix("common-oidc/"))]
        elif option.startswith("oidc/"):
            names.append(option.removeprefix("oidc/"))
    return names


class Person:
    """A client that signs in to a RustDesk console through its provider."""

    def __init__(self, ca_path: str) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = ca_path
        self._http.headers["User-Agent"] = f"{LAB_AGENT} user"

    def sign_in(self, console_url: str, op: str, upn: str, password: str) -> dict[str, Any]:
        """Run the complete sign-in from options to token. Returns the login response or raises SignInFailed."""
        with self._http:
            names = offered(self._json("login-options", "GET", f"{console_url}/api/login-options"))
            if op.lower() not in [name.lower() for name in names]:
                raise SignInFailed("login-options", "", f"{op} is not offered, only: {', '.join(names) or 'nothing'}")
            client = {
                "id": str(secrets.randbelow(10**9)),
                "uuid": base64.b64encode(secrets.token_bytes(12)).decode(),
            }
            device = {"os": "linux", "type": "client", "name": "lab"}
            begun = self._json(
                "auth", "POST", f"{console_url}/api/oidc/auth", {"op": op, **client, "deviceInfo": device}
            )
            if "url" not in begun:
                raise SignInFailed("auth", "", str(begun.get("error", begun)))
            self.finish(begun["url"], upn, password)
            return self._collect(console_url, {"code": begun["code"], **client})

    def _json(self, step: str, method: str, url: str, body: Any = None, **options: Any) -> Any:
        response = self._request(step, method, url, json=body, **options)
        try:
            return response.json()
        except ValueError:
            raise SignInFailed(step, "", f"HTTP {response.status_code}: {response.text[:200]}") from None

    def _request(self, step: str, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._http.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise SignInFailed(step, "", str(error)) from error

    def finish(self, url: str, upn: str, password: str) -> None:
        """Follow pages and redirects from the authorization URL to the console's response to the callback.

        Raises SignInFailed.
        """
        step, method, data = "authorize", "GET", None
        for _turn in range(MAX_STEPS):
            response = self._request(step, method, url, data=data)
            if response.is_redirect:
                url, method, data = urljoin(url, response.headers["Location"]), "GET", None
                step = "callback"
                continue
            page = _Page()
            page.feed(response.text)
            if step == "callback" and page.action is None:
                _arrived(url, response.status_code, page, response.text)
                return
            mistake = page.texts.get("usernameError") or page.texts.get("exceptionMessageContainer")
            if mistake or response.status_code != 200 or page.action is None:
                raise SignInFailed(step, _code(mistake or ""), mistake or response.text[:300])
            url, method, data = urljoin(url, page.action), "POST", dict(page.fields)
            if "passwd" in data:
                step, data["passwd"] = "password", password
            elif "loginfmt" in data:
                data["loginfmt"] = upn
            else:
                step = "callback"
        raise SignInFailed(step, "", "the sign-in has too many steps")

    def _collect(self, console_url: str, query: dict[str, str]) -> dict[str, Any]:
        for _turn in range(5):
            body = self._json("auth-query", "GET", f"{console_url}/api/oidc/auth-query", params=query)
            if "access_token" in body:
                return body
            time.sleep(0.1)
        raise SignInFailed("auth-query", "", str(body.get("error", body)))


def _code(text: str) -> str:
    match = re.search(r"AADSTS\d+", text)
    return match.group(0) if match else ""
