# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Check a server's declaration against entra_app's options, by the names of the role's variables."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import applications
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    APPLICATION,
    Declaration,
    variable,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.sign_in import named


def problems(declared: Declaration) -> list[str]:
    """Return a sentence for each invalid part of the application. Makes no requests."""
    options = {
        **declared["application"],
        "web_redirect_uris": {"add": [declared["callback_url"]]},
        "client_secrets": [dict(declared["client_secret"])],
    }
    try:
        _option_values.check(options, entra_app.APPLICATION)
    except InputError as error:
        return [_named(str(error))]
    validated = ArgumentSpecValidator(entra_app.APPLICATION, required_one_of=[list(entra_app.KEYS)]).validate(options)
    if validated.error_messages:
        return [f"{_named(message).rstrip('.')}." for message in validated.error_messages]
    try:
        applications.check_application(validated.validated_parameters, entra_app.APPLICATION)
    except InputError as error:
        return [_named(str(error))]
    return []


def _named(message: str) -> str:
    """Return ``message`` with the role's variables in place of entra_app's options, if it certainly names options."""
    return named(message, {option: variable(option) for option in APPLICATION})
