# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The display names that an application may get, and those that it may keep."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import limits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

ONE, MANY, PERSONAL = "AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ((None, None), (120, ONE), True),
        ((None, None), (121, ONE), False),
        ((None, None), (91, PERSONAL), False),
        ((200, ONE), (200, ONE), True),
        ((200, ONE), (200, MANY), True),
        ((200, ONE), (201, ONE), False),
        ((200, ONE), (121, ONE), False),
        ((100, ONE), (100, PERSONAL), False),
        ((200, PERSONAL), (200, ONE), True),
        ((200, PERSONAL), (200, PERSONAL), True),
    ],
)
def test_display_names(before: tuple[int | None, str | None], after: tuple[int, str], allowed: bool) -> None:
    have, values = (
        {"display_name": "x" * length if length else None, "sign_in_audience": audience}
        for length, audience in (before, after)
    )
    if allowed:
        limits.check_result(have, values)
    else:
        with pytest.raises(InputError, match="display_name has more than"):
            limits.check_result(have, values)
