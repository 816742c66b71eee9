# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  console_url:
    description:
      - The address of the RustDesk console, as the controller reaches it.
      - If omitted, the environment variable E(RUSTDESK_URL) is used.
    type: str
    required: true
  console_type:
    description:
      - The type of the console. V(rustdesk_console) is databk/rustdesk-console, V(rustdesk_api) is
        lejianwen/rustdesk-api.
      - If set to V(auto), the type is detected by requests that change nothing and hold no password.
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
      - The base32 secret of the administrator's TOTP, where the account has this second factor.
      - If omitted, the environment variable E(RUSTDESK_TOTP_SECRET) is used.
    type: str
  verification_code:
    description: A code that the console sent by e-mail, or a one-time code.
    type: str
  verification_secret:
    description:
      - The attempt to which O(verification_code) belongs, from C(error.verification_secret) of the run that asked.
    type: str
  ca_path:
    description:
      - A PEM file with the certification authorities to trust, instead of the system's.
      - If omitted, the environment variable E(RUSTDESK_CA_PATH), E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE) is used.
    type: path
  proxy:
    description:
      - The URL of the proxy for all requests to the console, such as V(http://name:password@proxy.example.com:3128).
        The schemes V(http), V(https) and V(socks5h) are supported. Special characters in the name and the password
        have to be percent-encoded.
      - If set, the proxy variables of the environment are ignored, including E(NO_PROXY). If omitted, they apply.
      - A proxy with the scheme V(https) is verified with O(ca_path), like the console.
    type: str
    version_added: 0.2.0
  headers:
    description:
      - Additional headers of all requests to the console, such as those of a service token for an access gateway
        (C(CF-Access-Client-Id) and C(CF-Access-Client-Secret) for Cloudflare Access). The values are secrets.
      - Headers that the session with the console needs, such as C(Authorization), cannot be set.
    type: dict
    version_added: 0.2.0
  timeout:
    description: >-
      Timeout of a single request, in seconds, from 0.1 to 86400. The whole answer has to arrive within that time.
    type: float
    default: 30
  keep_session:
    description:
      - Whether to keep the session open for a later task, so that the console is signed in to only once. The session in
        the result is encrypted. If the Python library cryptography is missing, the result is censored in all output.
    type: bool
    default: false
requirements:
  - requests >= 2.31
  - PySocks >= 1.7 (with a O(proxy) of the scheme V(socks5h) only)
"""

    # For whoever goes on with a session
    SESSION = r"""
options:
  contract:
    description:
      - How to read and write the settings of a RustDesk Server Pro version that differs from the known ones. The
        playbook C(deskops.rustdesk_sso.learn_contract) writes it from a recording of a browser.
      - Positions in a document are names joined by dots, such as V(data.oidc.providers). An empty text is the whole
        document.
    type: dict
    suboptions:
      settings_path:
        description: The path of the OIDC settings document. V(/api/oidc/settings) when it is omitted.
        type: str
      write_path:
        description: The path at which it is written, if that is another one.
        type: str
      write_method:
        description: The method that writes it. V(PUT) when it is omitted.
        type: str
        choices: [PUT, POST, PATCH]
      document:
        description: Where in the answer is what has to be written back. The whole answer when it is omitted.
        type: str
      providers:
        description: Where in that is the list of providers. V(providers) when it is omitted.
        type: str
      callback_path:
        description: The path of the callback URL, where it is not in the same document.
        type: str
      callback_url:
        description: Where the callback URL is. V(callback_url) when it is omitted.
        type: str
      maximum_authorized_users:
        description: Where the maximum number of authorized users is. V(max_auth_count) when it is omitted.
        type: str
      keys:
        description:
          - What the members of a provider are called, by the option of M(deskops.rustdesk_sso.rustdesk_oidc_provider),
            such as C(client_id=clientId).
        type: dict
  session:
    description: A session that an earlier task has kept open with C(keep_session), from its result RV(ignore:session).
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
        description: The ID of the client that the session belongs to, so that closing it ends no other session.
        type: str
        version_added: 0.2.0
      seen:
        description: The settings that the earlier task has read, which are read again before anything is written.
        type: str
"""
