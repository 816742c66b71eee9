# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests of the collection that have no live case. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from live import contract_consoles, contract_entra
from live.contract import template

SERVICES = {"graph": contract_entra.GRAPH, "login": contract_entra.LOGIN, **contract_consoles.CONSOLES}
# Other requests of the product in tests, with the reason why they need no live case
WITHOUT_CASE = {
    ("login", "GET", "/common/discovery/instance"),  # azure-identity sends it, and ignores the response
    # Only after a 404 of the current path, for servers from before August 2023
    *((kind, "GET", "/api/oidc/login-options") for kind in contract_consoles.CONSOLES),
}


def missing(endpoints: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the requests, as returned by ``Lab.endpoints``, that have no case."""
    cases = {
        (name, expected.method, expected.template)
        for name, service in SERVICES.items()
        for expected in service.values()
    } | WITHOUT_CASE
    asked = {(name, method, template(path)) for name, method, path in endpoints if name in SERVICES}
    return sorted(" ".join(item) for item in asked - cases)
