# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Options that identify an object: an empty text identifies none, and must not lead to another one."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError


def check(params: t.Mapping[str, t.Any], options: t.Iterable[str]) -> None:
    """Raise InputError for the first of ``options`` that is an empty text; null and a missing option are omitted.

    ``options`` are names; those of suboptions are joined by dots, also through lists.
    """
    for option in options:
        if any(isinstance(value, str) and not value.strip() for value in _values(params, option.split("."))):
            raise InputError(
                f"{option} is empty", answer="an empty text identifies nothing", hint=f"Set {option}, or omit it"
            )


def _values(value: t.Any, path: t.Sequence[str]) -> t.Iterator[t.Any]:
    """What is at the end of ``path`` in ``value``."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, t.Mapping):
        yield from _values(value.get(path[0]), path[1:])


def from_environment(*names: str) -> str:
    """The first of these environment variables that is not empty, as a fallback of an argument spec."""
    found = next((os.environ[name] for name in names if os.environ.get(name)), None)
    if found is None:
        raise AnsibleFallbackNotFound
    return found
