# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The console's HTML pages."""

from __future__ import annotations

from html import escape

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


def _page(title: str, content: str, status: int = 200) -> web.Response:
    return web.Response(
        status=status, text=_PAGE.format(title=escape(title), content=content), content_type="text/html"
    )


def console(name: str) -> web.Response:
    """The single page application that every unknown path leads to."""
    return _page("RustDesk Console", f'<div id="root"><h1>RustDesk Console</h1><p>{escape(name)}</p></div>')


def succeeded(user: str) -> web.Response:
    """The callback's page after a sign-in."""
    return _page("Signed in", f'<h1 class="ok" id="result">Sign-in succeeded</h1><p id="user">{escape(user)}</p>')


def failed(reason: str) -> web.Response:
    """The callback's page after a sign-in that failed."""
    return _page(
        "Sign-in failed", f'<h1 class="bad" id="result">Sign-in failed</h1><p id="reason">{escape(reason)}</p>', 400
    )
