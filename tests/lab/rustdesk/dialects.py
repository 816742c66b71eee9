# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The console types. A new dialect is a module and a line here."""

from __future__ import annotations

from .console import Console
from .pro import Pro
from .rustdesk_api import RustdeskApi
from .rustdesk_console import RustdeskConsole

DIALECTS: dict[str, type[Console]] = {dialect.kind: dialect for dialect in (Pro, RustdeskConsole, RustdeskApi)}
