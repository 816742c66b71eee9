# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Detect misspelled names of the role's variables, which Ansible would ignore silently."""

from __future__ import annotations

import difflib
import typing as t
from functools import lru_cache

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import variables

# The playbooks' variable for the hosts, and the facts and statistics that the role and the playbooks set
OTHERS = frozenset(
    PREFIX + name for name in ("hosts", "run", "observed", "adopted", "examined", "report", "report_directory")
)
# How similar two names without the prefix are at least if one is a misspelling of the other
CUTOFF = 0.85


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Return all names with the role's prefix that the role and the playbooks use, including former ones."""
    return frozenset({*variables.specification(), *variables.FORMER_NAMES, *OTHERS})


@lru_cache(maxsize=1024)
def meant(name: str) -> str:
    """Return the variable that ``name`` probably misspells; empty if it is known, or similar to none."""
    if name in known():
        return ""
    short = name.removeprefix(PREFIX)
    choices = sorted(other.removeprefix(PREFIX) for other in known() - variables.FORMER_NAMES.keys())
    found = difflib.get_close_matches(short, choices, 1, CUTOFF)
    return PREFIX + found[0] if found and not _extends(short, found[0]) else ""


def _extends(short: str, other: str) -> bool:
    """Return whether ``short`` is ``other`` with more words, such as a variable that the value is kept in."""
    return f"_{other}_" in f"_{short}_"


def problems(given: t.Iterable[str]) -> list[str]:
    """Return a sentence for each misspelled variable among the names ``given`` of a host's variables."""
    found = {name: meant(name) for name in given if name.startswith(PREFIX)}
    return [
        f"{name} is not a variable of the role. Did you mean {other}?" for name, other in sorted(found.items()) if other
    ]
