# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Decide whether a teardown may delete the automation's own applications, and report what it removed and kept. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import counted, enumerated
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.removal_message import ACCOUNTS, KEPT_DELETED
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RemovalRecord

Document = t.Mapping[str, t.Any]
Records = t.Mapping[str, RemovalRecord]

NAME = "teardown_automation"
# The keys that identify an application
IDS = ("tenant_id", "object_id", "app_id")
RESTORE = "az rest --method POST --url {graph}/v1.0/directory/deletedItems/<object ID>/restore"
PURGE = "az rest --method DELETE --url {graph}/v1.0/directory/deletedItems/<object ID>"
# The role's task that fails if a console no longer exists
ASKS_CONSOLE = "Inspect the console"
# How many hosts a message names
SHOWN = 5


@dataclass(frozen=True)
class Host:
    """A host of the inventory: its tenant as declared, and the client ID that its runs sign in with.

    Both are in lower case, and empty if unknown.
    """

    name: str
    tenant: str = ""
    client_id: str = ""


@dataclass(frozen=True)
class Automation:
    """The automation's own applications.

    ``names`` are the applications to delete, ``hosts`` the servers. ``answers`` are results of entra_app_info for each
    of lookups(), ``deleted`` the results of entra_app that deleted an application.
    """

    names: t.Sequence[str] = ()
    hosts: t.Sequence[Host] = ()
    answers: t.Sequence[Document] = ()
    deleted: t.Sequence[Document] = ()

    @property
    def tenants(self) -> list[str]:
        """Return the servers' tenants, as the inventory declares them."""
        return sorted({host.tenant for host in self.hosts if host.tenant})

    @property
    def client_ids(self) -> list[str]:
        """Return the client IDs that the servers' runs sign in with."""
        return sorted({host.client_id for host in self.hosts if host.client_id})

    @property
    def found(self) -> list[dict[str, str]]:
        """Return the applications found by name.

        Each has the keys of IDS, ``name``, ``declared`` (the tenant as servers declare it) and ``deleted`` (the time of
        its deletion). A deleted application counts only if no other has its name: the automation may have been
        replaced.
        """
        every = [
            {
                **{name: str(known.get(name) or "") for name in (*IDS, "deleted")},
                "name": str(answer["item"]["name"]),
                "declared": str(answer["item"]["tenant_id"]),
            }
            for answer in self.answers
            for item in answer.get("applications") or []
            for known in [{**item, "tenant_id": answer.get("tenant_id")}]
        ]
        there = {(item["name"], item["declared"]) for item in every if not item["deleted"]}
        return [item for item in every if not item["deleted"] or (item["name"], item["declared"]) not in there]

    @property
    def there(self) -> list[dict[str, str]]:
        """Return the applications that are not deleted, each once."""
        return list({item["object_id"]: item for item in self.found if not item["deleted"]}.values())

    @property
    def failed(self) -> bool:
        """Return whether an application could not be deleted."""
        return any("application" not in result for result in self.deleted)

    @property
    def done(self) -> list[str]:
        """Return the servers whose automation is deleted: a former teardown removed them, and no run can sign in."""
        return [host.name for host in self.hosts if self._is_done(host)]

    def _is_done(self, host: Host) -> bool:
        own = [
            item
            for item in self.found
            if (item["app_id"].lower() == host.client_id if host.client_id else item["declared"] == host.tenant)
        ]
        return bool(own) and all(item["deleted"] for item in own)

    @property
    def finished(self) -> bool:
        """Return whether a former teardown is finished for all servers."""
        return bool(self.hosts) and len(self.done) == len(self.hosts)


def lookups(automation: Automation) -> list[Document]:
    """Return the options of entra_app_info that look up the applications to delete, with ``name``.

    In each tenant, they search both existing and deleted applications.
    """
    return [
        {
            "name": name,
            "tenant_id": tenant,
            "app_id" if GUID.fullmatch(name.lower()) else "unique_name": name,
            "deleted": deleted,
        }
        for name in automation.names
        for tenant in automation.tenants
        for deleted in (False, True)
    ]


def refusal(
    automation: Automation,
    *,
    limited: bool = False,
    others: t.Iterable[Host] = (),
    confirmed: t.Sequence[str] = (),
    predicted: bool = False,
) -> str:
    """Return why the teardown is refused before any request, as sentences; empty if it is not.

    ``limited`` is whether the run is known to be limited to some servers, ``others`` are the hosts of the inventory
    that it leaves out, and ``confirmed`` the tenants that the caller has confirmed.
    """
    if limited:
        return (
            "A teardown must include all servers. Omit --limit and partial_inventory. To remove only some servers, use "
            "deskops.rustdesk_sso.remove."
        )
    own = {host.client_id for host in automation.hosts}
    same = [other.name for other in others if other.client_id in own]
    if same:
        more = f" and {len(same) - SHOWN} more" if len(same) > SHOWN else ""
        return (
            f"A teardown must include all servers of the automation, but this one leaves out {', '.join(same[:SHOWN])}"
            f"{more} with the same client ID (rustdesk_sso_entra_client_id). Set rustdesk_sso_hosts to a pattern that "
            "matches all servers. To remove only some servers, use deskops.rustdesk_sso.remove. If a host is not a "
            "server, do not set the variable for it."
        )
    if not predicted and not set(automation.tenants) <= set(confirmed):
        run = f"To run the teardown, add -e teardown_confirm={','.join(automation.tenants)}"
        if not confirmed:
            return f"Run the playbook with --check to see what a teardown removes and what it keeps. {run}"
        noun = "tenant of the inventory is" if len(automation.tenants) == 1 else "tenants of the inventory are"
        return f"teardown_confirm is {enumerated(confirmed)}, but the {noun} {enumerated(automation.tenants)}. {run}"
    return ""


def problem(automation: Automation) -> str:
    """Return why a named application cannot be deleted, as a sentence; empty if all can, or if none is named."""
    failed = next((answer for answer in automation.answers if "applications" not in answer), None)
    if failed is not None:
        return f"Cannot look up the automation's application {failed['item']['name']}: {failed.get('msg')}"
    # Before the lookup, nothing is known about the names
    names = automation.names if automation.answers else ()
    return next(filter(None, (_problem(automation, name) for name in names)), "")


def _problem(automation: Automation, name: str) -> str:
    found = [item for item in automation.found if item["name"] == name]
    if not found:
        return (
            f"The application {name} does not exist and was not deleted in the last {KEPT_DELETED}. Correct {NAME}, or "
            "omit it."
        )
    known = automation.client_ids
    if not known and not GUID.fullmatch(name.lower()):
        return (
            f"No server of the inventory sets rustdesk_sso_entra_client_id, so it is unknown whether {name} is the "
            f"automation's own application. Set {NAME} to its client ID."
        )
    other = next((item["app_id"] for item in found if known and item["app_id"].lower() not in known), "")
    if other:
        return (
            f"The application {name} has the client ID {other}, but the automation signs in with {', '.join(known)}. "
            f"Set {NAME} to the automation's own application."
        )
    return ""


def complete(automation: Automation, records: Records) -> dict[str, RemovalRecord]:
    """Return the record of each server that was to be removed. A server without a removal's record has failed."""
    done = set(automation.done)
    return {
        host.name: records[host.name] if "removal" in records.get(host.name, {}) else record.not_removed(host.name, {})
        for host in automation.hosts
        if host.name not in done
    }


def targets(automation: Automation, records: Records) -> list[dict[str, str]]:
    """Return the automation's applications to delete: none while a server needs another run."""
    if problem(automation) or any(item["failed"] for item in complete(automation, records).values()):
        return []
    return [{name: item[name] for name in IDS} for item in automation.there]


@dataclass
class _Closing:
    """The lines at the end of a run."""

    lines: list[str] = field(default_factory=list)

    def add(self, heading: str, items: t.Iterable[str]) -> None:
        """Add a heading and its items, if any."""
        found = [f"  - {item}" for item in items]
        if found:
            self.lines += [f"{heading}:", *found]


def closing(automation: Automation, records: Records, *, predicted: bool, graph: str) -> list[str]:
    """Report in lines what the run did, or would do in check mode, and what it keeps. ``graph`` is Graph's address."""
    report, known = _Closing(), complete(automation, records)
    failed = [name for name, item in known.items() if item["failed"]]
    report.lines.append(_heading(automation, len(known), len(failed), predicted=predicted))
    report.add("Servers that failed", (f"{name}: {known[name]['message']}" for name in failed))
    if failed:
        report.lines.append("Correct the failures and run the playbook again.")
    gone = [name for name in failed if _may_be_gone(known[name])]
    if gone:
        report.lines.append(f"If a console no longer exists, add -e teardown_gone_consoles={','.join(gone)}")
    left = [name for name, item in known.items() if not item["failed"]]
    report.add("Servers that would be removed" if predicted else "Servers removed", [", ".join(left)] if left else [])
    done = automation.done
    report.add("Servers removed by an earlier teardown", [", ".join(done)] if done else [])
    applications = _applications(known)
    report.add("Applications that would be deleted" if predicted else "Applications deleted", applications)
    report.add("Automation", _automation(automation, failed, predicted=predicted))
    report.add("Kept", _kept(known))
    report.add("Never removed", _stays(graph))
    return report.lines


def _heading(automation: Automation, servers: int, failed: int, *, predicted: bool) -> str:
    """Return the first line, with the result of the run."""
    failures = f"{failed} of {counted(servers, 'server')} failed."
    if predicted and failed:
        return f"Check mode: nothing was changed. The teardown would not be finished: {failures}"
    if predicted:
        return "Check mode: nothing was changed. Without --check, the teardown would do the following."
    if failed:
        return f"The teardown is not finished: {failures}"
    if automation.failed:
        return "The teardown is not finished: the automation's application could not be deleted."
    return "The teardown is finished."


def _may_be_gone(item: RemovalRecord) -> bool:
    """Return whether a server failed because its console could not be reached. One that refuses credentials exists."""
    return item["error"].get("phase") == ASKS_CONSOLE and not item["error"].get("cause")


def _applications(records: Records) -> list[str]:
    known = [item["application"] for item in records.values() if item["removal"]["application_deleted"]]
    names = [f"{item['unique_name']} (client ID {item['app_id']}, object ID {item['object_id']})" for item in known]
    return list(dict.fromkeys(names))


def _kept(records: Records) -> list[str]:
    """Return the kept objects, each with its servers."""
    found: dict[str, list[str]] = {}
    for name, item in records.items():
        for kept in item["removal"]["kept"]:
            if kept != ACCOUNTS:
                found.setdefault(kept, []).append(name)
    return [f"{', '.join(names)}: {what}" for what, names in found.items()]


def _automation(automation: Automation, failed: t.Sequence[str], *, predicted: bool) -> t.Iterator[str]:
    """Yield the outcome for the automation's own applications."""
    known = ", ".join(automation.client_ids)
    if not automation.names:
        yield (
            f"its own application{f' (client ID {known})' if known else ''} is kept. To delete it, sign in as an "
            f"administrator with az login and add -e {NAME}=<its unique name or client ID>"
        )
    elif failed:
        yield f"its own application {', '.join(automation.names)} is kept, because a server failed"
    for item in automation.there if not failed else []:
        result = next((one for one in automation.deleted if _is_of(one, item)), {})
        named = f"{item['name']} (client ID {item['app_id']}, object ID {item['object_id']})"
        if result and "application" not in result:
            yield f"its own application {named} could not be deleted: {result.get('msg')}"
        else:
            yield f"its own application {named} {'would be deleted' if predicted else 'was deleted'}"


def _is_of(result: Document, item: t.Mapping[str, str]) -> bool:
    """Return whether a result of entra_app belongs to the application ``item``."""
    return bool((result.get("item") or {}).get("object_id") == item["object_id"])


def _stays(graph: str) -> list[str]:
    """Return what no run of this collection removes, and how to remove it."""
    return [
        f"{ACCOUNTS}: delete them in the consoles",
        f"deleted applications, which Entra keeps for {KEPT_DELETED}. To restore one: {RESTORE.format(graph=graph)}. "
        f"To purge one: {PURGE.format(graph=graph)}",
        "files on the controller: the inventory with its variables, the automation's certificate or client secret, "
        "and reports",
    ]


def finished(automation: Automation) -> list[str]:
    """Report that an earlier run deleted the automation's applications."""
    return [
        *(
            f"The automation's application {item['name']} was deleted on {item['deleted']}. An earlier teardown is "
            "finished. Nothing was changed."
            for item in automation.found
        ),
        "If a server still offers sign-in, restore the application (object ID "
        f"{', '.join(item['object_id'] for item in automation.found)}) and run the playbook again.",
    ]
