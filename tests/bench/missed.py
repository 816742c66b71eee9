# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a goal is missed, and what the limit is: sentences around what was measured, for goals.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .measure import Results

# What the figures of a candidate do not say by themselves
NOTES = {
    "entra_module": "A module loads the libraries in a Python of its own as well, which is in the task.",
    "first_own": "The role waits until what is new has reached all replicas of Entra, which those of the lab have at "
    "once: what is no CPU is mostly that.",
}


def one_server(results: Results, key: str, to: str, latency: float) -> str:
    """What the profile of a run for one server says of its time, in the unit of the goal: a multiple of ``to``."""
    line, empty, further = results.timelines.get((key, latency)), results.median("wall", "empty"), results.further()
    whole, cost = results.median("wall", to, latency=latency), results.last(key, latency=latency)
    if line is None or empty is None or further is None or whole is None or cost is None:
        return "There is no profile of it."

    def part(seconds: float) -> str:
        return f"{seconds / whole:.2f} P" if to == "ping" else f"{seconds / whole:.3f}"

    count = len(line.steps)
    own = count * further
    told = [
        f"The profile is of {part(line.wall)}: {part(line.start + line.end)} for Ansible to start and to end; "
        f"{part(own)} for what it takes for {_tasks(count)}, whatever they do; {part(line.loading)} between the tasks, "
        f"mostly to load libraries; {part(line.running - own)} in the tasks, for variables, requests and this "
        "collection's code.",
        f"It used {line.cpu:.2f} s of CPU in {line.wall:.2f} s.",
    ]
    if latency:
        sent = len(cost.sent)
        told.append(f"Its {sent} requests are {part(sent * latency)} on their way, if each waits for the one before;")
        told.append("and the console reads Entra's discovery document before it begins a sign-in.")
    told += [NOTES[key]] if key in NOTES else []
    if key == "role_own" and (bare := results.median("wall", "bare", latency=latency)):
        told.append(f"The same requests, sent by a script with nothing else to do, are {part(bare)}.")
    floor, least = f"a play of {_tasks(count)} with nothing to do", empty + own
    if key == "entra_module":
        floor, least = "a play with one `ping`, a module that needs no library,", results.median("wall", "ping") or 0
    told.append(f"The limit: {floor} is {part(least)}; with the libraries, {part(least + line.loading)}.")
    return " ".join(told)


def fleet(results: Results, key: str, servers: int) -> str:
    """What Ansible takes of the time for many servers, in multiples of as many pings."""
    cost, ping = results.last(key, servers), results.median("wall", "ping", servers)
    empty, further = results.median("wall", "empty", servers), results.further(servers)
    if cost is None or ping is None or empty is None or further is None:
        return "What Ansible takes of it was not measured."
    forks = cost.tasks * further
    rest = cost.wall - empty - forks
    return (
        f"It has {cost.tasks} results of tasks, {cost.tasks / servers:.1f} for each server. Each result is a fork of "
        f"{further * 1000:.0f} ms: {forks / ping:.2f} P, where as many hosts of ping are 1 P. A play of as many hosts "
        f"without a task is {empty / ping:.2f} P. The rest, {rest / ping:.2f} P, is libraries, variables, this "
        f"collection's code, and {len(cost.sent)} requests, which this machine answers as well. The limit: as many "
        f"tasks with nothing to do are {(empty + forks) / ping:.2f} P."
    )


def memory(results: Results, keys: Sequence[str]) -> str:
    """Which process is the largest, and what Ansible's own and the peer's are."""
    found = [
        (peak, key, place) for key in keys for place in results.places(key) if (peak := _peak(results, key, place))
    ]
    peak, key, place = max(found)
    ping = _peak(results, "ping", place)
    peers = min(other for place in results.places("peer") if (other := _peak(results, "peer", place)))
    servers = f"{place[0]} server{'s' if place[0] > 1 else ''}"
    one, alone = max(_peak(results, name, (1, 0.0)) for name in keys), _peak(results, "ping", (1, 0.0))
    told = [f"The largest is that of `{key}` with {servers}, {peak:.0f} MiB; the peer's is {peers:.0f} MiB."]
    if one and alone:
        told.append(
            f"With one server it is {one:.0f} MiB, {one / peers:.2f} of the peer's, of which {alone:.0f} MiB are a "
            f"play of one `ping`, and {one - alone:.0f} MiB are azure-identity, msgraph-sdk, requests and what they "
            "load."
        )
    if one and place[0] > 1:
        growth = (peak - one) / (place[0] - 1) * 1024
        told.append(f"Each further server adds {growth:.0f} KiB: what Ansible keeps of its variables and results.")
    told.append(
        f"The limit: with `ping` alone, Ansible's own is {ping / peers:.2f} of the peer's, {ping:.0f} MiB"
        + (f", and {(ping + one - alone) / peers:.2f} with the libraries." if one and alone else ".")
    )
    return " ".join(told)


def counted(found: Iterable[str]) -> str:
    """What was counted, item by item."""
    counts = Counter(found)
    items = [f"`{name}`" + (f" ({count} times)" if count > 1 else "") for name, count in counts.items()]
    more = f" and {len(items) - 20} others" if len(items) > 20 else ""
    return f"These are {', '.join(items[:20])}{more}."


def _peak(results: Results, key: str, place: tuple[int, float]) -> float:
    return (results.median("memory", key, *place) or 0) / 2**20


def _tasks(count: int) -> str:
    return f"{count} task{'s' if count > 1 else ''}"
