# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait for a user to sign in to a server, and report the account."""

from __future__ import annotations

import os
import sys
import typing as t
from contextlib import closing, suppress

from ansible.utils.color import ANSIBLE_COLOR
from ansible.utils.display import Display

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, hosts
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError, SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._identifiers import from_environment
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import (
    gateway_headers,
    options,
    user_sign_in,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES, Console
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.user_sign_in import UserSignIn
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import InProcessAction
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._qr_code import qr_code

CONSOLE = ("console_url", "console_type", "username", "password", "totp_secret", "headers", "contract", "timeout")
SPEC: dict[str, t.Any] = {
    "argument_spec": {
        "public_url": {"type": "str", "required": True},
        "name": {"type": "str", "default": "azure"},
        "wait_timeout": {"type": "float", "default": 300.0},
        "ca_path": {"type": "path", "fallback": (from_environment, ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])},
        "console_ca_path": {"type": "path", "fallback": (from_environment, ["RUSTDESK_CA_PATH"])},
        "console_proxy": {"type": "str", "no_log": True},
        **{name: ENTRA_OPTIONS[name] for name in ("cloud", "authority_host")},
        **{name: RUSTDESK_OPTIONS[name] for name in CONSOLE},
    },
    "supports_check_mode": True,
}

display = Display()


def _columns() -> int | None:
    """Return the width of the terminal; None without a terminal or if unknown."""
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


# Done while the controller loads the plugin, because a worker has no standard output
COLUMNS = _columns()
# Ansible does not flush its output, so a pipe would show the URL only after the wait
with suppress(AttributeError):  # a program that replaces sys.stdout may not provide the method
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for invalid options. Makes no requests."""
    options.check(params, SPEC["argument_spec"], ("public_url", "name"), "console_proxy")
    _input.url(params["public_url"], "public_url")
    clouds.choose(params)


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Show the authorization URL, wait until a user has signed in, and end the session. Raises SsoError."""
    check(params)
    url = _input.url(params["public_url"], "public_url")
    proxy = check_proxy(params["console_proxy"], "console_proxy")
    headers = gateway_headers.of_verification(params)
    if context.check_mode:
        said = f"A sign-in cannot be tried in check mode. To sign in to {url}, run the playbook without --check."
        return {"msg": said, "_ansible_verbose_always": True}
    # Under the option names of an administrator's session
    console = {**params, "proxy": params["console_proxy"], "ca_path": params["console_ca_path"] or params["ca_path"]}
    console_type, names = _users(console, context)
    with closing(Http(console["ca_path"], params["timeout"], proxy, context.notify)) as http:
        attempt = UserSignIn(Connection(url, http, headers, "public_url", "console_ca_path"), console_type)
        begun = attempt.begin(params["name"])
        _check_cloud(params, url, begun.url)
        seconds = attempt.seconds_to_wait(params["wait_timeout"])
        invitation = user_sign_in.invitation(url, begun, seconds, collectable=not attempt.asks_for_client)
        code = qr_code(begun.url, COLUMNS, colors=bool(ANSIBLE_COLOR))
        display.display(f"\n{invitation}\n{code}\n", screen_only=True)
        answer = attempt.wait(begun, seconds)
        account = user_sign_in.account(answer, names)
        attempt.close(answer, account)
    return {
        "msg": user_sign_in.report(url, account),
        "account": account.result(),
        "_ansible_verbose_always": True,
    }


def _check_cloud(params: t.Mapping[str, t.Any], url: str, shown: str) -> None:
    """Raise ServiceError if the authorization URL ``shown`` is not at a login host of the cloud.

    Users must not enter a password there. ``url`` is the console's address.
    """
    foreign = hosts.of_cloud(clouds.choose(params)).foreign("authorization URL", shown)
    if foreign:
        raise ServiceError(
            f"Trying a sign-in to {url} failed",
            answer=f"the console does not lead to Microsoft Entra ID: {foreign}",
            hint="Run the playbook site, and check the provider's endpoints in the console. If the tenant is in "
            "another cloud, set cloud or authority_host",
        )


def _users(params: t.Mapping[str, t.Any], context: Context) -> tuple[type[Console] | None, set[str] | None]:
    """Return the console's type and the names of its users, None if unknown. Warns if they cannot be read."""
    found = CONSOLES.get(params["console_type"])
    try:
        with signed_in({**params, "session": None, "keep_session": False}, context.notify) as session:
            found = type(session.console)
            return found, session.console.user_names()
    except SsoError as error:
        context.warn(f"It is unknown whether a user's account will be new: {error}")
    return found, None


class ActionModule(InProcessAction):
    """See the module's documentation."""

    SPEC = SPEC
    CORE = staticmethod(run)
