# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority, token audience and Microsoft Graph address of each cloud."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

PUBLIC = ("https://login.microsoftonline.com", "https://graph.microsoft.com", "api://AzureADTokenExchange")
GOVERNMENT = ("https://login.microsoftonline.us", "https://graph.microsoft.us", "api://AzureADTokenExchangeUSGov")
DOD = ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "api://AzureADTokenExchangeUSGov")
CHINA = (
    "https://login.chinacloudapi.cn",
    "https://microsoftgraph.chinacloudapi.cn",
    "api://AzureADTokenExchangeChina",
)
VARIABLES = ("AZURE_CLOUD_ENVIRONMENT", "AZURE_AUTHORITY_HOST", "ENTRA_GRAPH_ENDPOINT")


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def validated(**options):
    """Return the options as a module gets them, and the errors of the argument spec."""
    found = ArgumentSpecValidator(ENTRA_OPTIONS).validate({"tenant_id": "contoso.example", **options})
    return found.validated_parameters, found.error_messages


def chosen(**options):
    params, errors = validated(**options)
    assert errors == []
    cloud = clouds.choose(params)
    assert cloud.scope == f"{cloud.graph_endpoint}/.default"
    return cloud.authority_host, cloud.graph_endpoint, cloud.token_exchange_audience


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, PUBLIC),
        ({"cloud": "us_government"}, GOVERNMENT),
        ({"cloud": "us_government_dod"}, DOD),
        ({"cloud": "china"}, CHINA),
        ({"authority_host": "login.microsoftonline.us/", "cloud": "us_government_dod"}, DOD),
        (
            {"graph_endpoint": "https://canary.graph.microsoft.com/"},
            (PUBLIC[0], "https://canary.graph.microsoft.com", PUBLIC[2]),
        ),
        (
            {
                "cloud": "china",
                "authority_host": "https://login.azs.example:44300",
                "graph_endpoint": "graph.azs.example",
            },
            ("https://login.azs.example:44300", "https://graph.azs.example", "api://AzureADTokenExchange"),
        ),
    ],
)
def test_authority_graph_and_audience(options, expected):
    assert chosen(**options) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", PUBLIC),
        ("AzureCloud", PUBLIC),
        ("AzurePublicCloud", PUBLIC),
        ("AzureUSGovernment", GOVERNMENT),
        ("AzureUSGovernmentCloud", GOVERNMENT),
        ("AzureChinaCloud", CHINA),
        ("us_government_dod", DOD),
    ],
)
def test_names_of_azure(monkeypatch, name, expected):
    monkeypatch.setenv("AZURE_CLOUD_ENVIRONMENT", name)
    assert chosen() == expected
    assert chosen(cloud="china") == CHINA  # a task option takes precedence over the environment


@pytest.mark.parametrize(
    "name", ["AzureGermanCloud", "https://management.local.azurestack.external/metadata/endpoints"]
)
def test_an_unknown_cloud_is_refused_with_its_origin(monkeypatch, name):
    monkeypatch.setenv("AZURE_CLOUD_ENVIRONMENT", name)
    _params, (message,) = validated()
    assert f"{name} (from AZURE_CLOUD_ENVIRONMENT)" in message
    assert all(known in message for known in clouds.CLOUDS)


@pytest.mark.parametrize(
    "address",
    [
        "http://login.example",
        "https://login.example/path",
        "https://login.example?x=1",
        "https://",
        "https://[::1",
        "https://a:port",
    ],
)
@pytest.mark.parametrize("option", ["authority_host", "graph_endpoint"])
def test_an_address_other_than_an_https_host_is_refused(option, address):
    params, _errors = validated(**{option: address})
    with pytest.raises(InputError, match=option):
        clouds.choose(params)


def test_an_address_with_a_password_is_refused_without_quoting_it():
    params, _errors = validated(authority_host="https://admin:s3cret@login.example")
    with pytest.raises(InputError, match="authority_host") as refused:
        clouds.choose(params)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("alias", ["common", "organizations", "Consumers"])
def test_an_alias_is_not_a_tenant(alias):
    with pytest.raises(InputError, match=f"tenant_id {alias} is not a tenant"):
        discovery.check_tenant(alias)
