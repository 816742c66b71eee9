# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of a discovery document that belong to the declared cloud, and foreign ones."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, hosts

TENANT = "11111111-2222-3333-4444-555555555555"
# The addresses in each cloud's document: issuer, token endpoint, userinfo endpoint
DOCUMENTS = {
    "public": ("login.microsoftonline.com", "login.microsoftonline.com", "graph.microsoft.com"),
    "us_government": ("login.microsoftonline.us", "login.microsoftonline.us", "graph.microsoft.us"),
    "us_government_dod": ("login.microsoftonline.us", "login.microsoftonline.us", "dod-graph.microsoft.us"),
    # Its document is read from one host and names the other
    "china": ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
}


def chosen(cloud="public", **options):
    return hosts.of_cloud(clouds.choose({"cloud": cloud, **options}))


@pytest.mark.parametrize("cloud", DOCUMENTS)
def test_a_cloud_has_its_own_hosts_and_no_others(cloud):
    issuer, token, graph = (f"https://{host}/{TENANT}/x" for host in DOCUMENTS[cloud])
    addresses = {"issuer": issuer, "token_endpoint": token, "userinfo_endpoint": graph}
    for trusted in (chosen(cloud), hosts.of_issuer(issuer)):
        assert {member: trusted.foreign(member, url) for member, url in addresses.items()} == dict.fromkeys(addresses)
    for other, (_issuer, login, others_graph) in DOCUMENTS.items():
        if other[:2] != cloud[:2]:
            assert "not a host of this cloud" in (chosen(cloud).foreign("token_endpoint", f"https://{login}/t") or "")
            assert chosen(cloud).foreign("userinfo_endpoint", f"https://{others_graph}/oidc/userinfo")


def test_an_issuer_of_version_1_is_not_an_address_for_secrets():
    v1 = f"https://sts.windows.net/{TENANT}/"
    assert chosen("us_government").foreign("issuer", v1) is None
    assert chosen("us_government").foreign("token_endpoint", v1)


def test_a_custom_authority_is_identified_with_its_port():
    trusted = chosen(authority_host="https://login.lab.example:8443", graph_endpoint="https://graph.lab.example")
    assert trusted.foreign("token_endpoint", "https://LOGIN.lab.example:8443/t") is None
    assert trusted.foreign("userinfo_endpoint", "https://graph.lab.example/oidc/userinfo") is None
    # A proxy in front of Microsoft may return its document unchanged
    assert trusted.foreign("issuer", f"https://login.microsoftonline.com/{TENANT}/v2.0") is None
    for url in ("https://login.lab.example/t", "https://login.lab.example:8444/t", "https://graph.lab.example/t"):
        assert trusted.foreign("token_endpoint", url)


@pytest.mark.parametrize(
    "url",
    [
        "http://login.microsoftonline.com/t",
        "https://login.microsoftonline.com:8443/t",
        "https://login.microsoftonline.com@evil.example/t",
        "https://login.microsoftonline.com.evil.example/t",
        "https://evil.example/login.microsoftonline.com",
        "https://evil.example\\@login.microsoftonline.com/t",
        "https://login.microsoftonline.com\n.evil.example/t",
        "https://login.microsoftonline.com:x/t",
        "https://[/t",
        "//login.microsoftonline.com/t",
        "",
    ],
)
def test_addresses_that_only_resemble_a_host_of_the_cloud(url):
    assert chosen().foreign("token_endpoint", url)
    assert hosts.of_issuer(f"https://login.microsoftonline.com/{TENANT}/v2.0").foreign("token_endpoint", url)


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "entra.microsoft.com"),
        ({"cloud": "us_government"}, "entra.microsoft.us"),
        ({"cloud": "us_government_dod"}, "entra.microsoft.us"),
        ({"cloud": "china"}, "entra.microsoftonline.cn"),
        # The address decides, regardless of the declared cloud
        ({"authority_host": "https://login.partner.microsoftonline.cn"}, "entra.microsoftonline.cn"),
        ({"authority_host": "https://127.0.0.1:8443"}, ""),
    ],
)
def test_the_page_of_an_application_in_the_admin_center(options, host):
    address = hosts.portal(clouds.choose({"cloud": "public", **options}))
    assert address == (f"https://{host}" if host else "")
    page = f"https://{host}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/{TENANT}"
    assert hosts.portal_page(address, TENANT) == (page if host else "")
    assert hosts.portal_page(address, "") == ""
