# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error message for a Python without a required package."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from support.controller import Controller

ENTRA = {"tenant_id": "contoso.example", "client_id": "x", "client_secret": "x"}
CONSOLE = {"console_url": "https://127.0.0.1:1", "username": "admin", "password": "x"}


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python with only its standard library."""
    venv.create(tmp_path / "bare", with_pip=False)
    return tmp_path / "bare/bin/python"


def test_message_names_the_packages_and_the_pip_command(controller: Controller, bare_python: Path):
    calls = {
        "entra_app": {**ENTRA, "unique_name": "x"},
        "entra_app_info": {**ENTRA, "unique_name": "x"},
        "rustdesk_oidc_provider_info": CONSOLE,
        "rustdesk_oidc_provider": CONSOLE,
        "rustdesk_sign_in_check": {
            "public_url": "https://127.0.0.1:1",
            "issuer": "https://127.0.0.1:1",
            "client_id": "x",
            "callback_url": "https://desk/api/oidc/callback",
        },
    }
    interpreter = {"vars": {"ansible_python_interpreter": str(bare_python)}}
    results = controller.tasks(
        *({f"deskops.rustdesk_sso.{name}": options, **interpreter} for name, options in calls.items())
    )
    for name, result in zip(calls, results, strict=True):
        assert result["failed"], name
        entra = name.startswith("entra")
        packages = "azure-identity, msgraph-sdk, requests" if entra else "requests"
        assert f"Failed to import the required Python library ({packages})" in result["msg"], name
        assert "pip install '" in result["msg"]
        assert "'requests>=2.31'" in result["msg"], name


def test_sdk_is_named_if_only_it_is_missing(controller: Controller, tmp_path: Path):
    """A package that fails to import stands for a missing one."""
    broken = tmp_path / "broken/msgraph"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('no such package')\n")
    call = {
        "deskops.rustdesk_sso.entra_app_info": {**ENTRA, "unique_name": "x"},
        "environment": {"PYTHONPATH": str(broken.parent)},
        "vars": {"ansible_python_interpreter": sys.executable},
    }
    (result,) = controller.tasks(call)
    assert "Failed to import the required Python library (msgraph-sdk)" in result["msg"]
    assert "pip install 'msgraph-sdk>=" in result["msg"]
