# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies the working tree to the path that Ansible and its tools expect:
build/ansible_collections/deskops/rustdesk_sso.

In: the files that git tracks or would track (untracked, not ignored). Out: the copy, without stale files, and its path
on stdout. A real copy, because ansible-test refuses a symlinked collection.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "build"
# git's own folder, and files that ansible-test keeps from run to run
KEPT = {".git", ".ansible", "tests/output"}


def known_files() -> set[str]:
    """Return the paths, relative to the root, of all files that belong to the collection's source."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name for name in listed.split("\0") if name and os.path.lexists(ROOT / name)}


def is_current(source: Path, target: Path) -> bool:
    """Return whether the copy has the size, time and mode of its source."""
    if source.is_symlink() or not target.is_file() or target.is_symlink():
        return False
    ours, theirs = source.stat(), target.stat()
    return (ours.st_size, ours.st_mtime_ns, ours.st_mode) == (theirs.st_size, theirs.st_mtime_ns, theirs.st_mode)


def copy(name: str, folder: Path) -> None:
    """Update one file; a reader of the old file never sees half of the new one."""
    source, target = ROOT / name, folder / name
    if is_current(source, target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.copy2(source, part, follow_symlinks=False)
    except FileNotFoundError:  # deleted since it was listed
        return
    os.replace(part, target)


def remove_stale(files: set[str], folder: Path) -> None:
    """Delete files of the copy that are no longer in the source."""
    folders = {str(parent) for name in files for parent in Path(name).parents}
    for here, names, leaves in os.walk(folder):
        base = Path(here).relative_to(folder)
        for name in [*names]:
            path = str(base / name)
            if path in KEPT or (name == "__pycache__" and str(base) in folders):
                names.remove(name)
            elif path not in folders and not (folder / path).is_symlink():
                shutil.rmtree(folder / path)
                names.remove(name)
        for name in [*leaves, *(link for link in names if (folder / base / link).is_symlink())]:
            if str(base / name) not in files:
                (folder / base / name).unlink()


def stage(collections: Path = COLLECTIONS) -> Path:
    """Update the copy below ``collections``/ansible_collections and return its folder."""
    folder = collections / "ansible_collections" / "deskops" / "rustdesk_sso"
    folder.mkdir(parents=True, exist_ok=True)
    with (collections / ".stage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test runs may start at the same time
        files = known_files()
        remove_stale(files, folder)
        for name in sorted(files):
            copy(name, folder)
        if not (folder / ".git").exists():
            # ansible-test reads its files from the nearest repository, and the one above ignores build/
            subprocess.run(["git", "init", "--quiet", "--initial-branch=stage", str(folder)], check=True)
    return folder


if __name__ == "__main__":
    print(stage())
