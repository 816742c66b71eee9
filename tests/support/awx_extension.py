# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""extensions/awx in this process: its code runs against the lab's AWX, without ansible-playbook and awx.awx."""

from __future__ import annotations

import base64
import functools
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import ansible.module_utils
from ansible.parsing.dataloader import DataLoader

from lab.awx.server import Awx

EXTENSION = Path(__file__).resolve().parents[2] / "extensions/awx"
# Ansible adds the folder next to a playbook in the same way
ansible.module_utils.__path__.append(str(EXTENSION / "module_utils"))

from ansible.module_utils import rustdesk_sso_awx_plan as plan  # noqa: E402
from ansible.module_utils.rustdesk_sso_awx_api import Api, Failed  # noqa: E402
from ansible.module_utils.rustdesk_sso_awx_install import Installer  # noqa: E402
from ansible.module_utils.rustdesk_sso_awx_objects import objects  # noqa: E402
from ansible.module_utils.rustdesk_sso_awx_uninstall import Uninstaller  # noqa: E402

Item = dict[str, Any]
URL = "https://git.example.com/rustdesk-sso.git"
# The variables of a first run
FIRST = {"execution_environment_image": "registry.example.com/rustdesk-sso-ee", "project_url": URL}
__all__ = ["EXTENSION", "FIRST", "URL", "Failed", "contents", "install", "plan", "uninstall"]


@functools.cache
def _read(name: str) -> str:
    return json.dumps(DataLoader().load_from_file(str(EXTENSION / f"vars/{name}.yml")))


def contents(name: str) -> Any:
    """The content of a file in the folder vars."""
    return json.loads(_read(name))


class Requests:
    """The part of awx.awx's ControllerAPIModule that the code uses; it ends the task at a 403 and a 404."""

    def __init__(self, awx: Awx) -> None:
        self._awx = awx
        self._authorization = "Basic " + base64.b64encode(f"admin:{awx.password}".encode()).decode()

    def get_endpoint(self, path: str, data: Item) -> Item:
        """Send a GET request."""
        return self.make_request("GET", f"{path}?{urlencode(data)}" if data else path)

    def make_request(self, method: str, path: str, data: Item | None = None) -> Item:
        """Send any request."""
        target = path if path.startswith("/") else f"/api/v2/{path}"
        status, answer = self._awx.respond(method, target, self._authorization, data or {})
        if status in (403, 404):
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return {"status_code": status, "json": answer}


def _wanted(settings: Item) -> list[Any]:
    templates = contents("job_templates")
    types = contents("credential_types")["awx_credential_types"]
    return list(objects(settings, types, templates["awx_job_templates"], templates["awx_workflow"]))


def _settings(given: Item) -> Item:
    return {"name": "RustDesk sign-in", "organization": "Default", "update_timeout": 60, **given}


def install(awx: Awx, check_mode: bool = False, **given: Any) -> Any:
    """Run the code of install.yml, given its variables without their prefix; raises Failed."""
    settings = _settings(given)
    installer = Installer(Api(Requests(awx)), _wanted(settings), settings, check_mode)
    installer.run(contents("job_templates")["awx_workflow"])
    return installer


def uninstall(awx: Awx, **given: Any) -> Any:
    """Run the code of uninstall.yml."""
    settings = _settings(given)
    uninstaller = Uninstaller(Api(Requests(awx)), _wanted(settings), settings, check_mode=False)
    uninstaller.run()
    return uninstaller
