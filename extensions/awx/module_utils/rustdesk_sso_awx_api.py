# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to AWX, and finding objects in it. Addresses, credentials and TLS are those of awx.awx's modules."""

from __future__ import annotations

import time
from typing import Any

Item = dict[str, Any]
RUNNING = ("new", "pending", "waiting", "running")


class Failed(Exception):
    """AWX refused something, or an object is not as it has to be; the text is the whole sentence."""


class Api:
    """``module`` is a ControllerAPIModule, which ends the task itself if AWX cannot be reached or forbids a request."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def get(self, path: str, **query: Any) -> Item:
        """The object or the answer at a path."""
        return self._checked(f"read {path}", self._module.get_endpoint(path, data=query), (200,))

    def all(self, path: str, **query: Any) -> list[Item]:
        """All objects of a list."""
        answer = self.get(path, page_size=200, **query)
        found = list(answer["results"])
        while answer["next"]:
            answer = self.get(answer["next"])
            found += answer["results"]
        return found

    def post(self, what: str, path: str, body: Item) -> Item:
        """The answer to a POST; ``what`` completes "Cannot ..."."""
        return self._checked(what, self._module.make_request("POST", path, data=body), (200, 201, 202, 204))

    def patch(self, what: str, path: str, body: Item) -> Item:
        """The changed object."""
        return self._checked(what, self._module.make_request("PATCH", path, data=body), (200,))

    def delete(self, what: str, path: str) -> None:
        """Deletes an object."""
        self._checked(what, self._module.make_request("DELETE", path), (202, 204))

    def _checked(self, what: str, answer: Item, good: tuple[int, ...]) -> Item:
        if answer["status_code"] not in good:
            said = answer.get("json") or answer.get("text") or answer["status_code"]
            raise Failed(f"Cannot {what}: AWX answered {_text(said)}.")
        content = answer.get("json") or {}
        return content if isinstance(content, dict) else {"results": content}

    def find(self, resource: str, title: str, query: Item) -> Item | None:
        """The one object that a query selects, None if there is none."""
        found = self.all(resource, **query)
        if len(found) > 1:
            ids = ", ".join(str(item["id"]) for item in found)
            raise Failed(f"There are {len(found)} objects called {title} (IDs {ids}). Rename all but one of them.")
        return found[0] if found else None

    def theirs(self, resource: str, name: str, organization: int | None) -> Item:
        """An object of the administrator's: by name in the organization, by name anywhere, or by ID."""
        key = "username" if resource == "users" else "name"
        found = self.all(resource, **{key: name})
        if len(found) > 1:
            found = [item for item in found if item.get("organization") == organization] or found
        if not found and name.isdigit():
            found = self.all(resource, id=name)
        kind = resource.removesuffix("s").replace("_", " ")
        if not found:
            raise Failed(f'There is no {kind} "{name}" in AWX. Create it, or correct the variable that names it.')
        if len(found) > 1:
            ids = ", ".join(str(item["id"]) for item in found)
            raise Failed(f'{len(found)} {kind}s are called "{name}". Name the {kind} by its ID ({ids}).')
        return found[0]

    def wait(self, path: str, timeout: int) -> Item:
        """The update at ``path`` once it has ended; raises Failed if it takes longer than ``timeout`` seconds."""
        end, pause = time.monotonic() + timeout, 0.2
        while (update := self.get(path))["status"] in RUNNING:
            if time.monotonic() > end:
                raise Failed(
                    f"{path} did not end within {timeout} seconds. Check in AWX why, and run the playbook again."
                )
            time.sleep(pause)
            pause = min(pause * 2, 5)
        return update


def _text(said: Any) -> str:
    """An answer in one line: the messages of its members."""
    if isinstance(said, dict):
        return "; ".join(
            value if name in ("error", "detail") and isinstance(value, str) else f"{name}: {_text(value)}"
            for name, value in said.items()
        )
    if isinstance(said, list):
        return " ".join(_text(item) for item in said).rstrip(".")
    return str(said).rstrip(".")
