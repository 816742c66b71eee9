# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expectations of the consoles, by their type and the names of the cases. Pure data.

That of RustDesk Server Pro is not published: its login and sign-in are known from the client's source [src], its
settings document is the most probable reading of its traces [inf].
"""

from __future__ import annotations

from live.contract import Expected

LOGIN = {"type": "string", "access_token": "string", "user.name": "string", "user.is_admin": "boolean"}
BEGUN = {"code": "string", "url": "string"}
SETTINGS = "/api/oidc/settings"
ONE = "/api/oidc-providers/{id}"
OAUTH = "/api/admin/oauth"
PRO_PROVIDER = {
    "name": "string",
    "enabled": "boolean|null",
    "order_index": "number|null",
    "client_id": "string|null",
    "client_secret": "string|null",
}
CONSOLE_PROVIDER = {
    "guid": "string",
    "name": "string",
    "type": "string",
    "issuer": "string",
    "clientId": "string",
    "scope": "string|null",
    "enabled": "boolean",
    "priority": "number",
}
API_PROVIDER = {
    "id": "number",
    "op": "string",
    "oauth_type": "string",
    "client_id": "string",
    "client_secret": "string",
    "issuer": "string",
    "scopes": "string",
    "auto_register": "boolean|null",
    "pkce_enable": "boolean|null",
    "pkce_method": "string",
}
SUCCESS = {"code": "number", "message": "string", "data": "object|list|null"}
NEST = {"message": "string|list", "statusCode": "number"}


def _each(prefix: str, members: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}.{name}": types for name, types in members.items()}


PRO: dict[str, Expected] = {
    "sign in": Expected("POST", "/api/login", 200, LOGIN),
    "sign in as an unknown user": Expected("POST", "/api/login", (200, 401), {"error": "string"}),
    "list users": Expected(
        "GET",
        "/api/users",
        200,
        {"total": "number", **_each("data[]", {"guid": "string", "name": "string", "is_admin": "boolean"})},
    ),
    "read the settings": Expected(
        "GET",
        SETTINGS,
        200,
        {"callback_url": "string|null", "max_auth_count": "number|null", **_each("providers[]", PRO_PROVIDER)},
    ),
    "read the settings without a session": Expected("GET", SETTINGS, (401, 403), body=None),
    "write the settings": Expected("PUT", SETTINGS, 200, body=None),
    "login options": Expected("GET", "/api/login-options", 200, {"[]": "string"}),
    "begin a sign-in": Expected("POST", "/api/oidc/auth", 200, BEGUN),
    "begin a sign-in with an unknown provider": Expected("POST", "/api/oidc/auth", (200, 400), {"error": "string"}),
    "query a pending sign-in": Expected(
        "GET", "/api/oidc/auth-query", (200, 401), {"error": "string"}, says="No authed oidc is found"
    ),
    "read the current user": Expected("POST", "/api/currentUser", 200, {"name": "string"}),
    "sign out": Expected("POST", "/api/logout", 200, body=None),
    "providers of rustdesk_console": Expected("GET", "/api/oidc-providers", (404, 405), body=None),
    "providers of rustdesk_api": Expected("GET", OAUTH + "/list", (404, 405), body=None),
}
RUSTDESK_CONSOLE: dict[str, Expected] = {
    "sign in": Expected("POST", "/api/login", (200, 201), LOGIN),
    "sign in as an unknown user": Expected("POST", "/api/login", 401, {"error": "string"}),
    "settings of Pro": Expected("GET", SETTINGS, 404, NEST, code="404"),
    "providers of rustdesk_api": Expected("GET", OAUTH + "/list", 404, NEST, code="404"),
    "list users": Expected(
        "GET", "/api/admin/users", 200, {"total": "number", **_each("data[]", {"guid": "string", "name": "string"})}
    ),
    "list providers": Expected(
        "GET", "/api/oidc-providers", 200, {"total": "number", **_each("data[]", CONSOLE_PROVIDER)}
    ),
    "list providers without a session": Expected("GET", "/api/oidc-providers", 401, NEST, code="401"),
    "create a provider": Expected("POST", "/api/oidc-providers", 200, CONSOLE_PROVIDER),
    "create a provider again": Expected("POST", "/api/oidc-providers", 400, NEST, code="400"),
    "read a provider": Expected("GET", ONE, 200, {**CONSOLE_PROVIDER, "clientSecret": "string|null"}),
    "read an unknown provider": Expected("GET", ONE, 404, NEST, code="404"),
    "change a provider": Expected("PATCH", ONE, 200, CONSOLE_PROVIDER),
    "test a provider": Expected("POST", ONE + "/test", (200, 201), {"success": "boolean", "message": "string"}),
    "sort the providers": Expected("PATCH", "/api/oidc-providers/sort", 200, {"message": "string"}),
    "remove a provider": Expected("DELETE", ONE, 200, {"message": "string"}),
    "read the general settings": Expected(
        "GET",
        "/api/settings/general",
        200,
        {"watermarkEnabled": "boolean", "site.backendUrl": "string|null", "site.frontendUrl": "string|null"},
    ),
    "write the general settings": Expected(
        "PUT", "/api/settings/general", 200, {"watermarkEnabled": "boolean", "site": "object"}
    ),
    "list sessions": Expected("GET", "/api/sessions", 200, {"[].jti": "string", "[].deviceUuid": "string|null"}),
    "end an unknown session": Expected("DELETE", "/api/sessions/{id}", 404, NEST, code="404"),
    "login options": Expected("GET", "/api/login-options", 200, {"[]": "string"}),
    "begin a sign-in": Expected("POST", "/api/oidc/auth", 201, BEGUN),
    "begin a sign-in with an unknown provider": Expected("POST", "/api/oidc/auth", 400, NEST, code="400"),
    "query a pending sign-in": Expected(
        "GET", "/api/oidc/auth-query", (200, 401), {"error": "string"}, says="No authed oidc is found"
    ),
    "read the current user": Expected("POST", "/api/currentUser", (200, 201), {"name": "string"}),
    "sign out": Expected("POST", "/api/logout", (200, 201), {"message": "string"}),
}
RUSTDESK_API: dict[str, Expected] = {
    "sign in": Expected(
        "POST", "/api/admin/login", 200, {**SUCCESS, "data.token": "string", "data.route_names": "list"}, code="0"
    ),
    "sign in as an unknown user": Expected("POST", "/api/admin/login", 200, SUCCESS, code=("101", "110")),
    "read the login options": Expected(
        "GET", "/api/admin/login-options", 200, {"code": "number", "data.need_captcha": "boolean"}, code="0"
    ),
    "settings of Pro": Expected("GET", SETTINGS, 404, body=None),
    "providers of rustdesk_console": Expected("GET", "/api/oidc-providers", 404, body=None),
    "list users": Expected(
        "GET",
        "/api/admin/user/list",
        200,
        {**SUCCESS, "data.total": "number", "data.list[].username": "string"},
        code="0",
    ),
    "list providers": Expected(
        "GET",
        OAUTH + "/list",
        200,
        {**SUCCESS, "data.total": "number", "data.list": "list|null"},
        code="0",
    ),
    "list providers without a session": Expected("GET", OAUTH + "/list", 200, SUCCESS, code="403"),
    "create a provider": Expected("POST", OAUTH + "/create", 200, SUCCESS, code="0"),
    "create a provider again": Expected("POST", OAUTH + "/create", 200, SUCCESS, code="101"),
    "change a provider": Expected("POST", OAUTH + "/update", 200, SUCCESS, code="0"),
    "remove a provider": Expected("POST", OAUTH + "/delete", 200, SUCCESS, code="0"),
    "remove an unknown provider": Expected("POST", OAUTH + "/delete", 200, SUCCESS, code="101"),
    "login options": Expected("GET", "/api/login-options", 200, {"[]": "string"}),
    "begin a sign-in": Expected("POST", "/api/oidc/auth", 200, BEGUN),
    "begin a sign-in with an unknown provider": Expected("POST", "/api/oidc/auth", 400, {"error": "string"}),
    "query a pending sign-in": Expected(
        "GET", "/api/oidc/auth-query", 200, {"error": "string"}, says="No authed oidc is found"
    ),
    "sign out": Expected("POST", "/api/logout", 200, body=None),
}
CONSOLES = {"pro": PRO, "rustdesk_console": RUSTDESK_CONSOLE, "rustdesk_api": RUSTDESK_API}
