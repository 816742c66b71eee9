# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The consoles' HTML pages.

Pro's web page is `console.html`, a single-page application that only uses the API in the console's shape. The IDs of
its elements, for browser tests:

- `login` (form): `username`, `password`, `code` (shown when a second factor is due), `log-in` (button), `login-error`
- `menu-settings`, `menu-oidc` (links): Settings, and OIDC below it; `log-out`
- `oidc` (form): `max-auth-count`, `callback-url` (read only), `tabs` with a button `tab-<name>` for every provider,
  `new-provider` (button), and for the chosen provider `enabled`, `client-id`, `client-secret`, `issuer`, `remove`
- `new-name`, `new-client-id`, `new-client-secret`, `new-issuer`, `new-ok`, `new-cancel` in the dialog `new-dialog`
- `reset`, `submit` (buttons, disabled until a change), and `status`, which shows Saved or an error
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from aiohttp import web

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f0f2f5;
  font: 15px/1.5 system-ui, sans-serif; color: #222; }}
main {{ background: #fff; padding: 36px 48px; border-radius: 8px;
  box-shadow: 0 1px 6px rgba(0, 0, 0, .15); max-width: 560px; }}
h1 {{ font-size: 22px; margin: 0 0 12px; }} .ok {{ color: #237804; }} .bad {{ color: #a8071a; }}
p {{ overflow-wrap: anywhere; }}
</style></head><body><main>{content}</main></body></html>
"""
_CONSOLE = Path(__file__).with_name("console.html").read_text("utf-8")


def _page(title: str, content: str, status: int = 200) -> web.Response:
    return web.Response(
        status=status, text=_PAGE.format(title=escape(title), content=content), content_type="text/html"
    )


def console(name: str, shape: str) -> web.Response:
    """The single-page application at every unknown path. It uses the current shape of the settings."""
    facts = json.dumps({"name": name, "shape": shape}).replace("<", "\\u003c")
    return web.Response(text=_CONSOLE.replace("{/*facts*/}", facts), content_type="text/html")


def succeeded(user: str) -> web.Response:
    """The callback page after a successful sign-in."""
    return _page("Signed in", f'<h1 class="ok" id="result">Sign-in succeeded</h1><p id="user">{escape(user)}</p>')


def failed(reason: str, status: int = 400) -> web.Response:
    """The callback page after a failed sign-in."""
    content = f'<h1 class="bad" id="result">Sign-in failed</h1><p id="reason">{escape(reason)}</p>'
    return _page("Sign-in failed", content, status)


def plain(heading: str, message: str, status: int = 200) -> web.Response:
    """A rustdesk-console's callback page: a heading and a message, whose elements have no IDs [src]."""
    text = (
        f"<!DOCTYPE html><html><head><title>{escape(heading)}</title><style>p {{ color: #666; }}</style></head><body>"
    )
    text += f"<div><div>*</div><h1>{escape(heading)}</h1><p>{escape(message)}</p></div>"
    text += "<script>(function () { var token = ''; })();</script></body></html>"
    return web.Response(status=status, text=text, content_type="text/html")


def scripted(title: str, message: str) -> web.Response:
    """A rustdesk-api's callback page, always HTTP 200: a script writes title and message [src]."""
    text = f"<!DOCTYPE html><html><head><title>{escape(title)} - RustDesk API</title></head><body><h1></h1><p></p>"
    text += f"<script>var title = {_quoted(title)}; var msg = {_quoted(message)};"
    text += "document.querySelector('h1').innerText = title; document.querySelector('p').innerText = msg;</script>"
    return web.Response(text=text + "</body></html>", content_type="text/html")


def _quoted(text: str) -> str:
    return "'" + re.sub(r"[^\w .,]", lambda found: f"\\x{ord(found.group()):02x}", text, flags=re.ASCII) + "'"


def admin_page() -> web.Response:
    """A rustdesk-api's administration page, a script application that shows what its URL requests [src]."""
    return web.Response(text='<!DOCTYPE html><html><body><div id="app"></div></body></html>', content_type="text/html")
