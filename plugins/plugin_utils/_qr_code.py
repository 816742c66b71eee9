# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Draw a QR code in a terminal, with the optional library segno."""

from __future__ import annotations

import io

SEGNO_REQUIREMENT = "segno>=1.6"
# White on black, whatever the terminal's own colors: some scanners cannot read an inverted code
COLORS, PLAIN = "\033[97;40m", "\033[0m"
# The width of the border in modules; the first that fits is used. The standard requires four. Scanners need fewer, and
# with these an authorization URL fits into 80 columns.
BORDERS = (2, 1)


def qr_code(text: str, columns: int | None = None, *, colors: bool = False) -> str:
    """Return lines that show ``text`` as a QR code, or a sentence that states why they do not.

    ``columns`` is the width of the terminal, None if unknown. ``colors`` is whether it supports colors.
    """
    try:
        import segno
    except ImportError:
        return f"To show a QR code, too, install segno on the controller: pip install '{SEGNO_REQUIREMENT}'"
    # The lowest level of error correction gives the smallest code, and a screen has no stains to correct
    code = segno.make_qr(text, error="l", boost_error=False)
    widths = {border: int(code.symbol_size(border=border)[0]) for border in BORDERS}
    border = next((border for border, width in widths.items() if columns is None or width <= columns), None)
    if border is None:
        return f"To show a QR code, too, make the terminal at least {min(widths.values())} columns wide."
    drawn = io.StringIO()
    code.terminal(drawn, border=border, compact=True)
    lines = drawn.getvalue().rstrip("\n").split("\n")
    return "\n".join(f"{COLORS}{line}{PLAIN}" if colors else line for line in lines)
