# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML pages of the sign-in, which work without scripts."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from html import escape

from aiohttp import web

from ..clock import stamp
from ..errors import StsError

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ margin: 0; min-height: 100vh; display: flex; align-items: center; justify-content: center;
  background: linear-gradient(135deg, #eef2f7, #dbe6f3);
  font: 15px/1.45 "Segoe UI", system-ui, sans-serif; color: #1b1b1b; }}
main {{ background: #fff; width: 356px; padding: 40px 44px; box-shadow: 0 2px 8px rgba(0, 0, 0, .2); }}
h1 {{ font-size: 24px; font-weight: 600; margin: 12px 0 16px; }}
.brand {{ font-weight: 600; color: #5e5e5e; }} .who {{ margin: 4px 0; }}
input {{ width: 100%; box-sizing: border-box; border: 0; border-bottom: 1px solid #666; padding: 6px 0;
  font: inherit; outline: 0; }}
input:focus {{ border-color: #0067b8; }}
button {{ float: right; margin-top: 24px; border: 0; padding: 7px 32px; background: #0067b8; color: #fff;
  font: inherit; cursor: pointer; }}
.error {{ color: #c50f1f; margin: 8px 0; }} .small {{ font-size: 13px; color: #5e5e5e; overflow-wrap: anywhere; }}
</style></head><body><main><div class="brand">Lab sign-in</div>{content}</main></body></html>
"""
_FORM = """<form method="post" action="{action}"><input type="hidden" name="ctx" value="{flow}">{fields}</form>"""


def _page(title: str, content: str, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        text=_PAGE.format(title=escape(title), content=content),
        content_type="text/html",
        headers={"Cache-Control": "no-store, no-cache", "X-Frame-Options": "DENY"},
    )


def _error(error: StsError | None) -> str:
    if error is None:
        return ""
    return (
        f'<div class="error" id="usernameError" role="alert" data-code="AADSTS{error.code}">{escape(str(error))}</div>'
    )


def user_name(action: str, flow: str, app: str, upn: str, error: StsError | None = None) -> web.Response:
    """The page that asks who signs in."""
    fields = (
        f'<h1>Sign in</h1>{_error(error)}<input id="i0116" name="loginfmt" type="email" autocomplete="username" '
        f'placeholder="Email, phone, or Skype" aria-label="User name" value="{escape(upn)}" autofocus required>'
        f'<p class="small">to continue to {escape(app)}</p><button id="idSIButton9" type="submit">Next</button>'
    )
    return _page("Sign in to your account", _FORM.format(action=escape(action), flow=flow, fields=fields))


def password(action: str, flow: str, app: str, upn: str, error: StsError | None = None) -> web.Response:
    """The page that asks for the password."""
    fields = (
        f'<div class="who" id="displayName">{escape(upn)}</div><h1>Enter password</h1>{_error(error)}'
        f'<input type="hidden" name="loginfmt" value="{escape(upn)}">'
        '<input id="i0118" name="passwd" type="password" autocomplete="current-password" placeholder="Password" '
        'aria-label="Password" autofocus required>'
        f'<p class="small">to continue to {escape(app)}</p><button id="idSIButton9" type="submit">Sign in</button>'
    )
    return _page("Sign in to your account", _FORM.format(action=escape(action), flow=flow, fields=fields))


def failed(error: StsError, now: datetime) -> web.Response:
    """The page shown instead of a redirect if the request itself cannot be trusted."""
    details = json.dumps({"errorCode": str(error.code)}).replace("<", "\\u003c")
    content = (
        "<h1>Sign in</h1><p>Sorry, but we&#8217;re having trouble signing you in.</p>"
        f'<p class="error" id="exceptionMessageContainer" role="alert" data-code="AADSTS{error.code}">'
        f"{escape(str(error))}</p>"
        f'<p class="small">Request Id: {uuid.uuid4()}<br>Correlation Id: {uuid.uuid4()}<br>Timestamp: {stamp(now)}</p>'
        f'<script type="application/json" id="details">{details}</script>'
    )
    return _page("Sign in to your account", content, 400)


def form_post(target: str, answer: dict[str, str]) -> web.Response:
    """response_mode form_post: a form with a button, so that it needs no script."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in answer.items()
    )
    content = (
        f'<h1>Working...</h1><form method="post" action="{escape(target)}">{fields}'
        '<button type="submit">Continue</button></form><script>document.forms[0].submit()</script>'
    )
    return _page("Working...", content)
