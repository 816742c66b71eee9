# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small router, because the services need their own 404 and 405 responses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


class NotFound(Exception):
    """No route has this path."""


class WrongMethod(Exception):
    """The path exists with other methods, named in `allowed`."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


class Router:
    """Map a method and a path to a handler."""

    def __init__(self) -> None:
        self._routes: list[tuple[re.Pattern[str], str, Callable[..., Any]]] = []

    def add(self, method: str, pattern: str, handler: Callable[..., Any]) -> None:
        """Route `method` on paths that fully match the regular expression `pattern` to `handler`."""
        self._routes.append((re.compile(pattern), method, handler))

    def find(self, method: str, path: str) -> tuple[Callable[..., Any], dict[str, str]]:
        """Return the handler and the pattern's named groups. Raises NotFound or WrongMethod."""
        allowed = []
        for pattern, verb, handler in self._routes:
            match = pattern.fullmatch(path)
            if match and verb == method:
                return handler, {name: value for name, value in match.groupdict().items() if value is not None}
            if match:
                allowed.append(verb)
        if allowed:
            raise WrongMethod(sorted(set(allowed)))
        raise NotFound(path)
