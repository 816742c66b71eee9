# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Examine the variables and the console of one server."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime, timezone

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    MissingLibraryError,
    SsoError,
    unforeseen,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _sealed
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import console, server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    lacking,
    not_checked,
    problem,
    refused,
    renamed,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.tenant import Declared
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import declaration, options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX, WARN_BEFORE
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import application, names, sign_in, variables

Values = dict[str, t.Any]

VARIABLE = re.compile(rf"\b{PREFIX}(\w+)")
# The variables that replace the names of module options in messages
CONSOLE_OPTIONS = {
    **{option: PREFIX + name for name, option in options.CONSOLE.items()},
    "public_url": f"{PREFIX}public_url",
}
# Masking shorter values would garble the text
SHORTEST_SECRET = 4
# Without these variables, no check of the console is possible
OF_CONSOLE = ("console_url",)


def examine(given: t.Mapping[str, t.Any], templar: t.Any, name: str) -> dict[str, t.Any]:
    """Return the findings about the server ``name``, and the encrypted input of the Entra checks. Never raises.

    ``given`` are all variables of the host.
    """
    values, declared, mistakes = read(given, templar, name)
    found = [problem(f"variables.{name_of(text)}", *_parts(text)) for text in mistakes]
    wrong = {name_of(text) for text in mistakes}
    signs_in_to_entra = not [*sign_in.entra_problems(values)] and "tenant_id" not in wrong
    ahead = None
    if [*sign_in.console_problems(values)] or wrong & {*OF_CONSOLE}:
        found.append(not_checked("console", "not checked, because its variables cannot be used"))
    else:
        seen, ahead = _console(values, name, wrong, known_cloud=signs_in_to_entra)
        found += seen
    entra: dict[str, str] | None = None
    if signs_in_to_entra:
        entra = _sealed.seal({"declared": json.dumps(_declared(values, declared))})
        if entra is None:
            found.append(not_checked("entra", "not checked, because azure-identity is not installed"))
    else:
        found.append(not_checked("entra", "not checked, because its variables cannot be used"))
    result = {"findings": [item.result() for item in found], "ahead": ahead, "entra": entra}
    return t.cast("dict[str, t.Any]", remove_values(result, _secrets(values)))


def read(
    given: t.Mapping[str, t.Any], templar: t.Any, name: str
) -> tuple[Values, declaration.Declaration | None, list[str]]:
    """Return the usable role variables, the declaration, and one sentence for each mistake.

    An unusable variable counts as not set, so that the others are still checked.
    """
    values, mistakes = variables.read(given, templar)
    wrong = {f"{PREFIX}{name_of(text)}" for text in mistakes}
    kept = {variable: value for variable, value in values.items() if variable not in wrong}
    defaults = {variable: value for variable, value in variables.defaults().items() if variable in wrong}
    kept |= variables.read(defaults, templar)[0]
    declared, more = declaration.declare(kept, name)
    if declared:
        more = application.problems(declared)
    more += [*sign_in.entra_problems(kept), *sign_in.console_problems(kept), *sign_in.missing_credentials(kept)]
    new = [text for text in dict.fromkeys(more) if f"{PREFIX}{name_of(text)}" not in wrong]
    return kept, declared, [*mistakes, *new, *names.problems(given)]


def name_of(text: str) -> str:
    """Return the first variable in a sentence, without its prefix."""
    found = VARIABLE.search(text)
    return found[1] if found else "unknown"


def _parts(text: str) -> tuple[str, str]:
    """Split a sentence about a mistake into the problem and the remedy."""
    seen, _stop, remedy = text.partition(". ")
    return seen.rstrip("."), remedy.rstrip(".") or f"Correct {PREFIX}{name_of(text)}"


def _console(values: Values, name: str, wrong: set[str], *, known_cloud: bool) -> tuple[list[Finding], float | None]:
    """Return the findings about the console, and how many seconds its clock is ahead of the controller's."""
    rules = {option: {**rule, "required": False} for option, rule in RUSTDESK_OPTIONS.items()}
    params = ArgumentSpecValidator(rules).validate(options.of(values, options.CONSOLE)).validated_parameters
    cloud = clouds.choose(sign_in.entra_params(values)) if known_cloud else None
    public = "" if "public_url" in wrong else str(values.get(f"{PREFIX}public_url") or "").rstrip("/")
    declared = server.Declared(name, params, public, values[f"{PREFIX}provider_name"], cloud)
    try:
        facts = server.examine(declared)
    except MissingLibraryError as error:
        return [not_checked("console", f"not checked, because {lacking(error)}")], None
    except SsoError as error:
        return [refused(console.REACHABLE, error)], None
    except Exception as error:  # noqa: BLE001  # its text may contain a secret
        return [refused(console.REACHABLE, unforeseen(error))], None
    found = console.findings(facts, datetime.now(timezone.utc))
    return renamed(found, lambda text: sign_in.named(text, CONSOLE_OPTIONS)), facts.ahead


def _declared(values: Values, declared: declaration.Declaration | None) -> Declared:
    return {
        "tenant_id": values[f"{PREFIX}tenant_id"],
        "options": options.entra(values),
        "automation": sign_in.automation(values),
        "warn_before": values[WARN_BEFORE],
        "application": declared["application"] if declared else {},
        "lifetime": declared["client_secret"]["lifetime"] if declared else "0",
    }


def _secrets(values: Values) -> set[str]:
    """Return the values of all secret variables."""
    found: list[t.Any] = []
    for name, rules in variables.specification().items():
        value = values.get(name) if rules.get("no_log") else None
        found += value.values() if isinstance(value, dict) else [value]
    return {str(value) for value in found if isinstance(value, (str, int)) and len(str(value)) >= SHORTEST_SECRET}
