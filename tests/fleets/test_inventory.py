# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables at every level of an inventory (all, a group, a host): plain, in a vault, from the environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lab.client import Lab
from support.consoles import entry
from support.fleet import Fleet

VAULT_PASSWORD = "open sesame"


class Inventory:
    """A folder with an inventory as users keep it."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet = fleet
        self.folder = folder
        self.password_file = folder.parent / "vault-password"
        self.password_file.write_text(VAULT_PASSWORD)
        self.write("hosts.yml", {"rustdesk_servers": {"hosts": dict.fromkeys(fleet.hosts)}})

    def write(self, name: str, content: Any) -> Path:
        """Write a file of the inventory."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
        return path

    def encrypt(self, path: Path) -> None:
        """Encrypt a whole file as ansible-vault does."""
        program = Path(sys.executable).with_name("ansible-vault")
        command = [str(program), "encrypt", "--vault-password-file", str(self.password_file), str(path)]
        subprocess.run(command, check=True, capture_output=True, env=self.fleet.controller.environment())

    def site(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run site.yml with this inventory."""
        program = Path(sys.executable).with_name("ansible-playbook")
        return subprocess.run(
            [str(program), "-i", str(self.folder), str(self.fleet.controller.site), *options],
            env=self.fleet.controller.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
        )


def test_variables_at_every_level_with_vault_and_environment(
    lab: Lab, make_fleet: Callable[[int], Fleet], tmp_path: Path
) -> None:
    fleet = make_fleet(2)
    first, second = fleet.hosts
    inventory = Inventory(fleet, tmp_path / "inventory")
    variables = dict(fleet.variables)
    secret = variables.pop("rustdesk_sso_entra_client_secret")
    variables["rustdesk_sso_entra_client_secret"] = "{{ lookup('ansible.builtin.env', 'ENTRA_SECRET') }}"
    inventory.write("group_vars/all/sso.yml", {**variables, "rustdesk_sso_provider_name": "everybody"})
    inventory.write("group_vars/rustdesk_servers/sso.yml", {"rustdesk_sso_provider_name": "azure"})
    passwords = {name: fleet.consoles[name].password for name in fleet.hosts}
    inventory.encrypt(inventory.write("group_vars/rustdesk_servers/vault.yml", {"console_passwords": passwords}))
    for name in fleet.hosts:
        own = {key: value for key, value in fleet.hosts[name].items() if not key.endswith("_password")}
        own["rustdesk_sso_console_password"] = "{{ console_passwords[inventory_hostname] }}"
        inventory.write(f"host_vars/{name}/sso.yml", own)
    inventory.write(f"host_vars/{second}/name.yml", {"rustdesk_sso_provider_name": "mine"})

    run = inventory.site("--vault-password-file", str(inventory.password_file), "-vvv", "--diff", ENTRA_SECRET=secret)
    output = run.stdout + run.stderr
    assert run.returncode == 0, output
    assert entry(fleet.consoles[first], "azure")["client_id"] == entry(fleet.consoles[second], "mine")["client_id"]
    assert not [value for value in [*lab.secrets(), *passwords.values()] if value in output]


def test_a_refused_variable_is_named_with_its_host(make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(2)
    good, bad = fleet.hosts
    fleet.hosts[bad]["rustdesk_sso_secret_lifetime"] = ["180d"]
    fleet.hosts[bad]["rustdesk_sso_app_sign_in_audience"] = "Everybody"
    run = fleet.site()
    assert run.failed() == {bad}, run.output
    (line,) = [line for line in run.output.splitlines() if line.startswith("fatal:") and "sign_in_audience" in line]
    assert f"[{bad}]" in line
    assert "Everybody" in line
    assert fleet.sign_in(good)["access_token"]
