# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client secrets that are kept, created and removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import client_secrets
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    Credential,
    Wanted,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import Verdict
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
PERSONAL = "AzureADandPersonalMicrosoftAccount"


def credential(key: str, name: str | None = "desk1", hint: str | None = "abc", start: float = -10, end: float = 170):
    return Credential(key, name, hint, NOW + start * DAY, NOW + end * DAY)


def wanted(name: str = "desk1", held: str | None = None, key: str | None = None, overlap: float = 1, present=True):
    return Wanted(name, held, key, 180 * DAY, 30 * DAY, overlap * DAY, "present" if present else "absent")


def decide(item: Wanted, *credentials: Credential, **options):
    return client_secrets.decide([item], credentials, NOW, **options)[0]


def keys(credentials: list[Credential]) -> set[str]:
    return {item.key_id for item in credentials}


def test_a_holder_without_a_secret_gets_one():
    decision = decide(wanted())
    assert (decision.decision, decision.superseded, decision.remove) == ("created", [], [])


def test_a_valid_secret_in_the_console_is_kept():
    decision = decide(wanted(held="abcdef"), credential("k1"))
    assert decision.decision == "kept"
    assert decision.holds.key_id == "k1"


def test_a_secret_predicted_by_check_mode_is_not_waited_for():
    assert client_secrets.listed(wanted(key=client_secrets.PREDICTED_KEY), [])
    assert not client_secrets.listed(wanted(key="k2"), [credential("k1")])


def test_a_secret_of_another_holder_is_replaced_only_if_that_is_certain():
    theirs = credential("k1", name="desk2")
    kept = decide(wanted(held="abcdef"), theirs)
    assert (kept.decision, kept.holds.key_id) == ("kept", "k1")
    others = replace(wanted(held="abcdef"), other_holders=frozenset({"desk2"}))
    made = decide(others, theirs)
    assert (made.decision, made.reason) == ("created", "the console's client secret belongs to desk2")
    assert (made.superseded, made.remove) == ([], [])
    # Its own one has the same prefix, and takes precedence
    assert decide(others, theirs, credential("k2")).holds.key_id == "k2"
    # To be retired, the console's client secret must be known by its key ID
    assert decide(replace(others, state="retire"), theirs).decision == "kept"


def test_a_secret_near_expiry_is_renewed_and_the_old_one_is_kept():
    decision = decide(wanted(held="abcdef"), credential("k1", end=30))
    assert decision.decision == "renewed"
    assert keys(decision.superseded) == {"k1"}
    assert decision.remove == []
    assert decide(wanted(held="abcdef"), credential("k1", end=30.1)).decision == "kept"


@pytest.mark.parametrize(
    ("named", "listed", "verdict", "held"),
    [
        ({"held": "abcdef"}, [credential("k1"), credential("k2", hint="xyz")], None, "k1"),
        ({"held": "abcdef"}, [credential("k1", end=5)], None, "k1"),
        ({"held": "abcdef", "present": False}, [credential("k1")], None, "k1"),
        ({"held": "abcdef"}, [credential("k1", end=-1), credential("k2", name="other")], None, "k2"),
        ({"held": "abcdef"}, [credential("k1", end=-1)], Verdict(False, "7000222"), "k1"),
        ({"held": "abcdef"}, [credential("k1")], Verdict(False, "7000215"), None),
        ({"held": "abcdef"}, [credential("k1", hint=None)], Verdict(True), "k1"),
        ({"key": "k2"}, [credential("k1"), credential("k2", hint=None)], None, "k2"),
        ({"held": "abcdef"}, [credential("k1", hint="xyz")], None, None),
        ({}, [credential("k1")], None, None),
    ],
)
def test_the_holders_current_secret_is_reported_before_any_change(named, listed, verdict, held):
    verdicts = {"desk1": verdict} if verdict else {}
    result = decide(wanted(**named), *listed, verdicts=verdicts).result()["held"]
    assert (result and result["key_id"]) == held


def test_the_consoles_secret_is_reported_with_its_hint_and_expiry():
    expires = client_secrets.format_time(NOW + 5 * DAY)
    decision = decide(wanted(held="abcdef"), credential("k1", end=5))
    assert decision.result()["held"] == {"name": "desk1", "key_id": "k1", "hint": "abc", "expires": expires}


def test_a_secret_with_a_former_name_is_removed_with_its_holder():
    former, own = credential("k1", "sso old", "abc"), credential("k2", "sso desk1", "xyz")
    leaving = replace(wanted("sso desk1", held="abcdef", present=False), held_names=("sso *",))
    assert keys(decide(leaving, former, own).remove) == {"k1", "k2"}
    assert decide(leaving, former).decision == "removed"
    for others, *listed in (
        # The name of another holder
        ({"sso old"}, former, own),
        # Created by hand, or without a name
        (set(), replace(former, name="by hand"), own),
        (set(), replace(former, name=None), own),
        # The value may belong to another one
        (set(), former, replace(former, key_id="k3"), own),
        (set(), replace(former, hint=None), own),
    ):
        decision = decide(replace(leaving, other_holders=frozenset(others)), *listed)
        assert keys(decision.remove) == {"k2"}, listed
    assert keys(decide(replace(leaving, held_names=()), former, own).remove) == {"k2"}


def test_a_placeholder_is_not_taken_for_a_client_secret():
    assert client_secrets.check([item(held="desk1")], None)[0].held is None
    assert client_secrets.check([item(held="x" * 40)], None)[0].held == "x" * 40


@pytest.mark.parametrize("held", ["xyz123", "ab"])
def test_a_value_that_matches_no_credential_is_replaced(held):
    assert decide(wanted(held=held), credential("k1")).decision == "created"


def test_an_expired_secret_is_replaced_and_reported_as_expired():
    decision = decide(wanted(held="abcdef"), credential("k1", end=-1))
    assert decision.decision == "created"
    assert "expired" in decision.reason


def test_the_token_endpoint_decides():
    rejected = {"desk1": Verdict(False, "7000215", "no")}
    decision = decide(wanted(held="abcdef"), credential("k1"), verdicts=rejected)
    assert decision.decision == "created"
    assert "7000215" in decision.reason
    unknown = {"desk1": Verdict(None, None, "down")}
    assert decide(wanted(held="abcdef"), credential("k1"), verdicts=unknown).decision == "kept"


def test_superseded_secrets_are_removed_only_after_the_overlap():
    old = credential("old", hint="old", start=-200, end=20)
    young = credential("new", start=-0.5)
    decision = decide(wanted(held="abcdef"), old, young)
    assert (keys(decision.superseded), decision.remove) == ({"old"}, [])
    decision = decide(wanted(held="abcdef", overlap=0.5), old, young)
    assert (decision.superseded, keys(decision.remove)) == ([], {"old"})


def test_nothing_is_retired_if_that_is_switched_off():
    old = credential("old", hint="old", start=-200, end=20)
    decision = decide(wanted(held="abcdef", overlap=0), old, credential("new"), retire=False)
    assert decision.remove == []
    assert keys(decision.superseded) == {"old"}


MINUTE = 1 / (24 * 60)


def test_orphaned_secret_is_removed_once_no_run_can_still_write_it():
    young, old = (credential("stray", hint="str", start=-minutes * MINUTE) for minutes in (14, 16))
    kept = decide(wanted(held="abcdef"), credential("held"), young)
    assert (kept.remove, keys(kept.orphans)) == ([], {"stray"})
    assert keys(decide(wanted(held="abcdef"), credential("held"), old).remove) == {"stray"}
    assert keys(decide(wanted(held="abcdef", overlap=0), credential("held"), young).remove) == {"stray"}
    assert decide(wanted(held="abcdef"), credential("held"), old, retire=False).remove == []


def test_secrets_that_never_reached_the_holder_do_not_accumulate():
    stranded = [credential(f"s{day}", hint="str", start=-day) for day in (5, 3, 0.5)]
    for none in (wanted(held="lost"), replace(wanted(), holds_none=True)):
        decision = decide(none, *stranded)
        assert decision.decision == "created"
        # The latest may be the holder's previous one
        assert keys(decision.remove) == {"s5", "s3"}
    assert keys(decide(wanted(held="abcdef"), credential("k1", end=5), *stranded).remove) == {"s5", "s3", "s0.5"}


def test_only_one_is_superseded_at_a_time():
    earlier = [credential("first", hint="fir", start=-3 * MINUTE), credential("second", hint="sec", start=-2 * MINUTE)]
    decision = decide(
        replace(wanted(held="abcdef"), state="renew"), *earlier, credential("k1", start=-MINUTE), retire=False
    )
    assert (decision.decision, keys(decision.remove), keys(decision.superseded)) == (
        "renewed",
        {"first", "second"},
        {"k1"},
    )


def test_a_secret_that_another_run_may_still_write_is_reported_and_kept():
    young = credential("young", hint="you", start=-MINUTE)
    for item in (
        replace(wanted(held="abcdef"), state="renew"),
        wanted(held="lost"),
        replace(wanted(), holds_none=True),
    ):
        decision = decide(item, credential("k1"), young)
        assert decision.makes
        assert (decision.remove, keys(decision.orphans)) == ([], {"young"})
        assert decision.result()["strays"] == ["young"]
    assert decide(wanted(), credential("k1"), young).orphans == []


def test_named_orphans_are_removed_whether_or_not_the_consoles_secret_is_listed():
    young, others = credential("young", hint="you", start=-MINUTE), credential("other", hint="oth", start=-MINUTE)
    retiring = replace(wanted(key="k1"), state="retire", stray_key_ids=frozenset({"young"}))
    assert keys(decide(retiring, credential("k1"), young, others).remove) == {"young"}
    assert keys(decide(retiring, credential("k1"), young, retire=False).remove) == {"young"}
    assert keys(decide(replace(retiring, held_key_id=None), young, others).remove) == {"young"}
    # Not one that the holder may have, nor one of another holder
    assert decide(replace(retiring, held_key_id=None, held="young~value"), young).remove == []
    assert decide(retiring, credential("k1"), replace(young, name="desk2")).remove == []


def test_holds_none_contradicts_a_given_secret():
    for one in ({"held": "x" * 40}, {"held_key_id": "k1"}):
        with pytest.raises(InputError, match="holds_none"):
            client_secrets.check([item(holds_none=True, **one)], None)
    assert client_secrets.check([item(holds_none=True)], None)[0].known
    assert not client_secrets.check([item()], None)[0].known


def test_no_valid_secret_is_removed_if_the_consoles_value_is_unreadable():
    assert decide(wanted(overlap=0), credential("a", start=-20), credential("b"), credential("c")).remove == []


def test_retirement_creates_no_secret():
    item = Wanted("desk1", None, "k1", 180 * DAY, 30 * DAY, DAY, "retire")
    decision = decide(item, credential("other"))
    assert (decision.decision, decision.remove) == ("kept", [])
    decision = decide(item, credential("old", start=-200), credential("k1", end=5, start=-2))
    assert (decision.decision, keys(decision.remove)) == ("kept", {"old"})


def test_credentials_of_others_are_never_removed():
    others = [credential("x", name="backup"), credential("y", name=None), credential("z", name="DESK1", end=-5)]
    decision = decide(wanted(held="abcdef", overlap=0), credential("mine"), *others)
    assert decision.holds.key_id == "mine"
    assert decision.remove == []


def test_a_working_secret_created_by_hand_is_kept():
    decision = decide(wanted(held="abcdef"), credential("portal", name="made in the portal"))
    assert decision.decision == "kept"
    assert decision.holds.key_id == "portal"


def test_no_possible_secret_of_the_holder_is_removed_if_values_look_alike():
    twins = [credential("a", start=-20), credential("b", start=-10, end=171)]
    decision = decide(wanted(held="abcdef", overlap=0), *twins)
    assert decision.decision == "kept"
    assert decision.remove == []


def test_a_credential_without_a_hint_may_be_the_consoles():
    accepted = {"desk1": Verdict(True)}
    near, far = credential("near", hint=None, end=40), credential("far", hint=None, end=400)
    assert decide(wanted(held="abcdef"), near).decision == "created"
    assert decide(wanted(held="abcdef"), far, near, verdicts=accepted).holds.key_id == "near"
    assert decide(wanted(held="abcdef"), far, credential("k1"), verdicts=accepted).holds.key_id == "k1"
    assert decide(wanted(held="abcdef", overlap=0), far, credential("k1"), verdicts=accepted).remove == []


def test_by_key_id():
    assert decide(wanted(key="k2"), credential("k1"), credential("k2")).holds.key_id == "k2"
    assert decide(wanted(key="gone"), credential("k1")).decision == "created"


def test_absent_removes_only_secrets_with_the_name():
    decision = decide(wanted(present=False), credential("k1"), credential("k2", name="desk2"))
    assert decision.decision == "removed"
    assert keys(decision.remove) == {"k1"}
    assert decide(wanted(present=False), credential("k2", name="desk2")).decision == "absent"


class TestTwoSlots:
    """Audiences with personal accounts allow two client secrets."""

    def test_an_expired_secret_of_ours_is_removed_to_make_room(self):
        decision = decide(
            wanted(held="abcdef"), credential("k1", end=5), credential("old", end=-5), sign_in_audience=PERSONAL
        )
        assert decision.decision == "renewed"
        assert keys(decision.remove) == {"old"}

    def test_an_orphan_is_removed_to_make_room(self):
        orphan = credential("orphan", hint="orp")
        decision = decide(wanted(held="abcdef"), credential("k1", end=5), orphan, sign_in_audience=PERSONAL)
        assert keys(decision.remove) == {"orphan"}

    def test_a_secret_of_others_is_not_removed_to_make_room(self):
        with pytest.raises(InputError, match="No further client secret"):
            decide(
                wanted(held="abcdef"),
                credential("k1", end=5),
                credential("other", name="backup"),
                sign_in_audience=PERSONAL,
            )

    def test_the_newest_is_kept_if_the_consoles_secret_cannot_be_identified(self):
        decision = decide(
            wanted(), credential("older", start=-20), credential("newer", start=-2), sign_in_audience=PERSONAL
        )
        assert keys(decision.remove) == {"older"}

    def test_other_audiences_have_room(self):
        decision = decide(wanted(held="abcdef"), credential("k1", end=5), credential("other", name="backup"))
        assert decision.remove == []


def item(**changes):
    return {
        "name": "desk1",
        "held": None,
        "held_key_id": None,
        "lifetime": "180d",
        "renew_before": "30d",
        "overlap": "1d",
        "state": "present",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"lifetime": "30d"}, "every run"),
        ({"lifetime": "half a year"}, "lifetime of client secret desk1"),
        ({"overlap": "1w"}, "overlap"),
        ({"renew_before": "-1d"}, "renew_before"),
    ],
)
def test_a_declaration_that_cannot_converge_is_refused(changes, about):
    with pytest.raises(InputError, match=about):
        client_secrets.check([item(**changes)], "AzureADMyOrg")


def test_a_duplicate_holder_is_refused():
    with pytest.raises(InputError, match="duplicates: desk1"):
        client_secrets.check([item(), item()], None)


def test_two_holders_do_not_fit_if_two_secrets_are_allowed():
    both = [item(), item(name="desk2")]
    with pytest.raises(InputError, match="without interruption"):
        client_secrets.check(both, PERSONAL)
    assert len(client_secrets.check(both, "AzureADMultipleOrgs")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-01T12:00:00Z",
        "2026-06-01T12:00:00.0000000Z",
        "2026-06-01T14:00:00+02:00",
        "2026-06-01T12:00:00.000000Z",
    ],
)
def test_times_in_every_form_that_graph_uses(text):
    assert client_secrets.parse_time(text) == NOW


@pytest.mark.parametrize("text", [None, "", 7, {}, "soon", "2026-13-01T12:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_an_unreadable_time(text):
    assert client_secrets.parse_time(text) == client_secrets.UNREADABLE


CREDENTIALS = st.lists(
    st.builds(
        credential,
        st.uuids().map(str),
        st.sampled_from(["desk1", "desk2", "backup", None]),
        st.sampled_from(["abc", "xyz", None]),
        st.floats(-400, 0),
        st.floats(-100, 300),
    ),
    max_size=6,
    unique_by=lambda entry: entry.key_id,
)


@given(CREDENTIALS, st.sampled_from([None, "abcdef", "xyzzzz", "other!"]), st.booleans(), st.floats(0, 3))
def test_no_decision_ever_removes_a_secret_of_others_or_one_in_use(credentials, held, retire, overlap):
    decision = decide(wanted(held=held, overlap=overlap), *credentials, retire=retire)
    for removed in decision.remove:
        assert removed.name == "desk1"
        in_use = held is not None and (removed.hint is None or held.startswith(removed.hint)) and removed.live(NOW)
        assert not in_use
    if decision.makes and held is None:
        assert decision.remove == []
    if not decision.makes:
        assert decision.holds.expires - NOW > 30 * DAY


@given(CREDENTIALS)
def test_a_kept_secret_remains_kept(credentials):
    """After a run that created a secret, the next run creates none and changes only what is due."""
    made = credential("made", hint="new", start=0, end=180)
    decision = decide(wanted(held="new-value"), made, *(c for c in credentials if c.hint is not None))
    assert decision.decision == "kept"
    assert decision.holds.key_id == "made"
