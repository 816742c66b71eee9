# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before any test: stage the collection, and make it, the lab and other helpers importable."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent

if ROOT.parts[-3:] == ("ansible_collections", "deskops", "rustdesk_sso"):
    COLLECTIONS = ROOT.parents[2]  # the tests run from an installed or staged collection
else:
    COLLECTIONS = ROOT / "build"
if COLLECTIONS.parent == ROOT and "PYTEST_XDIST_WORKER" not in os.environ:  # once, before any worker starts
    subprocess.run([sys.executable, TESTS / "tools" / "stage.py"], check=True, stdout=subprocess.DEVNULL)

sys.path[:0] = [str(COLLECTIONS), str(TESTS)]
# The same for the ansible-playbook processes that tests start
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
# Before anything imports the collection: Ansible's plugin loader knows only collections that its own finder imported
init_plugin_loader([str(COLLECTIONS)])

# httpcore imports it several times per request, and each time searches for it again if it is not installed
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# The speed at which a machine draws or runs an example is no property of the product. The same code gets the same
# examples, so that a change fails only for its own faults; another number of examples generates new ones.
settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="RUSTDESK_SSO_EXAMPLES" not in os.environ,
)
settings.load_profile("suite")

pytest_plugins = ["support.fixtures"]
