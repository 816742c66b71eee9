# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the facts about the controller that controller.py evaluates."""

from __future__ import annotations

import os
import sys
from importlib import metadata

from ansible.release import __version__ as core

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http, _proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.controller import PACKAGES, Facts

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
# The variables that requests and OpenSSL read for other certificate authorities
CA_FILES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def facts(ahead: float | None) -> Facts:
    """Return the facts about this process. ``ahead`` is how many seconds its clock is ahead of Entra's, if known."""
    files = {f"{name} {path}": _ca_problem(path, name) for name in CA_FILES if (path := os.environ.get(name))}
    given = [name for plain in PROXIES for name in (plain, plain.upper()) if os.environ.get(name)]
    return Facts(
        tuple(sys.version_info[:3]),
        core,
        {package: version(package) for package in PACKAGES},
        {name: _proxy_name(os.environ[name], name) for name in given},
        files,
        ahead,
    )


def version(package: str) -> str | None:
    """Return the version of a Python package, or None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _proxy_name(url: str, name: str) -> str:
    """Return the name of a proxy without its credentials, or an empty string if ``url`` is not a proxy URL."""
    try:
        proxy = _proxy.check_proxy(url if "://" in url else f"http://{url}", name)
    except InputError:
        return ""
    return proxy.name if proxy else ""


def _ca_problem(path: str, name: str) -> str:
    try:
        _http.check_ca(path, name)
    except InputError as error:
        return f"{error.attempted}: {error.answer}" if error.answer else error.attempted
    return ""
