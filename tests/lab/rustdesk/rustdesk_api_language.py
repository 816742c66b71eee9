# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rustdesk-api's messages for clients that request no language (resources/i18n/zh_CN.toml [src])."""

from __future__ import annotations

import json

from aiohttp import web

CHINESE = {
    "Params validation failed.": "参数错误。",
    "Item already exists.": "数据已存在。",
    "Item not found.": "数据不存在。",
    "No access.": "无权限。",
    "Please log in first.": "请先登录。",
    "Username or password error.": "用户名或密码错误。",
    "Config not found.": "配置不存在。",
    "Oauth expired,please try again.": "授权过期，请重新授权。",  # noqa: RUF001
    "Captcha error.": "验证码错误。",
    "Password login disabled.": "密码登录已禁用。",
    "Banned.": "已被封禁。",
}


def in_chinese(response: web.Response) -> web.Response:
    """Return a response with its messages in Chinese. Messages without a translation stay in English."""
    if response.content_type != "application/json" or not response.text:
        return response
    body = json.loads(response.text)
    if isinstance(body, dict):
        for member in ("message", "error"):
            for english, chinese in CHINESE.items():
                if isinstance(body.get(member), str):
                    body[member] = body[member].replace(english, chinese)
        response.text = json.dumps(body)
    return response
