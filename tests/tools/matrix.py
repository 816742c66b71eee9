# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the compatibility tests with each supported combination of ansible-core and Python, or with old packages.

    matrix.py                 every supported release on each of its Pythons; missing Pythons are skipped
    matrix.py 2.16 2.21       some releases
    matrix.py 2.16/3.10       one combination
    matrix.py devel           the development branch of ansible-core
    matrix.py --lowest        the oldest packages that requirements.txt allows, on the oldest and the newest Python

Packages are installed once for each Python (.venvs/matrix-pyX.Y, or .venvs/lowest-pyX.Y); each ansible-core has
its own environment on top (.venvs/matrix-CORE-pyX.Y).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from sanity import SUPPORTED, find_python
from stage import ROOT

VENVS = ROOT / ".venvs"
DEVEL = "devel"
# The Pythons that the development branch supports, and its address
DEVEL_PYTHONS = ("3.13", "3.14")
DEVEL_SOURCE = "https://github.com/ansible/ansible/archive/devel.tar.gz"
REQUIREMENTS = ("requirements.txt", "test-requirements.txt", "tests/lab/requirements.txt")
# Requirements of other tests that these tests do not need
LEFT_OUT = re.compile(r"(ansible-core|ansible-runner|playwright)\b")
# The decisions, the modules run in both ways, and playbooks from a first run to the removal
TESTS = (
    "tests/unit",
    "tests/integration/test_doors.py",
    "tests/integration/test_playbooks.py",
    "tests/integration/test_site_life.py",
)
# Tests of the code that uses the oldest packages
TESTS_OF_PACKAGES = (
    *TESTS,
    "tests/integration/test_entra_app.py",
    "tests/integration/test_entra_app_authentication.py",
    "tests/integration/test_entra_app_parts.py",
    "tests/integration/test_entra_app_secrets.py",
    "tests/integration/test_console_proxy.py",
    "tests/integration/test_exchange.py",
)
# The releases of ansible-core that are tested with the oldest packages
LOWEST = ("2.16/3.10", "2.21/3.13")
_LOWER_BOUND = re.compile(r"^([A-Za-z0-9._-]+)>=([0-9.]+)$")


def supported() -> dict[str, tuple[str, ...]]:
    """Return the Pythons that each ansible-core supports as a controller, and those of the development branch."""
    return {**SUPPORTED, DEVEL: DEVEL_PYTHONS}


def choose(wanted: Iterable[str]) -> list[tuple[str, str]]:
    """Return the combinations of ansible-core and Python that ``wanted`` names; by default all but the development
    branch.

    Raises SystemExit for one that is not supported.
    """
    known = supported()
    found = []
    for name in list(wanted) or SUPPORTED:
        core, _slash, version = name.partition("/")
        if core not in known or (version and version not in known[core]):
            raise SystemExit(f"Unknown combination {name}: choose from {', '.join(known)}, or one such as 2.16/3.10")
        found += [(core, one) for one in ([version] if version else sorted(known[core], key=_number))]
    return list(dict.fromkeys(found))


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def requirements() -> Iterator[str]:
    """Yield the requirements of the tests that run here."""
    for name in REQUIREMENTS:
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith("#") and not LEFT_OUT.match(line):
                yield line


def lowest(lines: Iterable[str]) -> list[str]:
    """Return the lower bounds in ``lines`` of a requirements file as exact versions.

    Raises SystemExit for a line that is not a single lower bound: no release is excluded before it breaks something.
    """
    found = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        bound = _LOWER_BOUND.match(line)
        if not bound:
            raise SystemExit(f"requirements.txt contains {line!r}. Give it one lower bound, such as name>=1.2.")
        found.append(f"{bound[1]}=={bound[2]}")
    return found


def packages(version: str, python: Path, *, oldest: bool) -> Path:
    """Return the environment with the packages for one Python; create it if it does not exist."""
    wanted = list(requirements())
    if oldest:
        pinned = lowest((ROOT / "requirements.txt").read_text().splitlines())
        names = {line.partition("==")[0].lower() for line in pinned}
        wanted = [*pinned, *(line for line in wanted if re.split("[><=~ ]", line)[0].lower() not in names)]
    venv = VENVS / f"{'lowest' if oldest else 'matrix'}-py{version}"
    _make(venv, python, wanted)
    return venv


def _make(venv: Path, python: Path, wanted: list[str], base: Path | None = None) -> None:
    """Create an environment with the packages ``wanted``, on top of those of ``base``."""
    stamp = venv / "stamp"
    if stamp.exists() and stamp.read_text() == "\n".join(wanted):
        return
    subprocess.run([python, "-m", "venv", "--clear", *(["--without-pip"] if base else []), venv], check=True)
    pip = [venv / "bin/python", "-m", "pip"]
    if base:
        (folder,) = venv.glob("lib/python*/site-packages")
        (below,) = base.glob("lib/python*/site-packages")
        (folder / "below.pth").write_text(f"{below}\n")
        pip = [base / "bin/python", "-m", "pip", "--python", venv / "bin/python"]
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *quiet, "install", "--no-compile", *wanted], check=True)
    stamp.write_text("\n".join(wanted))


def environment(core: str, version: str, python: Path, *, oldest: bool) -> Path:
    """Return the environment of one ansible-core on one Python; create it if it does not exist."""
    base = packages(version, python, oldest=oldest)
    venv = VENVS / f"{base.name.partition('-')[0]}-{core}-py{version}"
    _make(venv, python, [DEVEL_SOURCE if core == DEVEL else f"ansible-core~={core}.0"], base)
    return venv


def run(core: str, version: str, python: Path, *, oldest: bool) -> bool:
    """Run the tests with one ansible-core on one Python, and return whether they passed."""
    venv = environment(core, version, python, oldest=oldest)
    path = [part for part in os.environ["PATH"].split(os.pathsep) if not part.endswith("shims")]
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "ANSIBLE_"))},
        "PATH": os.pathsep.join([str(venv / "bin"), *path]),
    }
    tests = TESTS_OF_PACKAGES if oldest else TESTS
    command = [venv / "bin/python", "-m", "pytest", "-q", "--numprocesses", "2", "--dist", "worksteal"]
    # A short path: ansible-core 2.21 creates a Unix socket in the tests' TMPDIR, whose path may have 107 characters
    with tempfile.TemporaryDirectory(prefix="m") as folder:
        command += ["--basetemp", f"{folder}/t", *tests]
        return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode == 0


def main(wanted: list[str], *, oldest: bool) -> int:
    """Run the requested combinations; the exit status is 0 if at least one could run and all of these passed."""
    results = []
    for core, version in choose(wanted or (LOWEST if oldest else ())):
        name = f"ansible-core {core} on Python {version}{' with the oldest packages' if oldest else ''}"
        python = find_python(version)
        if python is None:
            results.append((name, "skipped: this Python is not installed"))
            continue
        print(f"== {name}", flush=True)
        start = time.monotonic()
        try:
            passed = run(core, version, python, oldest=oldest)
        except subprocess.CalledProcessError as error:  # pip has printed the cause
            print(error, file=sys.stderr)
            passed = False
        results.append((name, f"{'passed' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s"))
    for name, result in results:
        print(f"{name}: {result}")
    passed_all = [result.startswith("passed") for _name, result in results if not result.startswith("skipped")]
    return 0 if passed_all and all(passed_all) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lowest", action="store_true", help="with the oldest packages that requirements.txt allows")
    parser.add_argument("combination", nargs="*", metavar="CORE[/PYTHON]")
    given = parser.parse_args()
    sys.exit(main(given.combination, oldest=given.lowest))
