# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes when a play began, each task was announced, and each result came: JSON lines in the file BENCH_TIMELINE."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Times are those of the monotonic clock, which on Linux all processes share."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "timeline"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._stream = open(os.environ["BENCH_TIMELINE"], "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - open for the run

    def _note(self, event: str, name: str = "") -> None:
        self._stream.write(json.dumps({"event": event, "name": name, "at": time.monotonic()}) + "\n")

    def v2_playbook_on_play_start(self, play) -> None:
        """A play begins."""
        self._note("play")

    def v2_playbook_on_task_start(self, task, is_conditional) -> None:
        """A task is announced: its action plugin and the libraries of that are loaded."""
        self._note("task", task.name or task.action)

    def _came(self, result, **_options) -> None:
        self._note("result")

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_skipped = v2_runner_on_unreachable = _came
