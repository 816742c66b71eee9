# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What an examination finds: one finding for each check. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import asdict, dataclass, replace

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import MissingLibraryError, SsoError, quoted

OK, WARNING, PROBLEM, UNKNOWN = "ok", "warning", "problem", "unknown"
# The most urgent first
STATES = (PROBLEM, WARNING, UNKNOWN, OK)
# The part of a URL that holds a user name and a password
USER_INFO = re.compile(r"(?<=://)[^/?#@\s]+@")


@dataclass(frozen=True)
class Finding:
    """The outcome of the check ``name``: its ``state``, what was ``seen``, and the ``remedy``, empty if there is none.

    A check that was not made is ``unknown``, and what was seen is the reason.
    """

    name: str
    state: str
    seen: str
    remedy: str = ""

    def __post_init__(self) -> None:
        """What a service has said may be anything, and an address may have a password."""
        for part in ("seen", "remedy"):
            object.__setattr__(self, part, quoted(USER_INFO.sub("", getattr(self, part))))

    def result(self) -> dict[str, str]:
        """As a task's result and the JSON file have it."""
        return asdict(self)


def ok(name: str, seen: str) -> Finding:
    """The finding of a check that passed."""
    return Finding(name, OK, seen)


def warning(name: str, seen: str, remedy: str) -> Finding:
    """The finding of something that works, and may not for long, or not for everybody."""
    return Finding(name, WARNING, seen, remedy)


def problem(name: str, seen: str, remedy: str) -> Finding:
    """The finding of something that makes a run or a sign-in fail."""
    return Finding(name, PROBLEM, seen, remedy)


def not_checked(name: str, why: str) -> Finding:
    """The finding of a check that was not made."""
    return Finding(name, UNKNOWN, why)


def after(names: t.Iterable[str], failed: str) -> list[Finding]:
    """The findings of the checks ``names``, which need one that ``failed``."""
    return [not_checked(name, f"not checked, because {failed} failed") for name in names]


def lacking(error: MissingLibraryError) -> str:
    """Why a check was not made that needs a Python package; the checks of the controller say what to do."""
    return f"Python packages are missing: {error.packages}"


def refused(name: str, error: SsoError) -> Finding:
    """The problem that an ``error`` tells."""
    seen = f"{error.attempted}: {error.answer}" if error.answer else error.attempted
    return problem(name, seen, error.hint or "Read the message of the service, and run the playbook again")


def by_urgency(found: t.Iterable[Finding]) -> list[Finding]:
    """The findings, the most urgent first, otherwise in their order."""
    return sorted(found, key=lambda finding: STATES.index(finding.state))


def renamed(found: t.Iterable[Finding], rename: t.Callable[[str], str]) -> list[Finding]:
    """The findings with what ``rename`` makes of their texts, such as variables in place of options."""
    return [replace(item, seen=rename(item.seen), remedy=rename(item.remedy)) for item in found]


def from_results(found: t.Iterable[t.Mapping[str, str]]) -> list[Finding]:
    """The findings of which a task's result has these."""
    return [Finding(**item) for item in found]
