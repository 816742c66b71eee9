# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The QR code in a terminal: its content, its drawing, and the text that replaces it."""

from __future__ import annotations

import sys

import pytest
import segno

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._qr_code import qr_code

# As long as an authorization URL of RustDesk Server Pro
URL = (
    "https://login.microsoftonline.com/6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10/oauth2/v2.0/authorize?response_type=code"
    "&client_id=6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10&state=MUZ7LYdaYk9-3x7FT_gaWg&code_challenge=47DEQpj8HBSa-_TImW-5J"
    "CeuQeRkm5NMpJWZG3hSuFU&code_challenge_method=S256&redirect_uri=https%3A%2F%2Frustdesk.example.com%2Fapi%2Foidc%2F"
    "callback&scope=openid+openid+email+profile&nonce=MUZ7LYdaYk9-3x7FT_gaWg"
)
# The upper or lower modules that each character shows as light
LIGHT = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}


def modules(drawn: str) -> list[list[bool]]:
    """Return the drawn modules with the border. True is dark."""
    rows = []
    for line in drawn.split("\n"):
        shown = [LIGHT[sign] for sign in line]
        rows += [[not light[half] for light in shown] for half in (0, 1)]
    return rows


def test_it_fits_into_80_columns_and_encodes_the_text() -> None:
    drawn = qr_code(URL, 80)
    found = modules(drawn)
    (width,) = {len(row) for row in found}
    assert width <= 80
    assert len(qr_code(URL, width - 1).split("\n")[0]) == width - 2
    # The library chooses the best of eight masks, always in the same way
    expected = [[bool(module) for module in row] for row in segno.make_qr(URL, error="l", boost_error=False).matrix]
    assert [row[2:-2] for row in found[2:]][: len(expected)] == expected
    assert not any(any(row) for row in found[:2])


def test_colors_are_explicit() -> None:
    """Light stays light on a terminal with a light background."""
    lines = qr_code(URL, colors=True).split("\n")
    assert all(line.startswith("\033[97;40m") and line.endswith("\033[0m") for line in lines)
    assert "\n".join(line[8:-4] for line in lines) == qr_code(URL)


def test_a_terminal_that_is_too_narrow() -> None:
    said = qr_code(URL, 60)
    assert "\n" not in said
    assert f"make the terminal at least {len(qr_code(URL).split(chr(10))[0]) - 2} columns wide" in said


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr_code(URL) == "To show a QR code, too, install segno on the controller: pip install 'segno>=1.6'"
