# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Next steps in the results of the role's tasks name the role's variables."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import health, restrictions
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError, SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.next_steps import of_role

PREFIX = "rustdesk_sso_"


def failed(module: str, error: SsoError) -> dict[str, Any]:
    return of_role(f"deskops.rustdesk_sso.{module}", {"failed": True, **error.as_result()})


@pytest.mark.parametrize(
    ("module", "hint", "step"),
    [
        ("entra_app", "To take it over, set adopt to true", f"To take it over, set {PREFIX}app_adopt to true"),
        ("entra_app", "Set a different unique_name", f"Set a different {PREFIX}app_unique_name"),
        ("entra_app", "Check authority_host and cloud", f"Check {PREFIX}entra_authority_host and {PREFIX}entra_cloud"),
        (
            "entra_app",
            "Check tenant_id, and cloud if the tenant is not public",
            f"Check {PREFIX}tenant_id, and {PREFIX}entra_cloud if the tenant is not public",
        ),
        ("entra_app", "If it is slow, increase wait_timeout", f"If it is slow, increase {PREFIX}wait_timeout"),
        ("entra_app", "Set client_secret to its value", f"Set {PREFIX}entra_client_secret to its value"),
        ("rustdesk_oidc_provider", "Check console_url", f"Check {PREFIX}console_url"),
        (
            "rustdesk_oidc_provider",
            "Set callback_url to the public address",
            f"Set {PREFIX}public_url to the public address",
        ),
        ("rustdesk_oidc_provider", "see the option contract", f"see the option {PREFIX}console_contract"),
        ("rustdesk_oidc_provider", "Set name to azure", f"Set {PREFIX}provider_name to azure"),
        (
            "rustdesk_oidc_provider_info",
            "Set username to an administrator",
            f"Set {PREFIX}console_username to an administrator",
        ),
        (
            "rustdesk_oidc_provider_info",
            "Check username and password, and that the account",
            f"Check {PREFIX}console_username and {PREFIX}console_password, and that the account",
        ),
        ("rustdesk_oidc_provider_info", "Set ca_path to a PEM file", f"Set {PREFIX}console_ca_path to a PEM file"),
        ("rustdesk_sign_in_check", "Check public_url and increase timeout", f"Check {PREFIX}public_url and increase "),
        ("rustdesk_sign_in_check", "Check DNS, firewall and proxy", "Check DNS, firewall and proxy"),
        ("rustdesk_sign_in_check", "Check the proxy, its name and username", "Check the proxy, its name and username"),
        ("entra_oidc_try_sign_in", "set cloud or authority_host", f"set {PREFIX}entra_cloud or {PREFIX}entra_auth"),
    ],
)
def test_a_hint_names_the_variable(module: str, hint: str, step: str) -> None:
    result = failed(module, ServiceError("Reading failed", answer="no client_id", hint=hint))
    assert result["error"]["hint"].startswith(step)
    assert result["msg"].startswith(f"Reading failed: no client_id. {step}")


def test_an_error_that_begins_with_an_option_begins_with_the_variable() -> None:
    result = failed("entra_app", SsoError("certificate_path /a.pem cannot be read", hint="Correct certificate_path"))
    variable = f"{PREFIX}entra_certificate_path"
    assert result["msg"] == f"{variable} /a.pem cannot be read. Correct {variable}."


def test_answers_of_services_are_kept() -> None:
    result = failed("entra_app", ServiceError("Reading client_id failed", answer="client_id: set timeout"))
    assert result["msg"] == "Reading client_id failed: client_id: set timeout."


def test_each_application_and_the_texts_that_repeat_them() -> None:
    obstacle = health.obstacles({"enabled": False}, None)[0]
    facts = restrictions.Facts(sign_in_audience=None, assignment_required=True, assigned=False)
    error = SsoError("It failed", hint="Set app_id to the right one").as_result()
    result = {
        "msg": f"1 of 2 applications failed. desk: {error['msg']}",
        "warnings": [obstacle],
        "applications": [
            {"obstacles": [obstacle], "restrictions": [item.result() for item in restrictions.restrictions(facts)]},
            {"failed": True, **error},
        ],
    }
    found = of_role("entra_app", result)
    first, second = found["applications"]
    assert f"set {PREFIX}app_enabled to true" in first["obstacles"][0]
    assert found["warnings"] == first["obstacles"]
    (restriction,) = first["restrictions"]
    assert restriction["hint"].startswith(
        f"Set {PREFIX}app_allowed_groups or {PREFIX}app_assignments, or set app_role_assignment_required of "
        f"{PREFIX}app_service_principal"
    )
    assert second["msg"] == f"It failed. Set {PREFIX}app_id to the right one."
    assert second["msg"] in found["msg"]
    assert result["applications"][1]["msg"] == "It failed. Set app_id to the right one."


def test_other_tasks_are_left_alone() -> None:
    result = {"failed": True, **SsoError("It failed", hint="Set adopt to true").as_result()}
    assert of_role("entra_oidc_declaration", result) is result
