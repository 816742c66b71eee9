# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Describe servers to adopt, from the role's variables and the results that its tasks have registered."""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _host_patterns
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import adoption, adoption_files
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    PREFIX,
    problems_to_adopt,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.servers import registered, together
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification

HostVars = t.Mapping[str, t.Any]

CLOUD = ("cloud", "authority_host")
# The keys of the declaration that a decision needs
SETTINGS = ("tenant_id", "login_host", "app_id", "provider_name", "console_url")


def declare(values: t.Mapping[str, t.Any], server: str) -> tuple[dict[str, t.Any] | None, list[str]]:
    """Return the role's variables that adoption needs, or None with a sentence for each mistake."""
    problems = [*problems_to_adopt(values)]
    given = {option: values.get(f"{PREFIX}entra_{option}") for option in CLOUD}
    rules = ArgumentSpecValidator({option: ENTRA_OPTIONS[option] for option in CLOUD})
    validated = rules.validate({option: value for option, value in given.items() if value is not None})
    if problems:
        return None, problems
    login = ""
    if not validated.error_messages:
        with suppress(InputError):  # sign_in.problems() reports it
            login = clouds.choose(validated.validated_parameters).authority_host
    name = f"{PREFIX}provider_name"
    return {
        "server": server,
        "tenant_id": values.get(f"{PREFIX}tenant_id", ""),
        "login_host": adoption.login_host(login),
        "app_id": values.get(f"{PREFIX}app_id", ""),
        "provider_name": "" if values.get(name) == specification()[name]["default"] else values.get(name, ""),
        "console_url": values[f"{PREFIX}console_url"],
        "directory": values.get(f"{PREFIX}adopt_directory", "."),
        "overwrite": values.get(f"{PREFIX}adopt_overwrite", False),
    }, []


def seen(variables: t.Mapping[str, t.Any], name: str) -> adoption.Seen:
    """Return one server as the role's tasks have read it."""
    declared = registered(variables, "declaration")
    failure = registered(variables, "failure")
    if failure or not declared.get("server"):
        return adoption.Seen(name, failure=str(plain(failure.get("message") or "see above")))
    return adoption.Seen(
        name,
        **{option: str(plain(declared[option])) for option in SETTINGS},
        console=plain(registered(variables, "console")),
        answers=plain(registered(variables, "registration").get("results") or []),
    )


def outcomes(hostvars: HostVars, host: str, hosts: list[str], *, check_mode: bool) -> dict[str, t.Any]:
    """Return the outcome of each server that goes through the role together with ``host``, and its files' directory."""
    names = together(hostvars, host, hosts)
    group = _host_patterns.group(hostvars[host])
    found = adoption_files.outcomes(
        adoption.adopt([seen(hostvars[name], name) for name in names]),
        {path for name in names for path in _existing(registered(hostvars[name], "declaration"), group)},
        whole=bool(group) and set(names) == set(_host_patterns.of_fleet(hostvars[host])),
        check_mode=check_mode,
        group=group,
    )
    directories = {name: registered(hostvars[name], "declaration").get("directory", "") for name in names}
    return {name: {**outcome, "directory": directories[name]} for name, outcome in found.items()}


def _existing(declared: t.Mapping[str, t.Any], group: str) -> t.Iterator[str]:
    """Yield the files of one server and of its group that exist and are left unchanged."""
    if not declared.get("server") or declared["overwrite"]:
        return
    for path in (adoption_files.group_file(group), adoption_files.host_file(declared["server"])):
        if os.path.exists(os.path.join(declared["directory"], path)):
            yield path
