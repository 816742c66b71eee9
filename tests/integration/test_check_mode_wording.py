# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode reports what would be done, and never claims that something was done."""

from __future__ import annotations

import re

from support.fleet import Fleet
from support.quick_runs import QuickRun, quick_run

# Words for completed actions, unless "be" precedes them: "would be removed", "to be created"
DONE = (
    "added|adopted|applied|assigned|attached|changed|cleared|configured|consented|converged|corrected|created|"
    "deleted|disabled|enabled|ended|made|moved|registered|renewed|replaced|removed|reset|restored|retired|"
    "revoked|rotated|saved|sent|set up|taken over|taken back|took over|tried|updated|uploaded|verified|was|were|"
    "written|wrote|had|did"
)
PAST = re.compile(rf"(?<!\bbe )(?<!\bnot )\b(?:{DONE})\b")
# A state that was found, not an action of the run
STATES = re.compile(r"\b\d+ (?:not )?verified\b|^\S+ +\S+ +verified ", re.MULTILINE)


def past(run: QuickRun) -> list[str]:
    """Return the lines of a check mode run that describe actions as completed."""
    lines = [*run.summary, *run.output.splitlines()]
    return [line for line in lines if PAST.search(STATES.sub("", line))]


def test_the_pattern_finds_completed_actions(fleet: Fleet) -> None:
    """A run that changes something describes it in the past tense."""
    fleet.add_server(f"desk1.{fleet.domain}")
    assert past(quick_run(fleet))


def test_check_mode_never_uses_the_past_tense(fleet: Fleet) -> None:
    """A first run, its repetition, a renewal, a change for all users, an adoption and a removal."""
    first, second = (fleet.add_server(f"{name}.{fleet.domain}").name for name in ("desk1", "desk2"))

    def check(*options: str, entry: str = "main", words: str = "would be") -> None:
        run = quick_run(fleet, "--check", *options, entry=entry)
        assert run.rc == 0, run.output
        assert past(run) == [], "\n".join([*run.summary, run.output])
        assert words in "\n".join(run.summary), run.summary

    check(words="would be created")
    assert quick_run(fleet, "--limit", first).rc == 0
    check(words="would be created")
    assert quick_run(fleet).rc == 0
    check(words="2 verified")
    check("-e", "rustdesk_sso_secret_renew=true", words="would be renewed")
    check("-e", "rustdesk_sso_app_sign_in_audience=AzureADMultipleOrgs", words="changes for all users of 2 servers")
    check("-e", f"rustdesk_sso_public_url={fleet.consoles[second].url}/", "--limit", second, words="")
    check("--limit", first, entry="remove", words="would be removed")
    check("--limit", f"{first},{second}", "-e", "rustdesk_sso_remove_unused_app=true", entry="remove")


def test_adoption_is_predicted(fleet: Fleet) -> None:
    """For a manually created application, and for one described by the entry point adopt."""
    desk = fleet.add_server(f"desk1.{fleet.domain}").name
    assert fleet.tenant.graph("POST", "/applications", {"displayName": "RustDesk"}).ok
    fleet.variables["rustdesk_sso_app_adopt"] = True
    run = quick_run(fleet, "--check")
    assert past(run) == [], run.output
    assert "would be adopted" in run.output

    fleet.variables |= {"rustdesk_sso_app_adopt": False, "rustdesk_sso_app_display_name": "Another"}
    assert quick_run(fleet).rc == 0
    described = quick_run(fleet, "--check", entry="adopt")
    told = str(described.of.hosts[desk].facts["rustdesk_sso_adopted"][desk]["message"])
    assert not PAST.search(told), told
