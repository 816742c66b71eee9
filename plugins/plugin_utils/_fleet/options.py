# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build the options of the modules that configure and verify one server, from its declaration and its share. Pure.

The options contain secrets. An option that is None is omitted.
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import Share
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server

Values = t.Mapping[str, t.Any]
Options = dict[str, t.Any]

# The modules' options for signing in to Entra and to the console, and those of the verification, each by the role's
# variable without its prefix
ENTRA = {
    **{
        f"entra_{option}": option
        for option in (
            "access_token",
            "client_id",
            "client_secret",
            "certificate_path",
            "certificate_password",
            "federated_token",
            "federated_token_file",
            "auth_source",
            "cloud",
            "authority_host",
            "graph_endpoint",
        )
    },
    "ca_path": "ca_path",
    "timeout": "timeout",
}
CONSOLE = {
    "console_url": "console_url",
    "console_type": "console_type",
    "console_username": "username",
    "console_password": "password",
    "console_totp_secret": "totp_secret",
    "console_contract": "contract",
    "console_proxy": "proxy",
    "console_headers": "headers",
    "ca_path": "ca_path",
    # Placed after the one for all services, so that it takes precedence for the console
    "console_ca_path": "ca_path",
    "timeout": "timeout",
}
# The methods to authenticate, each with the options of its credential, in the order in which the modules choose
SOURCES = {
    "access_token": ("access_token",),
    "secret": ("client_secret",),
    "certificate": ("certificate_path",),
    "workload_identity": ("federated_token", "federated_token_file"),
}
VERIFICATION = {
    **{name: option for name, option in CONSOLE.items() if option not in ("console_type", "proxy", "ca_path")},
    "ca_path": "ca_path",
    "console_ca_path": "console_ca_path",
    "console_proxy": "console_proxy",
}


def of(values: Values, names: t.Mapping[str, str]) -> Options:
    """Return the options ``names`` that the role's variables ``values`` set."""
    return {option: values[PREFIX + name] for name, option in names.items() if PREFIX + name in values}


def entra(values: Values) -> Options:
    """Return the options for signing in to Entra that the role's variables ``values`` set.

    A credential in the variables selects the method, so that none in the environment takes precedence over it.
    """
    given = of(values, ENTRA)
    if given.get("federated_token_file") and not given.get("federated_token"):
        given["federated_token"] = ""  # an empty option is not read from the environment
    if given.get("auth_source", "auto") != "auto":
        return given
    chosen = next((name for name, credential in SOURCES.items() if any(map(given.get, credential))), None)
    return {**given, "auth_source": chosen} if chosen else given


def provider(server: Server, share: Share) -> Options:
    """Return the options of rustdesk_oidc_provider that configure the provider of ``server``."""
    declaration = server.declaration
    return {
        **declaration["console"],
        "session": server.console.get("session"),
        "keep_session": declaration["keeps_session"]["configure"],
        "name": declaration["provider_name"],
        "type": "oidc",
        "enabled": declaration["provider_enabled"],
        "client_id": share["app_id"],
        "client_secret": share["client_secret"],
        "client_secret_replaces": [server.held] if server.held else [],
        "issuer": share["issuer"],
        "callback_url": server.callback_url,
        # The inspection has checked it, unless the run skips the verification
        "check_callback_url": False,
    }


def check(server: Server, share: Share) -> Options:
    """Return the options of rustdesk_sign_in_check that verify sign-in to ``server``."""
    declaration = server.declaration
    # Another run's client secret, of which only the value is known
    anothers = server.configured.get("client_secret")
    given: Options = {
        **declaration["verification"],
        "session": server.configured.get("session"),
        "console_type": server.console.get("console_type"),
        "public_url": declaration["public_url"],
        "name": declaration["provider_name"],
        "issuer": share["issuer"],
        "discovery": share["discovery"],
        "client_id": share["app_id"],
        "callback_url": server.callback_url,
        "client_secret": share["client_secret"],
        "client_secret_accepted": share["accepted"],
        "client_secret_expires": share["expires"],
        "registered_redirect_uris": share["redirect_uris"],
        "application_obstacles": share["obstacles"],
        "unverifiable": share["unverifiable"],
        "look_again": share["retires"],
    }
    if not anothers:
        return given
    known = {"client_secret": anothers, "client_secret_accepted": False, "client_secret_expires": None}
    return {**given, **known, "discovery": None, "look_again": True}
