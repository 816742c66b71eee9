# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service provider: the fleets of many tenants in one inventory."""

from __future__ import annotations

import itertools
from typing import Any

from lab.client import Lab
from support.consoles import KINDS, add
from support.controller import Controller, Run
from support.fleet import Fleet


class ServiceProvider:
    """``tenants`` customers with ``servers`` servers each; the console types alternate.

    Each customer is a group with the variables of its tenant; its servers share one application.
    """

    def __init__(self, lab: Lab, controller: Controller, tenants: int, servers: int) -> None:
        self.lab = lab
        self.controller = controller
        self.fleets = [Fleet(lab, controller, 0) for _tenant in range(tenants)]
        kinds = itertools.cycle(KINDS)
        for fleet in self.fleets:
            for number in range(1, servers + 1):
                add(fleet, next(kinds), f"desk{number}")

    @property
    def fleet_of(self) -> dict[str, Fleet]:
        """The fleet of each server, by the server's name."""
        return {name: fleet for fleet in self.fleets for name in fleet.hosts}

    @property
    def inventory(self) -> dict[str, Any]:
        """The inventory as data: a group for each tenant below rustdesk_servers."""
        customers = {
            fleet.domain.replace(".", "_"): {"hosts": fleet.hosts, "vars": fleet.variables} for fleet in self.fleets
        }
        return {"rustdesk_servers": {"children": customers}}

    def site(self, *options: str, **environment: str) -> Run:
        """Run the collection's site.yml on all of them."""
        return self.controller.playbook(self.controller.site, self.inventory, *options, **environment)
