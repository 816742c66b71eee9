# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Validate the values of all options of an argument spec before the first request, by the rules of _input."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import (
    LONGEST_PATH,
    LONGEST_TEXT,
    cut,
    quoted,
    seconds,
    text,
)

LONGEST_JSON = 1 << 16
LONGEST_CHOICE = 60
# The deepest nesting of a value, and the most entries of a list
DEEPEST = 20
LONGEST_LIST = 10_000
LARGEST_INT = 2**31 - 1
# Options that may have several lines, and those that may be longer than others
SEVERAL_LINES = frozenset(
    (
        "admin_consent_description",
        "content",
        "description",
        "notes",
        "service_management_reference",
        "user_consent_description",
    )
)
LONGEST = {"access_token": 1 << 16, "content": 1 << 16, "federated_token": 1 << 16, "icon": 1 << 18, "token": 1 << 16}
# Options whose types alone are checked here. Their readers check values that come from a service, and entra_app checks
# each entry of applications separately.
NOT_HERE = frozenset(
    (
        "application_obstacles",
        "applications",
        "held",
        "held_names",
        "other_holders",
        "registered_redirect_uris",
        "relying_parties",
        "seen",
        "servers",
        "unverifiable",
    )
)
# Descriptions of the types other than text, list and dictionary
WORDS = {"float": "a number of seconds", "int": "a number", "bool": "true or false", "path": "a path"}

Rules = t.Mapping[str, t.Any]


def check(values: Rules, argument_spec: Rules, where: str = "", types: bool = False) -> None:
    """Raise InputError for the first of ``values``, options by name, that its type does not allow.

    ``values`` are as the user wrote them or as Ansible has converted them. A wrong type, control characters, text that
    is too long and numbers out of range are rejected; the meaning of a value is checked by the rules of each option.
    """
    names = {alias: name for name, rules in argument_spec.items() for alias in rules.get("aliases") or []}
    for given, value in values.items():
        name = names.get(given, given)
        if name in argument_spec and value is not None:
            check_option(value, argument_spec[name], name, f"{where}{given}", types or name in NOT_HERE)


def check_option(value: t.Any, rules: Rules, name: str, option: str, types: bool = False) -> None:
    """Check one option as check() does: ``name`` is its own name, ``option`` the one for messages. If ``types`` is set,
    only types are checked."""
    kind = rules.get("type", "str")
    if kind in ("list", "dict"):
        _check_container(value, rules, name, option, types)
    elif isinstance(value, (dict, list, tuple)):
        raise InputError(f"{option} must be {WORDS.get(kind, 'text')}", answer=f"it is {_kind(value)}")
    elif types:
        if isinstance(value, str):
            _check_choice(value, rules, option)
    elif kind == "float":
        seconds(value, option)
    elif kind == "int":
        _check_int(value, option)
    elif isinstance(value, str):
        _check_text(value, rules, name, option)


def _check_container(value: t.Any, rules: Rules, name: str, option: str, types: bool) -> None:
    inner, kind = rules.get("options"), rules.get("type")
    if isinstance(value, str):  # Ansible splits or parses it; AWX passes JSON with line breaks
        text(value, option, longest=LONGEST_JSON, lines=True)
        for part in value.split(","):
            _check_choice(part.strip(), rules, option)
    elif kind == "list" and isinstance(value, (list, tuple)):
        if len(value) > LONGEST_LIST:
            raise InputError(f"{option} has {len(value)} entries", hint=f"Use at most {LONGEST_LIST}")
        element = {**rules, "type": rules.get("elements", "str")}
        for place, item in enumerate(value, 1):
            entry = f"{option}[{place}]"
            if item is None and element["type"] in ("str", "dict"):
                raise InputError(f"{entry} is null", hint=f"Remove it from {option}")
            check_option(item, element, name, entry, types)
    elif kind == "dict" and isinstance(value, dict):
        if inner is not None:
            _check_names(value, inner, option)
            check(value, inner, f"{option}.", types)
        elif not (types or rules.get("no_log")):  # gateway_headers checks headers
            _check_free(value, option)
    else:
        wanted = {"list": "a list", "dict": "a dictionary"}[str(kind)]
        raise InputError(f"{option} must be {wanted}", answer=f"it is {_kind(value)}")


def _check_names(value: Rules, inner: Rules, option: str) -> None:
    known = {*inner, *(alias for rules in inner.values() for alias in rules.get("aliases") or [])}
    for name in value:
        if name not in known:
            raise InputError(f"{option} has no member {quoted(name)}", hint=f"Use {', '.join(sorted(inner))}")


def _check_free(value: t.Any, option: str, depth: int = 0) -> None:
    """Check a value inside a dictionary that has no spec."""
    if depth > DEEPEST:
        raise InputError(f"{option} is nested too deeply", hint=f"Use at most {DEEPEST} levels")
    if isinstance(value, str):
        text(value, option)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_free(str(name), f"A name in {option}", depth + 1)
            _check_free(item, f"{option}.{cut(str(name))}" if depth == 0 else option, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_free(item, option, depth + 1)


def _check_text(value: str, rules: Rules, name: str, option: str) -> None:
    kind = rules.get("type")
    _check_choice(value, rules, option)
    longest = LONGEST_PATH if kind == "path" else LONGEST.get(name, LONGEST_TEXT)
    token = name in ("access_token", "federated_token")  # a file's line end is cut off
    text(value.strip() if token else value, option, longest=longest, lines=name in SEVERAL_LINES)


def _check_choice(value: str, rules: Rules, option: str) -> None:
    """Reject values that cannot be one of the choices and that Ansible would quote unchanged."""
    choices = rules.get("choices") or (("true", "false") if rules.get("type") == "bool" else ())
    if choices and (len(value) > LONGEST_CHOICE or "@" in value or not value.isprintable()):
        raise InputError(f"{option} must be one of {', '.join(map(str, choices))}: {quoted(value)}")


def _check_int(value: t.Any, option: str) -> None:
    if isinstance(value, str):
        text(value, option, longest=LONGEST_CHOICE)
        value = int(value) if re.fullmatch(r"-?[0-9]{1,20}", value.strip()) else None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not -LARGEST_INT <= value <= LARGEST_INT:
        raise InputError(f"{option} must be a whole number of at most {LARGEST_INT}")


def _kind(value: object) -> str:
    """Describe the type of a value of the wrong type."""
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"of type {type(value).__name__}"
