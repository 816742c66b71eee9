# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The argument spec that every module speaking to a console shares; mirrored by the doc fragment of the same name."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._identifiers import from_environment
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES


def renamed(former: str) -> dict[str, t.Any]:
    """What an option's argument spec adds to be taken under its ``former`` name for a while, with a deprecation."""
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
