# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Updates of projects and inventory sources [src: awx/main/models/projects.py]. The first read finds an update running.

A project has only the playbooks of its last successful update.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Item = dict[str, Any]


@dataclass
class Update:
    """One update of the object with the ID ``owner``. ``source_path`` belongs to an inventory source."""

    owner: int
    url: str
    source_path: str
    status: str = "pending"


class Updates:
    """All updates by ID. ``repositories`` maps a project's ``scm_url`` to the folder with its content."""

    def __init__(self, repositories: dict[str, Path]) -> None:
        self._repositories = repositories
        self._updates: dict[int, Update] = {}
        self._playbooks: dict[int, list[str]] = {}

    def start(self, number: int, item: Item, source_path: str = "") -> int:
        """Start an update of a project, or of an inventory source with its project's ``scm_url``."""
        self._updates[number] = Update(item["id"], item["scm_url"], source_path)
        return number

    def ask(self, number: int) -> Item:
        """Return an update as AWX shows it. It finishes once it was shown as running."""
        update = self._updates[number]
        shown = {"id": number, "status": update.status, "job_explanation": "", "result_traceback": ""}
        if update.status == "pending":
            self._end(update)
        return shown

    def _end(self, update: Update) -> None:
        folder = self._repositories.get(update.url)
        good = folder is not None and (folder / update.source_path).exists()
        update.status = "successful" if good else "failed"
        if good and folder and not update.source_path:
            self._playbooks[update.owner] = sorted(path.name for path in folder.glob("*.yml"))

    def stdout(self, number: int) -> Item:
        """Return the output, with color codes."""
        update = self._updates[number]
        if update.source_path:
            return {"content": f"\x1b[0;31m[ERROR]: Source does not exist: {update.source_path}\x1b[0m\n"}
        message = f"fatal: repository '{update.url}' not found"
        failed = f'fatal: [localhost]: FAILED! => {{"msg": "{message}"}}'
        return {"content": f"TASK [update project]\n\x1b[0;31m{failed}\x1b[0m\n"}

    def current(self, item: Item) -> int | None:
        """Return the ID of the object's unfinished update."""
        running = [
            one for one, update in self._updates.items() if update.owner == item["id"] and update.status == "pending"
        ]
        return running[-1] if running else None

    def status(self, item: Item) -> str:
        """Return the status of a project."""
        if not item["scm_type"]:
            return "ok"
        own = [update.status for update in self._updates.values() if update.owner == item["id"]]
        return own[-1] if own else "never updated"

    def playbooks(self, item: Item) -> list[str]:
        """Return the names of a project's playbooks."""
        return self._playbooks.get(item["id"], [])
