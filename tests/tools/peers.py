# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetches other collections for tests that need them: build/peers/ansible_collections/NAMESPACE/NAME.

They are taken from PyPI's wheel of the package ``ansible``, which contains them as published on Galaxy. Out: the folder
for ANSIBLE_COLLECTIONS_PATH, on stdout.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PEERS = Path(__file__).resolve().parents[2] / "build" / "peers"
# Holds ansible.posix, awx.awx 24.6.1 and azure.azcollection 3.12.0
WHEEL = "ansible==12.3.0"
COLLECTIONS = ("ansible/posix", "awx/awx", "azure/azcollection")


def unpack(wheel: Path, folder: Path) -> None:
    """Extract only the collections of the wheel below ``folder``."""
    wanted = tuple(f"ansible_collections/{name}/" for name in COLLECTIONS)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])


def fetch() -> Path:
    """Return the folder with the collections, downloaded if missing; raises CalledProcessError if that fails."""
    PEERS.mkdir(parents=True, exist_ok=True)
    stamp, content = PEERS / "stamp", "\n".join([WHEEL, *COLLECTIONS])
    with (PEERS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may start at the same time
        if not stamp.exists() or stamp.read_text("utf-8") != content:
            shutil.rmtree(PEERS / "ansible_collections", ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=PEERS) as scratch:
                download = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--dest", scratch, WHEEL]
                subprocess.run(download, check=True)
                (wheel,) = Path(scratch).glob("*.whl")
                unpack(wheel, PEERS)
            stamp.write_text(content, "utf-8")
    return PEERS


if __name__ == "__main__":
    print(fetch())
