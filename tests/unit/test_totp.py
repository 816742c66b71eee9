# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One-time codes, compared with the vectors of RFC 6238, and the message about an invalid secret."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import totp

# The secret of RFC 6238, appendix B, and the last six digits of its vectors
RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize("moment", VECTORS)
def test_vectors(moment: int) -> None:
    assert totp.code(RFC, moment) == VECTORS[moment]
    assert totp.code(RFC, moment // 30 * 30 + 29.9) == VECTORS[moment]


@pytest.mark.parametrize("text", ["jysb g4ct haus clz6", "JYSB-G4CT-HAUS-CLZ6", "JYSBG4CTHAUSCLZ6\n"])
def test_a_secret_as_people_copy_it(text: str) -> None:
    assert totp.key(text) == totp.key("JYSBG4CTHAUSCLZ6")


def test_padding_is_optional() -> None:
    assert totp.key("MFRGGZDFMZTWQ2LKNM======") == totp.key("MFRGGZDFMZTWQ2LKNM") == b"abcdefghijk"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("JYSBG4CTHAUSCLZ1", "characters"),
        ("JYSBG4CTHAUSCLZß", "characters"),
        ("JYSB=G4CTHAUSCLZ6", "characters"),
        ("MFRGGZDFMZTWQ2LKNM=====", "padding"),
        ("JYSBG4CTHAUSCLZ6JYS", "whole number"),
        ("JYSBG4CTHAUSCL", "whole number"),
        ("JYSBG4CTHAUSC", "too short"),
        ("", "too short"),
    ],
)
def test_an_invalid_secret_is_reported_without_quoting_it(text: str, wrong: str) -> None:
    with pytest.raises(InputError) as error:
        totp.key(text)
    assert wrong in str(error.value)
    assert not text or text not in str(error.value)
