# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of client secrets, and placeholders."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._secret_values import usable_secret


@pytest.mark.parametrize("value", [None, "", "*" * 8, "x" * 15])
def test_a_short_value_is_a_placeholder(value):
    assert usable_secret(value) is None


def test_a_value_of_sixteen_characters_is_a_client_secret():
    assert usable_secret("x" * 16) == "x" * 16
