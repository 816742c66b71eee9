# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Validate options that identify an object: empty text identifies nothing and must not match another object."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError


def check(params: t.Mapping[str, t.Any], options: t.Iterable[str]) -> None:
    """Raise InputError for the first of ``options`` that is empty text; null and missing options are skipped.

    ``options`` are names; suboptions are joined by dots, even through lists.
    """
    for option in options:
        if any(isinstance(value, str) and not value.strip() for value in _values(params, option.split("."))):
            raise InputError(
                f"{option} is empty", answer="empty text identifies nothing", hint=f"Set {option}, or omit it"
            )


def _values(value: t.Any, path: t.Sequence[str]) -> t.Iterator[t.Any]:
    """Yield the values at ``path`` in ``value``."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, t.Mapping):
        yield from _values(value.get(path[0]), path[1:])


def from_environment(*names: str) -> str:
    """Return the first of these environment variables that is not empty, as a fallback in an argument spec."""
    found = next((os.environ[name] for name in names if os.environ.get(name)), None)
    if found is None:
        raise AnsibleFallbackNotFound
    return found
