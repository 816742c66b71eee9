# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provides the pip installer that ansible-test would otherwise download from its own server, built from pip on PyPI.

In: the Python of an environment that contains ansible-core. ansible-test checks its cache before it downloads.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CACHE = Path("~/.ansible/test/cache").expanduser()
# get-pip installs setuptools and wheel as well, and has options against that, which pip itself does not know.
INSTALLER = """\
import sys
sys.path.insert(0, {wheel!r})
from pip._internal.cli.main import main
sys.exit(main(["install", *[a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]]))
"""


def wanted_pip(python: str) -> str:
    """Return the version of pip that this ansible-test installs into its environments."""
    find = "import ansible_test, pathlib; print(pathlib.Path(ansible_test.__file__).parent)"
    folder = subprocess.run([python, "-c", find], check=True, capture_output=True, text=True).stdout.strip()
    source = Path(folder, "_internal", "python_requirements.py").read_text(encoding="utf-8")
    found = re.search(r"default_packages = dict\(\s*pip='([\d.]+)'", source)
    if not found:
        raise SystemExit(f"{folder}: cannot determine the version of pip for this ansible-test")
    return found[1]


def seed(python: str) -> None:
    """Write the installer to the cache if it is missing."""
    version = wanted_pip(python)
    installer = CACHE / f"get_pip_{version.replace('.', '_')}.py"
    wheel = CACHE / f"pip-{version}-py3-none-any.whl"
    if installer.exists() and (wheel.exists() or str(wheel) not in installer.read_text(encoding="utf-8")):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    download = [python, "-m", "pip", "--quiet", "--quiet", "download", "--no-deps", "--dest", str(CACHE)]
    subprocess.run([*download, f"pip=={version}"], check=True)
    installer.write_text(INSTALLER.format(wheel=str(wheel)), encoding="utf-8")


if __name__ == "__main__":
    seed(sys.argv[1])
