# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""learn_contract reports unusable input; learning itself is tested with a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.controller import Controller

SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"


@pytest.mark.parametrize(
    ("recording", "said"),
    [
        (None, "Set learn_har to a HAR file saved from"),
        ("<html>" + SECRET, "HAR"),
        (json.dumps([SECRET]), "not a recording in HAR format"),
        (json.dumps({"log": {"entries": [{"request": {"url": SECRET}}]}}), "not a recording in HAR format"),
        (json.dumps({"log": {"entries": []}}), "press Submit"),
    ],
    ids=["no file", "no JSON", "another JSON", "half an entry", "empty"],
)
def test_unusable_recordings(recording: str | None, said: str, quick_controller: Controller, tmp_path: Path) -> None:
    har = tmp_path / "recording.har"
    if recording is not None:
        har.write_text(recording, "utf-8")
    playbook = quick_controller.site.with_name("learn_contract.yml")
    run = quick_controller.playbook(playbook, {}, "-e", f"learn_har={har}")
    assert run.rc != 0
    assert said in " ".join(run.output.split()), run.output
    assert SECRET not in run.output
    assert "Traceback" not in run.output
    assert not list(quick_controller.home.glob("rustdesk_contract*"))
