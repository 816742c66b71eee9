# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user follows further guides word by word: restrict who can sign in, rotate credentials, adopt an existing setup."""

from __future__ import annotations

import pytest
from faults.steps import own
from first_hour.documents import commands, section, steps
from first_hour.person import FRESH, User
from first_hour.test_first_hour import GUIDE, ROOT
from integration import test_adopt as by_hand

from lab.client import SignInFailed
from support import consoles
from support.fleet import USER

pytestmark = pytest.mark.skipif(not FRESH, reason="run by make first-hour")

GUIDES = ROOT / "docs/docsite/rst"
RESTRICT, ROTATE, FLEET, PERMISSIONS, ADOPT = (
    (GUIDES / f"guide_{name}.rst").read_text() for name in ("restrict", "rotate", "fleet", "permissions", "adopt")
)
# Placeholder in the documents for an application that was registered manually
APPLICATION = "22222222-3333-4444-5555-666666666666"


def follow(user: User, document: str, first: str, last: str) -> None:
    """Follow ``document`` from the heading ``first`` to the heading ``last``."""
    for step in steps(section(document, first, last)):
        user.reader.do(step)


def signs_in(user: User, upn: str) -> bool:
    (console,) = user.fleet.consoles.values()
    try:
        return bool(console.sign_in(upn=upn, password=user.fleet.tenant.users[upn])["access_token"])
    except SignInFailed as failed:
        assert "AADSTS50105" in failed.message
        return False


def secrets(user: User) -> list[str]:
    """Return the key IDs of the client secrets of the users' application."""
    (application,) = (item for item in own(user.fleet.tenant.applications()) if item["displayName"] == "RustDesk")
    return [item["keyId"] for item in application["passwordCredentials"]]


def test_restrict_and_rotate(user: User) -> None:
    tenant, domain = user.fleet.tenant, user.fleet.domain
    member, anna, stranger = f"alice@{domain}", tenant.add_user("anna"), tenant.add_user("mallory")
    tenant.add_group("RustDesk users", [member])
    follow(user, GUIDE, "Install the collection", "Keep sign-in working")
    assert [signs_in(user, upn) for upn in (member, anna, stranger)] == [True, True, True]

    follow(user, RESTRICT, "Let only some users sign in", "Change or lift the restriction")
    assert [signs_in(user, upn) for upn in (member, anna, stranger)] == [True, True, False]
    follow(user, FLEET, "Check the setup", "If something fails")

    follow(user, RESTRICT, "Change or lift the restriction", "Let no user sign in")
    assert signs_in(user, stranger)

    (first,) = secrets(user)
    follow(user, ROTATE, "Renew all client secrets now", "If a client secret is compromised")
    assert len(secrets(user)) == 2
    follow(user, ROTATE, "If a client secret is compromised", "Limits")
    assert len(secrets(user)) == 1
    assert first not in secrets(user)
    assert signs_in(user, stranger)

    follow(user, PERMISSIONS, "Grant permissions", "Ownership")
    follow(user, ROTATE, "Renew it", "Choose another way to authenticate")


def test_adopt(user: User) -> None:
    """Users keep their accounts, and the console keeps its manually created client secret."""
    fleet = user.fleet
    ((name, console),) = fleet.consoles.items()
    made = by_hand.application(fleet, console)
    by_hand.provider(fleet, console, made["appId"], by_hand.secret(fleet, made))
    member = f"{USER}@{fleet.domain}"
    assert signs_in(user, member)
    before = consoles.entry(console), [item["name"] for item in console.users()]

    user.means |= {
        APPLICATION: made["appId"],
        # The reader has one server
        "    desk2.example.com:\n      rustdesk_sso_console_url: https://desk2.example.com\n": "",
    }
    follow(user, GUIDE, "Install the collection", "Register the automation")
    for step in commands(section(ADOPT, "Make the automation an owner", "Describe the consoles")):
        if not step.text.startswith("az ad"):  # the same without the playbook
            user.reader.do(step)
    follow(user, ADOPT, "Describe the consoles", "Write the variables")
    for first, last in (("Write the variables", "Results"), ("Take over with site", "If something fails")):
        for step in commands(section(ADOPT, first, last)):
            user.reader.do(step)
    (application,) = (item for item in own(fleet.tenant.applications()) if item["id"] == made["id"])
    assert application["uniqueName"] == "rustdesk-sso"
    assert signs_in(user, member)
    assert (consoles.entry(console), [item["name"] for item in console.users()]) == before, name
