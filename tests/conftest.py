# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before any test: stages the collection, and lets tests import it, the lab and other helpers of the tests."""

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
# Before anything imports the collection: Ansible's plugin loader knows only those that its own finder has imported
init_plugin_loader([str(COLLECTIONS)])

# httpcore looks for it several times a request, and each time anew if it is not installed
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# How fast a machine draws or runs an example says nothing about the product. The same code gets the same examples, so
# that a change answers for its own faults alone; a number of examples asks for new ones.
settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="RUSTDESK_SSO_EXAMPLES" not in os.environ,
)
settings.load_profile("suite")

pytest_plugins = ["support.fixtures"]
