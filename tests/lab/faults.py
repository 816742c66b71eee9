# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that a test orders: what to do to which request, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Fault:
    """One order. Without an answer of its own (`status`, `redirect`, `throttle`, `deny`) the request is served.

    The service's own answer gets the `headers`, and can be spoiled after the request took effect: `truncate` halves
    its body, `garble` puts bytes in its place that are no HTTP, `pad` adds so many bytes of white space, and `drip`
    sends it byte by byte, each so many seconds after the last.
    With `served` the service does what was asked all the same, before a delay and whatever the fault answers, as when a
    proxy gives up on a slow service. `cut` is before the service, after it, or within the body of its answer. `then`
    are further orders, which are open once this one has met its last request.
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
        """Build an order from the control API's JSON; raises ValueError on an unknown member."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(order) - known)
        if unknown:
            raise ValueError(f"unknown members: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        if "service" not in order:
            raise ValueError("service is missing")
        return cls(**order)

    def matches(self, service: str, method: str, path: str, by: str) -> bool:
        """True where the request is one this order is about."""
        return (
            self.service == service
            and (self.method is None or self.method.upper() == method)
            and self.by in (None, by)
            and (self._path is None or self._path.search(path) is not None)
        )

    @property
    def retry_after(self) -> dict[str, str]:
        """The Retry-After header of a throttled answer, if it has one."""
        value = self.throttle.get("retry_after") if isinstance(self.throttle, dict) else None
        return {"Retry-After": value} if value is not None else {}

    def answers(self) -> bool:
        """True where the fault gives an answer in place of the service."""
        return any(
            item is not None
            for item in (self.status, self.redirect, self.throttle, self.deny, self.json, self.body, self.html)
        )


class Faults:
    """The orders still open."""

    def __init__(self) -> None:
        self._open: list[Fault] = []
        # How many requests have met one since the orders were cleared
        self.met = 0

    def order(self, fault: Fault) -> None:
        """Add an order behind those already open."""
        self._open.append(fault)

    def open(self) -> list[str]:
        """The paths of the orders still open."""
        return [fault.path_regex or "" for fault in self._open]

    def clear(self) -> None:
        """Forget all orders."""
        self._open.clear()
        self.met = 0

    def take(self, service: str, method: str, path: str, by: str) -> Fault | None:
        """The first order that matches the request, counted as used once."""
        for fault in self._open:
            if fault.matches(service, method, path, by):
                fault.times -= 1
                self.met += 1
                if not fault.times:
                    self._open.remove(fault)
                    self._open += [Fault.from_json(order) for order in fault.then]
                return fault
        return None
