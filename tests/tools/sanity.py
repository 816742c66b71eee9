# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-test's sanity tests on the staged tree with one or several releases of ansible-core.

    sanity.py 2.19            one release
    sanity.py newest 2.16     several
    sanity.py all             every supported one whose Python is installed; the others are skipped with a notice
    sanity.py --without pylint 2.16   without one of the tests

Each release has its own environment in .venvs/core-X.Y.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import seed_ansible_test
from stage import COLLECTIONS, ROOT, stage

# The Pythons that each release supports as a controller, the preferred one first.
SUPPORTED = {
    "2.16": ("3.11", "3.12", "3.10"),
    "2.17": ("3.11", "3.12", "3.10"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.13", "3.14", "3.12"),
}
# A separate copy, because other tests may update theirs in the meantime.
OWN_COLLECTIONS = COLLECTIONS / "sanity"
# Prints the real path of the executable: a version manager's shim would not work inside ansible-test.
PROBE = "import ensurepip, os, sys; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"


def find_python(version: str) -> Path | None:
    """Return the executable of this Python on the PATH or under pyenv, or None."""
    candidates = [f"python{version}", "python3", sys.executable]
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    candidates += sorted(str(path) for path in pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for candidate in candidates:
        try:
            done = subprocess.run([candidate, "-c", PROBE], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.startswith(f"{version} "):
            return Path(done.stdout.strip().partition(" ")[2])
    return None


def choose(wanted: list[str]) -> list[tuple[str, str, Path | None]]:
    """Return the releases to run as (release, Python's version, executable or None)."""
    rows = []
    for core, versions in SUPPORTED.items():
        pythons = ((version, find_python(version)) for version in versions)
        version, python = next((pair for pair in pythons if pair[1]), (versions[0], None))
        rows.append((core, version, python))
    newest = next((row[0] for row in reversed(rows) if row[2]), "")
    names = [newest if name == "newest" else name for name in wanted]
    unknown = [name for name in names if name not in SUPPORTED and name != "all"]
    if unknown:
        raise SystemExit(f"Unknown release {', '.join(unknown)}: choose from {', '.join(SUPPORTED)}, newest, all")
    return [row for row in rows if "all" in names or row[0] in names]


def environment(core: str, version: str, python: Path) -> Path:
    """Return the environment of one release; create it if it does not exist."""
    venv = ROOT / ".venvs" / f"core-{core}"
    stamp = venv / f"stamp-{version}"
    if not stamp.exists():
        subprocess.run([python, "-m", "venv", "--clear", venv], check=True)
        pip = [venv / "bin" / "python", "-m", "pip", "--quiet", "--quiet", "install"]
        subprocess.run([*pip, f"ansible-core~={core}.0"], check=True)
        stamp.touch()
    return venv


def run(core: str, version: str, python: Path, without: list[str]) -> bool:
    """Run the sanity tests of one release except those ``without``, and return whether they passed."""
    venv = environment(core, version, python)
    seed_ansible_test.seed(str(venv / "bin" / "python"))
    path = [part for part in os.environ["PATH"].split(os.pathsep) if not part.endswith("shims")]
    env = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "PATH": os.pathsep.join([str(venv / "bin"), str(python.parent), *path]),
        "ANSIBLE_COLLECTIONS_PATH": str(OWN_COLLECTIONS),
    }
    options = ["--venv", "--requirements", "--python", version, "--color", "no"]
    options += [word for test in without for word in ("--skip-test", test)]
    command = [venv / "bin" / "ansible-test", "sanity", *options]
    return (
        subprocess.run(command, cwd=stage(OWN_COLLECTIONS), env=env, stdin=subprocess.DEVNULL, check=False).returncode
        == 0
    )


def main(wanted: list[str], without: list[str]) -> int:
    """Run the requested releases; the exit status is 0 if at least one could run and all of these passed."""
    results = []
    for core, version, python in choose(wanted):
        if python is None:
            results.append((core, f"skipped: Python {' or '.join(SUPPORTED[core])} is not installed"))
            continue
        print(f"== sanity of ansible-core {core} on Python {version}", flush=True)
        start = time.monotonic()
        result = "passed" if run(core, version, python, without) else "FAILED"
        results.append((core, f"{result} on Python {version} in {time.monotonic() - start:.0f} s"))
    for core, result in results:
        print(f"sanity {core}: {result}")
    passed = [result.startswith("passed") for core, result in results if not result.startswith("skipped")]
    return 0 if passed and all(passed) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", action="append", default=[], metavar="TEST")
    parser.add_argument("release", nargs="*", default=["2.19"])
    given = parser.parse_args()
    sys.exit(main(given.release, given.without))
