# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mistakes in module options: each is refused by the option's name before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from generated.test_hostile_input import WORKS, offline, through_action

__all__ = ["offline"]

ROWS: list[tuple[str, dict[str, Any], str]] = [
    *[
        (module, {option: value}, option)
        for module in WORKS
        for option, value in (("timeout", 0), ("timeout", True), ("timeout", float("nan")), ("ca_path", "/dev/zero"))
    ],
    *[("entra_app", {"wait_timeout": value}, "wait_timeout") for value in (-1, float("inf"), 1e308, "soon")],
    ("entra_oidc_try_sign_in", {"wait_timeout": False}, "wait_timeout"),
    *[(module, {"name": ""}, "name") for module in WORKS if not module.startswith("entra_app")],
    ("entra_app", {"client_secrets": [{"name": "a", "lifetime": "1s", "renew_before": "0"}]}, "lifetime"),
    ("entra_app", {"tenant_id": "3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b9\u0660"}, "tenant_id"),
    ("entra_app", {"web_redirect_uris": ["https://desk.example.com/cb"]}, "web_redirect_uris"),
    ("entra_app", {"web_redirect_uris": {"added": []}}, "web_redirect_uris"),
    ("entra_app", {"owners": {"add": [{"user": "alice"}]}}, "owners.add[1]"),
    ("entra_app", {"logo": "/dev/zero"}, "logo"),
    ("entra_app", {"notes": "x" * 100_000}, "notes"),
    ("entra_app_info", {"expiring_within": "6 months"}, "expiring_within"),
    ("rustdesk_oidc_provider", {"callback_url": "https://desk.example.com/?/api/oidc/callback"}, "callback_url"),
    ("rustdesk_oidc_provider", {"issuer": "login.microsoftonline.com"}, "issuer"),
    ("rustdesk_oidc_provider", {"authorization_endpoint": "https://a b"}, "authorization_endpoint"),
    ("rustdesk_oidc_provider", {"order": 2**40}, "order"),
    ("rustdesk_oidc_provider", {"contract": {"settings_path": "api"}}, "contract.settings_path"),
    ("rustdesk_oidc_provider", {"contract": {"keys": {"nane": "x"}}}, "contract.keys"),
    ("rustdesk_oidc_provider", {"totp_secret": "1"}, "totp_secret"),
    ("rustdesk_sign_in_check", {"client_secret_expires": "2027-13-01T00:00:00Z"}, "client_secret_expires"),
    ("rustdesk_sign_in_check", {"callback_url": "x"}, "callback_url"),
]


@pytest.mark.parametrize(("module", "wrong", "named"), ROWS)
def test_refused_by_name(module: str, wrong: dict[str, Any], named: str) -> None:
    result = through_action(module, {**WORKS[module], **wrong})
    assert result["failed"]
    assert named in result["msg"]
    assert "unexpectedly" not in result["msg"]
    assert len(result["msg"]) < 400


@pytest.mark.parametrize("module", ["entra_app", "entra_app_info"])
@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx"])
def test_an_unusable_certificate(module: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.pem").write_bytes(content)
    options = {name: value for name, value in WORKS[module].items() if name != "client_secret"}
    result = through_action(module, {**options, "certificate_path": str(tmp_path / "file.pem")})
    assert result["msg"].startswith("Loading the certificate ")
    assert "Set certificate_path to a PEM or PFX file" in result["msg"]


@pytest.mark.parametrize("module", WORKS)
def test_valid_options_lead_to_the_first_request(module: str) -> None:
    assert "Asked in refuse" in through_action(module, WORKS[module])["msg"]
