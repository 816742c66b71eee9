# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build the report's model from the servers' records. Pure."""

from __future__ import annotations

import functools
import json
import shlex
import typing as t
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses, _durations
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    format_time,
    parse_time,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, counted
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Record

VERSION = 1
# The most urgent first
STATES = ("unreachable", "refused", "invalid", "broken", "drifted", "restricted", "expiring", "healthy")

# The states of a server that could not be checked, by the cause of its error
CAUSES = {"variables": "invalid", "sign_in": "refused"}
_SITE = "ansible-playbook -i inventory deskops.rustdesk_sso.site --limit {server}"
_REPORT = "ansible-playbook -i inventory deskops.rustdesk_sso.report --limit {server}"
_BOOTSTRAP = "ansible-playbook deskops.rustdesk_sso.bootstrap_automation"
# The command that corrects a server, or checks whether it is corrected, by state
COMMANDS = {
    "unreachable": _REPORT,
    "refused": _REPORT,
    "invalid": _REPORT,
    "broken": _SITE,
    "drifted": _SITE,
    "restricted": _REPORT,
    "expiring": _SITE,
}

Model = dict[str, t.Any]

# The keys of an application that any of its servers provides
SHARED = ("unique_name", "display_name", "app_id", "object_id", "assignment", "portal_url")
_TYPES = {str: "a string", bool: "true or false", type(None): "null"}
_annotations = functools.cache(t.get_type_hints)


def build(records: t.Any, at: str) -> Model:
    """Build the model that the filter's documentation describes.

    ``records`` is a list, or a dictionary by server name. ``at`` is the time of their collection, in ISO 8601. Raises
    InputError, which names the server and the key, if a record does not have the keys and types of Record, or if a time
    or duration cannot be parsed.
    """
    checked_at = _time(at, "at")
    if isinstance(records, t.Mapping):
        records = list(records.values())
    if not isinstance(records, (list, tuple)):
        raise InputError("Cannot build the report", answer="the input is neither a list nor a dictionary of records")
    servers = [_server(record, place, checked_at) for place, record in enumerate(records)]
    names = [server["server"] for server in servers]
    for name in names:
        if names.count(name) > 1:
            raise InputError("Cannot build the report", answer=f"the input has two records for the server {name}")
    _name_tenants_alike(servers)
    servers.sort(key=_urgency)
    known = {server["callback_url"] for server in servers}
    # Without each server's declaration, a former redirect URI cannot be distinguished from another server's
    complete = "" not in known
    return {
        "version": VERSION,
        "checked_at": format_time(checked_at),
        "totals": _totals(servers),
        "automation": _automation(servers, checked_at),
        "servers": servers,
        "tenants": [
            {"tenant_id": tenant_id, "totals": _totals(members), "servers": [member["server"] for member in members]}
            for (tenant_id,), members in _grouped(servers, lambda server: (server["tenant_id"],))
        ],
        "applications": [
            _application(members, known, complete=complete)
            for (_tenant_id, unique_name), members in _grouped(servers, _application_key)
            if unique_name
        ],
    }


def _server(record: t.Any, place: int, checked_at: datetime) -> Model:
    """Check a record and add the derived keys: state, reason, days_left, command, checks_run and checks_passed."""
    name = record.get("server") if isinstance(record, t.Mapping) else None
    subject = f"the server {name}" if name and isinstance(name, str) else f"record {place + 1}"
    server: Model = _checked(record, Record, subject, "")
    server["renew_before_days"] = _durations.parse(server.pop("renew_before"), f"renew_before of {subject}").days
    expires = server["client_secret"]["expires"]
    left = _time(expires, f"client_secret.expires of {subject}") - checked_at if expires else None
    ran = [check for check in server["checks"] if check["ok"] is not None]
    state, reason = _state(server, left)
    name = server.pop("server")
    return {
        "server": name,
        "state": state,
        "reason": reason,
        # timedelta.days is the floor: -1 as soon as the client secret has expired
        "days_left": left.days if left is not None else None,
        "command": COMMANDS.get(state, "").format(server=shlex.quote(name)),
        "checks_run": len(ran),
        "checks_passed": sum(check["ok"] for check in ran),
        **server,
    }


def _state(server: Model, left: timedelta | None) -> tuple[str, str]:
    """Return the most urgent state that applies, and a short reason, empty for a healthy server."""
    if server["error"]:
        return CAUSES.get(server["error"]["cause"], "unreachable"), server["error"]["message"]
    if server["verified"] is False or any(check["ok"] is False for check in server["checks"]):
        return "broken", _broken([check for check in server["checks"] if check["ok"] is False])
    if server["drift"]:
        return "drifted", "drift: " + ", ".join(drift["object"] for drift in server["drift"])
    if server["restrictions"]:
        return "restricted", "not for all users: " + "; ".join(item["detail"] for item in server["restrictions"])
    if left is not None and left <= timedelta(days=server["renew_before_days"]):
        return "expiring", f"client secret {days_left(left.days)}"
    return "healthy", ""


def _broken(failed: t.Sequence[Model]) -> str:
    if not failed:
        return "sign-in is not verified"
    first = failed[0]
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return (f"{first['name']}: {first['detail']}" if first["detail"] else first["name"]) + more


def days_left(days: int) -> str:
    """Describe the time until expiry in whole days, or the time since then if ``days`` is negative."""
    if days < 0:
        # The floor of half a day ago is -1
        return "expired less than a day ago" if days == -1 else f"expired {counted(-days - 1, 'day')} ago"
    return f"expires in {counted(days, 'day')}" if days else "expires in less than a day"


def _urgency(server: Model) -> tuple[t.Any, ...]:
    days = server["days_left"]
    return STATES.index(server["state"]), days is None, days or 0, server["server"]


def _name_tenants_alike(servers: t.Sequence[Model]) -> None:
    """Name each tenant consistently, by its ID if known.

    A server that could not be checked has the tenant as declared, perhaps as a domain name. Servers with the same
    application are in the same tenant, and a client ID belongs to only one application.
    """
    for server in servers:
        server["tenant_id"] = server["tenant_id"].lower()
    by_application: dict[str, set[str]] = {}
    for server in servers:
        if server["application"]["app_id"]:
            by_application.setdefault(server["application"]["app_id"], set()).add(server["tenant_id"])
    same = {name: _tenant(names) for names in by_application.values() for name in names if name}
    for server in servers:
        server["tenant_id"] = same.get(server["tenant_id"], server["tenant_id"])


def _tenant(names: t.Iterable[str]) -> str:
    """Return the preferred one of a tenant's ``names``: its ID if included."""
    return min(names, key=lambda name: (not GUID.fullmatch(name), not name, name))


def _automation(servers: t.Sequence[Model], checked_at: datetime) -> list[Model]:
    """Return the automation's credentials, each once, the most urgent first."""
    groups = _grouped(servers, lambda server: tuple(server["automation"].values()))
    found = []
    for _key, members in groups:
        known = members[0]["automation"]
        if not known["credential"]:
            continue
        expires = _time(known["expires"], "automation.expires") if known["expires"] else None
        found.append(
            {
                **known,
                "urgent": known["state"] in automation.URGENT,
                "summary": automation.describe(known, checked_at),
                "days_left": (expires - checked_at).days if expires else None,
                "command": _renewal(members[0]) if known["state"] in automation.URGENT else "",
                "servers": [member["server"] for member in members],
            }
        )
    return sorted(found, key=lambda item: (not item["urgent"], item["days_left"] is None, item["days_left"] or 0))


def _renewal(server: Model) -> str:
    """Return the command that renews the credential of the automation of ``server``.

    It has the variables of the first run, without which another file would be written or permissions be revoked. The
    inventory does not contain those in capitals.
    """
    known = server["automation"]
    variables = {"tenant_id": server["tenant_id"] or "TENANT_ID"}
    if known["credential"] == "certificate":
        variables["certificate_path"] = known["certificate_path"] or "CERTIFICATE_PATH"
    else:
        variables["secret_file"] = "SECRET_FILE"
    variables |= {"abilities": "ABILITIES", "renew": "true"}
    return " ".join([_BOOTSTRAP, *(_extra_variable(f"bootstrap_{name}", value) for name, value in variables.items())])


def _extra_variable(name: str, value: str) -> str:
    """Return the option of ansible-playbook that sets a variable. In ``name=value``, Ansible splits at white space."""
    plain = value == shlex.quote(value)
    return f"-e {name}={value}" if plain else f"-e {shlex.quote(json.dumps({name: value}))}"


def _totals(servers: t.Sequence[Model]) -> dict[str, int]:
    counted = {state: sum(server["state"] == state for server in servers) for state in STATES}
    return {"servers": len(servers), **counted}


def _application_key(server: Model) -> tuple[str, str]:
    return server["tenant_id"], server["application"]["unique_name"]


def _grouped(
    servers: t.Sequence[Model], key: t.Callable[[Model], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[Model]]]:
    """Return the groups, sorted by key. The servers in each keep their order."""
    groups: dict[tuple[str, ...], list[Model]] = {}
    for server in servers:
        groups.setdefault(key(server), []).append(server)
    return sorted(groups.items())


def _application(members: t.Sequence[Model], callback_urls: set[str], *, complete: bool) -> Model:
    """Merge the application's details from the servers ``members`` that share it.

    Redirect URIs that are among ``callback_urls``, in any spelling, are not foreign. If these are ``complete``, any
    other one with the path of RustDesk's callback URL belongs to a former address.
    """

    def known(key: str) -> str:
        return next((member["application"][key] for member in members if member["application"][key]), "")

    uris = {uri for member in members for uri in member["application"]["foreign_redirect_uris"]}
    others = uris - _addresses.spellings(callback_urls, uris)
    former = {uri for uri in others if complete and uri.endswith(CALLBACK_PATH)}
    return {
        "tenant_id": members[0]["tenant_id"],
        **{key: known(key) for key in SHARED},
        "foreign_redirect_uris": sorted(others - former),
        "former_redirect_uris": sorted(former),
        "servers": [member["server"] for member in members],
    }


def _checked(value: t.Any, annotation: t.Any, subject: str, key: str) -> t.Any:
    """Check a value against its annotation. Return plain Python without unknown keys, which must not be published."""
    if t.is_typeddict(annotation):
        return _checked_keys(value, annotation, subject, key)
    if t.get_origin(annotation) is list:
        if not isinstance(value, (list, tuple)):
            raise _refused(subject, key, "is not a list")
        (inner,) = t.get_args(annotation)
        return [_checked(item, inner, subject, f"{key}[{place}]") for place, item in enumerate(value)]
    allowed = t.get_args(annotation) or (annotation,)
    if not isinstance(value, allowed):
        raise _refused(subject, key, f"is not {' or '.join(_TYPES[one] for one in allowed)}")
    if value is None:
        return "" if str in allowed else None
    # Ansible's strings may carry tags or marks
    return str.__str__(value) if isinstance(value, str) else value


def _checked_keys(value: t.Any, annotation: t.Any, subject: str, key: str) -> Model:
    if not isinstance(value, t.Mapping):
        raise _refused(subject, key, "is not a dictionary")
    if not value and not annotation.__total__:
        return {}
    prefix = f"{key}." if key else ""
    annotations = _annotations(annotation)
    for name in annotations:
        if name not in value:
            raise _refused(subject, prefix + name, "is missing")
    return {name: _checked(value[name], inner, subject, prefix + name) for name, inner in annotations.items()}


def _refused(subject: str, key: str, what: str) -> InputError:
    return InputError(
        f"Cannot report on {subject}",
        answer=f"{key or 'its record'} {what}",
        hint="Use the fact rustdesk_sso_observed.",
    )


def _time(text: str, subject: str) -> datetime:
    try:
        moment = parse_time(text)
    except (ValueError, OverflowError):
        moment = parse_time("")
    if moment == parse_time(""):
        raise InputError(f"{subject} is not a valid time: {text!r}", hint="Write it as 2026-11-21T17:00:00Z.")
    return moment
