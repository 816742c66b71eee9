# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Applications of one task: grouped by sign-in, read together, converged at the same time, with a result for each.

The failure of one application, or of one sign-in, is only its own: what was made for the others is in their results.
"""

from __future__ import annotations

import asyncio
import typing as t
from contextlib import closing
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _identifiers, _input, _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import lookup, registration
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.application import KEYS, key_of
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.name_resolution import VERBS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph, connect
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import client_secrets
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, credentials
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import (
    GUID,
    Discovery,
    check_tenant,
    discover,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, SsoError, unforeseen
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]
Outcome: t.TypeAlias = "Result | SsoError"

OPTION = "applications"
# What an entry can have of its own besides the application; entries in which they are the same share a session
SESSION = (*ENTRA_OPTIONS, "wait_timeout")
SIGN_IN = {**ENTRA_OPTIONS, "wait_timeout": {"type": "float"}}
SIGN_IN_IDENTIFIERS = ("tenant_id", "client_id")
# Where one is empty, another object would be found, or made, by a weaker one
IDENTIFIERS = (
    *KEYS,
    "client_secrets.name",
    "client_secrets.held_key_id",
    *(f"assignments.{verb}.{name}" for verb in VERBS for name in ("user", "group", "app_role")),
    *(f"certificates.{name}" for name in ("path", "content", "thumbprint")),
    "federated_credentials.name",
    "required_resource_access.resource",
    "admin_consent.resource",
    "pre_authorized_applications.app_id",
    "app_roles.id",
    "permission_scopes.id",
)
# How many applications are converged at the same time; Graph throttles who asks for much more
AT_ONCE = 20


def declarations(params: Params, options: t.Iterable[str]) -> list[Params]:
    """The declaration of each application: the entries of O(applications) with the sign-in, else ``params`` itself.

    ``options`` are those of one application that have no default. Raises InputError where one is declared beside the
    entries.
    """
    entries = params[OPTION]
    if entries is None:
        return [params]
    both = [option for option in options if params[option] is not None]
    if both:
        raise InputError(
            f"{', '.join(both)} is declared beside {OPTION}", hint=f"Declare it in the entries of {OPTION}"
        )
    return [{**params, **_given(entry), OPTION: None} for entry in entries]


def _given(entry: Params) -> Params:
    """``entry`` without the options of the sign-in that it does not have of its own."""
    return {name: value for name, value in entry.items() if name not in SESSION or value is not None}


def check(params: Params, argument_spec: Params) -> None:
    """Raise InputError for a declaration that cannot work; asks nobody. ``argument_spec`` is that of an application."""
    if params["tenant_id"] is None:
        raise InputError("tenant_id is missing", hint="Set it to the tenant's Directory (tenant) ID")
    _option_values.check(params, SIGN_IN)
    _identifiers.check(params, SIGN_IN_IDENTIFIERS)
    check_tenant(params["tenant_id"])
    clouds.choose(params)
    check_application(params, argument_spec)
    credentials.check(params)


def check_application(params: Params, argument_spec: Params) -> None:
    """Raise InputError for a declaration of one application that cannot work; ``params`` need no sign-in."""
    _option_values.check(params, argument_spec)
    _identifiers.check(params, IDENTIFIERS)
    registration.check(params, wanted(params))


def wanted(params: Params) -> list[client_secrets.Wanted]:
    """The declared client secrets; raises InputError for a declaration that cannot work."""
    return client_secrets.check(params["client_secrets"] or [], params["sign_in_audience"])


class Work(t.Protocol):
    """What is done with one application; see converge()."""

    def __call__(self, graph: Graph, http: Http, discovery: Discovery, params: Params) -> t.Awaitable[Result]:
        """Gives its result, raises SsoError."""


@dataclass
class _Entry:
    """One declaration and what came of it."""

    params: Params
    outcome: Outcome | None = None


@dataclass
class _Turns:
    """How many applications are worked on at once, and that no two entries work on the same one."""

    free: asyncio.Semaphore
    taken: dict[tuple[str, ...], asyncio.Lock] = field(default_factory=dict)

    def of(self, tenant_id: str, params: Params) -> asyncio.Lock:
        """The turn of an application, by the tenant's ID however an entry names the tenant."""
        return self.taken.setdefault((tenant_id, *(str(params.get(key)) for key in KEYS)), asyncio.Lock())


async def converge(
    declared: t.Sequence[Params], work: Work, argument_spec: Params, tell: waiting.Tell | None = None
) -> list[Outcome]:
    """The result of ``work`` for each of ``declared``, in their order, or the error that it raised.

    What contradicts itself, another one or ``argument_spec`` is not begun. Entries of one sign-in share a session with
    Graph. ``tell`` gets what is waited for, and how many are done.
    """
    entries = [_Entry(params) for params in declared]
    for entry, error in zip(entries, _mistakes(declared, argument_spec), strict=True):
        entry.outcome = error
    groups: dict[tuple[t.Any, ...], list[_Entry]] = {}
    for entry in entries:
        if entry.outcome is None:
            groups.setdefault(tuple(entry.params[name] for name in SESSION), []).append(entry)
    turns = _Turns(asyncio.Semaphore(AT_ONCE))
    async with waiting.told(tell, lambda: _progress(entries)):
        begun = []
        for members in groups.values():
            begun.append(asyncio.create_task(_group(members, work, turns)))
            # Each prepares a session first. In between, what is due is told, and others go on.
            await asyncio.sleep(0)
        await asyncio.gather(*begun)
    return [entry.outcome or unforeseen(RuntimeError()) for entry in entries]


def _progress(entries: t.Sequence[_Entry]) -> str:
    done = sum(entry.outcome is not None for entry in entries)
    return f"{done} of {len(entries)} applications are done." if len(entries) > 1 else ""


def _mistakes(declared: t.Sequence[Params], argument_spec: Params) -> list[SsoError | None]:
    """What is wrong with each declaration."""
    return [_mistake(params, declared, argument_spec) for params in declared]


def _mistake(params: Params, declared: t.Sequence[Params], argument_spec: Params) -> SsoError | None:
    """What is wrong with one of ``declared``: alone, or because another one of its tenant has the same key.

    The display name alone need not be unique.
    """
    try:
        check(params, argument_spec)
    except InputError as error:
        return error
    for key in KEYS:
        named = params.get(key)
        same = [item for item in declared if item.get(key) == named and item["tenant_id"] == params["tenant_id"]]
        if named and key != "display_name" and len(same) > 1:
            return InputError(
                f"{OPTION} has {len(same)} entries with the {key} {_input.cut(str(named))}", hint="Merge them"
            )
    return None


async def _group(entries: list[_Entry], work: Work, turns: _Turns) -> None:
    """Converge the entries of one sign-in; what keeps it from signing in is the error of each of them."""
    params = entries[0].params
    try:
        cloud, tenant_id = clouds.choose(params), params["tenant_id"].lower()
        with closing(
            Http(params["ca_path"], params["timeout"], tell=waiting.teller(), wait_timeout=params["wait_timeout"])
        ) as http:
            found: Discovery | None = None
            if not GUID.fullmatch(tenant_id):
                found = await asyncio.to_thread(discover, http, cloud, tenant_id)
                tenant_id = found.tenant_id
            async with connect(params, cloud, tenant_id) as graph:
                asked = asyncio.create_task(_discovered(http, cloud, tenant_id, found))
                try:
                    await _read_ahead(graph, [entry.params for entry in entries])
                finally:  # a tenant that does not exist is told by this one
                    discovery = await asked
                await asyncio.gather(*(_one(entry, graph, http, discovery, work, turns) for entry in entries))
    except Exception as error:  # noqa: BLE001  # results that other entries have by now must not be lost
        for entry in entries:
            entry.outcome = entry.outcome or _told(error)


async def _one(entry: _Entry, graph: Graph, http: Http, discovery: Discovery, work: Work, turns: _Turns) -> None:
    async with turns.of(graph.tenant_id, entry.params), turns.free:
        try:
            entry.outcome = await work(graph, http, discovery, entry.params)
        except Exception as error:  # noqa: BLE001  # see above
            entry.outcome = _told(error)


def _told(error: Exception) -> SsoError:
    return error if isinstance(error, SsoError) else unforeseen(error)


async def _discovered(http: Http, cloud: clouds.Cloud, tenant_id: str, found: Discovery | None) -> Discovery:
    if found:
        return found
    return await asyncio.to_thread(discover, http, cloud, tenant_id)


async def _read_ahead(graph: Graph, declared: t.Sequence[Params]) -> None:
    """Read all applications, and the service principals that are known already, with few requests ($batch)."""
    requests = [request for params in declared for request in lookup.known_requests(graph, params)]
    if len(requests) < 2:
        return
    first, *others = (requests[start : start + graph.BATCH] for start in range(0, len(requests), graph.BATCH))
    await graph.ahead(*first)  # which fetches the token for all
    await asyncio.gather(*(graph.ahead(*part) for part in others))


def result(declared: t.Sequence[Params], outcomes: t.Sequence[Outcome]) -> Result:
    """The task's result for several applications."""
    results: list[Result] = []
    sides: dict[str, Result] = {"before": {}, "after": {}}
    failed: list[str] = []
    tenants = {params["tenant_id"] for params in declared}
    for params, outcome in zip(declared, outcomes, strict=True):
        name = f"{_label(params)} in {params['tenant_id']}" if len(tenants) > 1 else _label(params)
        told = {"declared": {key: params.get(key) for key in ("tenant_id", *KEYS)}}
        if isinstance(outcome, SsoError):
            failed.append(f"{name}: {outcome}")
            results.append({**told, "changed": False, "failed": True, **outcome.as_result()})
            continue
        results.append({**told, "failed": False, **outcome})
        for side, shown in sides.items():
            if outcome["diff"][side]:
                shown[name] = outcome["diff"][side]
    found: Result = {"changed": any(item["changed"] for item in results), "diff": sides, OPTION: results}
    if failed:
        found |= {"failed": True, "msg": f"{len(failed)} of {len(results)} applications failed. " + " | ".join(failed)}
    return found


def _label(params: Params) -> str:
    """How messages name an entry."""
    return str(params[key_of(params)] or OPTION)
