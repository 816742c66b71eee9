# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes to an existing object in AWX."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.awx_extension import plan


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("", {"a": 1}, '{"a": 1}'),
        ("---", {"a": 1}, '{"a": 1}'),
        ('{"b": 2}', {"a": 1}, '{"b": 2, "a": 1}'),
        ("# ours\nb: 2", {"a": True}, "# ours\nb: 2\na: true\n"),
        ("b: 2\na: 3", {"a": 1}, "b: 2\na: 1\n"),
        ("a: 1 # ours", {"a": 1}, None),
        ('{"a": 1}', {}, None),
    ],
)
def test_variables(text: str, wanted: dict[str, Any], expected: str | None) -> None:
    """They are added in the text's format, and comments are kept."""
    assert plan.variables(text, wanted) == expected


def credential(number: int, kind: int, name: str = "cloud") -> dict[str, Any]:
    """A credential as AWX lists it."""
    return {"id": number, "credential_type": kind, "kind": name}


def test_credentials() -> None:
    """A named one replaces that of its type, and the other one for Entra. Those for Ansible Vault are added."""
    secret, certificate, console, vault = (
        credential(1, 10),
        credential(2, 11),
        credential(3, 12),
        credential(4, 13, "vault"),
    )
    present = [secret, console, vault]
    entra = {10, 11}
    assert plan.credentials(present, [], entra) == ([], [])
    assert plan.credentials(present, [secret], entra) == ([], [])
    assert plan.credentials(present, [certificate], entra) == ([2], [1])
    assert plan.credentials(present, [credential(5, 12)], entra) == ([5], [3])
    assert plan.credentials(present, [credential(6, 13, "vault")], entra) == ([6], [])


def test_a_failure_is_reported_in_one_line() -> None:
    """The lines that name the failure, without colors, or else the last ones, with a limit."""
    assert plan.output_of_failure("a\n\x1b[0;31mfatal: no\x1b[0m\n\nb") == "fatal: no"
    assert plan.output_of_failure("a\nb") == "a b"
    assert plan.output_of_failure("") == ""
    assert len(plan.output_of_failure("fatal: " + "x" * 9000)) < 700


def test_injectors_of_missing_fields_are_left_out() -> None:
    """AWX refuses a template of a field that the type does not have."""
    wanted = {
        "inputs": {"fields": [{"id": "token"}, {"id": "token_file"}]},
        "injectors": {"env": {"TOKEN": "{{ token }}", "TOKEN_FILE": "{{ token_file }}"}},
    }
    present = {
        "inputs": {"fields": [{"id": "token_file"}, {"id": "ours"}]},
        "injectors": {"env": {"OURS": "{{ ours }}"}},
    }
    body, lacking = plan.credential_type(present, wanted, in_use=True)
    assert lacking == ["token"]
    assert json.loads(json.dumps(body)) == {
        "injectors": {"env": {"OURS": "{{ ours }}", "TOKEN_FILE": "{{ token_file }}"}}
    }
    body, lacking = plan.credential_type(present, wanted, in_use=False)
    assert lacking == []
    assert [field["id"] for field in body["inputs"]["fields"]] == ["token_file", "ours", "token"]
    assert set(body["injectors"]["env"]) == {"OURS", "TOKEN", "TOKEN_FILE"}
