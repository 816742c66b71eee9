# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's temporary certificate authority."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from pathlib import Path

import trustme

# A name that does not resolve: only a proxy of the tests leads to it.
INTERNAL = "console.internal"


class Authority:
    """A CA in a temporary directory, one server certificate for loopback, and contexts that use them."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="rustdesk-sso-lab-"))
        self._ca = trustme.CA(organization_name="RustDesk SSO lab")
        self.ca_path = self.directory / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_path))
        self._certificate = self._ca.issue_cert("localhost", "127.0.0.1", INTERNAL)

    def server_context(self) -> ssl.SSLContext:
        """Return a context for a server on 127.0.0.1, localhost or INTERNAL."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certificate.configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts only this CA."""
        return ssl.create_default_context(cafile=str(self.ca_path))

    def write(self, name: str, content: bytes) -> Path:
        """Write a private file next to the CA certificate."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path

    def remove(self) -> None:
        """Delete the directory and everything in it."""
        shutil.rmtree(self.directory, ignore_errors=True)
