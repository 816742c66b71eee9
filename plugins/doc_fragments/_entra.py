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
  client_id:
    description:
      - The application ID as which the automation itself signs in; not that to which RustDesk's users sign in.
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
  federated_token_file:
    description:
      - A file with a token of another identity provider that the automation's application trusts (workload identity).
      - The environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used when it is omitted.
    type: path
  auth_source:
    description:
      - How the automation signs in.
      - V(auto) takes the first of a client secret, a certificate and a federated token file that is given, else Azure
        CLI's session.
    type: str
    default: auto
    choices: [auto, secret, certificate, workload_identity, managed_identity, azure_cli]
  cloud:
    description:
      - The Microsoft cloud in which the tenant lives.
      - The environment variable E(AZURE_CLOUD_ENVIRONMENT) is used when it is omitted; Azure's own names, such as
        C(AzureUSGovernment), are understood there.
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
  - azure-identity >= 1.16
  - msgraph-sdk >= 1.5
  - requests >= 2.31
"""
