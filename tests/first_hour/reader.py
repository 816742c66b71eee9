# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reader who follows a document in an empty home and an empty directory, with the lab instead of the internet."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .documents import Command, File

# Seconds after which a command is killed
LONGEST = 300


@dataclass
class Reader:
    """Writes the files and runs the commands of a document. Exports and the directory persist, as in a terminal.

    ``home`` is an empty directory, ``environment`` that of a new terminal. ``means`` maps placeholders in the document,
    such as a host name, to the reader's own values.
    """

    home: Path
    environment: Mapping[str, str]
    means: Mapping[str, str]
    on_line: Callable[[str], None] = lambda _line: None
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._state = self.home / ".terminal"
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.environment.items())
        self._state.write_text(f"{exports}cd {shlex.quote(str(self.home))}\n")

    def own(self, text: str) -> str:
        """``text`` with the reader's own values."""
        for theirs, ours in self.means.items():
            text = text.replace(theirs, ours)
        return text

    def do(self, step: File | Command) -> str:
        """Perform one step; return the output of the terminal. Raises AssertionError if a command fails, or its output
        differs from the document.
        """
        if isinstance(step, File):
            return self._write(step)
        output = self._run(self.own(step.text))
        missing = Command(step.text, self.own(step.shows)).missing(output)
        assert not missing, f"{step.text}\ndoes not show:\n{chr(10).join(missing)}\nbut:\n{output}"
        self.done.append(step.text)
        return output

    def _write(self, file: File) -> str:
        path = Path(self._run("pwd").strip()) / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.own(file.text))
        return ""

    def _run(self, command: str) -> str:
        state = shlex.quote(str(self._state))
        script = (
            f'. {state}\n{command}\nstatus=$?\n{{ export -p; echo "cd $(printf %q "$PWD")"; }} >{state}\nexit $status\n'
        )
        process = subprocess.Popen(
            ["bash", "-c", script],
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        watchdog = threading.Timer(LONGEST, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        lines = []
        try:
            with process:
                for line in process.stdout or ():
                    lines.append(line)
                    self.on_line(line.rstrip("\n"))
        finally:
            watchdog.cancel()
        output = "".join(lines)
        assert process.returncode == 0, f"{command}\nended with {process.returncode}:\n{output}"
        return output
