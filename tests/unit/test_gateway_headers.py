# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Headers for an access gateway: valid headers, their recipients, and values that are never quoted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.gateway_headers import (
    check_headers,
    of_verification,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import sign_in, variables
from support.servers import values

SECRET = "s3cret~token"


def test_valid_headers():
    assert check_headers(None) == check_headers({}) == {}
    assert check_headers({"X-Token": SECRET, "X-Number": 7}) == {"X-Token": SECRET, "X-Number": "7"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": SECRET},
        {"api-TOKEN": SECRET},
        {"Host": SECRET},
        {"X Token": SECRET},
        {f"X-{SECRET}:": "x"},
        {"": SECRET},
        {"X-Token": f"{SECRET}\r\nX-Other: 1"},
        {"X-Token": f" {SECRET}"},
        {"X-Token": f"{SECRET}é"},
        {"X-Token": ""},
        {"X-Token": None},
        {"X-Token": True},
        {"X-Token": [SECRET]},
        {1: SECRET},
    ],
)
def test_invalid_headers(headers: Any):
    with pytest.raises(InputError, match=r"^headers has ") as caught:
        check_headers(headers)
    assert SECRET not in str(caught.value.as_result())


@pytest.mark.parametrize(
    ("console_url", "public_url", "sent"),
    [
        (None, "https://desk.example", True),
        ("https://desk.example/", "https://DESK.example:443", True),
        ("https://desk.example:8443", "https://desk.example", False),
        ("http://desk.example", "https://desk.example", False),
        ("https://desk.internal", "https://desk.example", False),
    ],
)
def test_recipients_of_the_check(console_url: str | None, public_url: str, sent: bool):
    params = {"headers": {"X-Token": SECRET}, "console_url": console_url, "public_url": public_url}
    assert bool(of_verification(params)) is sent


class Templar:
    """Ansible's templar, for values without templates."""

    @staticmethod
    def template(value: Any) -> Any:
        return value


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"X-Token": SECRET}, {"X-Token": SECRET}),
        (f'{{"X-Token": "{SECRET}"}}', {"X-Token": SECRET}),
        ("", None),
        (None, None),
    ],
)
def test_the_variable(given: Any, read: Any):
    found, problems = variables.read({"rustdesk_sso_console_headers": given}, Templar)
    assert (found.get("rustdesk_sso_console_headers"), problems) == (read, [])


@pytest.mark.parametrize("given", [SECRET, [SECRET], 7])
def test_a_variable_other_than_a_dictionary(given: Any):
    _found, problems = variables.read({"rustdesk_sso_console_headers": given}, Templar)
    (problem,) = problems
    assert problem.startswith("rustdesk_sso_console_headers ")
    assert "be a dictionary" in problem
    assert SECRET not in problem


def test_a_declaration_with_an_invalid_header():
    wrong = values(console_headers={"Authorization": SECRET})
    (problem,) = sign_in.problems(wrong)
    assert problem.startswith("rustdesk_sso_console_headers has Authorization")
    assert SECRET not in problem
