# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Decide what a teardown may delete of the automation itself, and say what it did and what stays. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.removal_message import ACCOUNTS, KEPT_DELETED
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RemovalRecord

Document = t.Mapping[str, t.Any]

NAME = "teardown_automation"
# The members of an application that name it
IDS = ("tenant_id", "object_id", "app_id")
RESTORE = "az rest --method POST --url {graph}/v1.0/directory/deletedItems/<object ID>/restore"
PURGE = "az rest --method DELETE --url {graph}/v1.0/directory/deletedItems/<object ID>"


@dataclass(frozen=True)
class Automation:
    """The automation's own application. ``name`` is what somebody asks to delete, '' if nobody does. ``client_ids`` are
    those with which the servers' runs sign in. ``answers`` are results of entra_app_info for each tenant, first among
    the applications and then among the deleted ones, ``deleted`` those of entra_app that deleted it."""

    name: str = ""
    client_ids: t.Sequence[str] = ()
    answers: t.Sequence[Document] = ()
    deleted: t.Sequence[Document] = ()

    @property
    def found(self) -> list[dict[str, str]]:
        """The applications of the name, by their IDs, with ``deleted``, the time at which each was deleted."""
        return [
            {**{name: str(known.get(name) or "") for name in IDS}, "deleted": str(known.get("deleted") or "")}
            for answer in self.answers
            for item in answer.get("applications") or []
            for known in [{**item, "tenant_id": answer.get("tenant_id")}]
        ]

    @property
    def there(self) -> list[dict[str, str]]:
        """Those that are not deleted."""
        return [item for item in self.found if not item["deleted"]]

    @property
    def failed(self) -> bool:
        """Whether an application could not be deleted."""
        return any("application" not in result for result in self.deleted)

    @property
    def finished(self) -> bool:
        """Whether the application that is to be deleted is deleted already: a former teardown has come to its end."""
        return bool(self.name and self.found and not self.there)


def problem(automation: Automation) -> str:
    """Why the application that is to be deleted cannot be, as a sentence; empty if it can, or if none is named."""
    if not automation.name:
        return ""
    failed = next((str(answer.get("msg")) for answer in automation.answers if "applications" not in answer), "")
    if failed:
        return f"Cannot look up the automation's application {automation.name}: {failed}"
    if not automation.found:
        return (
            f"There is no application {automation.name}, nor was one deleted within {KEPT_DELETED}. Correct {NAME}, or "
            "omit it."
        )
    known = sorted({client_id.lower() for client_id in automation.client_ids if client_id})
    if not known and not GUID.fullmatch(automation.name.lower()):
        return (
            "No server of the inventory sets rustdesk_sso_entra_client_id, so it is unknown whether "
            f"{automation.name} is the automation's own application. Set {NAME} to its client ID."
        )
    other = next((item["app_id"] for item in automation.found if known and item["app_id"].lower() not in known), "")
    if other:
        return (
            f"The application {automation.name} has the client ID {other}, but the automation signs in with "
            f"{', '.join(known)}. Set {NAME} to the automation's own application."
        )
    return ""


def targets(automation: Automation, records: t.Mapping[str, RemovalRecord]) -> list[dict[str, str]]:
    """The applications of the automation to delete: none while a server needs another run."""
    if problem(automation) or any(item["failed"] for item in records.values()):
        return []
    return [{name: item[name] for name in IDS} for item in automation.there]


@dataclass
class _Closing:
    """The lines at the end of a run."""

    predicted: bool
    lines: list[str] = field(default_factory=list)

    def add(self, heading: str, items: t.Iterable[str]) -> None:
        """A heading and its items, if there is one."""
        found = [f"  - {item}" for item in items]
        if found:
            self.lines += [f"{heading}:", *found]


def closing(
    automation: Automation, records: t.Mapping[str, RemovalRecord], *, predicted: bool, graph: str
) -> list[str]:
    """What the run did, or would do in check mode, and what stays, a line each. ``graph`` is Graph's address."""
    said = _Closing(predicted)
    failed = [name for name, item in records.items() if item["failed"]]
    if failed:
        said.lines.append(f"The teardown is not finished: {len(failed)} of {len(records)} servers failed.")
    elif automation.failed:
        said.lines.append("The teardown is not finished: the automation's application could not be deleted.")
    elif predicted:
        said.lines.append("Check mode: nothing was changed. Without --check, a run does the following.")
    else:
        said.lines.append("The teardown is finished.")
    said.add(
        "Servers that failed, with their redirect URIs, client secrets and applications unchanged",
        (f"{name}: {records[name]['message']}" for name in failed),
    )
    if failed:
        said.lines.append(
            "Run the playbook again when they can be reached. If a console no longer exists, add "
            f"-e teardown_gone_consoles={','.join(failed)}"
        )
    gone = [name for name, item in records.items() if not item["failed"]]
    said.add("Servers that would be removed" if predicted else "Servers removed", [", ".join(gone)] if gone else [])
    applications = _applications(records)
    said.add("Applications that would be deleted" if predicted else "Applications deleted", applications)
    said.add("Automation", _automation(automation, failed, predicted=predicted))
    said.add("Kept", _kept(records))
    said.add("What stays in any case", _stays(graph))
    return said.lines


def _applications(records: t.Mapping[str, RemovalRecord]) -> list[str]:
    known = [item["application"] for item in records.values() if item["removal"]["application_deleted"]]
    told = [f"{item['unique_name']} (client ID {item['app_id']}, object ID {item['object_id']})" for item in known]
    return list(dict.fromkeys(told))


def _kept(records: t.Mapping[str, RemovalRecord]) -> list[str]:
    """What was kept, each with the servers that it is of."""
    found: dict[str, list[str]] = {}
    for name, item in records.items():
        for kept in item["removal"]["kept"]:
            if kept != ACCOUNTS:
                found.setdefault(kept, []).append(name)
    return [f"{what}, of {', '.join(names)}" for what, names in found.items()]


def _automation(automation: Automation, failed: t.Sequence[str], *, predicted: bool) -> t.Iterator[str]:
    """What becomes of the automation's own application."""
    known = ", ".join(sorted(set(automation.client_ids)))
    if not automation.name:
        yield (
            f"its own application{f' (client ID {known})' if known else ''} is kept. To delete it, sign in with "
            f"az login as an administrator and add -e {NAME}=<its unique name or client ID>"
        )
    elif failed:
        yield f"its own application {automation.name} is kept, because a server failed"
    for item in automation.there if automation.name and not failed else []:
        result = next((one for one in automation.deleted if _is_of(one, item)), {})
        named = f"{automation.name} (client ID {item['app_id']}, object ID {item['object_id']})"
        if result and "application" not in result:
            yield f"its own application {named} could not be deleted: {result.get('msg')}"
        else:
            yield f"its own application {named} {'would be deleted' if predicted else 'is deleted'}"


def _is_of(result: Document, item: t.Mapping[str, str]) -> bool:
    """Whether a result of entra_app is that of the application ``item``."""
    return bool((result.get("item") or {}).get("object_id") == item["object_id"])


def _stays(graph: str) -> list[str]:
    """What no run of this collection removes, and how it is removed."""
    return [
        f"{ACCOUNTS}: delete them in the consoles",
        f"deleted applications, for {KEPT_DELETED} in Entra. To restore one: {RESTORE.format(graph=graph)}. To purge "
        f"one: {PURGE.format(graph=graph)}",
        "files on the controller: the inventory with its variables, the automation's certificate or client secret, "
        "and reports",
    ]


def finished(automation: Automation) -> list[str]:
    """What to say if the automation's application was deleted by a former run."""
    (item, *_others) = automation.found
    return [
        f"The automation's application {automation.name} was deleted on {item['deleted']}: a former teardown is "
        "finished, and nothing was changed.",
        f"If a server still offers sign-in, restore the application (object ID {item['object_id']}) and run the "
        "playbook again.",
    ]
