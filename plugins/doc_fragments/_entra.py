# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant, as its Directory (tenant) ID or one of its domain names.
      - A domain name is resolved to the ID by OpenID Connect discovery.
      - If omitted, the environment variable E(AZURE_TENANT_ID) or E(AZURE_TENANT) is used.
    type: str
    required: true
  access_token:
    description:
      - An existing access token for Microsoft Graph, for example from
        C(az account get-access-token --resource https://graph.microsoft.com). It must remain valid for the whole task.
      - If omitted, the environment variable E(AZURE_ACCESS_TOKEN) is used.
    type: str
  client_id:
    description:
      - The client ID that the automation authenticates with (not the application that RustDesk users sign in to).
      - With O(auth_source=managed_identity), the client ID of a user-assigned managed identity. If omitted, the
        system-assigned identity is used.
      - If omitted, the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret of the automation's application.
      - If omitted, the environment variable E(AZURE_CLIENT_SECRET) or E(AZURE_SECRET) is used.
    type: str
  certificate_path:
    description:
      - A PEM or PFX file with the certificate and private key of the automation's application.
      - If omitted, the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH) or E(AZURE_X509_CERTIFICATE_PATH) is used.
    type: path
  certificate_password:
    description:
      - The password of the file in O(certificate_path).
      - If omitted, the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used.
    type: str
  federated_token:
    description:
      - A token of another identity provider that the automation's application trusts through a federated credential
        (workload identity).
      - If omitted, the environment variable E(AZURE_FEDERATED_TOKEN) is used. A credential of AWX or Automation
        Platform can set it.
    type: str
  federated_token_file:
    description:
      - A file with a token of another identity provider, if O(federated_token) is omitted. It is read for each
        authentication.
      - If omitted, the environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
  auth_source:
    description:
      - How the automation authenticates.
      - If set to V(auto), the first available of O(access_token), O(client_secret), O(certificate_path) and a workload
        identity is used, otherwise the Azure CLI session.
      - >-
        V(workload_identity) uses O(federated_token), otherwise O(federated_token_file), otherwise the token of a GitHub
        Actions job. The job needs the permission C(id-token: write), and the task needs O(client_id). The audience of
        the token is C(api://AzureADTokenExchange), C(api://AzureADTokenExchangeUSGov) in the US government clouds, and
        C(api://AzureADTokenExchangeChina) in China.
      - V(managed_identity) works only on an Azure resource with a managed identity. V(auto) never chooses it.
      - V(azure_cli) needs C(az) in E(PATH) and the C(az login) session of the user that runs the task.
    type: str
    default: auto
    choices: [auto, access_token, secret, certificate, workload_identity, managed_identity, azure_cli]
  cloud:
    description:
      - The Microsoft cloud of the tenant.
      - If omitted, the environment variable E(AZURE_CLOUD_ENVIRONMENT) is used. It can also be one of Azure's own
        names, such as C(AzureUSGovernment), but not the address of a metadata endpoint.
    type: str
    default: public
    choices: [public, us_government, us_government_dod, china]
  authority_host:
    description:
      - The sign-in address of a cloud that O(cloud) does not offer.
      - Client secrets and tokens are sent only to this address and to the hosts of O(cloud). A discovery document that
        names other hosts is rejected.
      - If omitted, the environment variable E(AZURE_AUTHORITY_HOST) is used.
    type: str
  graph_endpoint:
    description:
      - The Microsoft Graph address of a cloud that O(cloud) does not offer.
      - If omitted, the environment variable E(ENTRA_GRAPH_ENDPOINT) is used.
    type: str
  ca_path:
    description:
      - A PEM file with the certificate authorities to trust, instead of the system's.
      - If omitted, the environment variable E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE) is used.
    type: path
  timeout:
    description: >-
      Timeout of a single request, in seconds (0.1 to 86400). The complete response must arrive within this time.
    type: float
    default: 30
requirements:
  - azure-identity >= 1.16 (with O(auth_source=workload_identity) >= 1.17)
  - msgraph-sdk >= 1.5.2
  - requests >= 2.31
"""
