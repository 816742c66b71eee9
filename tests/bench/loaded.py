# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python modules that one task loads: loaded() starts a new process, in which this file is the program."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

MODELS = "msgraph.generated.models"
# Packages for requests to Entra, half a second to a second of imports
ENTRA_ONLY = (
    "azure.identity",
    "kiota_abstractions",
    "kiota_authentication_azure",
    "kiota_http",
    "msgraph",
    "msgraph_core",
)


def loaded(name: str, options: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return the result of the collection's module ``name`` with ``options``, and the names of all modules it loaded.

    The collection must be below ANSIBLE_COLLECTIONS_PATH. The options hold secrets, so they are passed on standard
    input.
    """
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([name, options]),
        env={**os.environ, "PYTHONPATH": os.environ["ANSIBLE_COLLECTIONS_PATH"]},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(done.stdout)
    return answer["result"], set(answer["modules"])


def of_packages(modules: Iterable[str], *packages: str) -> list[str]:
    """Return the modules that are inside one of the packages."""
    return sorted(name for name in modules if name.startswith(tuple(f"{package}." for package in packages)))


def main() -> None:
    """Run the core as the module does, but without AnsibleModule's output."""
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    name, options = json.load(sys.stdin)
    collection = "ansible_collections.deskops.rustdesk_sso.plugins"
    run = importlib.import_module(f"{collection}.module_utils._run")
    module = importlib.import_module(f"{collection}.modules.{name}")
    rules = {key: value for key, value in module.SPEC.items() if key != "supports_check_mode"}
    params = ArgumentSpecValidator(**rules).validate(options).validated_parameters
    result = run.outcome(module.run, params, run.Context(False, lambda _warning: None))
    json.dump({"result": result, "modules": sorted(sys.modules)}, sys.stdout)


if __name__ == "__main__":
    main()
