# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spellings of a URL that are the same address."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._addresses import key, origin, same, spellings

PATH = "/api/oidc/callback"
SAME = {
    "case": ["https://desk.example.com" + PATH, "HTTPS://Desk.EXAMPLE.com" + PATH],
    "default port": ["https://desk.example.com", "https://desk.example.com:443", "https://desk.example.com:0443/"],
    "default port of http": ["http://desk:80/", "http://desk"],
    "slash": ["https://desk.example.com", "https://desk.example.com/"],
    "slash of a path": ["https://desk.example.com/rustdesk", "https://desk.example.com/rustdesk/"],
    "IDN": ["https://münchen.example", "https://MÜNCHEN.example", "https://xn--mnchen-3ya.example"],
    "IDN of another script": ["https://пример.example", "https://xn--e1afmkfd.example"],
    "IDN with an ideographic full stop": ["https://münchen。example", "https://xn--mnchen-3ya.example"],
    "sharp s": ["https://straße.example", "https://xn--strae-oqa.example"],
    "IPv6": ["https://[2001:db8::1]:8443/", "https://[2001:0DB8:0:0:0:0:0:1]:8443"],
    "underscore": ["https://my_desk.example", "https://MY_DESK.example"],
    "no URL": ["desk.example.com", "desk.example.com"],
}
DIFFERENT = [
    ("https://desk.example.com", "http://desk.example.com"),
    ("https://desk.example.com", "https://desk.example.com:8443"),
    ("https://desk.example.com:80", "https://desk.example.com"),
    ("https://desk.example.com/a", "https://desk.example.com/A"),
    ("https://desk.example.com" + PATH, "https://desk.example.com/" + PATH),
    ("https://desk.example.com/?a=1", "https://desk.example.com/?a=2"),
    ("https://desk.example.com", "https://desk2.example.com"),
    ("https://straße.example", "https://strasse.example"),
    ("https://[2001:db8::1]", "https://[2001:db8::2]"),
    ("https://me@desk.example.com", "https://desk.example.com"),
    ("https://[::1", "https://[::1/"),
    ("https://desk:port", "https://desk:Port"),
    ("Desk", "desk"),
]


@pytest.mark.parametrize("urls", SAME.values(), ids=SAME)
def test_same(urls):
    for one, other in itertools.product(urls, urls):
        assert same(one, other), (key(one), key(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one, other):
    assert not same(one, other)


def test_origin():
    assert origin("HTTPS://Desk.example.com:443/rustdesk/?a=1#b") == "https://desk.example.com"
    assert origin("https://[2001:DB8::1]:8443") == "https://[2001:db8::1]:8443"


def test_spellings_are_kept():
    known = ["https://DESK.example" + PATH, "https://desk.example:443" + PATH, "https://other.example" + PATH]
    assert spellings(["https://desk.example" + PATH], known) == set(known[:2])
