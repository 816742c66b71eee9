# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module options that the role passes for one server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import credentials
from ansible_collections.deskops.rustdesk_sso.plugins.modules import (
    entra_app,
    rustdesk_oidc_provider,
    rustdesk_oidc_provider_info,
    rustdesk_sign_in_check,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import share
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import sign_in
from support.servers import APP_ID, ISSUER, callback, held, made, ready, registered

VALUES = {
    "rustdesk_sso_console_url": "https://desk1.example.com",
    "rustdesk_sso_console_username": "admin",
    "rustdesk_sso_console_password": "secret",
    "rustdesk_sso_console_type": "pro",
    "rustdesk_sso_console_proxy": "socks5h://127.0.0.1:1080",
    "rustdesk_sso_ca_path": "/ca.pem",
    "rustdesk_sso_timeout": 5.0,
    "rustdesk_sso_entra_client_id": "automation",
}


def known(module, found):
    """Return whether the module has all options in ``found``."""
    return set(found) <= set(module.SPEC["argument_spec"])


def test_options_of_entra():
    found = options.of(VALUES, options.ENTRA)
    assert found == {"client_id": "automation", "ca_path": "/ca.pem", "timeout": 5.0}
    assert known(entra_app, dict.fromkeys(options.ENTRA.values()))


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"entra_certificate_path": "a.pem"}, "certificate"),
        ({"entra_certificate_path": "a.pem", "entra_auth_source": "auto"}, "certificate"),
        ({"entra_certificate_path": "a.pem", "entra_auth_source": "azure_cli"}, "azure_cli"),
        ({"entra_certificate_path": "a.pem", "entra_client_secret": "own"}, "secret"),
        ({"entra_access_token": "token", "entra_client_secret": "own"}, "access_token"),
        ({"entra_federated_token": "token"}, "workload_identity"),
        ({"entra_federated_token_file": "token.jwt"}, "workload_identity"),
        ({"entra_federated_token_file": "token.jwt", "entra_auth_source": "workload_identity"}, "workload_identity"),
        ({"entra_client_id": "other"}, "access_token"),
    ],
)
def test_the_environment_does_not_replace_a_credential_in_the_variables(given, source, monkeypatch):
    for name in ("AZURE_ACCESS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN"):
        monkeypatch.setenv(name, "of the shell")
    values = {**VALUES, **{f"rustdesk_sso_{name}": value for name, value in given.items()}}
    params = sign_in.entra_params(values)
    assert credentials.source(params) == source
    assert known(entra_app, options.entra(values))
    file = given.get("entra_federated_token_file")
    assert credentials._workload(params) == ("federated_token_file" if file else "federated_token")


def test_options_of_the_console():
    """The console's own CA takes precedence over the general one."""
    found = options.of(VALUES, options.CONSOLE)
    assert (found["ca_path"], found["console_type"], found["username"]) == ("/ca.pem", "pro", "admin")
    own = options.of({**VALUES, "rustdesk_sso_console_ca_path": "/console.pem"}, options.CONSOLE)
    assert own["ca_path"] == "/console.pem"
    for module in (rustdesk_oidc_provider, rustdesk_oidc_provider_info):
        assert known(module, dict.fromkeys(options.CONSOLE.values()))


def test_options_of_the_verification():
    """It connects to both, so the console's CA and proxy have separate names."""
    found = options.of({**VALUES, "rustdesk_sso_console_ca_path": "/console.pem"}, options.VERIFICATION)
    assert (found["ca_path"], found["console_ca_path"]) == ("/ca.pem", "/console.pem")
    assert found["console_proxy"] == VALUES["rustdesk_sso_console_proxy"]
    assert known(rustdesk_sign_in_check, dict.fromkeys(options.VERIFICATION.values()))


def test_options_of_the_provider():
    (server,) = registered(ready(), decision="created")
    found = options.provider(server, share(server))
    assert known(rustdesk_oidc_provider, found)
    assert (found["client_id"], found["issuer"], found["callback_url"]) == (APP_ID, ISSUER, callback())
    assert found["client_secret"] == made()
    assert found["session"] == server.console["session"]


def test_options_of_the_check():
    (server,) = registered(ready())
    server = replace(server, configured={"changed": False, "session": {"token": "later"}})
    found = options.check(server, share(server))
    assert known(rustdesk_sign_in_check, found)
    assert (found["client_secret"], found["session"]) == (held(), {"token": "later"})
    assert (found["look_again"], found["unverifiable"]) == (False, "")
    assert found["application_obstacles"] == []
    (off,) = registered(ready(), obstacles=["It is deactivated. Activate it."])
    assert options.check(off, share(off))["application_obstacles"] == ["It is deactivated. Activate it."]


def test_options_for_a_console_that_another_run_has_written():
    """Only the value of its client secret is known, and the verification tests it with Entra."""
    (server,) = registered(ready(), decision="renewed")
    found = options.provider(server, share(server))
    assert (found["client_secret"], found["client_secret_replaces"]) == (made(), [held()])
    empty = replace(server, console={**server.console, "providers": []})
    assert options.provider(empty, share(empty))["client_secret_replaces"] == []
    kept = replace(server, configured={"changed": False, "client_secret": "of another run"})
    asked = options.check(kept, share(kept))
    assert (asked["client_secret"], asked["client_secret_accepted"]) == ("of another run", False)
    assert (asked["client_secret_expires"], asked["discovery"], asked["look_again"]) == (None, None, True)
    assert known(rustdesk_sign_in_check, asked)
    assert known(rustdesk_oidc_provider, found)
