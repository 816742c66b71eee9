# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Check the modules' options for signing in to Entra and to a console, by the names of the role's variables."""

from __future__ import annotations

import os
import re
import typing as t
from datetime import datetime, timezone

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations, _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import (
    clouds,
    credentials,
    hosts,
    own_expiry,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import options as console_options
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation as own
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    PREFIX,
    SECRET_EXPIRES,
    WARN_BEFORE,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation

Values = t.Mapping[str, t.Any]
Spec = t.Mapping[str, t.Mapping[str, t.Any]]

# The options that signing in to a console requires, and how to correct a missing one
CREDENTIALS = {
    "username": "Set it to the user name of an administrator of the console",
    "password": "Set it to the password of that administrator, for example from Ansible Vault",
}
# The words after which a hint names an option
BEFORE_OPTION = "|".join(
    f"(?<={words} )"
    for words in ("value of", "values of", "option", "Remove it from", "[Ss]et", "[Cc]heck", "[Cc]orrect", "increase")
)


def problems(values: Values) -> list[str]:
    """Return a sentence for each service, Entra and the console, that the modules could not sign in to.

    ``values`` are the role's variables by full name. Variables that are not set are read from the environment, as in
    the modules. Makes no requests.
    """
    return [*entra_problems(values), *console_problems(values)]


def entra_problems(values: Values) -> t.Iterator[str]:
    """Yield the part of problems() about the sign-in to Entra."""
    given = options.entra(values)
    yield from _refused(given, ENTRA_OPTIONS, _check_entra, _variables(options.ENTRA, values))


def console_problems(values: Values) -> t.Iterator[str]:
    """Yield the part of problems() about the sign-in to the console."""
    given = options.of(values, options.CONSOLE)
    yield from _refused(given, RUSTDESK_OPTIONS, _check_console, _variables(options.CONSOLE, values))


def portal(values: Values) -> str:
    """Return the address of the Microsoft Entra admin center, from the role's checked variables ``values``.

    Empty for a cloud that is not Microsoft's.
    """
    return hosts.portal(clouds.choose(entra_params(values)))


def entra_params(values: Values) -> Values:
    """Return the options for signing in to Entra, including those from the environment."""
    rules = {name: {**rule, "required": False} for name, rule in ENTRA_OPTIONS.items()}
    given = options.entra(values)
    return t.cast("Values", ArgumentSpecValidator(rules).validate(given).validated_parameters)


def automation(values: Values) -> Automation:
    """Return the automation's credential for Entra and its expiry date, from the role's checked variables ``values``.

    Makes no requests.
    """
    params = entra_params(values)
    declared = values.get(SECRET_EXPIRES)
    known = own_expiry.find(params, _durations.expiry(declared, SECRET_EXPIRES) if declared else "")
    warn_before = _durations.parse(values[WARN_BEFORE], WARN_BEFORE)
    return own.judge(known, warn_before, datetime.now(timezone.utc))


def missing_credentials(values: Values) -> t.Iterator[str]:
    """Yield a sentence for each credential of the console that a run needs to sign in.

    Only those count that neither the role's variables ``values`` nor the environment set.
    """
    for option, remedy in CREDENTIALS.items():
        _strategy, names = RUSTDESK_OPTIONS[option]["fallback"]
        if f"{PREFIX}console_{option}" not in values and not any(map(os.environ.get, names)):
            yield f"{PREFIX}console_{option} is not set, nor is the environment variable {names[0]}. {remedy}."


def _check_entra(params: Values) -> None:
    _option_values.check(params, ENTRA_OPTIONS)
    clouds.choose(params)
    credentials.check_input(params)


def _check_console(params: Values) -> None:
    console_options.check(params, RUSTDESK_OPTIONS)


def _variables(names: t.Mapping[str, str], values: Values) -> dict[str, str]:
    """Return the role's variable for each option; the last one that is set counts, as in options.of()."""
    found: dict[str, str] = {}
    for name, option in names.items():
        if option not in found or PREFIX + name in values:
            found[option] = PREFIX + name
    return found


def _refused(
    given: Values, spec: Spec, check: t.Callable[[Values], None], variables: t.Mapping[str, str]
) -> t.Iterator[str]:
    """Yield the first mistake in the options ``given``, by the names of the role's ``variables``."""
    # Whether a missing option is required depends on the run
    rules = {name: {**rule, "required": False} for name, rule in spec.items()}
    validated = ArgumentSpecValidator(rules).validate(dict(given))
    if validated.error_messages:
        yield f"{named(validated.error_messages[0], variables).rstrip('.')}."
        return
    try:
        check(validated.validated_parameters)
    except InputError as error:
        yield named(str(error), variables)


def named(message: str, variables: t.Mapping[str, str]) -> str:
    """Return ``message`` with the role's variables in place of options, if it certainly names options.

    A name with an underscore is never a word. Other names are options at the start of the message, in phrases with
    which Ansible or a hint names one, and in a list after another option.
    """
    names = "|".join(name for name in variables if "_" in name) or "(?!)"
    words = "|".join(variables)
    option = re.compile(rf"(?<![\w/.-])({names})\b|(?:^|{BEFORE_OPTION})({words})\b(?![/-])|(?<=')({words})(?=')")
    message = option.sub(lambda match: variables[match.group(0)], message)
    listed = re.compile(rf"\b({PREFIX}\w+,? (?:and|or) )({words})\b(?![/-])")
    return listed.sub(lambda match: match.group(1) + variables[match.group(2)], message)
