# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An empty text never identifies an object, and null means omitted: for each module, without a request."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http, _identifiers
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import applications
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.modules import (
    entra_app,
    entra_app_info,
    rustdesk_oidc_provider,
    rustdesk_oidc_provider_info,
    rustdesk_sign_in_check,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import given

ID = "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10"
ENTRA = {"tenant_id": "contoso.example", "client_id": ID, "client_secret": "of the automation"}
CONSOLE = {"console_url": "https://desk1.example.com", "username": "admin", "password": "of the administrator"}
CHECK = {
    "public_url": "https://desk1.example.com",
    "issuer": f"https://login.microsoftonline.com/{ID}/v2.0",
    "client_id": ID,
    "callback_url": "https://desk1.example.com/api/oidc/callback",
}
WORKS = {
    entra_app: {**ENTRA, "unique_name": "desks", "display_name": "RustDesk"},
    entra_app_info: ENTRA,
    rustdesk_oidc_provider: CONSOLE,
    rustdesk_oidc_provider_info: CONSOLE,
    rustdesk_sign_in_check: CHECK,
}
# The options that identify an object. A dot leads to a suboption
IDENTIFYING = {
    entra_app: [
        *("tenant_id", "client_id", "object_id", "app_id", "unique_name", "display_name"),
        *("client_secrets.name", "client_secrets.held_key_id", "federated_credentials.name"),
        *("certificates.path", "certificates.content", "certificates.thumbprint"),
        *(f"assignments.{verb}.{name}" for verb in ("set", "add", "remove") for name in ("user", "group", "app_role")),
        *("required_resource_access.resource", "admin_consent.resource", "pre_authorized_applications.app_id"),
        *("app_roles.id", "permission_scopes.id"),
    ],
    entra_app_info: [
        *("tenant_id", "client_id", "object_id", "app_id", "unique_name", "display_name"),
        *("display_name_prefix", "filter"),
    ],
    rustdesk_oidc_provider: [
        *("console_url", "username", "name", "former_name", "client_id", "issuer", "callback_url"),
    ],
    rustdesk_oidc_provider_info: ["console_url", "username", "name"],
    rustdesk_sign_in_check: [
        *("public_url", "name", "issuer", "client_id", "callback_url", "console_url", "username"),
    ],
}
ROWS = [(module, option) for module, options in IDENTIFYING.items() for option in options]
IDS = [f"{module.__name__.rsplit('.', 1)[-1]}.{option}" for module, option in ROWS]
# Other required members of an entry
BESIDES = {
    "assignments": {"group": "staff"},
    "certificates": {"content": "a certificate"},
    "client_secrets": {"name": "desk1"},
    "pre_authorized_applications": {"scopes": []},
    "app_roles": {"value": "a", "display_name": "a", "description": "a"},
    "permission_scopes": {"value": "a", "admin_consent_display_name": "a", "admin_consent_description": "a"},
}


class Asked(Exception):
    """A request was sent."""


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail on any request, and clear the environment."""

    def refuse(*_args: Any, **_options: Any) -> None:
        raise Asked

    monkeypatch.setattr(_http.Http, "send", refuse)
    for name in ("AZURE_TENANT_ID", "AZURE_TENANT", "AZURE_CLIENT_ID", "RUSTDESK_URL", "RUSTDESK_USERNAME"):
        monkeypatch.delenv(name, raising=False)


def params(module: ModuleType, options: dict[str, Any]) -> dict[str, Any]:
    """Return the module's parameters, validated as in the action plugin."""
    rules = {key: value for key, value in module.SPEC.items() if key != "supports_check_mode"}
    validated = ArgumentSpecValidator(**rules).validate(given(options, rules["argument_spec"]))
    assert validated.error_messages == []
    return dict(validated.validated_parameters)


def run(module: ModuleType, options: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the module."""
    return outcome(module.run, params(module, options), Context(False, lambda _warning: None))


def check(options: dict[str, Any]) -> None:
    """Check the declaration of an application. Raises InputError."""
    applications.check_application(params(entra_app, options), entra_app.APPLICATION)


def with_empty(option: str) -> dict[str, Any]:
    """Return options in which the one that ``option`` names is empty."""
    first, *inner = option.split(".")
    if not inner:
        return {first: ""}
    entry = {**BESIDES.get(first, {}), inner[-1]: ""}
    return {first: {inner[0]: [entry]} if len(inner) > 1 else [entry]}


@pytest.mark.parametrize(("module", "option"), ROWS, ids=IDS)
def test_an_empty_text_is_refused_by_name(module: ModuleType, option: str) -> None:
    result = run(module, {**WORKS[module], **with_empty(option)})
    assert result["failed"]
    assert result["msg"] == f"{option} is empty: empty text identifies nothing. Set {option}, or omit it."


@pytest.mark.parametrize("name", ["object_id", "app_id", "unique_name", "display_name", "tenant_id", "client_id"])
def test_in_a_list_it_fails_only_for_that_entry(name: str) -> None:
    entry = {"unique_name": "desks", name: ""}
    result = run(entra_app, {**ENTRA, "applications": [entry]})
    (told,) = result["applications"]
    assert told["error"]["attempted"] == f"{name} is empty"


@pytest.mark.parametrize(
    "option", [option for module, option in ROWS if module is entra_app and option not in ("tenant_id", "client_id")]
)
def test_the_role_refuses_it_before_its_first_task(option: str) -> None:
    with pytest.raises(InputError, match=f"{option} is empty"):
        check({**WORKS[entra_app], **with_empty(option)})


@pytest.mark.parametrize("module", WORKS, ids=lambda module: module.__name__.rsplit(".", 1)[-1])
def test_null_means_omitted(module: ModuleType) -> None:
    """For each option, including those with a default or a fallback, and those that exclude others."""
    spec = module.SPEC["argument_spec"]
    nulls = {name: None for name in spec if name not in WORKS[module]}
    assert params(module, {**nulls, **WORKS[module]}) == params(module, WORKS[module])


@pytest.mark.parametrize(
    ("entry", "others"),
    [
        ({"client_secrets": [{"name": "desk1", "lifetime": None, "state": None, "held_key_id": None}]}, {}),
        ({"assignments": {"set": None, "add": [{"user": None, "group": "staff"}]}}, {}),
        ({"app_id": None, "service_principal": {"state": None}}, {"adopt": None}),
    ],
)
def test_null_in_suboptions(entry: dict[str, Any], others: dict[str, Any]) -> None:
    def without_nulls(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_nulls(item) for name, item in value.items() if item is not None}
        return [without_nulls(item) for item in value] if isinstance(value, list) else value

    for options in ({"unique_name": "desks", **entry}, {"applications": [{"unique_name": "desks", **entry}]}):
        assert params(entra_app, {**ENTRA, **options, **others}) == params(
            entra_app, without_nulls({**ENTRA, **options})
        )


def test_null_excludes_no_other_option() -> None:
    found = params(entra_app_info, {**ENTRA, "app_id": None, "unique_name": "desks", "filter": None})
    assert found["unique_name"] == "desks"


def test_a_null_name_is_the_default() -> None:
    assert params(rustdesk_oidc_provider, {**CONSOLE, "name": None})["name"] == "azure"


def test_an_empty_environment_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next name counts, as for azure-identity. Null reads the environment, as if omitted."""
    monkeypatch.setenv("AZURE_TENANT_ID", "")
    monkeypatch.setenv("AZURE_TENANT", "contoso.example")
    monkeypatch.setenv("AZURE_CLIENT_ID", "")
    found = params(entra_app_info, {"tenant_id": None, "unique_name": "desks"})
    assert (found["tenant_id"], found["client_id"]) == ("contoso.example", None)


@pytest.mark.parametrize("key", ["app_id", "object_id"])
@pytest.mark.parametrize("module", [entra_app, entra_app_info])
def test_an_invalid_id_is_refused_before_the_first_request(module: ModuleType, key: str) -> None:
    result = run(module, {**ENTRA, key: "rustdesk-sso"})
    assert result["msg"].startswith(f"{key} is not a GUID: 'rustdesk-sso'.")


def test_other_empty_texts_clear_a_property() -> None:
    check({**WORKS[entra_app], "notes": "", "home_page_url": "", "description": ""})


@pytest.mark.parametrize("option", ["tags", "identifier_uris"])
def test_a_long_text_is_not_quoted_completely(option: str) -> None:
    with pytest.raises(InputError, match=option) as caught:
        check({**WORKS[entra_app], option: ["x" * 2000]})
    assert len(str(caught.value)) < 300


def test_the_first_empty_one_is_named() -> None:
    with pytest.raises(InputError, match=r"^b\.c is empty"):
        _identifiers.check({"a": None, "b": [{"c": "x"}, {"c": " "}], "d": ""}, ["a", "missing", "b.c", "d"])
