# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags to send for a service principal, which also shows those of its application."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import service_principal
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError


def written(shown: list[str], inherited: list[str], *, visible: bool) -> Any:
    """Return the tags to send for a service principal that shows ``shown``, or None."""
    changes = service_principal.plan({"visible_to_users": visible}, {"tags": shown}, inherited)
    return changes[0].after if changes else None


def test_only_its_own_tags_are_written() -> None:
    assert written(["own", "team"], ["team"], visible=False) == ["HideApp", "own"]
    assert written(["HideApp", "own", "team"], ["team"], visible=True) == ["own"]
    assert written(["own", "team"], ["team"], visible=True) is None
    assert written(["HideApp", "own"], ["HideApp"], visible=False) is None


def test_a_new_one_shows_the_tags_of_its_application() -> None:
    assert service_principal.plan({"visible_to_users": False}, None, ["HideApp"]) == []
    predicted = service_principal.predicted(None, [], "0", ["HideApp"])
    assert service_principal.view(predicted)["visible_to_users"] is False


def test_the_principal_of_a_hidden_application_cannot_be_visible() -> None:
    with pytest.raises(InputError, match="HideApp"):
        written(["HideApp"], ["HideApp"], visible=True)


def test_tags_that_the_application_gets_and_loses() -> None:
    shown = service_principal.inheriting({"tags": ["own", "old", "both"]}, ["old", "both"], ["both", "new"])
    assert shown["tags"] == ["both", "new", "own"]
