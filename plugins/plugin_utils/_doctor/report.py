# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The findings about a fleet, as a document and as a table for the terminal. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import counted, sentence
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    OK,
    PROBLEM,
    STATES,
    UNKNOWN,
    WARNING,
    Finding,
    by_urgency,
)

# The number of servers without problems to list; the rest is counted
LISTED = 20
# The number of servers with the same findings to name
NAMED = 5


@dataclass(frozen=True)
class OfTenant:
    """The findings for one set of credentials, and the servers that declare it."""

    tenant_id: str
    client_id: str
    servers: t.Sequence[str]
    findings: t.Sequence[Finding]


@dataclass(frozen=True)
class Report:
    """All findings: about the controller, each tenant and automation, and each server."""

    checked_at: str
    controller: t.Sequence[Finding]
    tenants: t.Sequence[OfTenant]
    servers: t.Mapping[str, t.Sequence[Finding]]

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings in each state."""
        found = Counter(finding.state for _title, findings in self._parts() for finding in findings)
        return {state: found[state] for state in STATES}

    def _parts(self) -> list[tuple[str, t.Sequence[Finding]]]:
        tenants = [(_tenant_title(tenant), tenant.findings) for tenant in self.tenants]
        return [("Controller", self.controller), *tenants, *self.servers.items()]

    def document(self) -> dict[str, t.Any]:
        """Return the report as in the JSON file."""

        def listed(findings: t.Iterable[Finding]) -> list[dict[str, str]]:
            return [finding.result() for finding in by_urgency(findings)]

        return {
            "checked_at": self.checked_at,
            "counts": self.counts,
            "controller": listed(self.controller),
            "tenants": [
                {
                    "tenant_id": tenant.tenant_id,
                    "client_id": tenant.client_id,
                    "servers": [*tenant.servers],
                    "findings": listed(tenant.findings),
                }
                for tenant in self.tenants
            ],
            "servers": {name: listed(findings) for name, findings in self.servers.items()},
        }

    def headline(self) -> str:
        """Return the result in one line."""
        counts, number = self.counts, len(self.servers)
        urgent = [counted(counts[state], state) for state in (PROBLEM, WARNING) if counts[state]]
        fleet = counted(number, "server")
        rest = ", ".join(_rest(counts))
        if not urgent:
            return f"No problems found. {fleet}, {rest}"
        return f"{', '.join(urgent)} found. {fleet}, {rest}"

    def lines(self, *, show_all: bool = False) -> list[str]:
        """Return the lines of all tables, the most urgent first. ``show_all`` includes checks that passed.

        Servers with the same findings share a table.
        """
        named: dict[tuple[Finding, ...], list[str]] = {}
        for name, findings in self.servers.items():
            named.setdefault(tuple(by_urgency(findings)), []).append(name)
        shared = [(_named(names), found) for found, names in named.items() if _is_shown(found, show_all)]
        first = [
            ("Controller", self.controller),
            *((_tenant_title(tenant), tenant.findings) for tenant in self.tenants),
        ]
        sections = [(title, by_urgency(found)) for title, found in (*first, *shared) if _is_shown(found, show_all)]
        sections.sort(key=lambda section: STATES.index(section[1][0].state))
        quiet = [(name, found) for name, found in self.servers.items() if not _is_shown(found, show_all)]
        found = [line for title, findings in sections for line in ("", *_section(title, findings, show_all))]
        if quiet:
            found += [
                "",
                *(f"{name}: no problems found ({', '.join(_rest(_count(of)))})" for name, of in quiet[:LISTED]),
            ]
        if len(quiet) > LISTED:
            found.append(f"and {len(quiet) - LISTED} more servers without problems")
        return [self.headline(), *found]


def _tenant_title(tenant: OfTenant) -> str:
    return f"Tenant {tenant.tenant_id}" + (f", application {tenant.client_id}" if tenant.client_id else "")


def _is_shown(found: t.Iterable[Finding], show_all: bool) -> bool:
    return show_all or any(finding.state in (PROBLEM, WARNING) for finding in found)


def _count(found: t.Iterable[Finding]) -> Counter[str]:
    return Counter(finding.state for finding in found)


def _rest(counts: t.Mapping[str, int]) -> list[str]:
    """Return the numbers of checks that passed and that were skipped."""
    passed = f"{counted(counts[OK], 'check')} passed"
    return [passed, *([f"{counts[UNKNOWN]} skipped"] if counts[UNKNOWN] else [])]


def _section(title: str, findings: t.Sequence[Finding], show_all: bool) -> t.Iterator[str]:
    counts = _count(findings)
    urgent = [counted(counts[state], state) for state in (PROBLEM, WARNING) if counts[state]]
    yield f"{title}: {', '.join([*urgent, *_rest(counts)])}"
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        if finding.state in (PROBLEM, WARNING) or (show_all and finding.state == OK):
            yield f"  {finding.state:<7}  {finding.name:<{width}}  {sentence(finding.seen)}"
            if finding.remedy:
                yield f"  {'':<7}  {'':<{width}}  {sentence(finding.remedy)}"
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        if finding.state == UNKNOWN:
            reasons.setdefault(finding.seen, []).append(finding.name)
    for why, names in reasons.items():
        yield f"  {UNKNOWN:<7}  {', '.join(names)}: {sentence(why)}"


def _named(names: t.Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
