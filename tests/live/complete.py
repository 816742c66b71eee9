# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests of the collection no live case holds against the contract; pure."""

from __future__ import annotations

from collections.abc import Iterable

from live import contract_consoles, contract_entra
from live.contract import template

SERVICES = {"graph": contract_entra.GRAPH, "login": contract_entra.LOGIN, **contract_consoles.CONSOLES}
# What else the tests let the product ask for, and why no live case is needed
WITHOUT_CASE = {
    ("login", "GET", "/common/discovery/instance"),  # azure-identity asks it, and nobody reads the answer
    # Only after a 404 of today's path, for servers from before August 2023
    *((kind, "GET", "/api/oidc/login-options") for kind in contract_consoles.CONSOLES),
}


def missing(endpoints: Iterable[tuple[str, str, str]]) -> list[str]:
    """The requests, as ``Lab.endpoints`` gives them, for which there is no case."""
    cases = {
        (name, expected.method, expected.template)
        for name, service in SERVICES.items()
        for expected in service.values()
    } | WITHOUT_CASE
    asked = {(name, method, template(path)) for name, method, path in endpoints if name in SERVICES}
    return sorted(" ".join(item) for item in asked - cases)
