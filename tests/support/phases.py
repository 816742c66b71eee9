# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules, and the role's phases in order, in the test's own process: less than a second instead of ten in Ansible."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.modules import (
    entra_app,
    rustdesk_oidc_provider,
    rustdesk_oidc_provider_info,
    rustdesk_sign_in_check,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options, registration
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import declare
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification
from support.fleet import Fleet


def call(module: ModuleType, check: bool = False, **given: Any) -> dict[str, Any]:
    """The result of a module of this collection; options that are None are omitted."""
    rules = {key: value for key, value in module.SPEC.items() if key != "supports_check_mode"}
    given = {name: value for name, value in given.items() if value is not None}
    validated = ArgumentSpecValidator(**rules).validate(given)
    assert validated.error_messages == []
    return outcome(module.run, validated.validated_parameters, Context(check, lambda warning: None))


def server(fleet: Fleet, name: str, **changed: Any) -> Server:
    """One host of the fleet before the role's first request.

    ``changed`` are variables by their short names; None unsets one.
    """
    defaults = {variable: rules["default"] for variable, rules in specification().items() if "default" in rules}
    own = {f"rustdesk_sso_{short}": value for short, value in changed.items()}
    given = {
        **defaults,
        "rustdesk_sso_secret_name": f"rustdesk-sso {name}",
        "rustdesk_sso_timeout": 10.0,
        **fleet.variables,
        **fleet.hosts[name],
        "rustdesk_sso_wait_timeout": 20.0,
        **own,
    }
    values = {variable: value for variable, value in given.items() if value is not None}
    declared, problems = declare(values, name)
    assert declared, problems
    signs_in = {
        "entra": options.of(values, options.ENTRA),
        "console": options.of(values, options.CONSOLE),
        "verification": options.of(values, options.VERIFICATION),
    }
    kept = {"inspect": False, "configure": False}
    return Server({**declared, "round": "first", "lockstep": True, "keeps_session": kept, **signs_in})


def inspect(one: Server) -> Server:
    """Run the role's phase "Inspect the console"."""
    declared = one.declaration
    found = call(
        rustdesk_oidc_provider_info, **declared["console"], name=declared["provider_name"], include_secrets=True
    )
    assert not found.get("failed"), found
    return replace(one, console=found)


def configure(*servers: Server) -> list[Server]:
    """Run the role's phases from "Inspect the console" to "Verify sign-in", for servers with the same sign-in to Entra.

    If the registration fails, the later phases are skipped.
    """
    seen = [inspect(one) for one in servers]
    registered = call(entra_app, applications=registration.applications(seen))
    return [_configured(replace(one, registration=registered)) for one in seen]


def _configured(one: Server) -> Server:
    share = registration.share(one)
    if share["error"]:
        return one
    configured = call(rustdesk_oidc_provider, **options.provider(one, share))
    assert not configured.get("failed"), configured
    one = replace(one, configured=configured)
    return replace(one, verified=call(rustdesk_sign_in_check, **options.check(one, share)))
