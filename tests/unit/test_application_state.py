# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deleted application is restored or in the way, and what keeps everybody from signing in."""

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
    """The options of a declaration by its unique name, or by the key that is given."""
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
def test_what_is_restored(key: str, options: dict[str, Any], restored: bool) -> None:
    """What is asked for or still used; any other is in the way of its unique name and IDs, not of its display name."""
    params = declared(**{key: "desks"}, **options)
    if restored:
        assert lookup.chosen(params, [GONE], None) == GONE
    elif key == "display_name":
        assert lookup.chosen(params, [GONE], None) is None
    else:
        with pytest.raises(InputError, match="was deleted on 2026-11-01"):
            lookup.chosen(params, [GONE], None)


def test_several_of_one_display_name() -> None:
    """None is guessed, unless one relying party uses one of them."""
    with pytest.raises(InputError, match=r"object ID 1-1 .*; object ID 2-2"):
        lookup.chosen(declared(display_name="RustDesk", restore=True), [GONE, OTHER], None)
    used = declared(display_name="RustDesk", relying_parties=[{"name": "x", "client_id": "a-2"}])
    assert lookup.chosen(used, [GONE, OTHER], None) == OTHER


def test_in_the_way_of_a_name_that_another_application_is_to_be_given() -> None:
    """Restoring it would leave two, so only the other ways on are named."""
    for options in ({}, {"restore": True}, {"relying_parties": [{"name": "x", "client_id": "a-1"}]}):
        with pytest.raises(InputError, match=r"Purge it .*, or set another unique_name") as caught:
            lookup.chosen(declared(app_id="a-9", unique_name="desks", **options), [GONE], {"appId": "a-9"})
        assert "set restore" not in str(caught.value)


def views(app: dict[str, Any], principal: dict[str, Any] | None) -> tuple[Any, Any]:
    """Both as results show them; what is given differs from new ones."""
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
def test_what_keeps_everybody_out(app: dict[str, Any], principal: dict[str, Any] | None, words: list[str]) -> None:
    """Each obstacle once, with what to do."""
    found = health.obstacles(*views(app, principal))
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))
    assert health.obstacles(None, None) == []
