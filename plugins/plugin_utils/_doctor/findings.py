# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The findings of an examination, one for each check. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import asdict, dataclass, replace

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import MissingLibraryError, SsoError, quoted

OK, WARNING, PROBLEM, UNKNOWN = "ok", "warning", "problem", "unknown"
# The most urgent first
STATES = (PROBLEM, WARNING, UNKNOWN, OK)
# The user name and password in a URL
USER_INFO = re.compile(r"(?<=://)[^/?#@\s]+@")


@dataclass(frozen=True)
class Finding:
    """The result of the check ``name``: its ``state``, what was ``seen``, and the ``remedy``, if any.

    The state of a skipped check is ``unknown``, and ``seen`` is the reason.
    """

    name: str
    state: str
    seen: str
    remedy: str = ""

    def __post_init__(self) -> None:
        """Sanitize the texts: they can quote any service, and addresses can contain passwords."""
        for part in ("seen", "remedy"):
            object.__setattr__(self, part, quoted(USER_INFO.sub("", getattr(self, part))))

    def result(self) -> dict[str, str]:
        """Return the finding as in the task's result and the JSON file."""
        return asdict(self)


def ok(name: str, seen: str) -> Finding:
    """Return the finding of a check that passed."""
    return Finding(name, OK, seen)


def warning(name: str, seen: str, remedy: str) -> Finding:
    """Return the finding of something that works, but perhaps not for long or not for all users."""
    return Finding(name, WARNING, seen, remedy)


def problem(name: str, seen: str, remedy: str) -> Finding:
    """Return the finding of something that makes a run or a sign-in fail."""
    return Finding(name, PROBLEM, seen, remedy)


def not_checked(name: str, why: str) -> Finding:
    """Return the finding of a skipped check."""
    return Finding(name, UNKNOWN, why)


def after(names: t.Iterable[str], failed: str) -> list[Finding]:
    """Return the findings of the checks ``names``, which depend on the check ``failed``."""
    return [not_checked(name, f"not checked, because {failed} failed") for name in names]


def lacking(error: MissingLibraryError) -> str:
    """Return the reason for skipping a check that needs a Python package. The controller's checks have the remedy."""
    return f"Python packages are missing: {error.packages}"


def refused(name: str, error: SsoError) -> Finding:
    """Return the problem that ``error`` describes."""
    seen = f"{error.attempted}: {error.answer}" if error.answer else error.attempted
    return problem(name, seen, error.hint or "Resolve the error that the service reports, then run the playbook again")


def by_urgency(found: t.Iterable[Finding]) -> list[Finding]:
    """Return the findings, the most urgent first, otherwise in their order."""
    return sorted(found, key=lambda finding: STATES.index(finding.state))


def renamed(found: t.Iterable[Finding], rename: t.Callable[[str], str]) -> list[Finding]:
    """Return the findings with ``rename`` applied to their texts, for example to replace options with variables."""
    return [replace(item, seen=rename(item.seen), remedy=rename(item.remedy)) for item in found]


def from_results(found: t.Iterable[t.Mapping[str, str]]) -> list[Finding]:
    """Return the findings in a task's result. Inverse of Finding.result()."""
    return [Finding(**item) for item in found]
