# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Walk through the sign-in lifecycle of a fleet in the lab, with one line for each step.

Uses the collection as users have it, installed from the built artifact into build/collections.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from lab.client import Console, Lab
from lab.user import SignInFailed

COLLECTIONS = Path(__file__).parents[1] / "build/collections"
SITE = COLLECTIONS / "ansible_collections/deskops/rustdesk_sso/playbooks/site.yml"
REPORT = Path(__file__).parents[1] / "build/report"
# Replication as in a fast tenant, so that the wait for it is part of the demo but does not dominate it.
LAG, SECRET_LAG = 0.5, 3.0
OWN_APP = "desk3.example.com"


class DemoError(Exception):
    """A step did not have the expected result."""


class Demo:
    """The steps of the demo. Each prints a line; DemoError ends the demo."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.inventory = folder / "inventory"
        self.log = folder / "ansible.log"
        self.number = 0
        self._write_inventory()

    def _write_inventory(self) -> None:
        """Write an inventory as a user would: variables of the group, and those of each server."""
        hosts = {name: {"rustdesk_sso_console_url": console.url} for name, console in self.lab.consoles.items()}
        hosts[OWN_APP]["rustdesk_sso_app_unique_name"] = "rustdesk-sso-{{ inventory_hostname }}"
        passwords = {name: console.password for name, console in self.lab.consoles.items()}
        variables = {
            "rustdesk_sso_tenant_id": self.lab.tenant.domain,
            "rustdesk_sso_entra_graph_endpoint": self.lab.graph_url,
            "rustdesk_sso_console_username": "admin",
            "rustdesk_sso_console_password": "{{ console_passwords[inventory_hostname] }}",
        }
        (self.inventory / "group_vars/rustdesk_servers").mkdir(parents=True)
        files = {
            "hosts.yml": {"rustdesk_servers": {"hosts": hosts}},
            "group_vars/rustdesk_servers/sso.yml": variables,
            "group_vars/rustdesk_servers/vault.yml": {"console_passwords": passwords},
        }
        for name, content in files.items():
            (self.inventory / name).write_text(yaml.safe_dump(content, sort_keys=False))

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of ansible-playbook, with the credentials of the automation in Azure's variables."""
        return {
            **os.environ,
            **self.lab.environment,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
        }

    def run(self) -> None:
        """Run all steps."""
        fleet = len(self.lab.consoles)
        self.step("site.yml --check", "predicts the changes and makes none", lambda: self.predicted(2 * fleet))
        self.step("site.yml", "registers two applications, configures three consoles and verifies each", self.first_run)
        self.step("site.yml again", "changes nothing", lambda: self.play(0))
        for name, console in self.lab.consoles.items():
            self.step(
                f"a user signs in at {name}",
                "from the console through Microsoft's page and back",
                lambda c=console: self.user(c),
            )
        victim = self.lab.consoles["desk2.example.com"]
        self.step(
            "an administrator deletes desk2's client secret in Entra",
            "users can no longer sign in",
            lambda: self.revoke(victim),
        )
        self.step("site.yml --check", "detects it, and changes nothing", lambda: self.predicted(2))
        self.step(
            "site.yml",
            "creates a new client secret for desk2, and changes nothing else",
            lambda: self.play(2),
        )
        self.step("a user signs in at desk2.example.com", "sign-in works again", lambda: self.user(victim))
        self.step("site.yml again", "changes nothing", lambda: self.play(0))
        self.step("report.yml", "writes a web page, CSV, JSON and metrics", self.report)

    def step(self, what: str, proves: str, act) -> None:
        """Run one step and print its result."""
        self.number += 1
        print(f"{self.number:>3}. {what}: {proves} ... ", end="", flush=True)
        begun = time.monotonic()
        seen = act()
        print(f"yes ({seen + ', ' if seen else ''}{time.monotonic() - begun:.1f} s)", flush=True)

    def report(self) -> str:
        """Write the report and return the path of its page."""
        self.play(0, "-e", f"report_directory={REPORT}", playbook=SITE.with_name("report.yml"))
        page = REPORT / "rustdesk_sso.html"
        if not all(name in page.read_text() for name in self.lab.consoles):
            raise DemoError(f"{page} does not show every server")
        return str(page)

    def play(self, changes: int, *options: str, playbook: Path = SITE) -> str:
        """Run a playbook that should report ``changes`` changed tasks in all."""
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            str(self.inventory),
            str(playbook),
            *options,
        ]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
        found = sum(map(int, re.findall(r"changed=(\d+)", done.stdout)))
        if done.returncode:
            raise DemoError(f"ansible-playbook failed:\n{done.stdout}{done.stderr}")
        if found != changes:
            raise DemoError(f"Expected {changes} changed tasks, got {found}:\n{done.stdout}")
        return f"changed={found}"

    def predicted(self, changes: int) -> str:
        """Run site.yml in check mode, and verify that the tenant and the consoles are unchanged."""
        before = self.state()
        printed = self.play(changes, "--check", "--diff")
        if self.state() != before:
            raise DemoError("check mode changed something")
        return printed

    def first_run(self) -> str:
        """Run site.yml for the first time."""
        printed = self.play(2 * len(self.lab.consoles))  # the provider and the report of each
        applications = self.lab.tenant.applications()
        if len(self.ours(applications)) != 2:
            raise DemoError(f"{len(self.ours(applications))} applications were registered, not 2")
        return printed

    def user(self, console: Console) -> str:
        """Sign in as a user with a RustDesk client and a browser."""
        upn, password = next(iter(self.lab.tenant.users.items()))
        return f"as {console.sign_in('azure', upn, password)['user']['name']}"

    def revoke(self, console: Console) -> str:
        """Delete a client secret outside the collection."""
        application, credential = next(
            (application, credential)
            for application in self.ours(self.lab.tenant.applications())
            for credential in application["passwordCredentials"]
            if credential["displayName"] == f"rustdesk-sso {console.name}"
        )
        path = f"/applications/{application['id']}/removePassword"
        self.lab.tenant.graph("POST", path, {"keyId": credential["keyId"]}).raise_for_status()
        try:
            self.user(console)
        except SignInFailed as error:
            return f"{error.code or error.message}"
        raise DemoError("the user could still sign in")

    def state(self) -> object:
        """Return everything that a run could change."""
        return self.lab.tenant.applications(), [console.settings() for console in self.lab.consoles.values()]

    @staticmethod
    def ours(applications: list[dict]) -> list[dict]:
        """Return the applications that the role created."""
        return [item for item in applications if (item["uniqueName"] or "").startswith("rustdesk-sso")]


def look_around(demo: Demo) -> None:
    """Keep the lab running until the user stops it."""
    upn, password = next(iter(demo.lab.tenant.users.items()))
    print("\nThe lab is still running. In another terminal:\n")
    for name, value in demo.lab.environment.items():
        if name.startswith(("AZURE_", "REQUESTS_", "SSL_")):
            print(f"  export {name}='{value}'")
    print(f"  export ENTRA_GRAPH_ENDPOINT='{demo.lab.graph_url}'")
    print(f"  export ANSIBLE_COLLECTIONS_PATH={COLLECTIONS}")
    playbook = Path(sys.executable).with_name("ansible-playbook")
    print(f"\n  {playbook} -i {demo.inventory} {SITE} --check --diff\n")
    for name, console in demo.lab.consoles.items():
        print(f"  {name}: {console.url}  ({console.username} / {console.password})")
    print(f"  a user of the tenant: {upn} / {password}")
    print(f"  output of Ansible: {demo.log}\n\nPress Ctrl-C to stop the lab.", flush=True)
    signal.pause()


def main() -> int:
    """Run the demo; return 0 if every step had the expected result."""
    keep = os.environ.get("KEEP", "") not in ("", "0")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print("This machine runs a simulated tenant and three simulated RustDesk Server Pro consoles. desk1 and desk2")
    print("share an application, desk3 has its own.\n", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rustdesk-sso-demo-") as folder, Lab.start(LAG, SECRET_LAG) as lab:
        demo = Demo(lab, Path(folder))
        try:
            demo.run()
            print(
                f"\nAll {demo.number} steps succeeded in {time.monotonic() - begun:.0f} seconds.",
                flush=True,
            )
            if keep:
                look_around(demo)
        except DemoError as error:
            print(f"NO\n\n{error}", flush=True)
            return 1
        except KeyboardInterrupt:
            print("\nStopped.")
    print("The lab was removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
