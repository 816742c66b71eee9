# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Several applications that share a sign-in: read together, converged at the same time, with a result for each."""

from __future__ import annotations

import asyncio
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import lookup
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.application import KEYS, key_of
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, SsoError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]

OPTION = "applications"
# How many are converged at the same time; Graph throttles who asks for much more
AT_ONCE = 10


def declarations(params: Params, options: t.Iterable[str]) -> list[Params]:
    """The declaration of each application: the entries of O(applications) with the sign-in, else ``params`` itself.

    ``options`` are those of one application that have no default. Raises InputError where one is declared beside the
    entries, and where two entries have the same key.
    """
    entries = params[OPTION]
    if entries is None:
        return [params]
    both = [option for option in options if params[option] is not None]
    if both:
        raise InputError(
            f"{', '.join(both)} is declared beside {OPTION}",
            hint=f"Declare it in the entries of {OPTION}; client secrets need a task for each application",
        )
    for key in KEYS:
        named = [entry[key] for entry in entries if entry.get(key)]
        if key != "display_name":  # which is not unique
            _plan.check_once(f"{key} of {OPTION}", named, "Merge these entries")
    return [{**params, **entry, OPTION: None} for entry in entries]


def label(params: Params) -> str:
    """How messages name an entry."""
    return str(params[key_of(params)])


async def read_ahead(graph: Graph, declared: t.Sequence[Params]) -> None:
    """Read all applications, and the service principals that are known already, with few requests ($batch)."""
    requests = [request for params in declared for request in lookup.known_requests(graph, params)]
    if len(requests) < 2:
        return
    first, *others = (requests[start : start + graph.BATCH] for start in range(0, len(requests), graph.BATCH))
    await graph.ahead(*first)  # which fetches the token for all
    await asyncio.gather(*(graph.ahead(*part) for part in others))


async def each(
    declared: t.Sequence[Params], converge: t.Callable[[Params], t.Awaitable[Result]]
) -> list[Result | SsoError]:
    """What ``converge`` gives for each, or the error that it raises; what is not foreseen ends all."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(params: Params) -> Result | SsoError:
        async with turn:
            try:
                return await converge(params)
            except SsoError as error:
                return error

    return list(await asyncio.gather(*map(one, declared)))


def result(declared: t.Sequence[Params], outcomes: t.Sequence[Result | SsoError]) -> Result:
    """The task's result for several applications."""
    results: list[Result] = []
    sides: dict[str, Result] = {"before": {}, "after": {}}
    failed: list[str] = []
    for params, outcome in zip(declared, outcomes, strict=True):
        if isinstance(outcome, SsoError):
            failed.append(f"{label(params)}: {outcome}")
            results.append({"changed": False, "failed": True, **outcome.as_result()})
            continue
        results.append({"failed": False, **outcome})
        for side, shown in sides.items():
            shown[label(params)] = outcome["diff"][side]
    found: Result = {"changed": any(item["changed"] for item in results), "diff": sides, "results": results}
    if failed:
        found |= {"failed": True, "msg": f"{len(failed)} of {len(results)} applications failed. " + " | ".join(failed)}
    return found
