# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specification and its defaults agree, which no linter checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.action import entra_oidc_summary, entra_oidc_try_sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app, rustdesk_oidc_provider
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.options import CONSOLE
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.types import TYPES
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification

CLIENT_SECRET = entra_app.APPLICATION["client_secrets"]["options"]
ROLE = Path(__file__).parents[2] / "roles/entra_oidc"
ENTRY_POINTS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]
OPTIONS = ENTRY_POINTS["main"]["options"]
DEFAULTS_TEXT = (ROLE / "defaults/main.yml").read_text()
DEFAULTS = yaml.safe_load(DEFAULTS_TEXT)
# It reads the environment, which a specification cannot express.
FROM_ENVIRONMENT = {"rustdesk_sso_tenant_id", "rustdesk_sso_console_url"}


def test_defaults_are_those_of_the_specification():
    specified = {name: option["default"] for name, option in OPTIONS.items() if "default" in option}
    assert {name: value for name, value in DEFAULTS.items() if name not in FROM_ENVIRONMENT} == specified


def test_every_variable_is_shown_in_the_defaults():
    assert [name for name in OPTIONS if f"\n{name}:" not in DEFAULTS_TEXT and f"\n# {name}:" not in DEFAULTS_TEXT] == []


def test_each_variable_is_documented_once_and_each_entry_point_has_examples():
    assert [name for name, entry in ENTRY_POINTS.items() if "options" in entry] == ["main"]
    assert all(entry["examples"] for entry in ENTRY_POINTS.values())


def test_secrets_have_no_choices_that_a_failing_validation_would_print():
    secrets = [option for option in OPTIONS.values() if option.get("no_log")]
    assert secrets
    # A value other than a dictionary is not quoted either
    assert all(option["type"] in ("str", "raw") and "choices" not in option for option in secrets)


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("name", OPTIONS)
def test_ansible_accepts_each_variable_empty(name, empty):
    """Its validation precedes the role's first task. AWX turns a blank survey answer into such values."""
    assert ArgumentSpecValidator(OPTIONS).validate({name: empty}).error_messages == []


def test_the_role_checks_types_that_ansible_does_not():
    raw = {name.removeprefix(PREFIX) for name, option in OPTIONS.items() if option["type"] == "raw"}
    assert raw == set(TYPES)
    assert all(rules["type"] != "raw" for rules in specification().values())


def test_internal_names_are_few():
    """A reader of the tasks must remember them."""
    tasks = "".join(path.read_text() for path in (ROLE / "tasks").glob("*.yml"))
    assert len(set(re.findall(r"__rustdesk_sso_\w+", tasks))) <= 17


def modules_option(name):
    """Return the rules of the module option that a variable of the role sets, empty without one."""
    specs = {
        **{f"app_{option}": rules for option, rules in entra_app.APPLICATION.items()},
        **{f"entra_{option}": rules for option, rules in ENTRA_OPTIONS.items()},
        **{f"provider_{option}": rules for option, rules in rustdesk_oidc_provider.SPEC["argument_spec"].items()},
        **{f"secret_{option}": rules for option, rules in CLIENT_SECRET.items()},
        **{name: RUSTDESK_OPTIONS[option] for name, option in CONSOLE.items()},
        **{option: rules for option, rules in entra_oidc_summary.SPEC["argument_spec"].items() if "notify" in option},
        "wait_timeout": entra_app.APPLICATION["wait_timeout"],
        "try_sign_in_timeout": entra_oidc_try_sign_in.SPEC["argument_spec"]["wait_timeout"],
    }
    return specs.get(name.removeprefix(PREFIX), {})


# These have their own choices: they describe a run instead of an object
ROLES_OWN = [
    "app_allowed_groups",
    "app_allowed_users",
    "app_clear",
    "entra_client_secret_expires",
    "entra_credential_warn_before",
    "app_move_redirect_uris",
    "app_replaces",
    "provider_beside",
    "secret_renew",
    "remove_console",
    "remove_unused_app",
    "remove_redirect_uris",
    "adopt_directory",
    "adopt_overwrite",
]


@pytest.mark.parametrize("name", OPTIONS)
def test_types_and_choices_match_the_modules(name):
    rules, option = specification()[name], modules_option(name)
    if name.removeprefix(PREFIX) in (*ROLES_OWN, "tenant_id", "app_id", "public_url", "notify_ca_path"):
        return
    assert rules["type"] == option["type"]
    if rules["type"] != "list":  # entra_app checks the choices of its members
        assert rules.get("choices") == option.get("choices")
