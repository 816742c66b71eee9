# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Convert a role variable's value, including all nested values, to the types of the module's option. Pure.

The command line and AWX pass lists and dictionaries as text. A list is JSON or comma-separated, with white space around
the parts removed. A dictionary is JSON or key=value. A list of dictionaries is always JSON.
"""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.validation import check_type_bool, check_type_dict

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input, _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

Rules = t.Mapping[str, t.Any]
_CONTAINERS = ("list", "dict")

# An example of each variable with nested values, by its name without the prefix
SAMPLES = {
    "app_assignments": "{add: [{group: RustDesk users}]}",
    "app_service_principal": "{app_role_assignment_required: true}",
    "app_owners": "{add: [alice@example.com]}",
    "app_optional_claims": "{id_token: [{name: email}]}",
    "console_contract": "{settings_path: /api/oidc/settings}",
    "app_admin_consent": "[{resource: Microsoft Graph, scopes: [openid, profile, email]}]",
}


def converted(value: t.Any, rules: Rules, path: str, example: str = "") -> t.Any:
    """Return ``value``, including nested values, converted to the type in ``rules``.

    Raises InputError, which names the ``path`` of a value that cannot be converted and shows the ``example``. Scalar
    types such as numbers are left to Ansible, and so are values that may be secrets.
    """
    if value is None:
        return None
    hint = f"Write {example}" if example else None
    kind = rules.get("type", "str")
    if kind == "list":
        return _list(value, rules, path, example)
    if kind == "dict":
        return _dict(value, rules, path, example)
    if isinstance(value, (list, tuple, dict)):
        what = "a dictionary" if isinstance(value, dict) else "a list"
        raise InputError(f"{path} must be {_option_values.WORDS.get(kind, 'text')}", answer=f"it is {what}", hint=hint)
    if kind == "bool":
        try:
            return check_type_bool(value)
        except TypeError:
            raise InputError(f"{path} must be true or false", answer=f"it is {_input.quoted(value)}") from None
    choices = rules.get("choices")
    if choices and value not in choices and str(value) not in choices:
        raise InputError(f"{path} must be one of {', '.join(choices)}", answer=f"it is {_input.quoted(value)}")
    return value


def _list(value: t.Any, rules: Rules, path: str, example: str) -> list[t.Any]:
    element = {**rules, "type": rules.get("elements", "str")}
    if isinstance(value, str):
        value = _parts(value, nested=element["type"] in _CONTAINERS)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        value = [value]  # as Ansible does
    if not isinstance(value, (list, tuple)):
        wanted = "a list of dictionaries" if element["type"] == "dict" else "a list"
        simple = 'first,second or ["first", "second"]' if isinstance(value, str) else "[first, second]"
        raise InputError(f"{path} must be {wanted}", answer=_it_is(value), hint=f"Write {example or simple}")
    return [converted(item, element, f"{path}[{place}]", example) for place, item in enumerate(value, 1)]


def _parts(text: str, *, nested: bool) -> t.Any:
    """Return a text as a list, or unchanged if it cannot be one."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text  # possibly YAML, which is not parsed
    return text if nested else [part.strip() for part in text.split(",") if part.strip()]


def _dict(value: t.Any, rules: Rules, path: str, example: str) -> dict[str, t.Any]:
    inner: t.Mapping[str, Rules] | None = rules.get("options")
    hint = f"Write {example}" if example else None
    if isinstance(value, str):
        try:
            value = check_type_dict(value)
        except (TypeError, ValueError):  # their messages quote the value
            raise InputError(f"{path} must be a dictionary", answer=_it_is(value), hint=hint) from None
    if not isinstance(value, dict):
        raise InputError(f"{path} must be a dictionary", answer=_it_is(value), hint=hint)
    if inner is None:
        return value
    names: dict[t.Any, str] = {alias: name for name, one in inner.items() for alias in one.get("aliases") or []}
    for name in value:
        if name not in inner and name not in names:
            known = ", ".join(sorted(inner))
            raise InputError(f"{path}.{_input.cut(str(name))} is unknown", hint=f"Use {known}")
    missing = [name for name, one in inner.items() if one.get("required") and value.get(name) is None]
    if missing:
        raise InputError(f"{path}.{missing[0]} is not set", hint=hint)
    return {
        name: converted(item, inner[names.get(name) or name], f"{path}.{name}", example) for name, item in value.items()
    }


def _it_is(value: t.Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        return f"it is a {'dictionary' if isinstance(value, dict) else 'list'}"
    return f"it is {'the text ' if isinstance(value, str) else ''}{_input.quoted(value)}"
