# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Validate input values before the first request: text, URLs, seconds, IDs, files.

Each rule raises InputError, which names the option, quotes little of a value and never a secret. _option_values applies
the rules to all options of an argument spec.
"""

from __future__ import annotations

import ipaddress
import os
import re
import stat
import typing as t
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, printable

LONGEST_QUOTE = 80
LONGEST_TEXT = 2048
LONGEST_PATH = 4096  # PATH_MAX on Linux
LONGEST_FILE = 1 << 20
# Seconds
LEAST_SECONDS, MOST_SECONDS = 0.1, 86400.0

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
# Host names of servers in private networks may contain underscores, those of redirect URIs an asterisk.
HOST = re.compile(r"[A-Za-z0-9_*-]{1,63}(?:\.[A-Za-z0-9_*-]{1,63})*\.?")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# A password in a URL, with the colon before it because the user name may be missing
PASSWORD = re.compile(r":(//)?[^@]*@")
SURROGATE = re.compile(r"[\ud800-\udfff]")
WEB = ("https", "http")
URL_HINT = "Write it as https://host[:port]"


def quoted(value: object) -> str:
    """Return ``value`` for a message: in quotes, without control characters and passwords, and cut to 80 characters."""
    text = repr(_bare(value) if isinstance(value, str) else value)
    return text if len(text) <= LONGEST_QUOTE + 2 else f"{text[:LONGEST_QUOTE]} ..."


def cut(text: str) -> str:
    """Return ``text`` for a message that shows it without quotation marks, cut to 80 characters."""
    text = printable(_bare(text))
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]} ..."


def _bare(text: str) -> str:
    """Return the beginning of ``text`` without anything that may be the password of a URL."""
    return PASSWORD.sub(r":\1***@", text[: 10 * LONGEST_QUOTE])[: LONGEST_QUOTE + 1]


def path_end(path: str) -> str:
    """Return ``path`` for a message: its last 80 characters, which say more than the first ones."""
    path = printable(PASSWORD.sub(r":\1***@", path[-10 * LONGEST_QUOTE :]))
    return path if len(path) <= LONGEST_QUOTE else f"... {path[-LONGEST_QUOTE:]}"


def text(value: str, option: str, *, longest: int = LONGEST_TEXT, lines: bool = False) -> str:
    """Return ``value``; raises InputError, which never quotes it, if no service could accept it.

    ``lines`` allows line breaks and tabs.
    """
    if len(value) > longest:
        raise InputError(f"{option} has {len(value)} characters", hint=f"Use at most {longest}")
    if SURROGATE.search(value):
        raise InputError(f"{option} has a character that is not valid Unicode", hint=f"Enter {option} again")
    if (CONTROL_IN_LINES if lines else CONTROL).search(value):
        what = "a control character" if lines else "a line break or another control character"
        raise InputError(f"{option} contains {what}", hint=f"Remove it from {option}")
    return value


def seconds(value: object, option: str, least: float = LEAST_SECONDS, most: float = MOST_SECONDS) -> float:
    """Return ``value`` as a number of seconds; raises InputError unless it is one from ``least`` to ``most``.

    A number may be given as text, as AWX and the command line do; a boolean is not a number.
    """
    found: float | None = None
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            # float() accepts digits of all scripts, and underscores
            found = float(value) if not isinstance(value, str) or re.fullmatch(r"[0-9.eE+-]+", value.strip()) else None
        except (ValueError, OverflowError):
            found = None
    if found is None or not least <= found <= most:  # neither holds for NaN
        raise InputError(
            f"{option} must be a number of seconds from {least:g} to {most:g}", answer=f"it is {quoted(value)}"
        )
    return found


def guid(value: str, option: str, hint: str | None = None) -> str:
    """Return ``value``; raises InputError if it is not a GUID."""
    if not GUID.fullmatch(value):
        raise InputError(f"{option} is not a GUID: {quoted(value)}", hint=hint)
    return value


def tenant(value: str, option: str = "tenant_id") -> str:
    """Return ``value``; raises InputError if it is neither a GUID nor a domain name.

    Entra only knows the ASCII form of an international domain name.
    """
    text(value, option)
    if GUID.fullmatch(value) or (DOMAIN.fullmatch(value) and len(value) <= 253):
        return value
    hint = "Set it to the Directory (tenant) ID, or to one of the tenant's domain names"
    written = "" if value.isascii() else _addresses.ascii_host(value)
    if DOMAIN.fullmatch(written):
        hint = f"Write the domain name as {cut(written)}"
    raise InputError(f"{option} is neither a GUID nor a domain name: {quoted(value)}", hint=hint)


def moment(value: str, option: str) -> str:
    """Return ``value``; raises InputError if it is not a timestamp in Graph's format."""
    text(value, option)
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?", value):
            raise ValueError(value)
        found = datetime.fromisoformat(f"{value[:19]}+00:00")
        if not 1970 <= found.year < 9999:
            raise ValueError(value)
    except ValueError as error:
        raise InputError(
            f"{option} is not a timestamp: {quoted(value)}", hint="Write it as 2027-03-01T00:00:00Z"
        ) from error
    return value


def url(
    value: str,
    option: str,
    *,
    schemes: t.Sequence[str] = WEB,
    query: bool = False,
    user: bool = False,
    secret: bool = False,
    hint: str = URL_HINT,
    what: str = "the address of a server",
) -> str:
    """Return ``value`` without a trailing slash; raises InputError if url_problem() finds a problem.

    The message does not quote a value that is ``secret`` or may contain a password. ``what`` is the message's name for
    a valid value.
    """
    if "@" in value and not user:  # it may contain a password, even if the scheme is missing
        more = "set the user name and the password as options"
        raise InputError(f"{option} contains a user name", hint=f"{hint}, and {more}")
    problem = url_problem(value, schemes=schemes, query=query, user=user)
    if problem:
        shown = "" if secret or "@" in value else f": {quoted(value)}"
        raise InputError(f"{option} is not {what}{shown}", answer=f"it {problem}", hint=hint)
    return value.rstrip("/")


def url_problem(
    value: str,
    *,
    schemes: t.Sequence[str] = WEB,
    query: bool = False,
    user: bool = False,
    host: bool = True,
    longest: int = LONGEST_TEXT,
) -> str:
    """Return why ``value`` is not a URL with one of ``schemes``, as a predicate without quotes; empty if it is one.

    A ``query`` and a ``user`` name are allowed only if set, a fragment never. Unless ``host`` is set, a URI without a
    host is valid whatever follows its scheme.
    """
    if len(value) > longest:
        return f"is longer than {longest} characters"
    if SURROGATE.search(value) or CONTROL.search(value) or any(sign.isspace() for sign in value):
        return "must not contain white space or control characters"
    parts, port = _split(value)
    if parts is None:
        return "is not a URL"
    if parts.scheme in schemes and not parts.netloc and not host:
        return ""
    if parts.scheme not in schemes or not parts.netloc:
        return f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if not user and "@" in parts.netloc:
        return "must not contain a user name"
    if port is False:
        return "is not a URL: its port is not a number from 1 to 65535"
    if not _is_host(parts.hostname or "") or "\\" in value:
        return "is not a URL: its host name is not valid"
    if "#" in value:
        return "must not contain a fragment (#)"
    if not query and "?" in value:
        return "must not contain a query (?)"
    return ""


def _split(value: str) -> tuple[SplitResult | None, int | bool | None]:
    """Return the parts of a URL, None if ``value`` is not one, and its port, False if that is not valid."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None, None
    authority = parts.netloc.rpartition("@")[2]
    digits = authority.rpartition("]")[2].partition(":")[2]
    if not digits:
        return parts, None
    # int() would accept digits of all scripts
    return parts, int(digits) if re.fullmatch(r"[0-9]{1,5}", digits) and 0 < int(digits) <= 65535 else False


def _is_host(host: str) -> bool:
    """True if ``host`` can be a host name or an IP address."""
    if ":" in host:
        try:
            return bool(ipaddress.IPv6Address(host.partition("%")[0]))
        except ValueError:
            return False
    name = _addresses.ascii_host(host)
    return len(name) <= 253 and bool(HOST.fullmatch(name))


def origin(value: str, option: str) -> str:
    """Return ``value`` as an https address without a path; raises InputError if it is not one.

    azure-identity accepts AZURE_AUTHORITY_HOST with and without the scheme.
    """
    hint, what = "Set it to an https address without a path", "the https address of a host"
    written = value if "://" in value else f"https://{value}"
    found = url(written, option, schemes=("https",), hint=hint, what=what)
    if urlsplit(found).path:
        raise InputError(f"{option} is not {what}: {quoted(value)}", answer="it has a path", hint=hint)
    return found


def readable_file(
    path: str, option: str, hint: str = "Set it to the path of a file", longest: int = LONGEST_FILE
) -> bytes:
    """Return the content of the regular file ``path``; raises InputError if it cannot be read or has more than
    ``longest`` bytes."""
    text(path, option, longest=LONGEST_PATH)
    named = f"{option} {path_end(path)}"
    try:
        known = os.stat(path)  # before opening: a pipe would block, and a device may be endless
        if not stat.S_ISREG(known.st_mode):
            what = "a directory" if stat.S_ISDIR(known.st_mode) else "not a regular file"
            raise InputError(f"{named} cannot be read", answer=f"it is {what}", hint=hint)
        with open(path, "rb") as file:
            content = file.read(longest + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"{named} cannot be read", answer=why, hint=hint) from error
    if len(content) > longest:
        raise InputError(f"{named} cannot be used", answer=f"it is larger than {longest} bytes", hint=hint)
    return content
