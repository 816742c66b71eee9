# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: signing in with a workload's token from a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from integration.entra_app_rows import NAMED, run
from integration.test_entra_app_sign_in import ISSUER, SUBJECT, trust

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import credentials
from support.fleet import Fleet


@pytest.fixture
def options(fleet: Fleet, tmp_path: Path) -> dict[str, Any]:
    """A declaration without the automation's client secret; the token file does not exist yet."""
    trust(fleet)
    return {**NAMED, "client_secret": None, "federated_token_file": str(tmp_path / "token")}


def write(options: dict[str, Any], token: str) -> None:
    """Write ``token`` to the file."""
    Path(options["federated_token_file"]).write_text(token)


@pytest.mark.parametrize("end", ["", "\n"])
def test_changed_token_file_is_read_again(fleet: Fleet, options: dict[str, Any], end: str) -> None:
    """With or without a trailing newline, the token in the file when the task runs is used."""
    stranger = fleet.lab.workload_token(ISSUER, "another workload")
    write(options, fleet.lab.workload_token(ISSUER, SUBJECT) + end)
    made = run(fleet, **options)
    assert not made.get("failed"), made
    write(options, stranger + end)
    refused = run(fleet, **options)
    assert refused["error"]["code"] == "AADSTS70021", refused
    assert "subject another workload" in refused["error"]["hint"]
    assert stranger not in str(refused)
    write(options, fleet.lab.workload_token(ISSUER, SUBJECT) + end)
    assert not run(fleet, **options).get("failed")


def test_token_file_without_a_token(fleet: Fleet, options: dict[str, Any]) -> None:
    """A missing, empty or invalid file is reported before any request, and never quoted."""
    path = options["federated_token_file"]
    fleet.lab.clear_requests()
    missing = run(fleet, **options)["msg"]
    write(options, "\n")
    empty = run(fleet, **options)["msg"]
    write(options, "token: a secret")
    other = run(fleet, **options)["msg"]
    assert re.match(rf"federated_token_file .*{path[-40:]} cannot be read: No such file or directory", missing)
    assert re.match(rf"The content of federated_token_file .*{path[-40:]} is not a token: it is empty", empty)
    assert "it contains characters that are not valid in a token" in other
    assert "a secret" not in other
    assert fleet.lab.requests() == []


def test_token_file_removed_during_the_task(
    fleet: Fleet, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It existed when the task began and is missing at sign-in: the message is the same."""
    write(options, fleet.lab.workload_token(ISSUER, SUBJECT))
    create = credentials.create

    def then_gone(*arguments: Any) -> Any:
        made = create(*arguments)
        Path(options["federated_token_file"]).unlink()
        return made

    monkeypatch.setattr(credentials, "create", then_gone)
    gone = run(fleet, **options)["msg"]
    assert gone == f"federated_token_file {options['federated_token_file']} cannot be read: FileNotFoundError."
