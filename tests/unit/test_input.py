# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for values, checked before any request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations, _input, _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

LONG = "x" * 100_000
SECRET = "s3cret"
OPTION = "the_option"
NAN, INFINITE = float("nan"), float("inf")


def refusal(rule: Any, *arguments: Any, **options: Any) -> str:
    """Return the message of ``rule`` about a value that it refuses."""
    with pytest.raises(InputError) as caught:
        rule(*arguments, **options)
    said = str(caught.value)
    assert OPTION in said
    assert said.isprintable()
    assert len(said) < 400
    return said


class TestUrl:
    """The common rule for URLs."""

    @pytest.mark.parametrize(
        "value",
        [
            "https://desk.example.com/",
            "http://192.0.2.1:21114",
            "https://[2001:db8::1]:8443",
            "https://desk_1:65535/rustdesk/",
            "HTTPS://Desk.Example.com",
            "https://münchen.example",
        ],
    )
    def test_accepted_without_the_trailing_slash(self, value: str) -> None:
        assert _input.url(value, OPTION) == value.rstrip("/")

    @pytest.mark.parametrize(
        ("value", "about"),
        [
            ("", "https://"),
            ("desk.example.com", "https://"),
            ("ftp://desk.example.com", "https://"),
            ("https:///path", "https://"),
            ("https://[::1", "not a URL"),
            ("https://[::g]", "not a URL"),
            ("https://desk:port", "port"),
            ("https://desk:0", "port"),
            ("https://desk:65536", "port"),
            ("https://desk:\u0662\u0661", "port"),
            ("https://desk..example", "host name"),
            ("https://.desk", "host name"),
            (f"https://{'a' * 64}.example", "host name"),
            ("https://desk example", "white space"),
            ("https://desk\u2003example", "white space"),
            ("https://desk/\n", "control"),
            ("https://desk/\x00", "control"),
            ("https://desk/\ud800", "control"),
            ("https://evil.example\\desk.example", "host name"),
            ("https://desk/?a=1", "query"),
            ("https://desk/?", "query"),
            ("https://desk#", "fragment"),
            (f"https://desk/{LONG}", "longer than 2048"),
        ],
    )
    def test_refused_by_the_name_of_the_option(self, value: str, about: str) -> None:
        assert about in refusal(_input.url, value, OPTION)

    @pytest.mark.parametrize(
        "value",
        [
            "https://admin:{}@desk.example.com",
            "https://admin:{}@desk:port",
            "https://admin:{}/x@desk",
            "admin:{}@desk",
        ],
    )
    @pytest.mark.parametrize("user", [True, False])
    def test_a_password_in_a_url_is_not_quoted(self, value: str, user: bool) -> None:
        value = value.format(SECRET)
        if user and not _input.url_problem(value, user=True):
            return
        assert SECRET not in refusal(_input.url, value, OPTION, user=user)

    def test_a_secret_url_is_not_quoted(self) -> None:
        assert SECRET not in refusal(_input.url, f"hook.example/{SECRET}", OPTION, secret=True)

    @pytest.mark.parametrize("value", ["login.example", "https://login.example", "https://login.example:8443/"])
    def test_an_origin(self, value: str) -> None:
        expected = value if "://" in value else f"https://{value}"
        assert _input.origin(value, OPTION) == expected.rstrip("/")

    @pytest.mark.parametrize("value", ["http://login.example", "https://login.example/tenant", "https://", "a@b"])
    def test_not_an_origin(self, value: str) -> None:
        refusal(_input.origin, value, OPTION)


class TestSeconds:
    """Timeouts and waits."""

    @pytest.mark.parametrize(
        ("value", "found"), [(0.1, 0.1), (30, 30.0), ("2.5", 2.5), (" 30 ", 30.0), (86400, 86400.0)]
    )
    def test_accepted(self, value: Any, found: float) -> None:
        assert _input.seconds(value, OPTION) == found

    @pytest.mark.parametrize(
        "value",
        [
            0,
            -1,
            0.0999,
            NAN,
            INFINITE,
            -INFINITE,
            1e308,
            86400.5,
            True,
            False,
            None,
            "soon",
            "nan",
            "1_0",
            "\u0663\u0660",
            [],
            {},
            10**400,
            "1e400",
            LONG,
        ],
    )
    def test_refused_with_the_range(self, value: Any) -> None:
        assert "from 0.1 to 86400" in refusal(_input.seconds, value, OPTION)


class TestLifetime:
    """Durations."""

    @pytest.mark.parametrize("value", ["1h", "60m", "90m", "3600s", "180d", "99999d"])
    def test_long_enough(self, value: str) -> None:
        assert _durations.parse(value, OPTION, "1h")

    @pytest.mark.parametrize("value", ["0", "0d", "1s", "59m", "3599s"])
    def test_too_short(self, value: str) -> None:
        assert "Set it to 1h or longer" in refusal(_durations.parse, value, OPTION, "1h")

    @pytest.mark.parametrize("value", ["", "6 months", "1w", "-1d", "1.5d", "\u0661d", "1d\n", "100000d", LONG])
    def test_not_a_duration(self, value: str) -> None:
        assert "such as 180d" in refusal(_durations.parse, value, OPTION)


class TestTenant:
    """A tenant by its ID or a domain name."""

    @pytest.mark.parametrize(
        "value",
        ["3F2C8A51-9D7E-4C1B-B6A0-5E8F7D2C4B90", "contoso.example", "contoso.onmicrosoft.com", "xn--mnchen-3ya.de"],
    )
    def test_accepted(self, value: str) -> None:
        assert _input.tenant(value) == value

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "contoso",
            "contoso example",
            "../x",
            "a..b",
            "-a.b",
            "3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b9\u0660",
            "a.b\n",
            "a/b.c",
            "\ud800.example",
            LONG,
            "a." * 127 + "ab",
        ],
    )
    def test_refused(self, value: str) -> None:
        refusal(_input.tenant, value, OPTION)

    def test_an_international_domain_name_is_refused_with_its_ascii_form(self) -> None:
        assert "xn--mnchen-3ya.example" in refusal(_input.tenant, "münchen.example", OPTION)


class TestFile:
    """Files named in options."""

    def test_its_content(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"content")
        assert _input.readable_file(str(tmp_path / "file"), OPTION) == b"content"

    @pytest.mark.parametrize(
        "path", ["", "/nowhere", "/dev/zero", "/dev/null", "/proc", "/\x00", "/\ud800", "/" + LONG]
    )
    def test_refused(self, path: str) -> None:
        refusal(_input.readable_file, path, OPTION)

    def test_a_pipe_does_not_block(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert "regular file" in refusal(_input.readable_file, str(tmp_path / "pipe"), OPTION, hint="Set it")[-200:]

    def test_too_large(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"x" * (_input.LONGEST_FILE + 1))
        assert "larger" in refusal(_input.readable_file, str(tmp_path / "file"), OPTION)


SPEC: dict[str, Any] = {
    "text": {"type": "str"},
    "notes": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "wait": {"type": "float"},
    "order": {"type": "int"},
    "switch": {"type": "bool"},
    "choice": {"type": "str", "choices": ["one", "other"]},
    "path": {"type": "path"},
    "texts": {"type": "list", "elements": "str"},
    "free": {"type": "dict"},
    "headers": {"type": "dict", "no_log": True},
    "inner": {"type": "dict", "options": {"texts": {"type": "list", "elements": "str"}}},
    "entries": {"type": "list", "elements": "dict", "options": {"name": {"type": "str", "required": True}}},
    "held": {"type": "str", "no_log": True},
}


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        *[("text", value, "text") for value in ("a\nb", "a\x00", "\x9f", "\ud800", "x" * 2049, LONG, {}, ["a"])],
        ("notes", "a\x00", "notes"),
        ("password", f"{SECRET}\n", "password"),
        ("password", [SECRET], "password"),
        *[("wait", value, "wait") for value in (0, True, "soon", NAN, {}, [1])],
        *[("order", value, "order") for value in (True, "x", 2**31, 1.5, "\u0663", LONG)],
        ("switch", LONG, "switch"),
        ("switch", {}, "switch"),
        ("choice", LONG, "choice"),
        ("path", "a\x00", "path"),
        ("path", {}, "path"),
        *[("texts", value, "texts") for value in ({"a": 1}, 7, True, "a\x00", LONG)],
        ("texts", ["a", {"b": 1}], "texts[2]"),
        ("texts", ["a", None], "texts[2]"),
        ("texts", ["\x00"], "texts[1]"),
        ("free", ["a"], "free"),
        ("free", {"a": ["\x00"]}, "free.a"),
        ("free", {"a\x00": 1}, "free"),
        ("headers", [SECRET], "headers"),
        *[("inner", value, "inner") for value in (["a"], 7, {"other": 1})],
        ("inner", {"texts": {"a": 1}}, "inner.texts"),
        ("entries", [{"name": "a"}, {"names": "b"}], "entries[2]"),
        ("entries", {"name": "a"}, "entries"),
    ],
)  # fmt: skip
def test_options_are_refused_by_name(option: str, value: Any, named: str) -> None:
    with pytest.raises(InputError) as caught:
        _option_values.check({option: value}, SPEC)
    said = str(caught.value)
    assert said.startswith((f"{named} ", f"A name in {named} "))
    assert SECRET not in said
    assert len(said) < 400


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("text", "7 \N{GREEK SMALL LETTER ALPHA} \N{GRINNING FACE}"),
        ("text", 7),
        ("text", None),
        ("notes", "two\nlines\t"),
        ("wait", "30"),
        ("order", "7"),
        ("order", -1),
        ("switch", "yes"),
        ("texts", "a,b"),
        ("free", '{\n "a": "b"\n}'),
        ("texts", []),
        ("free", {"a": {"b": [1, None, True]}}),
        ("inner", {"texts": None}),
        ("inner", {}),
        ("entries", [{"name": "a"}]),
        # A service's response is validated when it is read
        ("held", "\x00"),
        ("unknown", "\x00"),
    ],
)
def test_options_are_accepted(option: str, value: Any) -> None:
    _option_values.check({option: value}, SPEC)


@pytest.mark.parametrize("value", ["", "a", "a\n", "\ud800", LONG, 7, [LONG], {"a": LONG}])
def test_a_quoted_value_is_short_and_printable(value: Any) -> None:
    said = _input.quoted(value)
    assert len(said) <= 84
    assert said.isprintable()
