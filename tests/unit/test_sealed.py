# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session that is passed on is encrypted for the Ansible run that opened it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _sealed

SESSION = {"type": "pro", "token": "canary-token", "client": None, "seen": "canary-seen"}


def test_it_can_be_read_again() -> None:
    sealed = _sealed.seal(SESSION)
    assert sealed is not None
    assert sealed["type"] == "pro"
    assert "canary" not in str(sealed)
    assert _sealed.unseal(sealed) == SESSION


@pytest.mark.parametrize("given", [SESSION, {}, None, "text"])
def test_an_unencrypted_value_is_unchanged(given: object) -> None:
    assert _sealed.unseal(given) == given


def test_a_session_of_another_run_is_refused() -> None:
    """Each Ansible process has its own key."""
    program = f"import sys; sys.path[:0] = {sys.path!r}; from {_sealed.__name__} import seal; print(seal({SESSION!r}))"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    with pytest.raises(InputError, match="another run of Ansible"):
        _sealed.unseal(eval(printed))


def test_without_the_library_nothing_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller then censors the whole result."""
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    assert _sealed.seal(SESSION) is None
