# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixtures that the tests of this folder share."""

from __future__ import annotations

from crash.grounds import labs_of_grounds, make_ground

__all__ = ["labs_of_grounds", "make_ground"]
