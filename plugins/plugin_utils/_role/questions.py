
"""The questions of the role's tasks, answered by the decisions in _fleet."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record, registration, removal
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import Entry, Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Record
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import servers

HostVars = t.Mapping[str, t.Any]


def _servers(hostvars: HostVars, host: str, hosts: list[str]) -> list[Server]:
    found = (servers.server(hostvars[name]) for name in servers.together(hostvars, host, hosts))
    return [item for item in found if item]


def _applications(hostvars: HostVars, host: str, hosts: list[str], check_mode: bool) -> list[Entry]:
    return t.cast("list[Entry]", plain(registration.applications(_servers(hostvars, host, hosts))))


def _retirements(hostvars: HostVars, host: str, hosts: list[str], check_mode: bool) -> list[Entry]:
    known = servers.registered(hostvars[host], "registration")
    if not registration.may_retire(known, predicted=check_mode):  # decided without looking at each host
        return []
    found = registration.retirements(_servers(hostvars, host, hosts), predicted=check_mode)
    return t.cast("list[Entry]", plain(found))


def _removals(hostvars: HostVars, host: str, hosts: list[str], check_mode: bool) -> list[Entry]:
    return t.cast("list[Entry]", plain(removal.removals(_servers(hostvars, host, hosts))))


def _deletions(hostvars: HostVars, host: str, hosts: list[str], check_mode: bool) -> list[Entry]:
    return t.cast("list[Entry]", plain(removal.deletions(_servers(hostvars, host, hosts))))


def _records(make: t.Callable[[Server], Record]) -> t.Callable[[HostVars, str, list[str], bool], dict[str, Record]]:
    """The answer to a question for the record of each server."""

    def records(hostvars: HostVars, host: str, hosts: list[str], check_mode: bool) -> dict[str, Record]:
        members = servers.together(hostvars, host, hosts)
        # Those that failed before they came to the role are told of as well, unless each is for itself
        others = hosts if servers.registered(hostvars[host], "declaration").get("lockstep") else members
        found = {name: _record(hostvars[name], name, make) for name in others if name in members or _lost(hostvars, name)}
        return t.cast("dict[str, Record]", plain(found))

    return records


def _lost(hostvars: HostVars, name: str) -> bool:
    """Whether a host of the play has failed before it came to the role."""
    return name not in hostvars[name]["ansible_play_hosts"] and not servers.registered(hostvars[name], "declaration")


def _record(variables: t.Mapping[str, t.Any], name: str, make: t.Callable[[Server], Record]) -> Record:
    found = servers.server(variables)
    return make(found) if found else record.failed(name, t.cast("t.Any", servers.registered(variables, "failure")))


def share(
    declaration: t.Any, console: t.Any, registration_: t.Any, configured: t.Any, hostvars: HostVars, hosts: t.Sequence[str], **how: bool
) -> dict[str, t.Any]:
    """The share of the server with this ``declaration``, and these results of the tasks before; see registration.share()."""
    server = Server(declaration, console=console, registration=registration_, configured=configured)
    found = registration.share(server, others=lambda: _servers(hostvars, server.name, list(map(str, hosts))), **how)
    return t.cast("dict[str, t.Any]", plain(found))


QUESTIONS: dict[str, t.Callable[[HostVars, str, list[str], bool], t.Any]] = {
    "applications": _applications,
    "retirements": _retirements,
    "removals": _removals,
    "deletions": _deletions,
    "run": _records(record.record),
    "observed": _records(lambda server: record.record(server, observed=True)),
    "removed": _records(record.removed),
}
