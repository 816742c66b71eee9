# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One playbook, three console types: the same inventory variables lead to the same sign-in at each."""

from __future__ import annotations

from collections.abc import Callable

from faults.steps import only

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run

# Manual changes of a provider in a console; a console without a switch to disable a provider omits that one.
DRIFTS = (
    {"client_id": "typed-by-hand", "issuer": "to be filled in"},
    {"client_secret": "abc8Q~somebody-typed-this-into-the-form1", "enabled": False},
    {},
)


def test_the_same_playbook_for_every_console_type(
    fleet: Fleet, writes: Callable[[], list[str]], seen: Callable[[Fleet], str], lab: Lab
) -> None:
    """Predicted, applied, users can sign in, no further change; the console type is never configured."""
    desks = consoles.one_of_each(fleet)
    others = {kind: consoles.entries(console) for kind, console in desks.items()}
    untouched = seen(fleet)

    predicted = quick_run(fleet, "--check", "--diff")
    assert predicted.rc == 0, predicted.output
    assert writes() == []
    assert seen(fleet) == untouched

    done = fleet.site("--diff", "-vvv")
    assert done.rc == 0, done.output
    assert consoles.told(lab, done.output) == []
    assert done.changed() == predicted.changed()
    app = only(fleet.tenant)
    assert {f"{console.url}/api/oidc/callback" for console in desks.values()} == set(app["web"]["redirectUris"])
    issuer = f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
    for kind, console in desks.items():
        made = consoles.entry(console)
        assert (made["client_id"], made["issuer"], made.get("enabled", True)) == (app["appId"], issuer, True), kind
        assert [item for item in consoles.entries(console) if item in others[kind]] == others[kind], kind
    assert len({consoles.entry(console)["client_secret"] for console in desks.values()}) == len(desks)
    for console in desks.values():
        assert fleet.sign_in(console.name)["user"]["name"].startswith("alice")

    converged = seen(fleet)
    lab.clear_requests()
    again = quick_run(fleet)
    assert again.changed() == dict.fromkeys(fleet.consoles, 0), again.output
    assert writes() == []
    assert seen(fleet) == converged

    # A different setting is broken at each console each time; every run fixes all of them and changes nothing else
    for turn in range(len(DRIFTS)):
        right = {kind: consoles.entry(console) for kind, console in desks.items()}
        for offset, (kind, console) in enumerate(desks.items()):
            drift = DRIFTS[(turn + offset) % len(DRIFTS)]
            consoles.put(console, **{option: value for option, value in drift.items() if option in right[kind]})
        healed = quick_run(fleet)
        assert healed.rc == 0, healed.output
        for offset, (kind, console) in enumerate(desks.items()):
            now = consoles.entry(console)
            # Entra returns a client secret only once: a lost one is replaced.
            lost = {"client_secret"} if (turn + offset) % len(DRIFTS) else set()
            assert {option for option in now if now[option] != right[kind][option]} == lost, (turn, kind)
            assert fleet.sign_in(console.name)["access_token"], (turn, kind)
