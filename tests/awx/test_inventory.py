# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypted values in an inventory: from the project, and typed into AWX."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from awx.job import write_inventory

from lab.awx.api import Api
from lab.awx.rules import Refused
from support.awx_extension import EXTENSION

SECRET = "the-password-of-a-console"


def ansible(program: str, folder: Path, *arguments: str) -> str:
    """Return the standard output of one of Ansible's programs."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    environment = {**os.environ, "HOME": str(folder), "ANSIBLE_LOCALHOST_WARNING": "false"}
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def test_value_encrypted_in_the_project(tmp_path: Path) -> None:
    """AWX reads the sample inventory without the password, stores no plain text, and a job has the value."""
    shutil.copytree(EXTENSION / "project/inventory", tmp_path / "inventory")
    variables = tmp_path / "inventory/group_vars/rustdesk_servers.yml"
    vaulted = VaultLib([("default", VaultSecret(b"vault-password"))]).encrypt(SECRET).decode()
    lines = "".join(f"\n  {line}" for line in vaulted.splitlines())
    variables.write_text(f"{variables.read_text()}rustdesk_sso_console_password: !vault |{lines}\n")
    # As AWX updates an inventory source
    read = ansible("ansible-inventory", tmp_path, "-i", "inventory/hosts.yml", "--list", "--export")
    stored = json.loads(read)
    assert SECRET not in read
    group = stored["rustdesk_servers"]
    assert group["vars"]["rustdesk_sso_console_password"] == {"__ansible_vault": vaulted}
    # As AWX passes it to a job, with the password of a Vault credential
    hosts: dict[str, Any] = {name: stored["_meta"]["hostvars"][name] for name in group["hosts"]}
    write_inventory(tmp_path / "hosts", {"rustdesk_servers": {"hosts": hosts, "vars": group["vars"]}}, (1, 1))
    (tmp_path / "password").write_text("vault-password")
    shown = ["-m", "ansible.builtin.debug", "-a", "var=rustdesk_sso_console_password"]
    output = ansible(
        "ansible", tmp_path, "rustdesk_servers", "-i", "hosts", *shown, "--vault-password-file", "password"
    )
    assert SECRET in output


def test_typed_vault_tag(tmp_path: Path) -> None:
    """AWX refuses !vault in variables that users type, and accepts the value as JSON."""
    api = Api({})
    home = api.answer("POST", "/api/v2/organizations/", {}, {"name": "Default"})[1]["id"]
    inventory = api.answer("POST", "/api/v2/inventories/", {}, {"name": "x", "organization": home})[1]["id"]
    host = {"name": "desk1", "inventory": inventory}
    with pytest.raises(Refused, match="Cannot parse as"):
        api.answer("POST", "/api/v2/hosts/", {}, {**host, "variables": "x: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n"})
    as_json = json.dumps({"x": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n"}})
    assert api.answer("POST", "/api/v2/hosts/", {}, {**host, "variables": as_json})[0] == 201
