# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Define the types of role variables that the argument specification declares as ``raw``.

Ansible validates the specification before the role's first task and would refuse an empty variable of these types
[src: validate_argument_spec of ansible-core 2.16 to 2.21]. An empty text is neither a boolean nor a valid choice, and
neither is null if the option has a default.
"""

from __future__ import annotations

import typing as t

_SWITCH: dict[str, t.Any] = {"type": "bool"}
_TEXT: dict[str, t.Any] = {"type": "str"}
_SECONDS: dict[str, t.Any] = {"type": "float"}
_DICT: dict[str, t.Any] = {"type": "dict"}


def _one_of(*choices: str) -> dict[str, t.Any]:
    return {"type": "str", "choices": [*choices]}


# By the variable's name without its prefix
TYPES: dict[str, dict[str, t.Any]] = {
    "entra_auth_source": _one_of(
        "auto", "access_token", "secret", "certificate", "workload_identity", "managed_identity", "azure_cli"
    ),
    "entra_cloud": _one_of("public", "us_government", "us_government_dod", "china"),
    "entra_client_secret_expires": _TEXT,
    "entra_credential_warn_before": _TEXT,
    "app_unique_name": _TEXT,
    "app_display_name": _TEXT,
    "app_adopt": _SWITCH,
    "app_move_redirect_uris": _SWITCH,
    "app_sign_in_audience": _one_of(
        "AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"
    ),
    "app_id_token_issuance_enabled": _SWITCH,
    "app_enabled": _SWITCH,
    "app_restore": _SWITCH,
    "app_assignments": _DICT,
    "app_service_principal": _DICT,
    "app_owners": _DICT,
    "app_optional_claims": _DICT,
    "app_remove_unverified_email_claim": _SWITCH,
    "app_admin_consent": {"type": "list", "elements": "dict"},
    "secret_name": _TEXT,
    "secret_lifetime": _TEXT,
    "secret_renew_before": _TEXT,
    "secret_overlap": _TEXT,
    "secret_renew": _SWITCH,
    "console_type": _one_of("auto", "pro", "rustdesk_console", "rustdesk_api"),
    "console_contract": _DICT,
    "console_headers": _DICT,
    "provider_name": _TEXT,
    "provider_enabled": _SWITCH,
    "timeout": _SECONDS,
    "wait_timeout": _SECONDS,
    "notify_format": _one_of("json", "slack", "teams"),
    "notify_when": _one_of("changes", "failures", "always"),
    "remove_console": _SWITCH,
    "remove_unused_app": _SWITCH,
    "try_sign_in_timeout": _SECONDS,
    "adopt_directory": {"type": "path"},
    "adopt_overwrite": _SWITCH,
}
