# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Answer the role's tasks with the decisions in _fleet."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import (
    adoption,
    claims,
    excess,
    options,
    put_back,
    record,
    registration,
    removal,
    retirements,
    stranded,
    trial,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import Declaration
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Entry, Key, Server, key
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RunRecord
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import ERROR
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import adoption as to_adopt
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import other_hosts, servers

HostVars = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class How:
    """The conditions of a question: check mode, the hosts that have not failed, and whether the run has all servers."""

    check_mode: bool = False
    active: t.Sequence[str] = ()
    whole: bool = True


def _servers(hostvars: HostVars, host: str, hosts: list[str]) -> list[Server]:
    shared = servers.of_all(hostvars[host])
    found = (servers.server(hostvars[name], shared) for name in servers.together(hostvars, host, hosts))
    return [item for item in found if item]


def _excess(hostvars: HostVars, host: str, hosts: list[str], how: How) -> dict[str, t.Any]:
    """Return the failure of each application that ``hosts`` cannot share, by its key; empty without lockstep."""
    if not servers.registered(hostvars[host], "declaration").get("lockstep"):
        return {}
    known: dict[str, t.Any] = {name: servers.registered(hostvars[name], "declaration") for name in hosts}
    declared: list[Declaration] = [item for item in known.values() if item.get("server")]
    # Hosts of other batches, whose declarations are not read in this one
    others = [name for name, item in known.items() if not item.get("server") and not item.get("failed")]
    found = excess.refusals(declared, other_hosts.named(hostvars, others))
    return t.cast("dict[str, t.Any]", plain({name: {ERROR: {"msg": refused}} for name, refused in found.items()}))


def _applications(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    known = _servers(hostvars, host, hosts)
    # A server that is left unchanged still declares its client secret, like servers outside this run
    ready = [server.name for members in registration.groups(known).values() for server in members]
    found = registration.applications(known, other_hosts.staying(hostvars, host, ready))
    return t.cast("list[Entry]", plain(found))


def _retirements(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    known = servers.registered(hostvars[host], "registration")
    if not retirements.may_retire(known, predicted=how.check_mode):  # decided without reading each host
        return []
    found = retirements.retirements(_servers(hostvars, host, hosts), predicted=how.check_mode)
    return t.cast("list[Entry]", plain(found))


def _stranded(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    known = servers.registered(hostvars[host], "registration")
    if not stranded.may_be_due(known):  # decided without reading each host
        return []
    return t.cast("list[Entry]", plain(stranded.entries(_servers(hostvars, host, hosts))))


def _leaving(hostvars: HostVars, host: str, hosts: list[str]) -> list[Server]:
    """Return the servers of a run that removes them. One that was refused or failed stays, so its claims count."""
    found = _servers(hostvars, host, hosts)
    names = [server.name for server in found if removal.has_left(server)]
    if len(names) == len(servers.together(hostvars, host, hosts)):
        return found
    others, partial_ = other_hosts.staying(hostvars, host, names), servers.is_partial(hostvars[host])
    holders = claims.holders(others, partial=partial_)

    def kept(server: Server) -> dict[str, t.Any]:
        return {"claims": claims.of(server.declaration, others, partial=partial_), "other_holders": holders}

    return [replace(server, declaration={**server.declaration, **kept(server)}) for server in found]  # type: ignore[typeddict-item]


def _removals(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    return t.cast("list[Entry]", plain(removal.removals(_leaving(hostvars, host, hosts))))


def _leaving_lookups(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    return t.cast("list[Entry]", plain(removal.lookups(_servers(hostvars, host, hosts))))


def _deletions(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    return t.cast("list[Entry]", plain(removal.deletions(_leaving(hostvars, host, hosts))))


def _round(hostvars: HostVars, host: str, hosts: list[str], how: How) -> dict[str, t.Any]:
    """Return the keys of a declaration that are needed after the run, without secrets; the same for a whole round."""
    known = servers.registered(hostvars[host], "declaration")
    return {name: known[name] for name in sorted(servers.KEPT) if name in known}


def _trials(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[Entry]:
    known = servers.registered(hostvars[host], "registration")
    if how.check_mode or not trial.may_be_due(known):  # decided without reading each host
        return []
    return trial.trials(_servers(hostvars, host, hosts))


def _of_server(make: t.Callable[[Server], t.Mapping[str, t.Any]]) -> t.Callable[..., dict[str, t.Any]]:
    """Build the answer to a question for a module's options for one server."""

    def answer(hostvars: HostVars, host: str, hosts: list[str], how: How) -> dict[str, t.Any]:
        found = servers.server(hostvars[host])
        return _given(make(found)) if found else {}

    return answer


def _put_back(server: Server) -> t.Mapping[str, t.Any]:
    return put_back.provider(server) if put_back.is_due(server, datetime.now(timezone.utc)) else {}


def _leaving_provider(server: Server) -> t.Mapping[str, t.Any]:
    refused = removal.refusal(server)
    return {**removal.provider(server), ERROR: refused or None}


def _verify_after(server: Server) -> t.Mapping[str, t.Any]:
    return put_back.check(server) if put_back.is_verified(server) else {}


def _given(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a module's options without those that are omitted."""
    return t.cast("dict[str, t.Any]", plain({name: value for name, value in found.items() if value is not None}))


def _lookups(hostvars: HostVars, host: str, hosts: list[str], how: How) -> list[adoption.Question]:
    found = adoption.questions(to_adopt.seen(hostvars[host], host))
    return t.cast("list[adoption.Question]", plain(found))


def _adopted(hostvars: HostVars, host: str, hosts: list[str], how: How) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", plain(to_adopt.outcomes(hostvars, host, hosts, check_mode=how.check_mode)))


def _records(
    make: t.Callable[[Server, int, How], RunRecord], *, leaving: bool = False
) -> t.Callable[[HostVars, str, list[str], How], dict[str, RunRecord]]:
    """Build the answer to a question for each server's record; ``leaving`` is whether the run removes the servers."""

    def answer(hostvars: HostVars, host: str, hosts: list[str], how: How) -> dict[str, RunRecord]:
        members = servers.together(hostvars, host, hosts)
        # Hosts that failed before the role started are included, unless each host runs on its own
        others = hosts if servers.registered(hostvars[host], "declaration").get("lockstep") else members
        reported = [name for name in others if name in members or (name not in how.active and _lost(hostvars, name))]
        shared = servers.of_all(hostvars[host])
        known = {name: servers.server(hostvars[name], shared if name in members else None) for name in reported}
        if leaving:
            known |= {server.name: server for server in _leaving(hostvars, host, hosts) if server.name in known}
        sharing = _sharing(hostvars, host, hosts, list(filter(None, known.values())))
        records = {
            name: make(found, sharing[key(found.declaration)], how) if found else _failed(hostvars[name], name, leaving)
            for name, found in known.items()
        }
        if not how.whole or servers.is_partial(
            hostvars[host]
        ):  # the redirect URI of a server outside the run would seem foreign
            for item in records.values():
                item["application"]["foreign_redirect_uris"] = []
        record.name_tenants_by_id(filter(None, known.values()), records)
        return t.cast("dict[str, RunRecord]", plain(records))

    return answer


def _lost(hostvars: HostVars, name: str) -> bool:
    """Return whether a failed host never started the role."""
    return not servers.registered(hostvars[name], "declaration").get("round")


def _sharing(hostvars: HostVars, host: str, hosts: list[str], known: list[Server]) -> Counter[Key]:
    """Return how many servers share each application, including servers outside this run if a trial may be due."""
    found = Counter(key(server.declaration) for server in known)
    if trial.may_be_due(servers.registered(hostvars[host], "registration")):
        others = other_hosts.staying(hostvars, host, hosts)
        for server in {key(server.declaration): server for server in known}.values():
            found[key(server.declaration)] += sum(claims.shares(server.declaration, other) for other in others)
    return found


def _failed(variables: t.Mapping[str, t.Any], name: str, leaving: bool) -> RunRecord:
    make = record.not_removed if leaving else record.failed
    return make(name, servers.registered(variables, "failure"))


def options_of(
    module: str, server: Server, hostvars: HostVars, hosts: t.Sequence[str], *, observed: bool, check_mode: bool
) -> dict[str, t.Any]:
    """Return the options of ``module`` for ``server``, from the registration of ``hosts``.

    If the server cannot be configured, ERROR holds a failed task's result.
    """

    def share(observed: bool) -> registration.Share:
        others = partial(_servers, hostvars, server.name, list(map(str, hosts)))
        return registration.share(server, observed=observed, check_mode=check_mode, others=others)

    if module == "rustdesk_sign_in_check":
        found = {**options.check(server, share(observed)), "must_pass": not observed}
    else:
        mine = share(observed=False)  # what a run would write
        refusal = trial.refusal(server)
        found = {**options.provider(server, mine), ERROR: mine["error"] or ({"msg": refusal} if refusal else None)}
    return _given(found)


QUESTIONS: dict[str, t.Callable[[HostVars, str, list[str], How], t.Any]] = {
    "excess": _excess,
    "applications": _applications,
    "retirements": _retirements,
    "trials": _trials,
    "trial": _of_server(trial.provider),
    "trial_check": _of_server(trial.check),
    "put_back": _of_server(_put_back),
    "verify_after": _of_server(_verify_after),
    "inspect_after": _of_server(stranded.reading),
    "stranded": _stranded,
    "leaving_lookups": _leaving_lookups,
    "leaving_deleted": _of_server(removal.deleted_lookup),
    "leaving_provider": _of_server(_leaving_provider),
    "removals": _removals,
    "deletions": _deletions,
    "run": _records(lambda server, sharing, how: record.record(server, sharing=sharing, predicted=how.check_mode)),
    "observed": _records(lambda server, sharing, _how: record.record(server, observed=True, sharing=sharing)),
    "removed": _records(lambda server, _sharing, how: record.removed(server, predicted=how.check_mode), leaving=True),
    "round": _round,
    "lookups": _lookups,
    "adopted": _adopted,
}
