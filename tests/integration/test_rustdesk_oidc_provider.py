# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rustdesk_oidc_provider: one provider as declared; every other byte of the console's settings stays unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from faults.steps import control, essence, module, predicted

from lab.client import Console, Lab
from support.fleet import Fleet
from support.in_process import InProcess

ISSUER = "https://login.example/11111111-2222-3333-4444-555555555555/v2.0"
SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"


def one(make_fleet: Callable[[int], Fleet]) -> tuple[Console, dict[str, Any]]:
    """A console, and the options with which a task signs in to it."""
    fleet = make_fleet(1)
    (name,) = fleet.consoles
    return fleet.consoles[name], fleet.console_options(name)


def declared(console: Console) -> dict[str, Any]:
    """A provider as in RustDesk's guide."""
    callback = f"{console.url}/api/oidc/callback"
    return {"client_id": "app-1", "client_secret": SECRET, "issuer": ISSUER, "callback_url": callback}


def ours(document: dict[str, Any], name: str = "azure") -> dict[str, Any]:
    """Remove the provider of this name from the document and return it."""
    (found,) = [item for item in document["providers"] if item["name"] == name]
    document["providers"].remove(found)
    return dict(found)


def puts(lab: Lab, console: Console) -> list[str]:
    """The bodies written to the console's settings."""
    return [item["body"] for item in lab.requests(console.name) if item["method"] not in ("GET", "POST")]


def unfamiliar(document: dict[str, Any]) -> dict[str, Any]:
    """The settings with members that no version of RustDesk has had."""
    strange = {
        "name": "Zürich",
        "order_index": 7,
        "enabled": True,
        "client_id": "z",
        "client_secret": "s\u00e9cret~\u2028",
        "x": [1.50],
    }
    return {
        "later": {"b": [1, {"a": None}], "a": 1e3},
        **document,
        "providers": [*document["providers"], strange],
        "z": 2**60,
    }


def test_provider_lifecycle(lab: Lab, make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """Predicted, created, converged, removed; the settings are then as before."""
    console, options = one(make_fleet)
    console.put_settings(unfamiliar(console.settings()))
    before = console.settings()
    provider = module("rustdesk_oidc_provider", **options, **declared(console))
    absent = module("rustdesk_oidc_provider", **options, state="absent")
    settings = control(lab, "GET", f"/consoles/{console.name}/settings")
    check, unwritten, made, stored, check_again, again, check_gone, kept, gone, check_gone_again, gone_again = (
        in_process.tasks(
            predicted(provider),
            settings,
            provider,
            settings,
            predicted(provider),
            provider,
            predicted(absent),
            settings,
            absent,
            predicted(absent),
            absent,
        )
    )
    assert check["changed"], check
    assert json.dumps(unwritten["json"]) == json.dumps(before)
    assert made["changed"], made
    assert essence(check) == essence(made)
    for quiet in (check_again, again, check_gone_again, gone_again):
        assert not quiet["changed"]
        assert not quiet["failed"]
    assert again["provider"] == made["provider"]
    written = stored["json"]
    assert written.pop("callback_url") == declared(console)["callback_url"] == made["callback_url"]
    entry = ours(written)
    assert {name: entry[name] for name in ("client_id", "client_secret", "issuer", "enabled")} == {
        "client_id": "app-1",
        "client_secret": SECRET,
        "issuer": ISSUER,
        "enabled": True,
    }
    assert entry["order_index"] > 7
    assert json.dumps(written) == json.dumps({key: value for key, value in before.items() if key != "callback_url"})
    assert kept["json"] == stored["json"] | {
        "callback_url": made["callback_url"],
        "providers": kept["json"]["providers"],
    }
    assert check_gone["changed"]
    assert gone["changed"]
    assert gone["provider"] == {}
    assert essence(check_gone) == essence(gone)
    after = console.settings()
    assert json.dumps(after) == json.dumps(before | {"callback_url": made["callback_url"]})
    assert len(puts(lab, console)) == 2
    assert SECRET not in json.dumps([check, made, again, gone])
    assert [item for item in console.sessions() if item["user"] == console.username] == []


def test_each_field_is_changed_and_kept(lab: Lab, make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """Undeclared values are kept: fields, unknown keys, and the position of the provider."""
    console, options = one(make_fleet)
    in_process.task("rustdesk_oidc_provider", **options, **declared(console))
    document = console.settings()
    document["providers"].reverse()
    next(item for item in document["providers"] if item["name"] == "azure")["pkce"] = {"new": True}
    console.put_settings(document)
    changes: list[tuple[str, Any]] = [
        ("enabled", False),
        ("enabled", True),
        ("client_id", "app-2"),
        ("client_secret", SECRET[::-1]),
        ("issuer", ISSUER + "/"),
        ("authorization_endpoint", "https://login.example/authorize"),
        ("token_endpoint", "https://login.example/token"),
        ("userinfo_endpoint", "https://login.example/userinfo"),
        ("jwks_endpoint", "https://login.example/keys"),
        ("callback_url", "https://desk.example/api/oidc/callback"),
    ]
    tasks = []
    for name, value in changes:
        task = module("rustdesk_oidc_provider", **options, **{name: value})
        tasks += [predicted(task), task, task]
    results = in_process.tasks(*tasks)
    expected = json.loads(json.dumps(document))
    entry = next(item for item in expected["providers"] if item["name"] == "azure")
    for index, (name, value) in enumerate(changes):
        check, run, again = results[index * 3 : index * 3 + 3]
        assert check["changed"], (name, check)
        assert essence(check) == essence(run), name
        assert not again["changed"], name
        if name == "callback_url":
            assert run["callback_url"] == value
            expected[name] = value
        else:
            entry[name] = value
            assert name == "client_secret" or run["provider"][name] == value
    after = console.settings()
    assert after == expected
    assert [list(item) for item in after["providers"]] == [list(item) for item in expected["providers"]]
    assert SECRET[::-1] not in json.dumps(results)
    assert len(puts(lab, console)) == 1 + len(changes)


def test_names_are_compared_as_in_rustdesk(make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """Case does not matter, and azure equals microsoft; a provider keeps its spelling and is never duplicated."""
    console, options = one(make_fleet)
    document = console.settings()
    document["providers"].append({**declared(console), "name": "Microsoft", "order_index": 1, "enabled": True})
    del document["providers"][-1]["callback_url"]
    console.put_settings(document)
    names = ["azure", "AZURE", "microsoft", "MicroSoft"]
    tasks = [module("rustdesk_oidc_provider", **options, name=name, client_id=f"app-{name}") for name in names]
    found = [module("rustdesk_oidc_provider_info", **options, name=name) for name in [*names, "LEGACY", "okta"]]
    legacy = module("rustdesk_oidc_provider", **options, name="Legacy", client_id="changed")
    results = in_process.tasks(*tasks, legacy, *found)
    for name, result in zip(names, results, strict=False):
        assert result["changed"], result
        assert result["provider"]["name"] == "Microsoft"
        assert result["provider"]["client_id"] == f"app-{name}"
    assert [[item["name"] for item in result["providers"]] for result in results[5:]] == [
        *([["Microsoft"]] * 4),
        ["legacy"],
        [],
    ]
    document["providers"][0]["client_id"] = "changed"
    document["providers"][1]["client_id"] = "app-MicroSoft"
    assert json.dumps(console.settings()) == json.dumps(document)

    # If a console has both, the exact match is used.
    document["providers"].append({**document["providers"][1], "name": "azure", "order_index": 2})
    console.put_settings(document)
    in_process.tasks(module("rustdesk_oidc_provider", **options, client_id="app-3"))
    document["providers"][2]["client_id"] = "app-3"
    assert console.settings() == document


def test_hidden_client_secrets(lab: Lab, make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """A console that hides client secrets: they are neither compared nor lost; update_secret controls writing."""
    for hidden in ("masked", "absent"):
        console, options = one(make_fleet)
        provider = {**options, **declared(console)}
        in_process.task("rustdesk_oidc_provider", **provider)
        document = console.settings()
        ours_only = {**document, "providers": [item for item in document["providers"] if item["name"] == "azure"]}
        console.put_settings(ours_only)
        console.set_switches(secrets=hidden)
        settings = control(lab, "GET", f"/consoles/{console.name}/settings")
        always = {**provider, "client_secret": SECRET[::-1], "update_secret": "always"}
        info, same, other, unwritten, written, stored, renamed = in_process.tasks(
            module("rustdesk_oidc_provider_info", **options, include_secrets=True),
            module("rustdesk_oidc_provider", **provider),
            module("rustdesk_oidc_provider", **{**provider, "client_secret": SECRET[::-1]}),
            settings,
            module("rustdesk_oidc_provider", **always),
            settings,
            module("rustdesk_oidc_provider", **provider | {"client_id": "app-2"}),
        )
        assert info["providers"][0]["client_secret_set"] is None
        assert not info["providers"][0].get("client_secret")
        for quiet in (same, other):
            assert not quiet["failed"], quiet
            assert not quiet["changed"]
        assert ours(unwritten["json"])["client_secret"] == SECRET
        assert written["changed"], written
        assert ours(stored["json"])["client_secret"] == SECRET[::-1]
        assert ours(console.settings())["client_secret"] == SECRET[::-1]
        if renamed["failed"]:  # a mask must not be written as a client secret
            assert "update_secret" in renamed["msg"]
        else:
            assert ours(console.settings())["client_id"] == "app-2"

        # Another provider's client secret is hidden, too: it survives every run.
        console.put_settings(document)
        (result,) = in_process.tasks(module("rustdesk_oidc_provider", **always))
        assert ours(console.settings(), "legacy") == ours(document, "legacy")
        if result["failed"]:
            assert "legacy" in result["msg"]
            assert "othing was written" in result["msg"]


def test_write_that_was_stored_differently(lab: Lab, make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """If the settings read back differ from those written, the former ones are restored, and the message reports it."""
    console, options = one(make_fleet)
    before = console.settings()
    altered = {**before, "providers": [{**before["providers"][0], "enabled": True}]}
    path = "/api/oidc/settings"
    lab.fault(console.name, "GET", path, delay=0.001, times=2)
    lab.fault(console.name, "GET", path, json=altered)
    (result,) = in_process.tasks(module("rustdesk_oidc_provider", **options, **declared(console), console_type="pro"))
    assert result["failed"]
    assert not result["changed"]
    assert "restored" in result["msg"], result["msg"]
    assert json.dumps(console.settings()) == json.dumps(before)
    assert len(puts(lab, console)) == 2

    # The response reports success, but nothing was stored.
    lab.fault(console.name, "PUT", path, status=200, times=2)
    (ignored,) = in_process.tasks(module("rustdesk_oidc_provider", **options, **declared(console)))
    assert ignored["failed"]
    assert json.dumps(console.settings()) == json.dumps(before)


def test_missing_options(lab: Lab, make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """The message names them; no incomplete provider is created."""
    console, options = one(make_fleet)
    new = declared(console)
    del new["callback_url"]
    lab.clear_requests()
    no_url, no_user, no_password = in_process.tasks(
        *(
            module("rustdesk_oidc_provider", **{key: value for key, value in options.items() if key != name}, **new)
            for name in ("console_url", "username", "password")
        )
    )
    for result, name in ((no_url, "console_url"), (no_user, "username"), (no_password, "password")):
        assert result["failed"]
        assert name in result["msg"]
    assert lab.requests() == []
    names = ("client_id", "client_secret", "issuer")
    halves = in_process.tasks(
        *(
            module("rustdesk_oidc_provider", **options, **{key: value for key, value in new.items() if key != name})
            for name in names
        )
    )
    for name, result in zip(names, halves, strict=True):
        assert result["failed"]
        assert name in result["msg"]
    assert puts(lab, console) == []
