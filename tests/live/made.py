# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removal of the objects that a live run has created and that earlier runs have left."""

from __future__ import annotations

import copy
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from live.service import FIRST_PAUSE, Budget, Service

PREFIX = "rustdesk-sso-live-"
# How often the clean-up checks whether an object still exists
LOOKS = 30
# The number of consecutive refusals after which an object counts as removed
UNSEEN = 8


def new_name() -> str:
    """Return a name that only this run uses."""
    return PREFIX + secrets.token_hex(5)


def is_ours(name: Any) -> bool:
    """Return whether new_name() created this name; a console may change the case of its letters."""
    return isinstance(name, str) and re.fullmatch(rf"{PREFIX}[0-9a-f]{{10}}", name.lower()) is not None


class Made:
    """The steps that undo a run, the latest first."""

    def __init__(self, budget: Budget, output: Callable[[str], None] = print) -> None:
        self._budget, self._print = budget, output
        self._steps: list[tuple[str, Callable[[], None]]] = []

    def add(self, what: str, undo: Callable[[], None]) -> None:
        """Add an undo step. Call this before the request, so that a lost response leaves nothing behind."""
        self._steps.append((what, undo))

    def undo(self) -> list[str]:
        """Undo all steps, even if some fail; return what could not be undone. A second interrupt does not stop it."""
        left = []
        self._budget.cleaning = True
        with _uninterrupted():
            while self._steps:
                what, step = self._steps.pop()
                try:
                    step()
                except Exception as error:  # noqa: BLE001 - the others have to go all the same
                    left.append(f"{what} ({type(error).__name__})")
        for what in left:
            self._print(f"Not removed: {what}. Run LIVE_LEFTOVERS=remove make live, or remove it manually.")
        return left


@contextmanager
def _uninterrupted() -> Iterator[None]:
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in former:
            signal.signal(number, signal.SIG_IGN)
    except ValueError:  # not the main thread, which alone receives signals
        former = {}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


# Entra


def applications(graph: Service) -> list[dict[str, Any]]:
    """Return the applications of live runs, the deleted ones included."""
    query = f"?$filter=startswith(displayName,'{PREFIX}')&$select=id,displayName"
    found = graph.quietly("GET", "/v1.0/applications" + query)
    deleted = graph.quietly("GET", "/v1.0/directory/deletedItems/microsoft.graph.application?$select=id,displayName")
    items: list[dict[str, Any]] = []
    for answer, gone in ((found, False), (deleted, True)):
        value = answer.body.get("value") if isinstance(answer.body, dict) else None
        items += [{**item, "deleted": gone} for item in value or [] if is_ours(item.get("displayName"))]
    return items


def pauses(service: Service) -> Iterator[float]:
    """Yield the pauses, in seconds, before each further check whether an object still exists."""
    yield from (min(FIRST_PAUSE * 2**number, service.pause) for number in range(LOOKS))


def remove_application(graph: Service, object_id: str) -> None:
    """Delete an application permanently; raises RuntimeError if it remains.

    A replica that does not know it yet answers 404, too, so only several consecutive ones mean that it was removed.
    """
    unseen = 0
    for pause in pauses(graph):
        graph.quietly("DELETE", f"/v1.0/applications/{object_id}")
        answer = graph.quietly("DELETE", f"/v1.0/directory/deletedItems/{object_id}")
        if answer.status == 204:
            return
        unseen = unseen + 1 if answer.status == 404 else 0
        if unseen >= UNSEEN and not any(item["id"] == object_id for item in applications(graph)):
            return
        time.sleep(pause)
    raise RuntimeError(f"it was not purged: HTTP {answer.status}")


def remove_named(graph: Service, name: str, made: Iterable[str] = ()) -> None:
    """Delete the applications of one name permanently: those ``made``, by their IDs, and one whose creation got no
    response.

    For a while, lists omit new applications and show removed ones.
    """
    gone: set[str] = set()
    for object_id in made:
        remove_application(graph, object_id)
        gone.add(object_id)
    for pause in pauses(graph):
        left = {item["id"] for item in applications(graph) if item["displayName"] == name}
        for object_id in left - gone:
            remove_application(graph, object_id)
            gone.add(object_id)
        if not left:
            return
        time.sleep(pause)
    raise RuntimeError("it is still listed")


# Consoles


def without(document: Any, name_of: str = "name") -> tuple[Any, list[str]]:
    """Return a copy of Pro's settings without the providers of live runs, and the names of these."""
    kept = copy.deepcopy(document)
    providers = kept.get("providers") if isinstance(kept, dict) else None
    gone = [item[name_of] for item in providers or [] if isinstance(item, dict) and is_ours(item.get(name_of))]
    if gone:
        kept["providers"] = [item for item in providers if not is_ours(item.get(name_of))]
    return kept, gone


def providers(kind: str, console: Service) -> list[dict[str, Any]]:
    """Return the providers of live runs in a console that has signed in."""
    if kind == "pro":
        document = console.quietly("GET", "/api/oidc/settings").body
        return [{"name": name} for name in without(document)[1]]
    if kind == "rustdesk_console":
        body = console.quietly("GET", "/api/oidc-providers?current=1&pageSize=100").body
        found = body.get("data") if isinstance(body, dict) else None
        return [item for item in found or [] if is_ours(item.get("name"))]
    body = console.quietly("GET", "/api/admin/oauth/list?page=1&page_size=100").body
    found = (body.get("data") or {}).get("list") if isinstance(body, dict) else None
    return [item for item in found or [] if is_ours(item.get("op"))]


def remove_providers(kind: str, console: Service) -> None:
    """Remove the providers of live runs; raises RuntimeError if one remains."""
    found = providers(kind, console)
    if kind == "pro" and found:
        document = console.quietly("GET", "/api/oidc/settings").body
        console.quietly("PUT", "/api/oidc/settings", without(document)[0])
    for item in found if kind != "pro" else []:
        if kind == "rustdesk_console":
            console.quietly("DELETE", f"/api/oidc-providers/{item['guid']}")
        else:
            console.quietly("POST", "/api/admin/oauth/delete", item)
    if found and providers(kind, console):
        raise RuntimeError("the provider is still listed")
