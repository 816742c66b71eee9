# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The argument spec shared by all modules that use Entra; the doc fragment of the same name mirrors it."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import AZURE_NAMES, CLOUDS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._identifiers import from_environment


def _cloud_fallback(name: str) -> str:
    """Translate AZURE_CLOUD_ENVIRONMENT to a choice of O(cloud); the check of the choices rejects unknown values.

    Other tools also accept the URL of a metadata endpoint there, so the rejected value has to name its source.
    """
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    known = AZURE_NAMES.get(value, value)
    return known if known in CLOUDS else f"{value} (from {name})"


def _env(*names: str) -> tuple[t.Callable[..., t.Any], list[str]]:
    return from_environment, list(names)


ENTRA_OPTIONS: dict[str, t.Any] = {
    # The first name of each is azure-identity's; AWX's built-in credential and azure.azcollection use the others.
    "tenant_id": {"type": "str", "required": True, "fallback": _env("AZURE_TENANT_ID", "AZURE_TENANT")},
    "access_token": {"type": "str", "no_log": True, "fallback": _env("AZURE_ACCESS_TOKEN")},
    "client_id": {"type": "str", "fallback": _env("AZURE_CLIENT_ID")},
    "client_secret": {
        "type": "str",
        "no_log": True,
        "fallback": _env("AZURE_CLIENT_SECRET", "AZURE_SECRET"),
    },
    "certificate_path": {
        "type": "path",
        "fallback": _env("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_X509_CERTIFICATE_PATH"),
    },
    "certificate_password": {
        "type": "str",
        "no_log": True,
        "fallback": _env("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
    },
    "federated_token": {"type": "str", "no_log": True, "fallback": _env("AZURE_FEDERATED_TOKEN")},
    "federated_token_file": {
        "type": "path",
        "no_log": False,
        "fallback": _env("AZURE_FEDERATED_TOKEN_FILE"),
    },
    "auth_source": {
        "type": "str",
        "default": "auto",
        "choices": [
            "auto",
            "access_token",
            "secret",
            "certificate",
            "workload_identity",
            "managed_identity",
            "azure_cli",
        ],
    },
    "cloud": {
        "type": "str",
        "default": "public",
        "choices": list(CLOUDS),
        "fallback": (_cloud_fallback, ["AZURE_CLOUD_ENVIRONMENT"]),
    },
    "authority_host": {"type": "str", "fallback": _env("AZURE_AUTHORITY_HOST")},
    "graph_endpoint": {"type": "str", "fallback": _env("ENTRA_GRAPH_ENDPOINT")},
    "ca_path": {"type": "path", "fallback": _env("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")},
    "timeout": {"type": "float", "default": 30.0},
}
