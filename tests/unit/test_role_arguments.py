# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specification and its defaults say the same; no linter compares them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app, rustdesk_oidc_provider

ROLE = Path(__file__).parents[2] / "roles/entra_oidc"
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEFAULTS_TEXT = (ROLE / "defaults/main.yml").read_text()
DEFAULTS = yaml.safe_load(DEFAULTS_TEXT)
# It looks into the environment, which a specification cannot say.
FROM_ENVIRONMENT = {"rustdesk_sso_tenant_id", "rustdesk_sso_console_url"}


def test_defaults_are_those_of_the_specification():
    specified = {name: option["default"] for name, option in OPTIONS.items() if "default" in option}
    assert {name: value for name, value in DEFAULTS.items() if name not in FROM_ENVIRONMENT} == specified


def test_every_variable_is_shown_in_the_defaults():
    assert [name for name in OPTIONS if f"\n{name}:" not in DEFAULTS_TEXT and f"\n# {name}:" not in DEFAULTS_TEXT] == []


def test_secrets_have_no_choices_which_a_failing_validation_would_print():
    secrets = [option for option in OPTIONS.values() if option.get("no_log")]
    assert secrets
    # A value that is no dictionary is not quoted either
    assert all(option["type"] in ("str", "dict") and "choices" not in option for option in secrets)


@pytest.mark.parametrize(
    ("variable", "spec", "option"),
    [
        ("rustdesk_sso_app_sign_in_audience", entra_app, "sign_in_audience"),
        ("rustdesk_sso_entra_auth_source", entra_app, "auth_source"),
        ("rustdesk_sso_entra_cloud", entra_app, "cloud"),
        ("rustdesk_sso_console_type", rustdesk_oidc_provider, "console_type"),
    ],
)
def test_choices_are_those_of_the_modules(variable, spec, option):
    assert OPTIONS[variable]["choices"] == spec.SPEC["argument_spec"][option]["choices"]
