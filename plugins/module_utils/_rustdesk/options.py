# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The argument spec that all modules for consoles share, mirrored by the doc fragment of the same name, and the rules
for its values."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http, _identifiers, _input, _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._identifiers import from_environment
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import totp
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro_document import DEFAULT_KEYS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.gateway_headers import VALUE, check_headers


def renamed(former: str) -> dict[str, t.Any]:
    """Return the part of an argument spec that accepts an option's ``former`` name, with a deprecation."""
    deprecated = {"name": former, "version": "2.0.0", "collection_name": "deskops.rustdesk_sso"}
    return {"aliases": [former], "deprecated_aliases": [deprecated]}


RUSTDESK_OPTIONS: dict[str, t.Any] = {
    "console_url": {"type": "str", "required": True, "fallback": (from_environment, ["RUSTDESK_URL"])},
    "console_type": {"type": "str", "default": "auto", "choices": ["auto", *CONSOLES], **renamed("console")},
    "username": {"type": "str", "required": True, "fallback": (from_environment, ["RUSTDESK_USERNAME"])},
    "password": {
        "type": "str",
        "required": True,
        "no_log": True,
        "fallback": (from_environment, ["RUSTDESK_PASSWORD"]),
    },
    "totp_secret": {"type": "str", "no_log": True, "fallback": (from_environment, ["RUSTDESK_TOTP_SECRET"])},
    "verification_code": {"type": "str", "no_log": True},
    "verification_secret": {"type": "str", "no_log": True},
    "ca_path": {
        "type": "path",
        "fallback": (from_environment, ["RUSTDESK_CA_PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]),
    },
    "proxy": {"type": "str", "no_log": True},
    "headers": {"type": "dict", "no_log": True},
    "timeout": {"type": "float", "default": 30.0},
    "contract": {
        "type": "dict",
        "options": {
            "settings_path": {"type": "str"},
            "write_path": {"type": "str"},
            "write_method": {"type": "str", "choices": ["PUT", "POST", "PATCH"]},
            "document": {"type": "str"},
            "providers": {"type": "str"},
            "callback_path": {"type": "str"},
            "callback_url": {"type": "str"},
            "maximum_authorized_users": {"type": "str"},
            "keys": {"type": "dict", "no_log": False},
        },
    },
    "session": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "required": True, "choices": list(CONSOLES)},
            "token": {"type": "str", "required": True, "no_log": True},
            "client": {"type": "str"},
            "seen": {"type": "str", "no_log": True},
        },
    },
    "keep_session": {"type": "bool", "default": False},
}

CONTRACT_PATHS = ("settings_path", "write_path", "callback_path")


def check(
    params: t.Mapping[str, t.Any],
    argument_spec: t.Mapping[str, t.Any],
    identifiers: t.Iterable[str] = (),
    proxy: str = "proxy",
) -> None:
    """Raise InputError for the first invalid option of a console or of ``argument_spec``; sends no request.

    ``params`` need not have all options. The options in ``identifiers`` must not be empty; ``proxy`` is the name of the
    option for the proxy.
    """
    _option_values.check(params, argument_spec)
    _identifiers.check(params, identifiers)
    if params.get("console_url") is not None:
        _input.url(params["console_url"], "console_url")
    check_proxy(params.get(proxy), proxy)
    check_headers(params.get("headers"))
    if params.get("totp_secret"):
        totp.key(params["totp_secret"])
    check_contract(params.get("contract"))
    session = params.get("session") or {}
    for name in ("token", "client"):  # both go into headers
        if session.get(name) and not VALUE.fullmatch(session[name]):
            raise InputError(
                f"session.{name} contains characters that cannot be sent",
                hint="Use the session that a task returned, unchanged",
            )
    for name in ("ca_path", "console_ca_path"):
        _http.check_ca(params.get(name), name)


def check_contract(contract: t.Mapping[str, t.Any] | None, option: str = "contract") -> None:
    """Raise InputError for an invalid ``contract``."""
    hint = "Use the contract that the playbook learn_contract writes"
    given = {name: value for name, value in (contract or {}).items() if value is not None}
    for name in CONTRACT_PATHS:
        path = given.get(name)
        if path and (not path.startswith("/") or _input.url_problem(f"https://host{path}", query=True)):
            raise InputError(f"{option}.{name} is not a path such as /api/settings: {_input.quoted(path)}", hint=hint)
    for name, value in (given.get("keys") or {}).items():
        if name not in DEFAULT_KEYS or not isinstance(value, str) or not value:
            raise InputError(f"{option}.keys cannot contain {_input.quoted(name)}: {_input.quoted(value)}", hint=hint)
