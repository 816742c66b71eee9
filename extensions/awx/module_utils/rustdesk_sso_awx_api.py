# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send requests to AWX and find its objects. Addresses, credentials and TLS are configured as for awx.awx's modules."""

from __future__ import annotations

import time
from typing import Any

Item = dict[str, Any]
RUNNING = ("new", "pending", "waiting", "running")


class Failed(Exception):
    """AWX refused a request, or an object is not in the required state. The text is a complete message."""


class Api:
    """Access to AWX. ``module`` is a ControllerAPIModule, which fails the task itself if AWX cannot be accessed."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def get(self, path: str, **query: Any) -> Item:
        """Return the object or response at a path."""
        return self._checked(f"read {path}", self._module.get_endpoint(path, data=query), (200,))

    def all(self, path: str, **query: Any) -> list[Item]:
        """Return all objects of a list."""
        answer = self.get(path, page_size=200, **query)
        found = list(answer["results"])
        while answer["next"]:
            answer = self.get(answer["next"])
            found += answer["results"]
        return found

    def post(self, what: str, path: str, body: Item) -> Item:
        """Send a POST and return the response. ``what`` completes the sentence "Cannot ..."."""
        return self._checked(what, self._module.make_request("POST", path, data=body), (200, 201, 202, 204))

    def patch(self, what: str, path: str, body: Item) -> Item:
        """Send a PATCH and return the changed object."""
        return self._checked(what, self._module.make_request("PATCH", path, data=body), (200,))

    def delete(self, what: str, path: str) -> None:
        """Delete an object."""
        self._checked(what, self._module.make_request("DELETE", path), (202, 204))

    def _checked(self, what: str, answer: Item, good: tuple[int, ...]) -> Item:
        if answer["status_code"] not in good:
            content = answer.get("json") or answer.get("text") or answer["status_code"]
            raise Failed(f"Cannot {what}: AWX returned {_text(content)}.")
        content = answer.get("json") or {}
        return content if isinstance(content, dict) else {"results": content}

    def find(self, resource: str, title: str, query: Item) -> Item | None:
        """Return the only object that a query selects, or None."""
        found = self.all(resource, **query)
        if len(found) > 1:
            ids = ", ".join(str(item["id"]) for item in found)
            raise Failed(f"AWX has more than one {title} (IDs {ids}). Rename all but one of them.")
        return found[0] if found else None

    def existing(self, resource: str, name: str, organization: int | None) -> Item:
        """Return an existing object that a variable names, by name (preferably in the organization) or by ID."""
        key = "username" if resource == "users" else "name"
        found = self.all(resource, **{key: name})
        if len(found) > 1:
            found = [item for item in found if item.get("organization") == organization] or found
        if not found and name.isdigit():
            found = self.all(resource, id=name)
        kind = resource.removesuffix("s").replace("_", " ")
        if not found:
            raise Failed(f'AWX has no {kind} "{name}". Create it, or correct the variable that names it.')
        if len(found) > 1:
            ids = ", ".join(str(item["id"]) for item in found)
            raise Failed(f'{len(found)} {kind}s have the name "{name}". Use the ID instead of the name ({ids}).')
        return found[0]

    def wait(self, path: str, timeout: int) -> Item:
        """Wait for the update at ``path`` to finish and return it. Raise Failed after ``timeout`` seconds."""
        end, pause = time.monotonic() + timeout, 0.2
        while (update := self.get(path))["status"] in RUNNING:
            if time.monotonic() > end:
                raise Failed(
                    f"{path} did not finish within {timeout} seconds. Check it in AWX, then run the playbook again."
                )
            time.sleep(pause)
            pause = min(pause * 2, 5)
        return update


def _text(content: Any) -> str:
    """Return the messages in a response as one line."""
    if isinstance(content, dict):
        return "; ".join(
            value if name in ("error", "detail") and isinstance(value, str) else f"{name}: {_text(value)}"
            for name, value in content.items()
        )
    if isinstance(content, list):
        return " ".join(_text(item) for item in content).rstrip(".")
    return str(content).rstrip(".")
