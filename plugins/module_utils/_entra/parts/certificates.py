# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The certificates that the application can sign in with instead of a client secret."""

from __future__ import annotations

import base64
import hashlib
import ssl
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]
# Entra truncates longer names [doc: text of Microsoft's SDKs].
NAME_MAX = 90
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Certificates(Part):
    """Certificates for sign-in; ``declared`` is a list of {path, content, thumbprint, name, state}.

    Others are not touched, such as certificates that encrypt tokens. The key is the SHA-1 thumbprint, which Entra shows
    as ``customKeyIdentifier`` [rec].
    """

    option = "certificates"

    def __init__(self, declared: t.Any) -> None:
        super().__init__(declared)
        self._given: dict[str, bytes] = {}
        self._keys: list[str] = []

    def check(self) -> None:
        for item in self.declared:
            key = (item.get("thumbprint") or "").replace(":", "").upper()
            if not key:
                certificate = _der(item)
                key = hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper()
                self._given[key] = certificate
            elif item["state"] == "present":
                raise InputError(
                    f"The certificate {_input.cut(key)} cannot be added by its thumbprint", hint="Set path or content"
                )
            if key in self._keys:
                raise InputError(f"certificates contains the certificate {_input.cut(key)} twice")
            self._keys.append(key)
            if len(item.get("name") or "") > NAME_MAX:
                raise InputError(
                    f"The name of the certificate {_input.cut(key)} has more than {NAME_MAX} characters",
                    answer="Entra would truncate it",
                    hint=f"Use a name of at most {NAME_MAX} characters in certificates",
                )

    async def read(self, graph: Graph, target: Target) -> Items:
        if target.new:
            return {}
        listed = await self._found(graph, target) or []
        return {thumbprint(item): shown(item) for item in listed if _signs_in(item)}

    def after(self, present: Items, target: Target) -> Items:
        after = dict(present)
        for key, item in zip(self._keys, self.declared, strict=True):
            if item["state"] == "absent":
                after.pop(key, None)
            elif key not in after:
                name = item.get("name") or f"certificate {key[:8]}"
                after[key] = {"thumbprint": key, "name": name, "key_id": None, "expires": None}
        return after

    async def write_all(self, graph: Graph, target: Target, steps: t.Sequence[Step]) -> None:
        """Apply all steps in one PATCH, because Graph replaces the list.

        Existing certificates are sent without their ``key``: Graph keeps them [rec], and one that another process has
        just removed does not come back.
        """
        listed, settled = await replication.agreed(
            lambda: self._found(graph, target), lambda found: found, graph.patience
        )
        if not settled or listed is None:  # a list that was not read reliably is not replaced
            raise replication.unsettled(f"Reading the certificates of {target.name} failed", graph.patience)
        gone = {step.key for step in steps if step.after is None}
        here = {thumbprint(item) for item in listed if _signs_in(item)}
        kept = [
            {name: value for name, value in item.items() if value is not None and name != "key"}
            for item in listed
            if not (_signs_in(item) and thumbprint(item) in gone)
        ]
        new = [
            {
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
                "key": base64.b64encode(self._given[step.key]).decode(),
                "displayName": step.after["name"],
            }
            for step in steps
            if step.after and step.key not in here
        ]
        request = graph.request("PATCH", target.address(graph), {"keyCredentials": [*kept, *new]})
        attempted = f"Changing the certificates of {target.name} failed"
        await replication.persist(lambda: graph.send(request, attempted), replication.not_replicated, graph.patience)

    async def _found(self, graph: Graph, target: Target) -> list[Document] | None:
        """Return the list sorted by key ID; None if a replica does not know the application."""
        attempted = f"Reading the certificates of {target.name} failed"
        found = await graph.get(target.address(graph), attempted, missing_ok=True, select=["keyCredentials"])
        if found is None:
            return None
        return sorted(found.get("keyCredentials") or [], key=lambda item: str(item["keyId"]))


def _signs_in(item: Document) -> bool:
    return item.get("usage") == "Verify"


def thumbprint(item: Document) -> str:
    """Return the thumbprint of a listed certificate, or its key ID if it has another identifier.

    ``customKeyIdentifier`` is the base64 or hexadecimal form of the 20 bytes [rec].
    """
    text = str(item.get("customKeyIdentifier") or "")
    if len(text) == 40:
        return text.upper()
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    except ValueError:
        raw = b""
    return raw.hex().upper() if len(raw) == 20 else str(item["keyId"])


def shown(item: Document) -> Document:
    """Return a listed certificate as results show it."""
    return {
        "thumbprint": thumbprint(item),
        "name": item.get("displayName"),
        "key_id": item["keyId"],
        "expires": item.get("endDateTime"),
    }


def _der(item: t.Mapping[str, t.Any]) -> bytes:
    """Return the certificate of a suboption in DER form; raise InputError."""
    where = _input.path_end(item.get("path") or "content")
    text = item.get("content") or ""
    if item.get("path"):
        text = _input.readable_file(item["path"], "certificates.path").decode("latin-1")
    begin, end = text.find(BEGIN), text.find(END)
    try:
        if begin >= 0 and end > begin:
            return ssl.PEM_cert_to_DER_cert(text[begin : end + len(END)])
    except ValueError:
        pass
    raise InputError(
        f"The certificate {where} cannot be used", answer="it does not contain a certificate in PEM format",
        hint=f"Use PEM text with a section from {BEGIN} to {END}. A private key in the same file is never sent",
    )  # fmt: skip
