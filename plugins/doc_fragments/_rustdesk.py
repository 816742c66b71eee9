# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  console_url:
    description:
      - The address at which the controller reaches the RustDesk console.
      - If omitted, the environment variable E(RUSTDESK_URL) is used.
    type: str
    required: true
  console_type:
    description:
      - The console type. V(pro) is RustDesk Server Pro, V(rustdesk_console) is databk/rustdesk-console, and
        V(rustdesk_api) is lejianwen/rustdesk-api.
      - If set to V(auto), the type is detected with requests that change nothing and contain no password.
      - The alias O(console) is deprecated and will be removed in deskops.rustdesk_sso 2.0.0.
    type: str
    aliases: [console]
    default: auto
    choices: [auto, pro, rustdesk_console, rustdesk_api]
  username:
    description:
      - An administrator of the console.
      - If omitted, the environment variable E(RUSTDESK_USERNAME) is used.
    type: str
    required: true
  password:
    description:
      - The administrator's password.
      - If omitted, the environment variable E(RUSTDESK_PASSWORD) is used.
    type: str
    required: true
  totp_secret:
    description:
      - The base32 TOTP secret of the administrator, if the account uses this second factor.
      - If omitted, the environment variable E(RUSTDESK_TOTP_SECRET) is used.
    type: str
  verification_code:
    description: A code that the console sent by email, or a one-time code.
    type: str
  verification_secret:
    description:
      - The sign-in attempt that O(verification_code) belongs to, from C(error.verification_secret) of the task that
        required the code.
    type: str
  ca_path:
    description:
      - A PEM file with the certificate authorities to trust, instead of the system's.
      - If omitted, the environment variable E(RUSTDESK_CA_PATH), E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE) is used.
    type: path
  proxy:
    description:
      - The URL of the proxy for all requests to the console, such as V(http://name:password@proxy.example.com:3128).
        The schemes V(http), V(https) and V(socks5h) are supported. Special characters in the name and the password
        must be percent-encoded.
      - If set, the proxy variables of the environment are ignored, including E(NO_PROXY). If omitted, they apply.
      - The certificate of a proxy with the scheme V(https) is verified with O(ca_path), like that of the console.
    type: str
    version_added: 0.2.0
  headers:
    description:
      - Additional headers for all requests to the console, such as those of a service token for an access gateway
        (C(CF-Access-Client-Id) and C(CF-Access-Client-Secret) for Cloudflare Access). The values are secrets.
      - Headers that the session with the console needs, such as C(Authorization), cannot be set.
    type: dict
    version_added: 0.2.0
  timeout:
    description: >-
      Timeout of a single request, in seconds (0.1 to 86400). The complete response must arrive within this time.
    type: float
    default: 30
  keep_session:
    description:
      - Whether to keep the session open for a later task, so that only one sign-in to the console is needed. The
        session in the result is encrypted. If the Python package cryptography is missing, the result is censored in all
        output.
    type: bool
    default: false
requirements:
  - requests >= 2.31
  - PySocks >= 1.7 (only for a O(proxy) with the scheme V(socks5h))
"""

    # For modules that continue a session
    SESSION = r"""
options:
  contract:
    description:
      - A description of the settings API of a RustDesk Server Pro version that differs from the known ones. The
        playbook C(deskops.rustdesk_sso.learn_contract) writes it from a browser recording.
      - Positions in a document are names separated by dots, such as V(data.oidc.providers). An empty string is the
        whole document.
    type: dict
    suboptions:
      settings_path:
        description: The path of the OIDC settings document. If omitted, V(/api/oidc/settings) is used.
        type: str
      write_path:
        description: The path for writing the settings document. If omitted, O(contract.settings_path) is used.
        type: str
      write_method:
        description: The method for writing the settings document. If omitted, V(PUT) is used.
        type: str
        choices: [PUT, POST, PATCH]
      document:
        description: >-
          The position in the response of the document to write back. If omitted, it is the whole response.
        type: str
      providers:
        description: The position in that document of the list of providers. If omitted, V(providers) is used.
        type: str
      callback_path:
        description: The path of the document with the callback URL, if it is not in the settings document.
        type: str
      callback_url:
        description: The position of the callback URL. If omitted, V(callback_url) is used.
        type: str
      maximum_authorized_users:
        description: The position of the maximum number of authorized users. If omitted, V(max_auth_count) is used.
        type: str
      keys:
        description:
          - The name of each member of a provider, by option of M(deskops.rustdesk_sso.rustdesk_oidc_provider), such as
            C(client_id=clientId).
        type: dict
  session:
    description: A session that an earlier task kept open with C(keep_session), from its result RV(ignore:session).
    type: dict
    suboptions:
      type:
        description: The console type.
        type: str
        required: true
        choices: [pro, rustdesk_console, rustdesk_api]
      token:
        description: The session's token.
        type: str
        required: true
      client:
        description: The ID of the client that the session belongs to, so that closing it does not end other sessions.
        type: str
        version_added: 0.2.0
      seen:
        description: The settings that the earlier task read. They are read again before anything is written.
        type: str
"""
