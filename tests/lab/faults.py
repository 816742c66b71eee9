# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that a test orders: their effect, the affected requests, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Fault:
    """One order. Without its own response (`status`, `redirect`, `throttle`, `deny`), the request is served.

    The service's own response gets the `headers`, and can be corrupted after the request took effect: `truncate` halves
    its body, `garble` replaces it with bytes that are not HTTP, `pad` adds this many bytes of white space, and `drip`
    sends it byte by byte, with this many seconds in between. With `served`, the request takes effect first, before a
    delay and regardless of the fault's response, as when a proxy gives up on a slow service. `cut` is before the
    service, after it, or within the body of its response. `then` are further orders, active once this one has affected
    its last request.
    """

    service: str
    method: str | None = None
    by: str | None = None
    path_regex: str | None = None
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    body: str | None = None
    html: str | None = None
    delay: float = 0
    cut: str | None = None
    redirect: str | None = None
    truncate: bool = False
    garble: bool = False
    pad: int = 0
    drip: float = 0
    served: bool = False
    then: list[dict[str, Any]] = field(default_factory=list)
    mutate: dict[str, Any] | None = None
    throttle: dict[str, str | None] | str | bool | None = None
    deny: int | str | None = None

    def __post_init__(self) -> None:
        if self.cut not in (None, "before", "after", "body"):
            raise ValueError("cut is 'before', 'after' or 'body'")
        if self.times < 1:
            raise ValueError("times is at least 1")
        if isinstance(self.throttle, (str, bool)):
            self.throttle = {"retry_after": self.throttle if isinstance(self.throttle, str) else None}
        self._path = re.compile(self.path_regex) if self.path_regex else None

    @classmethod
    def from_json(cls, order: dict[str, Any]) -> Fault:
        """Build an order from the control API's JSON. Raises ValueError for an unknown member."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(order) - known)
        if unknown:
            raise ValueError(f"unknown members: {', '.join(unknown)}; known members: {', '.join(sorted(known))}")
        if "service" not in order:
            raise ValueError("service is missing")
        return cls(**order)

    def matches(self, service: str, method: str, path: str, by: str) -> bool:
        """Return True if this order affects the request."""
        return (
            self.service == service
            and (self.method is None or self.method.upper() == method)
            and self.by in (None, by)
            and (self._path is None or self._path.search(path) is not None)
        )

    @property
    def retry_after(self) -> dict[str, str]:
        """The Retry-After header of a throttled response, if it has one."""
        value = self.throttle.get("retry_after") if isinstance(self.throttle, dict) else None
        return {"Retry-After": value} if value is not None else {}

    def answers(self) -> bool:
        """True if the fault responds in place of the service."""
        return any(
            item is not None
            for item in (self.status, self.redirect, self.throttle, self.deny, self.json, self.body, self.html)
        )


class Faults:
    """The active orders."""

    def __init__(self) -> None:
        self._open: list[Fault] = []
        # How many requests were affected since the orders were cleared
        self.met = 0

    def order(self, fault: Fault) -> None:
        """Add an order after the active ones."""
        self._open.append(fault)

    def open(self) -> list[str]:
        """Return the paths of the active orders."""
        return [fault.path_regex or "" for fault in self._open]

    def clear(self) -> None:
        """Forget all orders."""
        self._open.clear()
        self.met = 0

    def take(self, service: str, method: str, path: str, by: str) -> Fault | None:
        """Return the first order that matches the request, and count it as used once."""
        for fault in self._open:
            if fault.matches(service, method, path, by):
                fault.times -= 1
                self.met += 1
                if not fault.times:
                    self._open.remove(fault)
                    self._open += [Fault.from_json(order) for order in fault.then]
                return fault
        return None
