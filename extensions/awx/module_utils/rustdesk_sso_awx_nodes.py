# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nodes of the workflow: the preview, then the approval, then the removal."""

from __future__ import annotations

from ansible.module_utils.rustdesk_sso_awx_api import Api
from ansible.module_utils.rustdesk_sso_awx_objects import Item, Wanted

TIMEOUT = 86400


class Nodes:
    """The nodes of the workflow ``wanted``. ``workflow`` is its ID, -1 in check mode if it does not exist yet."""

    def __init__(self, api: Api, wanted: Wanted, workflow: int, settings: Item, check_mode: bool) -> None:
        self._api = api
        self._wanted = wanted
        self._workflow = workflow
        self._timeout = settings.get("approval_timeout")
        self._check_mode = check_mode
        self.changes: list[str] = []

    def arrange(self, content: Item, ids: dict[str, int]) -> None:
        """Create the nodes, unless an administrator has changed their links. Raise Failed.

        ``content`` is the workflow from the directory vars. ``ids`` are the IDs of the templates ``preview`` and
        ``remove``.
        """
        nodes = []
        if self._workflow > 0:
            nodes = self._api.all("workflow_job_template_nodes", workflow_job_template=self._workflow)
        by_name = {node["identifier"]: node for node in nodes}
        linked = any(node.get(f"{when}_nodes") for node in nodes for when in ("success", "failure", "always"))
        if linked and not self._wanted.reset:
            if self._timeout is not None and "approve" in by_name:
                self._set_timeout(by_name["approve"], self._timeout)
            return
        templates = {"preview": ids["preview"], "approve": None, "remove": ids["remove"]}
        if linked and set(by_name) >= set(templates):
            return
        self.changes.append(f"arrange the nodes of {self._wanted.title}")
        if not self._check_mode:
            approval = {**content["approval"], "timeout": TIMEOUT if self._timeout is None else self._timeout}
            self._create(by_name, templates, approval)

    def _create(self, by_name: dict[str, Item], templates: dict[str, int | None], approval: Item) -> None:
        """Create and link the nodes, and set their templates last.

        A node without a parent runs immediately, so an unlinked one could remove servers without approval.
        """
        title = self._wanted.title
        for identifier in templates:
            if identifier not in by_name:
                body = {"workflow_job_template": self._workflow, "identifier": identifier}
                by_name[identifier] = self._api.post(f"add a node to {title}", "workflow_job_template_nodes", body)
        for parent, child in (("preview", "approve"), ("approve", "remove")):
            if by_name[child]["id"] not in by_name[parent].get("success_nodes", []):
                path = f"workflow_job_template_nodes/{by_name[parent]['id']}/success_nodes"
                self._api.post(f"link the nodes of {title}", path, {"id": by_name[child]["id"]})
        for identifier, template in templates.items():
            node = by_name[identifier]
            path = f"workflow_job_template_nodes/{node['id']}"
            if node.get("unified_job_template"):
                continue
            if template is None:
                self._api.post(f"add the approval to {title}", f"{path}/create_approval_template", approval)
            else:
                self._api.patch(f"set a node of {title}", path, {"unified_job_template": template})

    def _set_timeout(self, node: Item, timeout: int) -> None:
        path = f"workflow_approval_templates/{node['unified_job_template']}"
        if self._api.get(path)["timeout"] != timeout:
            self.changes.append("set the timeout of the approval")
            if not self._check_mode:
                self._api.patch("change the approval", path, {"timeout": timeout})
