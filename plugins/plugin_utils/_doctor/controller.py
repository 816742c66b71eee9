# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The findings about the controller: its software, clock, proxies and CA files. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    not_checked,
    ok,
    problem,
    warning,
)

PYTHON, CORE = (3, 10), (2, 16)
# The newest minor releases that the tests run with
NEWEST_PYTHON, NEWEST_CORE = (3, 14), (2, 21)
# The lower bounds in requirements.txt, and the major releases that the tests run with
PACKAGES: dict[str, tuple[tuple[int, ...], int]] = {
    "azure-identity": ((1, 16), 1),
    "httpx": ((0, 27), 0),
    "msgraph-sdk": ((1, 5), 1),
    "requests": ((2, 31), 2),
}
# In seconds. An assertion signed with a certificate and a one-time code are valid for a few minutes at most
SKEW = 60
NTP = "for example with NTP"


@dataclass(frozen=True)
class Facts:
    """The known facts about the controller.

    ``packages`` maps names to versions, None if not installed. ``proxies`` maps the environment's proxy variables to
    descriptions without credentials, empty if the value is not a URL. ``ca_files`` maps CA files to their problem,
    empty if there is none. ``ahead`` is the number of seconds by which the clock is ahead of Entra's, None if unknown.
    """

    python: tuple[int, ...]
    core: str
    packages: t.Mapping[str, str | None]
    proxies: t.Mapping[str, str] = field(default_factory=dict)
    ca_files: t.Mapping[str, str] = field(default_factory=dict)
    ahead: float | None = None


def findings(facts: Facts) -> list[Finding]:
    """Return the findings about the controller."""
    return [
        _release("controller.python", "Python", facts.python, PYTHON, NEWEST_PYTHON),
        _release("controller.ansible_core", "ansible-core", numbers(facts.core), CORE, NEWEST_CORE),
        *(_package(name, facts.packages.get(name)) for name in PACKAGES),
        _clock(facts.ahead),
        *_proxies(facts.proxies),
        *_ca_files(facts.ca_files),
    ]


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, such as (2, 16, 3) for 2.16.3rc1."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _release(
    name: str, what: str, version: tuple[int, ...], oldest: tuple[int, ...], newest: tuple[int, ...]
) -> Finding:
    seen = f"{what} {_dotted(version[:2])}"
    if version[:2] < oldest:
        needed = f"the collection requires {_dotted(oldest)} or newer"
        return problem(name, f"{seen} is too old: {needed}", f"Install {what} {_dotted(oldest)} or newer")
    if version[:2] > newest:
        tested = f"{_dotted(newest)}, the newest release that the collection is tested with"
        return warning(name, f"{seen} is newer than {tested}", _newer(what))
    return ok(name, seen)


def _package(package: str, version: str | None) -> Finding:
    name = f"controller.{package.replace('-', '_')}"
    oldest, major = PACKAGES[package]
    install = f"Run pip install '{package}>={_dotted(oldest)}' in the Python environment of ansible-playbook"
    if version is None:
        return problem(name, f"the Python package {package} is not installed", install)
    found = numbers(version)
    if found < oldest:
        return problem(name, f"{package} {version} is too old: {_dotted(oldest)} or newer is required", install)
    if found[0] > major:
        return warning(name, f"{package} {version} is a newer major release than the tested one", _newer(package))
    return ok(name, f"{package} {version}")


def _newer(what: str) -> str:
    return f"Update the collection, or install an earlier release of {what} if problems occur"


def _dotted(version: t.Iterable[int]) -> str:
    return ".".join(map(str, version))


def _clock(ahead: float | None) -> Finding:
    name = "controller.clock"
    if ahead is None:
        return not_checked(name, "no response of a login endpoint contained the time")
    seen = f"the controller's clock is {described(ahead)} Entra's"
    if abs(ahead) <= SKEW:
        return ok(name, seen)
    return problem(name, seen, f"Synchronize the controller's clock, {NTP}")


def described(ahead: float) -> str:
    """Describe the difference between two clocks, to be followed by the name of the second one."""
    if abs(ahead) < 2:
        return "in sync with"
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"


def _proxies(proxies: t.Mapping[str, str]) -> t.Iterator[Finding]:
    name = "controller.proxy"
    wrong = [variable for variable, shown in proxies.items() if not shown]
    if wrong:
        hint = "Set it to http://[name:password@]host:port, or a URL with https:// or socks5h://"
        yield problem(name, f"{', '.join(wrong)} in the environment is not a proxy URL", hint)
    else:
        listed = ", ".join(f"{variable}: {shown}" for variable, shown in proxies.items())
        yield ok(name, listed or "no proxy in the environment")


def _ca_files(files: t.Mapping[str, str]) -> t.Iterator[Finding]:
    name = "controller.ca"
    wrong = {path: why for path, why in files.items() if why}
    if wrong:
        seen = "; ".join(wrong.values())
        yield problem(name, seen, "Set it to a PEM file with the certificates of the certificate authorities")
    else:
        yield ok(name, ", ".join(files) or "the system's certificate authorities")
