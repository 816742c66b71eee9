# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user who follows the guides in a terminal."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from first_hour.reader import Reader

from lab.client import Lab
from lab.user import Person
from support import consoles
from support.fleet import USER, Fleet

# Placeholders in the documents for the output of bootstrap_automation
PLACEHOLDERS = {
    "tenant_id": "11111111-2222-3333-4444-555555555555",
    "entra_client_id": "66666666-7777-8888-9999-000000000000",
}
FRESH = bool(os.environ.get("RUSTDESK_SSO_FRESH"))


class User:
    """A user in front of the terminal: signs in when ``try_sign_in`` shows a URL, and knows their own values."""

    def __init__(self, lab: Lab, fleet: Fleet, home: Path, artifact: Path) -> None:
        self.lab, self.fleet = lab, fleet
        console = consoles.add(fleet, "pro")
        self.means = {
            "ansible-galaxy collection install deskops.rustdesk_sso": f"ansible-galaxy collection install {artifact}",
            "contoso.example": fleet.domain,
            "https://desk1.example.com": console.url,
            "the administrator's password": console.password,
            "/home/admin": str(home),
        }
        if not FRESH:
            self.means["python3 -m venv"] = f"ln -s {Path(sys.executable).parents[1]}"
        # From this step on, the lab replaces Microsoft
        world = {
            "AZURE_AUTHORITY_HOST": lab.login_url,
            "ENTRA_GRAPH_ENDPOINT": lab.graph_url,
            "REQUESTS_CA_BUNDLE": lab.ca_path,
            "SSL_CERT_FILE": lab.ca_path,
        }
        self.means["az login"] = f"export {' '.join(f'{name}={value}' for name, value in world.items())}; az login"
        cli = lab.azure_cli(next(iter(fleet.tenant.users)))
        terminal = {"HOME": str(home), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.reader = Reader(home, {**terminal, **cli}, self.means, self.see)

    def see(self, line: str) -> None:
        """Read a line of the terminal."""
        shown = re.search(rf"{re.escape(self.lab.login_url)}\S+/authorize\?\S+", line)
        if shown:
            upn = f"{USER}@{self.fleet.domain}"
            Person(self.lab.ca_path).finish(shown[0], upn, self.fleet.tenant.users[upn])
        printed = re.fullmatch(r"rustdesk_sso_(tenant_id|entra_client_id): (\S+)", line)
        if printed:
            self.means[PLACEHOLDERS[printed[1]]] = printed[2]
