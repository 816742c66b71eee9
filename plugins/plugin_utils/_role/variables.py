# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the variables of the role entra_oidc for one host, typed by the role's argument specification."""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from pathlib import Path

import yaml
from ansible import template as ansible_template
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _paths
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX, is_set
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.options import CONSOLE
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import conversion
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.types import TYPES

ROLE = Path(__file__).parents[3] / "roles/entra_oidc"
LONGEST_QUOTE = 300
_NESTED = ("list", "dict")
# Variables that were renamed; the former names are deprecated
FORMER_NAMES = {"rustdesk_sso_console": "rustdesk_sso_console_type"}


@lru_cache(maxsize=1)
def specification() -> dict[str, dict[str, t.Any]]:
    """Return the role's variables with their rules in the argument specification, and their types."""
    options = _loaded("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return {name: {**rules, **TYPES.get(name.removeprefix(PREFIX), {})} for name, rules in options.items()}


@lru_cache(maxsize=1)
def defaults() -> dict[str, t.Any]:
    """Return the role's defaults, some of which are templates."""
    # Since ansible-core 2.19, a text is a template only if it is marked as one
    trusted = getattr(ansible_template, "trust_as_template", str)
    found = _loaded("defaults/main.yml")
    return {name: trusted(value) if isinstance(value, str) else value for name, value in found.items()}


def _loaded(path: str) -> dict[str, t.Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load((ROLE / path).read_text("utf-8"), Loader=loader))  # noqa: S506 - a safe loader


# Read when the plugin is loaded, before a worker is forked for each host
specification()
defaults()


def read(given: t.Mapping[str, t.Any], templar: t.Any) -> tuple[dict[str, t.Any], list[str]]:
    """Return the variables that are set, checked and converted to their types, and a sentence for each invalid one.

    ``given`` are the host's variables with their templates. An empty one gets the role's default, or is left out if it
    has none. Paths become absolute. A secret is never quoted.
    """
    values: dict[str, t.Any] = {}
    problems: list[str] = []
    for name, rules in specification().items():
        if name not in given:
            continue
        try:
            value = _evaluated(given[name], templar)
            if not is_set(value):
                value = _evaluated(defaults().get(name), templar)
        except Exception as error:  # noqa: BLE001  # Ansible's own error types differ by its version
            why = type(error).__name__ if rules.get("no_log") else _short(str(error))
            problems.append(f"{name} cannot be evaluated: {why}.")
            continue
        if not is_set(value):
            continue
        try:
            value = _checked(name, value, rules)
        except InputError as error:
            problems.append(str(error))
            continue
        if rules.get("no_log") and rules["type"] == "dict":
            value = _secret_dict(value)
            if value is None:
                problems.append(f"{name} must be a dictionary.")
        elif rules.get("no_log") and not isinstance(value, str):
            problems.append(f"{name} must be text.")
            continue
        values[name] = value
    checked = {name: _rules(rules) for name, rules in specification().items() if not rules.get("no_log")}
    secrets = {name: value for name, value in values.items() if name not in checked}
    result = ArgumentSpecValidator(checked).validate({name: v for name, v in values.items() if name in checked})
    problems += [f"{_short(message)}." for message in result.error_messages]
    typed = {name: value for name, value in result.validated_parameters.items() if is_set(value)}
    paths = {name: _paths.of_user(value) for name, value in typed.items() if checked[name]["type"] == "path"}
    return {**typed, **paths, **secrets}, problems


def _checked(name: str, value: t.Any, rules: t.Mapping[str, t.Any]) -> t.Any:
    """Return ``value`` with the types of the module's option that the variable sets; a secret is not converted.

    Raises InputError, which names the invalid part.
    """
    if rules.get("no_log") or isinstance(value, str) or rules["type"] not in _NESTED:
        _option_values.check_option(value, rules, _option(name), name)
    if rules.get("no_log"):
        return value
    short = name.removeprefix(PREFIX)
    nested = _nested(short) if rules["type"] in _NESTED else {}
    found = conversion.converted(value, {**rules, **nested}, name, conversion.SAMPLES.get(short, ""))
    if rules["type"] in _NESTED:
        _option_values.check_option(found, rules, _option(name), name)
    return found


def _nested(short: str) -> dict[str, t.Any]:
    """Return the suboptions and choices of the module's option that the variable ``short``, without prefix, sets."""
    in_app = short.startswith("app_")
    spec = entra_app.APPLICATION if in_app else RUSTDESK_OPTIONS
    option = spec.get(short.removeprefix("app_") if in_app else CONSOLE.get(short, ""), {})
    return {key: option[key] for key in ("options", "choices") if key in option}


def _evaluated(value: t.Any, templar: t.Any) -> t.Any:
    """Return the result of the template ``value`` as plain data; None for ``omit``."""
    value = templar.template(value)
    return None if omitted(value) else plain(value)


def _secret_dict(value: t.Any) -> dict[str, t.Any] | None:
    """Return ``value`` as a dictionary, even if AWX or the command line passes it as text; None if it is none."""
    try:
        return t.cast("dict[str, t.Any]", check_type_dict(value))
    except (TypeError, ValueError):  # their messages quote the value
        return None


def renamed(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return ``given`` with each value that is set only under a former name under the present one."""
    found = dict(given)
    for former, name in FORMER_NAMES.items():
        unset = not is_set(given.get(name)) or given[name] == specification()[name].get("default")
        if former in given and unset:
            found[name] = given[former]
    return found


def _rules(rules: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the rules that concern a value. Defaults come from the role's defaults file."""
    return {key: value for key, value in rules.items() if key in ("type", "elements", "choices")}


def omitted(value: t.Any) -> bool:
    """Return whether ``value`` is Ansible's ``omit``: a placeholder text, or its own type since ansible-core 2.19."""
    return "Omit" in type(value).__name__ or (isinstance(value, str) and value.startswith("__omit_place_holder__"))


def _option(name: str) -> str:
    """Return the module's option that a variable sets."""
    return re.sub(rf"^{PREFIX}((app|entra|secret)_)?", "", name)


def _short(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]} ..."
