# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logo of an application."""

from __future__ import annotations

import uuid

from ..errors import bad_request, not_found
from ..router import Router
from . import permissions
from .graph_applications import ADDRESS, find, find_to_change, write
from .graph_call import NO_CONTENT, Answer, Call

TYPES = ("image/gif", "image/jpeg", "image/png")


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", ADDRESS + "/logo", read)
    router.add("PUT", ADDRESS + "/logo", put)


def read(call: Call, **address: str) -> Answer:
    """GET the bytes as uploaded; 404 without an upload [inf]."""
    permissions.may_read(call)
    logo = find(call, address).logo
    if logo is None:
        raise not_found("logo")
    kind, content = logo
    return Answer(200, headers={"Content-Type": kind}, content=content)


def put(call: Call, **address: str) -> Answer:
    """PUT the bytes. The application then shows their URL [doc]. A logo can only be replaced [src]."""
    record = find_to_change(call, address)
    kind = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise bad_request("Invalid content type for the logo: image/gif, image/jpeg or image/png is expected.")
    if not call.raw:
        raise bad_request("The logo is empty.")
    record.logo = (kind, call.raw)
    record.body["info"]["logoUrl"] = f"{call.graph_url}/logos/{record.body['id']}/{uuid.uuid4().hex}"
    write(call, record)
    return NO_CONTENT
