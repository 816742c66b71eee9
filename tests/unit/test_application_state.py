# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deleted application that is restored or in the way, and obstacles that block all users."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import (
    application,
    health,
    lookup,
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

GONE = {"id": "1-1", "appId": "a-1", "displayName": "RustDesk", "deletedDateTime": "2026-11-01T00:00:00Z"}
OTHER = {**GONE, "id": "2-2", "appId": "a-2"}


def declared(**options: Any) -> dict[str, Any]:
    """Return the options of a declaration by its unique name, or by the given key."""
    keys = dict.fromkeys(application.KEYS)
    named = keys if set(options) & set(application.KEYS) else {**keys, "unique_name": "desks"}
    return {**named, "restore": None, "relying_parties": None, **options}


@pytest.mark.parametrize(
    ("options", "restored"),
    [
        ({"restore": True}, True),
        ({"relying_parties": [{"name": "x", "client_id": "A-1"}]}, True),
        ({"relying_parties": [{"name": "x", "client_id": "a-2"}]}, False),
        ({"relying_parties": [{"name": "x", "client_id": "a-1"}], "restore": False}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("key", application.KEYS)
def test_applications_that_are_restored(key: str, options: dict[str, Any], restored: bool) -> None:
    """Those requested or still in use. Others block their unique name and IDs, but not their display name."""
    params = declared(**{key: "desks"}, **options)
    if restored:
        assert lookup.chosen(params, [GONE], None) == GONE
    elif key == "display_name":
        assert lookup.chosen(params, [GONE], None) is None
    else:
        with pytest.raises(InputError, match="was deleted on 2026-11-01"):
            lookup.chosen(params, [GONE], None)


def test_several_with_the_same_display_name() -> None:
    """None is guessed, unless one relying party uses one of them."""
    with pytest.raises(InputError, match=r"object ID 1-1 .*; object ID 2-2"):
        lookup.chosen(declared(display_name="RustDesk", restore=True), [GONE, OTHER], None)
    used = declared(display_name="RustDesk", relying_parties=[{"name": "x", "client_id": "a-2"}])
    assert lookup.chosen(used, [GONE, OTHER], None) == OTHER


def test_a_deleted_application_with_the_name_of_another_one() -> None:
    """Restoring it would create a duplicate, so only the other remedies are named."""
    for options in ({}, {"restore": True}, {"relying_parties": [{"name": "x", "client_id": "a-1"}]}):
        with pytest.raises(InputError, match=r"Purge it .*, or set a different unique_name") as caught:
            lookup.chosen(declared(app_id="a-9", unique_name="desks", **options), [GONE], {"appId": "a-9"})
        assert "set restore" not in str(caught.value)


def views(app: dict[str, Any], principal: dict[str, Any] | None) -> tuple[Any, Any]:
    """Return both as results show them, new except for the given members."""
    shown = None if principal is None else service_principal.view({**service_principal.NEW, **principal})
    return application.view({**application.NEW, **app}), shown


@pytest.mark.parametrize(
    ("app", "principal", "words"),
    [
        ({}, {}, []),
        ({"isDisabled": False, "disabledByMicrosoftStatus": "NotDisabled"}, {}, []),
        ({}, None, []),
        ({"isDisabled": True}, {"isDisabled": True}, ["set enabled to true"]),
        ({}, {"isDisabled": True}, ["Activate the application"]),
        ({}, {"accountEnabled": False}, ["account_enabled of service_principal"]),
        ({"disabledByMicrosoftStatus": "Disabled"}, {"disabledByMicrosoftStatus": "Disabled"}, ["Disabled"]),
        ({}, {"disabledByMicrosoftStatus": "Disabled"}, ["disabled the service principal"]),
        ({"isDisabled": True}, {"accountEnabled": False}, ["set enabled to true", "of service_principal"]),
    ],
)
def test_obstacles_that_block_all_users(
    app: dict[str, Any], principal: dict[str, Any] | None, words: list[str]
) -> None:
    """Each obstacle occurs once, with a remedy."""
    found = health.obstacles(*views(app, principal))
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))
    assert health.obstacles(None, None) == []
