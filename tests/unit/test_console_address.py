# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The address of a console, refused before it is used."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import check_url


@pytest.mark.parametrize("url", ["https://desk.example.com/", "http://192.0.2.1:21114", "https://[2001:db8::1]:8443"])
def test_accepted_without_the_slash_at_the_end(url):
    assert check_url(url, "console_url") == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["desk.example.com", "ftp://desk.example.com", "https://[::1", "https://desk:port", "https://desk/?a=1", ""],
)
def test_refused_by_the_name_of_the_option(url):
    with pytest.raises(InputError, match="console_url"):
        check_url(url, "console_url")


@pytest.mark.parametrize(
    "url", ["https://admin:s3cret@desk.example.com", "https://admin:s3cret@desk:port", "https://admin:s3cret/x@desk"]
)
def test_a_password_in_it_is_not_quoted(url):
    with pytest.raises(InputError) as caught:
        check_url(url, "console_url")
    assert "s3cret" not in str(caught.value)
