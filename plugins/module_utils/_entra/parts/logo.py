# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The application's logo, which users see when they sign in."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

# The image types that Entra accepts (terraform azuread [src]), by the first bytes of the file
TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
KEY = "logo"


class Logo(Part):
    """The logo; ``declared`` is a path. The only member is the image's SHA-256; a logo cannot be removed [src]."""

    option = "logo"

    def __init__(self, declared: t.Any) -> None:
        super().__init__(declared)
        self._picture = b""
        self._type = ""

    def check(self) -> None:
        hint = "Correct the path; Entra cannot remove a logo, only replace it"
        self._picture = _input.readable_file(self.declared, self.option, hint)
        self._type = next((kind for begin, kind in TYPES.items() if self._picture.startswith(begin)), "")
        if not self._type:
            raise InputError(
                f"logo {_input.path_end(self.declared)} is not an image that Entra accepts",
                hint="Use a PNG, JPEG or GIF file",
            )

    async def read(self, graph: Graph, target: Target) -> Items:
        if target.new:
            return {}
        picture = await graph.download(target.address(graph).logo, f"Reading the logo of {target.name} failed")
        return {KEY: {"sha256": hashlib.sha256(picture).hexdigest()}} if picture else {}

    def after(self, present: Items, target: Target) -> Items:
        return {KEY: {"sha256": hashlib.sha256(self._picture).hexdigest()}}

    def settled(self, present: Items, target: Target) -> bool:
        """Return True if a logo exists; Entra may store the image in another form [inf]."""
        return KEY in present

    def show(self, items: Items) -> t.Any:
        return items.get(KEY)

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        request = graph.request("PUT", target.address(graph).logo)
        request.set_stream_content(self._picture, self._type)
        await self.send(graph, target, request, f"Setting the logo of {target.name} failed")
