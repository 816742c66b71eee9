# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant and some RustDesk servers in the lab, as an inventory and as options of the modules."""

from __future__ import annotations

import itertools
from typing import Any

from lab.client import Console, Lab, Tenant
from support.controller import Controller, Run

_NUMBERS = itertools.count(1)
USER = "alice"


class Fleet:
    """``size`` servers of one tenant that share one application, newly created in the lab."""

    def __init__(self, lab: Lab, controller: Controller, size: int = 1) -> None:
        self.lab = lab
        self.controller = controller
        self.domain = f"tenant{next(_NUMBERS)}.example"
        self.tenant: Tenant = lab.add_tenant(self.domain)
        self.consoles: dict[str, Console] = {}
        self.variables: dict[str, Any] = {
            "rustdesk_sso_tenant_id": self.tenant.tenant_id,
            "rustdesk_sso_entra_client_id": self.tenant.automation["client_id"],
            "rustdesk_sso_entra_client_secret": self.tenant.automation["client_secret"],
            "rustdesk_sso_entra_authority_host": lab.login_url,
            "rustdesk_sso_entra_graph_endpoint": lab.graph_url,
            "rustdesk_sso_ca_path": str(lab.ca_path),
            "rustdesk_sso_wait_timeout": 30,
        }
        self.hosts: dict[str, dict[str, Any]] = {}
        for number in range(1, size + 1):
            self.add_server(f"desk{number}.{self.domain}")

    def add_server(self, name: str, **console: Any) -> Console:
        """Add a server with its own console; ``console`` is passed to the lab's add_console."""
        added = self.lab.add_console(name, **console)
        self.consoles[name] = added
        self.hosts[name] = {
            "rustdesk_sso_console_url": added.url,
            "rustdesk_sso_public_url": added.url,
            "rustdesk_sso_console_username": added.username,
            "rustdesk_sso_console_password": added.password,
        }
        if added.totp_secret:
            self.hosts[name]["rustdesk_sso_console_totp_secret"] = added.totp_secret
        return added

    @property
    def inventory(self) -> dict[str, Any]:
        """The inventory as data."""
        return {"rustdesk_servers": {"hosts": self.hosts, "vars": self.variables}}

    def site(self, *options: str, **environment: str) -> Run:
        """Run the collection's site.yml on the fleet."""
        return self.controller.playbook(self.controller.site, self.inventory, *options, **environment)

    def sign_in(self, name: str) -> dict[str, Any]:
        """Let a user sign in to the server ``name`` through the complete flow; raises the lab's SignInFailed."""
        upn = f"{USER}@{self.domain}"
        return self.consoles[name].sign_in(op="azure", upn=upn, password=self.tenant.users[upn])

    @property
    def entra(self) -> dict[str, Any]:
        """The options with which a module of the group ``entra`` signs in."""
        return {
            "tenant_id": self.tenant.tenant_id,
            "client_id": self.tenant.automation["client_id"],
            "client_secret": self.tenant.automation["client_secret"],
            "authority_host": self.lab.login_url,
            "graph_endpoint": self.lab.graph_url,
            "ca_path": str(self.lab.ca_path),
        }

    def console_options(self, name: str) -> dict[str, Any]:
        """The options with which a module of the group ``rustdesk`` signs in to the server ``name``."""
        console = self.consoles[name]
        return {
            "console_url": console.url,
            "username": console.username,
            "password": console.password,
            "ca_path": str(self.lab.ca_path),
        }
