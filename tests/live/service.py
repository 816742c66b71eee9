# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the requests of the cases: counts them, compares each response with the contract, and keeps the exchange."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from live import contract
from live.contract import Answer, Expected
from live.sanitizer import Sanitizer

AGENT = "rustdesk-sso-live-tests"
TIMEOUT = 30
# The longest pause that a service may request before a retry, and the number of attempts
LONGEST_PAUSE, ATTEMPTS = 60.0, 4
# Seconds between the first two reads after a change; they grow up to those of the run
FIRST_PAUSE = 0.1
# Requests beyond the budget that only the clean-up may send
RESERVE = 300


class OverBudgetError(Exception):
    """The run has used up its budget of requests."""


class Budget:
    """The number of requests that a run may still send."""

    def __init__(self, requests_: int) -> None:
        self.allowed, self.sent = requests_, 0
        self.cleaning = False

    def spend(self) -> None:
        """Count one request; raises OverBudgetError."""
        if self.sent >= self.allowed + (RESERVE if self.cleaning else 0):
            raise OverBudgetError(
                f"The budget of {self.allowed} requests is used up. Set LIVE_REQUESTS to a higher number"
            )
        self.sent += 1


@dataclass
class Notes:
    """Records of a run: the exchanges, their differences from the contract, and the duration of changes."""

    sanitizer: Sanitizer
    exchanges: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # Seconds until a change was visible, by the name of the change
    seconds: dict[str, list[float]] = field(default_factory=dict)
    # Since the last case
    differences: list[str] = field(default_factory=list)
    cases: set[tuple[str, str]] = field(default_factory=set)


class Service:
    """One service at ``url``; ``name`` is that of its contract."""

    def __init__(
        self,
        name: str,
        url: str,
        expected: Mapping[str, Expected],
        notes: Notes,
        budget: Budget,
        *,
        verify: str | bool = True,
        patience: float = 120.0,
        pause: float = 2.0,
    ) -> None:
        self.name, self.url, self.patience, self.pause = name, url.rstrip("/"), patience, pause
        self.headers: dict[str, str] = {}
        self._expected, self._notes, self._budget = expected, notes, budget
        self._http = requests.Session()
        self._verify = verify  # with each request: REQUESTS_CA_BUNDLE overrides that of a session
        self._http.headers["User-Agent"] = AGENT

    def keep_secret(self, *values: str | None) -> None:
        """Never show these values in records."""
        self._notes.sanitizer.learn(*values)

    def call(self, case: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Send the request of a case and compare the response; a difference is noted and does not end the test.

        ``options`` are those of requests; a ``json`` body can be given as ``body``.
        """
        answer, request = self._send(case, path, body, options)
        self._note(case, request, answer)
        return answer

    def until(
        self, case: str, path: str, seen: Callable[[Answer], bool], what: str, body: Any = None, **options: Any
    ) -> Answer:
        """Repeat the request of a case until the response shows the change, and record the seconds that it took.

        The last response is compared. Earlier ones may be from a replica that does not know the change yet.
        """
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            answer, request = self._send(case, path, body, options)
            waited = time.monotonic() - began
            if seen(answer) or waited > self.patience:
                break
            time.sleep(min(pause, self.pause))
            pause *= 2
        self._notes.seconds.setdefault(what, []).append(round(waited, 1))
        self._note(case, request, answer)
        if not seen(answer):
            self._notes.differences.append(f"{case}: {what} was not visible within {self.patience:.0f} s")
        return answer

    def persist(self, case: str, path: str, body: Any = None, what: str = "", **options: Any) -> Answer:
        """Send a request to a new object, again while a replica does not know it yet."""
        return self.until(case, path, lambda answer: not is_replicating(answer), what or case, body, **options)

    def quietly(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a request of the clean-up, without a comparison."""
        return self._exchange(method, path, body, options)

    def _send(self, case: str, path: str, body: Any, options: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        expected = self._expected[case]
        assert contract.template(path) == expected.template, (case, contract.template(path))
        answer = self._exchange(expected.method, path, body, options)
        request = {
            "method": expected.method,
            "uri": self.url + path,
            "body": body if body is not None else options.get("data"),
        }
        return answer, request

    def _exchange(self, method: str, path: str, body: Any, options: dict[str, Any]) -> Answer:
        options = {**options, "headers": {**self.headers, **options.get("headers", {})}}
        if body is not None:
            options["json"] = body
        for attempt in range(ATTEMPTS):
            self._budget.spend()
            response = self._http.request(
                method, self.url + path, timeout=TIMEOUT, allow_redirects=False, verify=self._verify, **options
            )
            if response.status_code not in (429, 503) or attempt == ATTEMPTS - 1:
                break
            time.sleep(_pause(response.headers.get("Retry-After"), attempt))
        return Answer(response.status_code, dict(response.headers), _body(response))

    def _note(self, case: str, request: dict[str, Any], answer: Answer) -> None:
        expected = self._expected[case]
        found = contract.differences(expected, answer)
        self._notes.cases.add((self.name, case))
        self._notes.differences += [f"{case}: {item}" for item in found]
        exchange = {
            "source": f"live {self.name}",
            "contract": case,
            "request": request,
            "response": {"status": answer.status, "headers": answer.headers, "body": answer.body},
            "differences": found,
        }
        # Immediately: everything that is kept for the end is harmless already
        self._notes.exchanges.setdefault(self.name, []).append(self._notes.sanitizer.exchange(exchange))


def is_replicating(answer: Answer) -> bool:
    """Return whether a refusal means that an object does not exist, as Graph answers until it is replicated [iss]."""
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    message = str(error.get("message")) if isinstance(error, dict) else ""
    return answer.status == 404 or (
        answer.status == 400
        and any(
            text in message for text in ("does not exist or one of its", "Not a valid reference", "does not reference")
        )
    )


def _pause(retry_after: str | None, attempt: int) -> float:
    try:
        return min(float(retry_after or 2.0**attempt), LONGEST_PAUSE)
    except ValueError:
        return min(2.0**attempt, LONGEST_PAUSE)


def _body(response: requests.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        kind = response.headers.get("Content-Type", "")
        return response.text if kind.startswith("text/") else f"({len(response.content)} bytes)"


def write(notes: Notes, folder: Any) -> list[str]:
    """Write the sanitized exchanges, those with differences separately, and a summary; return the file names."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Any] = {}
    for name, exchanges in notes.exchanges.items():
        files[f"{name}_exchanges.json"] = exchanges
        different = [item for item in exchanges if item["differences"]]
        if different:
            files[f"{name}_differences.json"] = different
    files["summary.json"] = {
        "cases": sorted(f"{service}: {case}" for service, case in notes.cases),
        "seconds until visible": notes.seconds,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return sorted(files)
