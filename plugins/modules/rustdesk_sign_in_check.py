#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: rustdesk_sign_in_check
short_description: Verify that users can sign in to RustDesk
version_added: 0.1.0
description:
  - Performs every step of a sign-in that does not need a user's credentials, like a RustDesk client, and checks each
    step. Whether a particular user is assigned, or has consented, cannot be verified. For general restrictions, see
    RV(deskops.rustdesk_sso.entra_app#module:restrictions) and
    RV(deskops.rustdesk_sso.rustdesk_oidc_provider#module:restrictions).
  - Changes nothing. With O(session), it also reads the console's settings again and closes the session.
  - A console of type V(rustdesk_console) caches a failed OIDC discovery for 24 hours. If it begins no sign-in, the
    module runs the console's test of the provider, which clears the cache, and tries once more. This requires
    O(session).
  - Each sign-in that the module begins stays pending in the console until it expires. Consoles have no request to
    cancel it. V(rustdesk_console) deletes expired ones once a day.
author:
  - deskops (@deskops)
extends_documentation_fragment:
  - deskops.rustdesk_sso._rustdesk.session
  - deskops.rustdesk_sso._actiongroup.rustdesk
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: all
options:
  public_url:
    description: The address at which RustDesk clients reach the console (their API server).
    type: str
    required: true
  name:
    description: The provider's name, compared as RustDesk does.
    type: str
    default: azure
  issuer:
    description: The issuer that is configured in the console.
    type: str
    required: true
  discovery:
    description:
      - The discovery document, as returned in RV(deskops.rustdesk_sso.entra_app#module:discovery). If set, it is not
        read again.
      - The console's clock is then compared with that of the token endpoint, if O(client_secret) is verified there.
    type: dict
    version_added: 0.2.0
    suboptions:
      issuer:
        description: The issuer.
        type: str
        required: true
      authorization_endpoint:
        description: The authorization endpoint.
        type: str
        required: true
      token_endpoint:
        description: The token endpoint.
        type: str
        required: true
      msgraph_host:
        description: The host of Microsoft Graph in the tenant's cloud.
        type: str
        required: true
  client_id:
    description: The application (client) ID that the console should send.
    type: str
    required: true
  callback_url:
    description: The callback URL that the console should send.
    type: str
    required: true
  client_secret:
    description: The console's client secret. If omitted, it is not verified.
    type: str
  client_secret_accepted:
    description:
      - Whether the token endpoint has already accepted O(client_secret), as returned in
        RV(deskops.rustdesk_sso.entra_app#module:client_secrets[].accepted). If so, it is not verified again.
    type: bool
    default: false
    version_added: 0.2.0
  client_secret_expires:
    description:
      - The expiry date of the client secret, as returned in
        RV(deskops.rustdesk_sso.entra_app#module:client_secrets[].expires). If omitted, it is not checked.
    type: str
  registered_redirect_uris:
    description: The redirect URIs of the application. If omitted, O(callback_url) is not checked against them.
    type: list
    elements: str
  application_obstacles:
    description:
      - The reasons why no user can sign in with the application, as returned in
        RV(deskops.rustdesk_sso.entra_app#module:obstacles). If omitted, this is not checked.
    type: list
    elements: str
    version_added: 0.2.0
  ca_path:
    description:
      - A PEM file with the certificate authorities to trust, instead of the system's.
      - If omitted, the environment variable E(REQUESTS_CA_BUNDLE) or E(SSL_CERT_FILE) is used.
    type: path
  console_ca_path:
    description:
      - A PEM file with the certificate authorities to trust for the console, if they differ from those for Entra.
      - If omitted, the environment variable E(RUSTDESK_CA_PATH) is used, then O(ca_path).
    type: path
    version_added: 0.2.0
  console_proxy:
    description:
      - The URL of the proxy for requests to the console, such as V(http://name:password@proxy.example.com:3128). The
        schemes V(http), V(https) and V(socks5h) are supported. Requests to Entra do not use it.
      - If set, the proxy variables of the environment are ignored for the console, including E(NO_PROXY). If omitted,
        they apply.
    type: str
    version_added: 0.2.0
  headers:
    description:
      - Additional headers for all requests to the console, such as those of a service token for an access gateway. The
        values are secrets.
      - They are sent to O(public_url) only if it has the same scheme, host and port as O(console_url), or if
        O(console_url) is not set. RustDesk's clients do not send them, so users need another way past the gateway.
    type: dict
    version_added: 0.2.0
  timeout:
    description: Timeout of a single request, in seconds, from 0.1 to 86400.
    type: float
    default: 30
  console_url:
    description:
      - The address at which the controller reaches the console. Required with O(session).
      - If omitted, the environment variable E(RUSTDESK_URL) is used.
    type: str
    version_added: 0.2.0
  console_type:
    description:
      - The console type, as returned in RV(deskops.rustdesk_sso.rustdesk_oidc_provider_info#module:console_type). If
        set, no requests are sent with parameters that this type does not support.
    type: str
    default: auto
    choices: [auto, pro, rustdesk_console, rustdesk_api]
    version_added: 0.2.0
  username:
    description:
      - An administrator of the console, to sign in again if O(session) has expired.
      - If omitted, the environment variable E(RUSTDESK_USERNAME) is used.
    type: str
    version_added: 0.2.0
  password:
    description:
      - The administrator's password.
      - If omitted, the environment variable E(RUSTDESK_PASSWORD) is used.
    type: str
    version_added: 0.2.0
  totp_secret:
    description:
      - The base32 secret of the administrator's TOTP, if the account has this second factor.
      - If omitted, the environment variable E(RUSTDESK_TOTP_SECRET) is used.
    type: str
    version_added: 0.2.0
  must_pass:
    description: Whether the task fails if a check fails.
    type: bool
    default: true
  look_again:
    description:
      - Whether to read the provider once more for RV(holds_client_secret), if O(session) is set. After a write in that
        session, it is always read once more.
    type: bool
    default: true
    version_added: 0.2.0
  unverifiable:
    description:
      - The reason why the sign-in cannot be verified, such as a change that check mode only predicts. If set, nothing
        is checked, and RV(verified) is null. O(session) is still closed.
    type: str
    version_added: 0.2.0
requirements:
  - requests >= 2.31
  - PySocks >= 1.7 (only for a O(console_proxy) with the scheme V(socks5h))
seealso:
  - module: deskops.rustdesk_sso.entra_app
  - module: deskops.rustdesk_sso.rustdesk_oidc_provider
"""

EXAMPLES = r"""
- name: Verify that users can sign in
  deskops.rustdesk_sso.rustdesk_sign_in_check:
    public_url: https://desk1.example.com
    name: azure
    issuer: https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0
    client_id: 66666666-7777-8888-9999-000000000000
    callback_url: https://desk1.example.com/api/oidc/callback
"""

RETURN = r"""
verified:
  description: Whether all checks passed. Null with O(unverifiable).
  returned: always
  type: bool
holds_client_secret:
  description:
    - Whether the provider still has exactly O(client_secret) at the end.
    - Null without O(session), O(look_again) or O(client_secret), or if the console does not show its client secrets.
  returned: always
  type: bool
  version_added: 0.2.0
checks:
  description: The checks, in the order of a sign-in.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the check.
      type: str
    ok:
      description: Whether the check passed. Null if it did not run.
      type: bool
    detail:
      description: The result of the check.
      type: str
    hint:
      description: How to correct it, if the check failed.
      type: str
    cause:
      description:
        - The cause of a failed check. V(settings) means the settings of the console or the application. V(service)
          means a service that cannot be reached, is busy or has a wrong clock. Null if the check did not fail.
      type: str
      version_added: 0.2.0
"""

import typing as t
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input, _sign_in_check
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import MEMBERS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, SsoError, sentences
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._identifiers import from_environment
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, run_module
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import options
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.final_check import FinalCheck, final_check
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Tested
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.questions import Questions
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

IDENTIFIERS = ("public_url", "name", "issuer", "client_id", "callback_url", "console_url", "username")

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "public_url": {"type": "str", "required": True},
        "name": {"type": "str", "default": "azure"},
        "issuer": {"type": "str", "required": True},
        "discovery": {
            "type": "dict",
            "options": {member: {"type": "str", "required": True, "no_log": False} for member in MEMBERS},
        },
        "client_id": {"type": "str", "required": True},
        "callback_url": {"type": "str", "required": True},
        "client_secret": {"type": "str", "no_log": True},
        "client_secret_accepted": {"type": "bool", "default": False, "no_log": False},
        "client_secret_expires": {"type": "str", "no_log": False},
        "registered_redirect_uris": {"type": "list", "elements": "str"},
        "application_obstacles": {"type": "list", "elements": "str"},
        "ca_path": {"type": "path", "fallback": (from_environment, ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])},
        "console_ca_path": {"type": "path", "fallback": (from_environment, ["RUSTDESK_CA_PATH"])},
        "console_proxy": {"type": "str", "no_log": True},
        "timeout": {"type": "float", "default": 30.0},
        "must_pass": {"type": "bool", "default": True, "no_log": False},
        "unverifiable": {"type": "str"},
        "look_again": {"type": "bool", "default": True},
        "console_type": {"type": "str", "default": "auto", "choices": ["auto", *CONSOLES]},
        **{name: RUSTDESK_OPTIONS[name] for name in ("headers", "totp_secret", "contract", "session")},
        **{name: {**RUSTDESK_OPTIONS[name], "required": False} for name in ("console_url", "username", "password")},
    },
    "required_by": {"session": ("console_url",)},
    "supports_check_mode": True,
}


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for invalid options; sends no request."""
    options.check(params, SPEC["argument_spec"], IDENTIFIERS, "console_proxy")
    for name in ("public_url", "callback_url", "issuer"):
        _input.url(params[name], name)
    if params["client_secret_expires"]:
        _input.moment(params["client_secret_expires"], "client_secret_expires")


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Run the module with validated ``params`` and return the task's result. Raises SsoError."""
    proxy = check_proxy(params["console_proxy"], "console_proxy")
    console = {**params, "proxy": params["console_proxy"], "ca_path": params["console_ca_path"] or params["ca_path"]}
    try:
        check(params)
    except InputError:
        _close(console)
        raise
    checks: list[_sign_in_check.Check] = []
    questions: Questions[Tested] = Questions()
    if params["session"]:
        console["console_type"] = params["session"]["type"]
    else:
        questions.close()
    with ThreadPoolExecutor(1) as aside, ExitStack() as stack:
        # First, so that the session is closed even if something else fails
        final = aside.submit(final_check, console, questions, context.notify) if params["session"] else None
        stack.callback(questions.end)
        public_url = _input.url(params["public_url"], "public_url")
        http = stack.enter_context(closing(Http(params["ca_path"], params["timeout"], notify=context.notify)))
        offers, begins = (
            stack.enter_context(closing(Http(console["ca_path"], params["timeout"], proxy, context.notify)))
            for _each in range(2)
        )
        if not params["unverifiable"]:
            asked = {**params, "console_type": console["console_type"], "public_url": public_url}
            checks = _sign_in_check.verify(http, offers, begins, asked, questions.ask)
        questions.end()
        seen = final.result() if final else FinalCheck()
        if seen.conflict:  # another run has written at the same time, so its client secret counts
            checks = [_others(http, params, seen, check) for check in checks]
            context.warn(f"{seen.conflict.attempted}: another run wrote its own client secret, which Entra accepts")
    failed = [check for check in checks if check.ok is False]
    result: dict[str, t.Any] = {
        "verified": not failed if checks else None,
        "checks": [check.result() for check in checks],
        "holds_client_secret": seen.holds,
    }
    if failed and params["must_pass"]:
        lines = [sentences(f"{check.name}: {check.detail}", check.hint) for check in failed]
        return {**result, "failed": True, "msg": f"Sign-in at {public_url} would not work. " + " | ".join(lines)}
    return result


def _close(console: t.Mapping[str, t.Any]) -> None:
    """Close the session of an earlier task, if its own options are valid."""
    if console["session"]:
        with suppress(SsoError):
            options.check({name: console.get(name) for name in RUSTDESK_OPTIONS}, RUSTDESK_OPTIONS)
            with signed_in({**console, "keep_session": False}):
                pass


def _others(
    http: Http, params: t.Mapping[str, t.Any], seen: FinalCheck, check: _sign_in_check.Check
) -> _sign_in_check.Check:
    """Return ``check`` for the client secret that another run has written; raises ConflictError if Entra rejects it."""
    if check.name != "client_secret_accepted":
        return check
    found = _sign_in_check.accepted(http, params, seen.others_secret)
    if not found.ok and seen.conflict:
        raise seen.conflict
    return found


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
