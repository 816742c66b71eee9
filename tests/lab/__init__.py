# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Microsoft Entra ID, Microsoft Graph and RustDesk consoles on loopback TLS.

Marks in the docstrings give the source of an imitated behavior: [rec] recorded traffic, [doc] vendor documentation,
[iss] a public report, [inf] inferred.
"""
