# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Converge the applications of one task: grouped by sign-in, read together, in parallel, with a result for each.

A failure affects only its own application, or the applications of its sign-in; the others keep their results.
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
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    InputError,
    SsoError,
    counted,
    unforeseen,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]
Outcome: t.TypeAlias = "Result | SsoError"

OPTION = "applications"
# The options that select the session; entries with the same values share one
SESSION = (*ENTRA_OPTIONS, "wait_timeout")
SIGN_IN = {**ENTRA_OPTIONS, "wait_timeout": {"type": "float"}}
SIGN_IN_IDENTIFIERS = ("tenant_id", "client_id")
# None of these may be empty: a weaker key would then find, or create, another object
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
# How many applications are converged at the same time; Graph throttles much larger numbers
AT_ONCE = 20


def declarations(params: Params, options: t.Iterable[str]) -> list[Params]:
    """Return the declaration of each application: the entries of O(applications) with the sign-in, else ``params``.

    ``options`` are the options of one application that have no default. Raises InputError if one of them is set in
    addition to the entries.
    """
    entries = params[OPTION]
    if entries is None:
        return [params]
    both = [option for option in options if params[option] is not None]
    if both:
        raise InputError(
            f"{', '.join(both)} cannot be combined with {OPTION}", hint=f"Set it in the entries of {OPTION}"
        )
    return [{**params, **_given(entry), OPTION: None} for entry in entries]


def _given(entry: Params) -> Params:
    """Return ``entry`` without the sign-in options that it does not set."""
    return {name: value for name, value in entry.items() if name not in SESSION or value is not None}


def check(params: Params, argument_spec: Params) -> None:
    """Raise InputError for a declaration that cannot work; sends no request. ``argument_spec`` describes one entry."""
    if params["tenant_id"] is None:
        raise InputError("tenant_id is not set", hint="Set it to the tenant's Directory (tenant) ID")
    _option_values.check(params, SIGN_IN)
    _identifiers.check(params, SIGN_IN_IDENTIFIERS)
    check_tenant(params["tenant_id"])
    clouds.choose(params)
    check_application(params, argument_spec)
    credentials.check(params)


def check_application(params: Params, argument_spec: Params) -> None:
    """Raise InputError if the declaration of one application cannot work; ``params`` need no sign-in options."""
    _option_values.check(params, argument_spec)
    _identifiers.check(params, IDENTIFIERS)
    registration.check(params, wanted(params))


def wanted(params: Params) -> list[client_secrets.Wanted]:
    """Return the declared client secrets; raise InputError for a declaration that cannot work."""
    return client_secrets.check(params["client_secrets"] or [], params["sign_in_audience"])


class Work(t.Protocol):
    """The work on one application; see converge()."""

    def __call__(self, graph: Graph, http: Http, discovery: Discovery, params: Params) -> t.Awaitable[Result]:
        """Return the application's result; raise SsoError."""


@dataclass
class _Entry:
    """A declaration and its outcome."""

    params: Params
    outcome: Outcome | None = None


@dataclass
class _Turns:
    """Limits the number of concurrent applications, and keeps two entries from working on the same one."""

    free: asyncio.Semaphore
    taken: dict[tuple[str, ...], asyncio.Lock] = field(default_factory=dict)

    def of(self, tenant_id: str, params: Params) -> asyncio.Lock:
        """Return the lock of an application; the tenant counts by its ID, even if an entry names a domain."""
        return self.taken.setdefault((tenant_id, *(str(params.get(key)) for key in KEYS)), asyncio.Lock())


async def converge(
    declared: t.Sequence[Params], work: Work, argument_spec: Params, notify: waiting.Notify | None = None
) -> list[Outcome]:
    """Return the result of ``work``, or its error, for each of ``declared``, in their order.

    Declarations that contradict themselves, each other or ``argument_spec`` are not started. Entries of one sign-in
    share a Graph session. ``notify`` is called with the reasons for waiting and the number of finished applications.
    """
    entries = [_Entry(params) for params in declared]
    for entry, error in zip(entries, _mistakes(declared, argument_spec), strict=True):
        entry.outcome = error
    groups: dict[tuple[t.Any, ...], list[_Entry]] = {}
    for entry in entries:
        if entry.outcome is None:
            groups.setdefault(tuple(entry.params[name] for name in SESSION), []).append(entry)
    turns = _Turns(asyncio.Semaphore(AT_ONCE))
    async with waiting.reporting(notify, lambda: _progress(entries)):
        tasks = []
        for members in groups.values():
            tasks.append(asyncio.create_task(_group(members, work, turns)))
            # Each task prepares a session first; yield so that others continue and progress is shown.
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
    return [entry.outcome or unforeseen(RuntimeError()) for entry in entries]


def _progress(entries: t.Sequence[_Entry]) -> str:
    done = sum(entry.outcome is not None for entry in entries)
    return f"{done} of {len(entries)} applications are finished." if len(entries) > 1 else ""


def _mistakes(declared: t.Sequence[Params], argument_spec: Params) -> list[SsoError | None]:
    """Return the error in each declaration, or None."""
    return [_mistake(params, declared, argument_spec) for params in declared]


def _mistake(params: Params, declared: t.Sequence[Params], argument_spec: Params) -> SsoError | None:
    """Return the error in one of ``declared``, on its own or because another entry of its tenant has the same key.

    Display names need not be unique.
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
    """Converge the entries of one sign-in; if it fails, each of them gets its error."""
    params = entries[0].params
    try:
        cloud, tenant_id = clouds.choose(params), params["tenant_id"].lower()
        with closing(
            Http(params["ca_path"], params["timeout"], notify=waiting.notifier(), wait_timeout=params["wait_timeout"])
        ) as http:
            found: Discovery | None = None
            if not GUID.fullmatch(tenant_id):
                found = await asyncio.to_thread(discover, http, cloud, tenant_id)
                tenant_id = found.tenant_id
            async with connect(params, cloud, tenant_id) as graph:
                discovering = asyncio.create_task(_discovered(http, cloud, tenant_id, found))
                try:
                    await _read_ahead(graph, [entry.params for entry in entries])
                finally:  # its error reports a tenant that does not exist
                    discovery = await discovering
                await asyncio.gather(*(_one(entry, graph, http, discovery, work, turns) for entry in entries))
    except Exception as error:  # noqa: BLE001  # keep the results of the other entries
        for entry in entries:
            entry.outcome = entry.outcome or _as_sso_error(error)


async def _one(entry: _Entry, graph: Graph, http: Http, discovery: Discovery, work: Work, turns: _Turns) -> None:
    async with turns.of(graph.tenant_id, entry.params), turns.free:
        try:
            entry.outcome = await work(graph, http, discovery, entry.params)
        except Exception as error:  # noqa: BLE001  # see above
            entry.outcome = _as_sso_error(error)


def _as_sso_error(error: Exception) -> SsoError:
    return error if isinstance(error, SsoError) else unforeseen(error)


async def _discovered(http: Http, cloud: clouds.Cloud, tenant_id: str, found: Discovery | None) -> Discovery:
    if found:
        return found
    return await asyncio.to_thread(discover, http, cloud, tenant_id)


async def _read_ahead(graph: Graph, declared: t.Sequence[Params]) -> None:
    """Read all applications, and the service principals whose app IDs are known, with few requests ($batch)."""
    requests = [request for params in declared for request in lookup.known_requests(graph, params)]
    if len(requests) < 2:
        return
    first, *others = (requests[start : start + graph.BATCH] for start in range(0, len(requests), graph.BATCH))
    await graph.ahead(*first)  # fetches the token for all
    await asyncio.gather(*(graph.ahead(*part) for part in others))


def result(declared: t.Sequence[Params], outcomes: t.Sequence[Outcome]) -> Result:
    """Return the task's result for several applications."""
    results: list[Result] = []
    sides: dict[str, Result] = {"before": {}, "after": {}}
    failed: list[str] = []
    tenants = {params["tenant_id"] for params in declared}
    for params, outcome in zip(declared, outcomes, strict=True):
        name = f"{_label(params)} in {params['tenant_id']}" if len(tenants) > 1 else _label(params)
        identified = {"declared": {key: params.get(key) for key in ("tenant_id", *KEYS)}}
        if isinstance(outcome, SsoError):
            failed.append(f"{name}: {outcome}")
            results.append({**identified, "changed": False, "failed": True, **outcome.as_result()})
            continue
        results.append({**identified, "failed": False, **outcome})
        for side, shown in sides.items():
            if outcome["diff"][side]:
                shown[name] = outcome["diff"][side]
    found: Result = {"changed": any(item["changed"] for item in results), "diff": sides, OPTION: results}
    if failed:
        found |= {
            "failed": True,
            "msg": f"{len(failed)} of {counted(len(results), 'application')} failed. " + " | ".join(failed),
        }
    return found


def _label(params: Params) -> str:
    """Return the name of an entry for messages."""
    return str(params[key_of(params)] or OPTION)
