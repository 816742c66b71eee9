# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that no user intends, and their possible places in the options of a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _option_values

# Text that no message may show
SECRET = "Canary-s3cret"
LONG = "x" * 100_000
NAN, INFINITE = float("nan"), float("inf")


def _deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _level in range(levels):
        found = {"a": found}
    return found


# Characters and lengths that no text may have
BAD_TEXTS = ["a\x00b", "\x1b[31mred", "a\x7f", "\x9f", "a\ud800", "\udfff", LONG, f"{SECRET}\x00"]
ODD_TEXTS = [
    "a\nb", " ", "\u0661\u0662", "\u202e", "\ufeff", "{{ 7 * 7 }}", "../../etc/passwd", "'", '"', "%00", "$(id)",
    "nan", "1e400", "-1", "0", "1s", "99999d", "6 months", "100000d", "\u0661d",
    "/dev/zero", "/dev/null", "/proc", "/proc/self/mem", "/nowhere", "~", "~nobody-at-all/x", ".",
    "https://", "https://[", "https://[::g]", "https://a b", "https://h:99999", "https://h:port", "https://h/?",
    "https://h#", "https://h/\\", f"https://admin:{SECRET}@h", f"admin:{SECRET}@h", "https://" + "a" * 300, "ftp://h",
    "javascript:alert(1)", "https://\ufe0f", "https://xn--\udcff", "http://\u2488com", "urn:x", "socks5://h", "//h",
    "3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b9\u0660", "a.b.", "-a.b", "common", "m\xfcnchen.example",
    "a=b", "[1", "{", '{"a": 1}', '["a"]', "a,b", "x" * 2000,
]  # fmt: skip
OTHERS: list[Any] = [
    True, False, 0, -1, 7, 0.5, NAN, INFINITE, -INFINITE, 1e308, 10**400, 2**63, [], {}, [None], [[]], [{}], [LONG],
    [SECRET, {SECRET: 1}], ["a", {"b": "c"}], {"a\x00": "b\x00"}, {"set": "x", "add": 1}, {"set": [{}]}, {LONG: LONG},
    {"name": [1]}, [{"name": "a", "other": 1}], [{"name": None}], [{"name": {"a": 1}}], _deep(60), [_deep(60)],
]  # fmt: skip
VALUES = (
    st.sampled_from([*BAD_TEXTS, *ODD_TEXTS])
    | st.sampled_from(OTHERS)
    | st.text(st.characters(), max_size=20)
    | st.floats()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
)


class Place(NamedTuple):
    """The place of a value: the names that lead there, with ``[]`` for lists, and the rules for the value."""

    path: tuple[str, ...]
    rules: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The option's own name."""
        return next(name for name in reversed(self.path) if name != "[]")

    @property
    def judged(self) -> bool:
        """Whether the value is input, not a result passed on from another module."""
        return not any(name in _option_values.NOT_HERE for name in self.path)


def places(spec: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Place]:
    """Yield all places of an argument spec, including suboptions and lists."""
    for name, rules in spec.items():
        yield Place((*path, name), rules)
        inner = (*path, name)
        if rules.get("type") == "list":
            inner = (*inner, "[]")
            yield Place(inner, {**rules, "type": rules.get("elements", "str")})
        if rules.get("options"):
            yield from places(rules["options"], inner)


def put(options: dict[str, Any], place: Place, value: Any, beside: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` with ``value`` at ``place``; ``beside`` are the other members that the entry requires."""
    first, *inner = place.path
    for name in reversed(inner):
        if name == "[]":
            value = [value]
        else:
            known = beside.get(first, {}) if len(inner) <= 2 else {}
            value = {**known, name: value}
    return {**options, first: value}


def is_bad(place: Place, value: Any) -> bool:
    """Return whether ``value`` must be refused at ``place``, whatever the option means."""
    if not place.judged:
        return False
    kind = place.rules.get("type", "str")
    if kind == "float":
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return not (number and 0.1 <= value <= 86400) and not (isinstance(value, str) and value.strip()[:1].isdigit())
    if kind in ("str", "path") and isinstance(value, (dict, list)):
        return True
    if kind in ("list", "dict"):
        return False
    return isinstance(value, str) and value in BAD_TEXTS and kind != "bool" and len(value) != 0
