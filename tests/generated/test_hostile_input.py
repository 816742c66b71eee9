# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any value in any option of any module, and in any variable of the role: it is refused with a short message before the
first request, or it is used; the product handles every value.

``RUSTDESK_SSO_EXAMPLES`` is the number of examples for each.
"""

from __future__ import annotations

import importlib
import os
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.utils.display import Display
from generated.hostile import LONG, SECRET, VALUES, Place, is_bad, places, put
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.action import entra_oidc_declaration as declaration
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import session
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import UNPRINTABLE
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import given as without_nulls
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification
from support.servers import values as role_values

LONGEST_MESSAGE = 1000
ENTRA = {"tenant_id": "contoso.example", "client_id": "automation", "client_secret": "the automation's secret"}
CONSOLE = {"console_url": "https://desk.example.com", "username": "admin", "password": "the administrator's password"}
ISSUER = "https://login.microsoftonline.com/3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b90/v2.0"
# The options with which each module continues to its first request
WORKS: dict[str, dict[str, Any]] = {
    "entra_app": {**ENTRA, "unique_name": "desks"},
    "entra_app_info": {**ENTRA},
    "rustdesk_oidc_provider": {**CONSOLE, "client_id": "a", "client_secret": "the secret", "issuer": ISSUER},
    "rustdesk_oidc_provider_info": {**CONSOLE},
    "rustdesk_sign_in_check": {
        "public_url": "https://desk.example.com",
        "issuer": ISSUER,
        "client_id": "a",
        "callback_url": "https://desk.example.com/api/oidc/callback",
        "client_secret": "the secret",
    },
    "entra_oidc_try_sign_in": {**CONSOLE, "public_url": "https://desk.example.com"},
}
# The other members that an entry of an option requires
BESIDE: dict[str, Any] = {
    "app_roles": {"value": "a", "display_name": "a", "description": "a"},
    "permission_scopes": {"value": "a", "admin_consent_display_name": "a", "admin_consent_description": "a"},
    "pre_authorized_applications": {"app_id": "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10", "scopes": []},
    "federated_credentials": {"name": "a", "issuer": "https://a.example", "subject": "a"},
    "client_secrets": {"name": "desk1"},
    "assignments": {"group": "staff"},
    "admin_consent": {"resource": "Microsoft Graph"},
    "required_resource_access": {"resource": "Microsoft Graph"},
    "session": {"type": "pro", "token": "a"},
    "applications": {"unique_name": "desks"},
}
ACTIONS: dict[str, type[InProcessAction]] = {
    name: importlib.import_module(f"{declaration.__package__}.{name}").ActionModule for name in WORKS
}
PLACES = {name: list(places(action.SPEC["argument_spec"])) for name, action in ACTIONS.items()}
ROLE = {name: Place((name,), rules) for name, rules in specification().items()}
EXAMPLES = settings(
    max_examples=int(os.environ.get("RUSTDESK_SSO_EXAMPLES", "200")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Asked(Exception):
    """A request would have been sent."""


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any request raises Asked, and the environment is empty."""

    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise Asked

    monkeypatch.setattr(_http.Http, "send", refuse)
    monkeypatch.setattr(session, "connect", refuse)
    for name in [*os.environ]:
        if name.startswith(("AZURE_", "RUSTDESK_U", "RUSTDESK_P", "RUSTDESK_T", "RUSTDESK_C", "ACTIONS_", "ENTRA_")):
            monkeypatch.delenv(name)


def through_action(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the action plugin."""
    action = object.__new__(ACTIONS[name])
    action._display = Display()
    args = without_nulls(options, action.SPEC["argument_spec"])
    action._task = SimpleNamespace(action=name, args=args, check_mode=False)
    return action._mistake() or action._validated(type(action).CORE)


def through_core(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the module's core, for the options that Ansible accepts."""
    rules = {key: value for key, value in ACTIONS[name].SPEC.items() if key != "supports_check_mode"}
    try:
        validated = ArgumentSpecValidator(**rules).validate(without_nulls(options, rules["argument_spec"]))
    except (TypeError, AttributeError):  # Ansible's own, for some values of the wrong type
        return {"failed": True, "msg": ""}
    if validated.error_messages:
        return {"failed": True, "msg": ""}
    return outcome(ACTIONS[name].CORE, validated.validated_parameters, Context(False, lambda _warning: None))


def judge(said: str, place: Place, value: Any, *, bad: bool) -> None:
    """Check that a message is short, shows no secret, and reports that a request would be sent or that the value is
    refused.
    """
    event("refused" if "Asked in" not in said else "used")
    assert len(said) <= LONGEST_MESSAGE, said
    assert not UNPRINTABLE.search(said), said
    if place.rules.get("no_log") or (isinstance(value, str) and "@" in value):
        assert SECRET not in said
    assert LONG[:120] not in said
    if "unexpectedly" in said and "********" not in said:  # a secret of one letter or a space masks all other text
        assert "Asked in refuse" in said, said
        assert not bad, "it was used"


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.parametrize("door", [through_action, through_core], ids=["action", "core"])
@given(data=st.data())
@settings(EXAMPLES, max_examples=max(EXAMPLES.max_examples // 10, 20))
def test_any_value_in_any_option(name: str, door: Any, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(PLACES[name]), label="place")
    value = data.draw(VALUES, label="value")
    result = door(name, put(WORKS[name], place, value, BESIDE))
    text = [result.get("msg", ""), *(item["msg"] for item in result.get("applications") or [] if item.get("failed"))]
    bad = is_bad(place, value) and door is through_action and value not in (None, [], {})
    for said in text:
        judge(said, place, value, bad=bad)


class Templar:
    """Returns values unchanged."""

    def template(self, value: Any) -> Any:
        """Return the value as Ansible's templar would."""
        return value


@given(st.sampled_from(sorted(ROLE)), VALUES, st.booleans())
@EXAMPLES
def test_any_value_in_any_variable_of_the_role(name: str, value: Any, adopts: bool) -> None:
    signs_in = {
        "console_username": "admin",
        "console_password": "a",
        "entra_client_id": "a",
        "entra_client_secret": "a",
    }
    given_ = {**role_values(**signs_in), "inventory_hostname": "desk1", name: value}
    _values, _declared, problems = declaration.read(given_, Templar(), adopts=adopts)
    event("refused" if problems else "used")
    for said in problems:
        assert name in said or f"{PREFIX}secret" in said, said
        judge(said, ROLE[name], value, bad=False)
    if is_bad(ROLE[name], value) and value not in (None, ""):
        assert problems, "it was used"
