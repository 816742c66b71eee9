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
      - The environment variable E(RUSTDESK_URL) is used when it is omitted.
    type: str
    required: true
  console:
    description:
      - The kind of console. V(auto) finds out.
    type: str
    default: auto
    choices: [auto, pro]
  username:
    description:
      - An administrator of the console.
      - The environment variable E(RUSTDESK_USERNAME) is used when it is omitted.
    type: str
    required: true
  password:
    description:
      - The administrator's password.
      - The environment variable E(RUSTDESK_PASSWORD) is used when it is omitted.
    type: str
    required: true
  totp_secret:
    description:
      - The base32 secret of the administrator's TOTP, where the account has this second factor.
      - The environment variable E(RUSTDESK_TOTP_SECRET) is used when it is omitted.
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
      - The environment variables E(RUSTDESK_CA_PATH), E(REQUESTS_CA_BUNDLE) and E(SSL_CERT_FILE) are used when it is
        omitted.
    type: path
  timeout:
    description: How many seconds one request may take.
    type: float
    default: 30
  contract:
    description:
      - How the console's settings are read and written, where a version of RustDesk Server Pro differs from what
        is known.
    type: dict
    suboptions:
      settings_path:
        description: The path of the OIDC settings document.
        type: str
        default: /api/oidc/settings
      write_method:
        description: The method that writes it.
        type: str
        default: PUT
        choices: [PUT, POST, PATCH]
requirements:
  - requests >= 2.31
  - pyotp >= 2.9 (with O(totp_secret) only)
"""
