# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The automation's own credential: its type and expiry, determined without a request, and its findings."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import own_expiry
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation
from support import certificates
from support.records import record

NOW = datetime(2026, 11, 21, 17, tzinfo=timezone.utc)
ENDS = datetime(2027, 3, 1, 12, tzinfo=timezone.utc)
MONTH = timedelta(days=30)
CLIENT_ID = "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10"


def find(secret_expires: str = "", **options: Any) -> dict[str, str]:
    return own_expiry.find({"auth_source": "auto", "client_id": CLIENT_ID, **options}, secret_expires)


def judged(credential: str, days: float | None) -> automation.Automation:
    expires = "" if days is None else (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return automation.judge({"client_id": CLIENT_ID, "credential": credential, "expires": expires}, MONTH, NOW)


def test_a_certificate_contains_its_expiry_date(tmp_path: Path) -> None:
    own, issuer = certificates.make(ENDS), certificates.make(ENDS + timedelta(days=900), "issuer")
    pem = certificates.write_pem(tmp_path / "own.pem", own, issuer)
    known = {"client_id": CLIENT_ID, "credential": "certificate", "expires": "2027-03-01T12:00:00Z"}
    assert find(certificate_path=str(pem)) == {**known, "certificate_path": str(pem)}
    pfx = str(certificates.write_pfx(tmp_path / "own.pfx", own, "s3cret"))
    assert find(certificate_path=pfx, certificate_password="s3cret") == {**known, "certificate_path": pfx}
    # The declared expiry of a client secret does not apply to a certificate
    assert find("2030-01-01T00:00:00Z", certificate_path=str(pem)) == {**known, "certificate_path": str(pem)}


def test_an_unreadable_certificate_is_unknown(tmp_path: Path) -> None:
    """The sign-in itself reports the problem."""
    pfx = str(certificates.write_pfx(tmp_path / "own.pfx", certificates.make(ENDS), "s3cret"))
    (tmp_path / "text.pem").write_text("-----BEGIN CERTIFICATE-----\nno\n")
    wrong = [{"certificate_path": pfx, "certificate_password": word} for word in ("wrong", "", None)]
    other = [{"certificate_path": str(tmp_path / name)} for name in ("text.pem", "none.pem", "")]
    for options in [*wrong, *other]:
        found = find(**options)
        assert (found["credential"], found["expires"]) == ("certificate", ""), options


@pytest.mark.parametrize(
    ("options", "credential", "client_id"),
    [
        ({"client_secret": "x"}, "secret", CLIENT_ID),
        ({"access_token": "x"}, "access_token", ""),
        ({"federated_token_file": "/x"}, "workload_identity", CLIENT_ID),
        ({"auth_source": "managed_identity"}, "managed_identity", CLIENT_ID),
        ({}, "azure_cli", ""),
        ({"auth_source": "secret"}, "", ""),
    ],
)
def test_other_credentials(options: dict[str, str], credential: str, client_id: str) -> None:
    found = find("2027-01-01T00:00:00Z", **options)
    expires = "2027-01-01T00:00:00Z" if credential == "secret" else ""
    assert found == {"client_id": client_id, "credential": credential, "expires": expires, "certificate_path": ""}


@pytest.mark.parametrize(
    ("credential", "days", "state", "said"),
    [
        ("secret", 31, "valid", "client secret expires in 31 days, on 2026-12-22"),
        ("certificate", 30, "expiring", "certificate expires in 30 days, on 2026-12-21"),
        ("secret", 1.5, "expiring", "client secret expires in 1 day, on 2026-11-23"),
        ("secret", 0.2, "expiring", "client secret expires in less than a day, on 2026-11-21"),
        ("certificate", 0, "expired", "certificate expired on 2026-11-21"),
        ("secret", -3, "expired", "client secret expired on 2026-11-18"),
        ("secret", None, "unknown", "client secret, expiry date unknown"),
        ("managed_identity", None, "none", "managed identity, does not expire here"),
        ("", None, "unknown", "unknown"),
    ],
)
def test_states(credential: str, days: float | None, state: str, said: str) -> None:
    known = judged(credential, days)
    assert known["state"] == state
    assert automation.describe(known, NOW) == said
    assert bool(automation.warning(known, NOW)) == (state in ("expiring", "expired"))


def test_each_credential_is_reported_once_with_a_remedy() -> None:
    soon, late, fine = judged("certificate", 12), judged("secret", -1), judged("secret", 400)
    records = [record(f"desk{place}", automation=one) for place, one in enumerate([soon, fine, soon, late, soon])]
    first, second = automation.warnings(records, NOW)
    assert first.startswith(
        f"The automation's own certificate expires in 12 days, on 2026-12-03 (client ID {CLIENT_ID}). Without a valid "
        "credential"
    )
    assert "client secret expired on 2026-11-20 (" in second
    assert all("bootstrap_renew=true" in sentence for sentence in (first, second))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2027-03-01", "2027-03-01T00:00:00Z"),
        (" 2027-03-01T12:30:00Z ", "2027-03-01T12:30:00Z"),
        ("2027-03-01T12:30:00.123456Z", "2027-03-01T12:30:00Z"),
        ("2027-03-01T12:30:00", "2027-03-01T12:30:00Z"),
        ("2027-03-01T12:30:00+02:00", "2027-03-01T10:30:00Z"),
        # An unquoted date in YAML
        ("2027-03-01 12:30:00+00:00", "2027-03-01T12:30:00Z"),
    ],
)
def test_a_date_or_a_time(value: str, moment: str) -> None:
    assert _durations.expiry(value, "it") == moment


@pytest.mark.parametrize("value", ["soon", "2027-13-01", "2027-02-30", "01.03.2027", "2027-3-1", "1767225600", "", "٢"])
def test_neither_a_date_nor_a_time(value: str) -> None:
    with pytest.raises(InputError, match=r"^it is neither a date nor a time: .*2027-03-01"):
        _durations.expiry(value, "it")
