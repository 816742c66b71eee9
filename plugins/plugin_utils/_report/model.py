# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""From the records of the servers to the report's model: nothing is asked, nothing is written."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    format_time,
    parse_time,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

VERSION = 1
# The most urgent first
STATES = ("unreachable", "broken", "drifted", "ending", "well")

Model = dict[str, t.Any]

_YES_NO_UNKNOWN = (bool, type(None))
_TEXT_OR_NOTHING = (str, type(None))
# What a record has to hold: a type, several types, a list of one shape, or a dict of shapes
SHAPE: dict[str, t.Any] = {
    "server": str,
    "tenant_id": str,
    "console": {"url": str, "kind": str},
    "application": {
        "unique_name": str,
        "display_name": str,
        "app_id": str,
        "object_id": str,
        "foreign_redirect_uris": [str],
    },
    "callback_url": str,
    "provider": {"name": str, "present": _YES_NO_UNKNOWN, "enabled": _YES_NO_UNKNOWN},
    "client_secret": {"name": str, "key_id": str, "hint": str, "ends": str, "decision": str, "reason": str},
    "renew_before": str,
    "checks": [{"name": str, "ok": _YES_NO_UNKNOWN, "detail": _TEXT_OR_NOTHING, "hint": _TEXT_OR_NOTHING}],
    "drift": [{"object": str, "before": str, "after": str}],
    "error": {"phase": str, "message": str},
}
_MAY_BE_EMPTY = ("error",)


def build(records: t.Any, at: str) -> Model:
    """The model of the report made ``at`` this time (ISO 8601), as the filter's documentation describes it.

    Raises InputError, which names the server and the key, when a record is not as SHAPE says or a time is none.
    """
    made = _time(at, "at")
    if not isinstance(records, (list, tuple)):
        raise InputError("The report needs a list of records, one for each server")
    servers = [_server(record, place, made) for place, record in enumerate(records)]
    names = [server["server"] for server in servers]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"The report has two records of the server {name}")
    servers.sort(key=_urgency)
    known = {server["callback_url"] for server in servers}
    return {
        "version": VERSION,
        "made": format_time(made),
        "totals": _totals(servers),
        "servers": servers,
        "tenants": [
            {"tenant_id": tenant_id, "totals": _totals(members), "servers": [member["server"] for member in members]}
            for (tenant_id,), members in _grouped(servers, lambda server: (server["tenant_id"],))
        ],
        "applications": [_application(members, known) for _key, members in _grouped(servers, _application_key)],
    }


def _server(record: t.Any, place: int, made: datetime) -> Model:
    """One record, checked, with what follows from it: state, reason, days_left, checks_passed and checks_asked."""
    name = record.get("server") if isinstance(record, dict) else None
    told = f"the server {name}" if name and isinstance(name, str) else f"record {place + 1}"
    server: Model = _checked(record, SHAPE, told, "")
    server["renew_before_days"] = _durations.parse(server.pop("renew_before"), f"renew_before of {told}").days
    ends = server["client_secret"]["ends"]
    left = _time(ends, f"client_secret.ends of {told}") - made if ends else None
    asked = [check for check in server["checks"] if check["ok"] is not None]
    state, reason = _state(server, left)
    return {
        "server": server.pop("server"),
        "state": state,
        "reason": reason,
        # timedelta.days is the floor: -1 as soon as the end has passed
        "days_left": left.days if left is not None else None,
        "checks_asked": len(asked),
        "checks_passed": sum(check["ok"] for check in asked),
        **server,
    }


def _state(server: Model, left: timedelta | None) -> tuple[str, str]:
    """The most urgent state that holds, and why in a few words; nothing to say of a server that is well."""
    failed = [check for check in server["checks"] if check["ok"] is False]
    if server["error"]:
        return "unreachable", server["error"]["message"]
    if failed:
        first = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return "broken", (f"{first['name']}: {first['detail']}" if first["detail"] else first["name"]) + more
    if server["drift"]:
        return "drifted", "differs: " + ", ".join(drift["object"] for drift in server["drift"])
    if left is not None and left <= timedelta(days=server["renew_before_days"]):
        return "ending", f"client secret {days_left(left.days)}"
    return "well", ""


def days_left(days: int) -> str:
    """Whole days, negative when the end has passed, as people say it."""
    if days < 0:
        # The floor of half a day ago is -1
        return "ended less than a day ago" if days == -1 else f"ended {_days(-days - 1)} ago"
    return f"ends in {_days(days)}" if days else "ends in less than a day"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _urgency(server: Model) -> tuple[t.Any, ...]:
    days = server["days_left"]
    return STATES.index(server["state"]), days is None, days or 0, server["server"]


def _totals(servers: t.Sequence[Model]) -> dict[str, int]:
    counted = {state: sum(server["state"] == state for server in servers) for state in STATES}
    return {"servers": len(servers), **counted}


def _application_key(server: Model) -> tuple[str, str]:
    return server["tenant_id"], server["application"]["unique_name"]


def _grouped(
    servers: t.Sequence[Model], key: t.Callable[[Model], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[Model]]]:
    """The groups by name; the servers in each keep their order."""
    groups: dict[tuple[str, ...], list[Model]] = {}
    for server in servers:
        groups.setdefault(key(server), []).append(server)
    return sorted(groups.items())


def _application(members: t.Sequence[Model], callback_urls: set[str]) -> Model:
    """What the servers that share an application say of it; one that could not be looked at says nothing.

    A redirect URI that is one of ``callback_urls`` is not foreign, whatever could be looked at.
    """

    def known(key: str) -> str:
        return next((member["application"][key] for member in members if member["application"][key]), "")

    return {
        "tenant_id": members[0]["tenant_id"],
        **{key: known(key) for key in ("unique_name", "display_name", "app_id", "object_id")},
        "foreign_redirect_uris": sorted(
            {uri for member in members for uri in member["application"]["foreign_redirect_uris"]} - callback_urls
        ),
        "servers": [member["server"] for member in members],
    }


def _checked(value: t.Any, shape: t.Any, told: str, key: str) -> t.Any:
    """The value as plain Python without what the shape does not know, so that nothing unforeseen is published."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise _refused(told, key, "is not a dictionary")
        if not value and key in _MAY_BE_EMPTY:
            return {}
        prefix = f"{key}." if key else ""
        for name in shape:
            if name not in value:
                raise _refused(told, prefix + name, "is missing")
        return {name: _checked(value[name], inner, told, prefix + name) for name, inner in shape.items()}
    if isinstance(shape, list):
        if not isinstance(value, (list, tuple)):
            raise _refused(told, key, "is not a list")
        return [_checked(item, shape[0], told, f"{key}[{place}]") for place, item in enumerate(value)]
    if shape is _YES_NO_UNKNOWN and value == "":
        return None  # what older releases of ansible-core make of null in a template
    if shape is _TEXT_OR_NOTHING and value is None:
        return ""
    if not isinstance(value, shape):
        wanted = shape if isinstance(shape, tuple) else (shape,)
        raise _refused(told, key, f"is not {' or '.join(kind.__name__ for kind in wanted)}")
    # A string of Ansible's may carry tags or marks
    return str.__str__(value) if isinstance(value, str) else value


def _refused(told: str, key: str, what: str) -> InputError:
    return InputError(f"The record of {told} cannot be reported: {key or 'it'} {what}")


def _time(text: str, told: str) -> datetime:
    try:
        moment = parse_time(text)
    except (ValueError, OverflowError):
        moment = parse_time("")
    if moment == parse_time(""):
        raise InputError(f"{told} is not a time: {text!r}", hint="Write it as 2026-11-21T17:00:00Z")
    return moment
