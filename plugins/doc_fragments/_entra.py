# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant, by its Directory (tenant) ID or by one of its domain names.
      - A domain name is resolved to the ID by OpenID Connect discovery.
      - The environment variables E(AZURE_TENANT_ID) and E(AZURE_TENANT) are used when it is omitted.
    type: str
    required: true
  access_token:
    description:
      - An access token for Microsoft Graph that was fetched before, such as by
        C(az account get-access-token --resource https://graph.microsoft.com). It has to last as long as the task.
      - The environment variable E(AZURE_ACCESS_TOKEN) is used when it is omitted.
    type: str
  client_id:
    description:
      - The application ID as which the automation itself signs in; not that to which RustDesk's users sign in.
      - With O(auth_source=managed_identity), the client ID of a user-assigned managed identity; without it the
        system-assigned one is used.
      - The environment variable E(AZURE_CLIENT_ID) is used when it is omitted.
    type: str
  client_secret:
    description:
      - The client secret of the automation's application.
      - The environment variables E(AZURE_CLIENT_SECRET) and E(AZURE_SECRET) are used when it is omitted.
    type: str
  certificate_path:
    description:
      - A PEM or PFX file with the certificate and private key of the automation's application.
      - The environment variables E(AZURE_CLIENT_CERTIFICATE_PATH) and E(AZURE_X509_CERTIFICATE_PATH) are used when it
        is omitted.
    type: path
  certificate_password:
    description:
      - The password of the file in O(certificate_path).
      - The environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used when it is omitted.
    type: str
  federated_token:
    description:
      - A token of another identity provider that the automation's application trusts by a federated credential
        (workload identity).
      - The environment variable E(AZURE_FEDERATED_TOKEN) is used when it is omitted, so that a credential of AWX or
        Automation Platform can give it.
    type: str
  federated_token_file:
    description:
      - A file with such a token, which is read anew for each sign-in, when O(federated_token) is not given.
      - The environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used when it is omitted.
    type: path
  auth_source:
    description:
      - How the automation signs in.
      - V(auto) takes the first that is given of O(access_token), O(client_secret), O(certificate_path) and a workload
        identity, else the session of Azure CLI.
      - >-
        V(workload_identity) takes O(federated_token), else O(federated_token_file), else the token of a job of GitHub
        Actions with the permission C(id-token: write), which needs O(client_id) and is asked for with the audience
        C(api://AzureADTokenExchange), in the US government's clouds C(api://AzureADTokenExchangeUSGov) and in China
        C(api://AzureADTokenExchangeChina).
      - V(managed_identity) works on an Azure resource that has such an identity, and is never chosen by V(auto).
      - V(azure_cli) needs C(az) in E(PATH) and the session of C(az login), of the user and on the machine that run the
        task.
    type: str
    default: auto
    choices: [auto, access_token, secret, certificate, workload_identity, managed_identity, azure_cli]
  cloud:
    description:
      - The Microsoft cloud in which the tenant lives.
      - The environment variable E(AZURE_CLOUD_ENVIRONMENT) is used when it is omitted; Azure's own names, such as
        C(AzureUSGovernment), are understood there, the address of a metadata endpoint is not.
    type: str
    default: public
    choices: [public, us_government, us_government_dod, china]
  authority_host:
    description:
      - The address at which to sign in, for a cloud that O(cloud) does not know.
      - The environment variable E(AZURE_AUTHORITY_HOST) is used when it is omitted.
    type: str
  graph_endpoint:
    description:
      - The address of Microsoft Graph, for a cloud that O(cloud) does not know.
      - The environment variable E(ENTRA_GRAPH_ENDPOINT) is used when it is omitted.
    type: str
  ca_path:
    description:
      - A PEM file with the certification authorities to trust, instead of the system's.
      - The environment variables E(REQUESTS_CA_BUNDLE) and E(SSL_CERT_FILE) are used when it is omitted.
    type: path
  timeout:
    description: How many seconds one request may take.
    type: float
    default: 30
requirements:
  - azure-identity >= 1.16; for O(auth_source=workload_identity) >= 1.17
  - msgraph-sdk >= 1.5
  - requests >= 2.31
"""
