# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet report's model, its JSON, and its metrics as Prometheus' own parser reads them."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.deskops.rustdesk_sso.plugins.filter import fleet_report as documented
from ansible_collections.deskops.rustdesk_sso.plugins.filter.fleet_report import fleet_report
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import blank
from support.records import (
    AT,
    broken,
    drifted,
    expires,
    expiring,
    few,
    fleet,
    invalid,
    record,
    refused,
    restricted,
    unreachable,
)

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
STATES = ["unreachable", "refused", "invalid", "broken", "drifted", "restricted", "expiring", "healthy"]


def model(*records, at=AT):
    return json.loads(fleet_report(list(records), format="json", at=at))


def only(*records, **options):
    (server,) = model(*records, **options)["servers"]
    return server


def samples(*records):
    """Return each metric's name with its labels and values, as Prometheus reads them."""
    text = fleet_report(list(records), format="prometheus", at=AT)
    read = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            read.setdefault(sample.name.removeprefix("rustdesk_sso_"), []).append((sample.labels, sample.value))
    return read


def paths(value, path=()):
    """Return the path of each key of a record."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from paths(value[0], (*path, 0))


def whole():
    """Return a record without empty lists."""
    made = drifted("desk1.example.com", error={"phase": "Inspect the console", "message": "no answer", "cause": ""})
    made["client_secret"]["removed"] = ["6f1d3a52-0000-4000-8000-000000000000"]
    made["application"]["foreign_redirect_uris"] = ["https://other.example"]
    made["restrictions"] = restricted("desk1.example.com")["restrictions"]
    return made


def without(made, path):
    *steps, last = path
    inner = made
    for step in steps:
        inner = inner[step]
    del inner[last]
    return made


@pytest.mark.parametrize("make", [unreachable, refused, invalid, broken, drifted, restricted, expiring, record])
def test_each_state_and_its_reason(make):
    expected = {
        unreachable: ("unreachable", "timed out"),
        refused: ("refused", "Wrong credentials"),
        invalid: ("invalid", "rustdesk_sso_secret_lifetime is not a time span"),
        broken: ("broken", "client secret: AADSTS7000215"),
        drifted: ("drifted", "application RustDesk, provider azure"),
        restricted: ("restricted", "not for all users: assignment is required, and no user"),
        expiring: ("expiring", "expires in 12 days"),
        record: ("healthy", ""),
    }
    state, reason = expected[make]
    server = only(make("desk1.example.com"))
    assert server["state"] == state
    assert reason in server["reason"]
    assert bool(server["reason"]) == (state != "healthy")


def test_the_most_urgent_state_is_reported():
    made = restricted("desk1.example.com", client_secret={"expires": expires(-3)})
    assert only(made)["state"] == "restricted"
    made["drift"] = drifted("desk1.example.com")["drift"]
    assert only(made)["state"] == "drifted"
    made["checks"][0]["ok"] = made["checks"][1]["ok"] = False
    assert only(made)["state"] == "broken"
    assert only(made)["reason"].endswith("(and 1 more)")
    made["error"] = {"phase": "Inspect the console", "message": "no answer", "cause": ""}
    assert only(made)["state"] == "unreachable"


def test_a_skipped_check_is_not_a_failure():
    made = record()
    made["checks"][0]["ok"] = None
    server = only(made)
    assert (server["state"], server["checks_passed"], server["checks_run"]) == ("healthy", 4, 4)


def test_a_sign_in_that_is_not_verified_is_broken():
    server = only(record(verified=False))
    assert (server["state"], server["reason"]) == ("broken", "sign-in is not verified")
    assert only(record(verified=None))["state"] == "healthy"


@pytest.mark.parametrize(
    ("days", "left", "state", "reason"),
    [
        (31, 31, "healthy", ""),
        (30.001, 30, "healthy", ""),
        (30, 30, "expiring", "client secret expires in 30 days"),
        (1.9, 1, "expiring", "client secret expires in 1 day"),
        (0.5, 0, "expiring", "client secret expires in less than a day"),
        (-0.5, -1, "expiring", "client secret expired less than a day ago"),
        (-1.5, -2, "expiring", "client secret expired 1 day ago"),
        (-40, -40, "expiring", "client secret expired 39 days ago"),
    ],
)
def test_days_left(days, left, state, reason):
    server = only(record(client_secret={"expires": expires(days)}))
    assert (server["days_left"], server["state"], server["reason"]) == (left, state, reason)


def test_expiry_in_each_format_of_graph_or_none():
    server = only(record(client_secret={"expires": "2026-12-31T17:00:00.1234567Z"}))
    assert server["days_left"] == 40
    assert only(record(client_secret={"expires": "2026-12-31T18:00:00+01:00"}))["days_left"] == 40
    assert only(record(client_secret={"expires": ""}))["days_left"] is None
    assert only(record(client_secret={"expires": ""}))["state"] == "healthy"


def test_servers_by_state_then_days_then_name():
    made = model(
        record("c.example.com"),
        record("b.example.com"),
        record("a.example.com", client_secret={"expires": expires(170)}),
        record("0.example.com", client_secret={"expires": ""}),
        expiring("late.example.com", 20),
        expiring("over.example.com", -2),
        restricted("restricted.example.com"),
        drifted("drifted.example.com"),
        broken("broken.example.com"),
        refused("refused.example.com"),
        invalid("invalid.example.com"),
        unreachable("unreachable.example.com"),
    )
    assert [server["server"].partition(".")[0] for server in made["servers"]] == [
        *["unreachable", "refused", "invalid", "broken", "drifted", "restricted", "over", "late", "b", "c", "a", "0"]
    ]
    one = dict.fromkeys(("unreachable", "refused", "invalid", "broken", "drifted", "restricted"), 1)
    assert made["totals"] == {"servers": 12, **one, "expiring": 2, "healthy": 4}


def test_tenants_and_applications():
    """The same unique name in another tenant is another application. Facts known from one server are shown for all."""
    foreign = {"foreign_redirect_uris": ["https://b.example", "https://a.example"]}
    unknown = {"app_id": "", "display_name": "", "object_id": ""}
    made = model(
        record("a.example.com", application=foreign),
        unreachable("b.example.com", application=unknown),
        record("c.example.com", tenant_id="fabrikam.example", application={"app_id": "another"}),
    )
    contoso, fabrikam = made["tenants"]
    assert (contoso["tenant_id"], contoso["servers"]) == ("contoso.example", ["b.example.com", "a.example.com"])
    assert (contoso["totals"]["servers"], contoso["totals"]["unreachable"]) == (2, 1)
    assert fabrikam["servers"] == ["c.example.com"]
    shared, other = made["applications"]
    assert shared["servers"] == ["b.example.com", "a.example.com"]
    assert shared["app_id"] == record()["application"]["app_id"]
    assert shared["foreign_redirect_uris"] == ["https://a.example", "https://b.example"]
    assert (other["tenant_id"], other["unique_name"]) == ("fabrikam.example", shared["unique_name"])


@pytest.mark.parametrize("path", list(paths(whole())), ids=lambda path: ".".join(map(str, path)))
def test_each_key_is_required(path):
    with pytest.raises(AnsibleFilterError) as refused:
        model(record("fine.example.com"), without(whole(), path))
    assert str(path[-1]) in str(refused.value)
    assert ("record 2" if path == ("server",) else "desk1.example.com") in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"renew_before": 30}, "renew_before"),
        ({"renew_before": "a month"}, "renew_before"),
        ({"checks": {}}, "checks"),
        ({"drift": "text"}, "drift"),
        ({"restrictions": [{"name": "consent", "detail": None, "hint": ""}]}, "restrictions[0].detail"),
        ({"provider": {"present": "yes"}}, "provider.present"),
        ({"client_secret": {"expires": "soon"}}, "client_secret.expires"),
        ({"client_secret": {"expires": "2026-13-01T00:00:00Z"}}, "client_secret.expires"),
        ({"application": {"foreign_redirect_uris": [None]}}, "application.foreign_redirect_uris[0]"),
        ({"verified": "yes"}, "verified"),
        ({"changed": None}, "changed is not true or false"),
    ],
)
def test_a_value_of_another_type_is_refused(changed, key):
    with pytest.raises(AnsibleFilterError) as refused:
        model(record("desk7.example.com", **changed))
    assert key in str(refused.value)
    assert "desk7.example.com" in str(refused.value)


def test_other_records_that_are_refused():
    with pytest.raises(AnsibleFilterError, match=r"two records .* desk1\.example\.com"):
        model(record(), record())
    with pytest.raises(AnsibleFilterError, match="at is not a valid time"):
        model(record(), at="today")
    with pytest.raises(AnsibleFilterError, match="html, json, prometheus, csv, files"):
        fleet_report([record()], format="pdf", at=AT)
    with pytest.raises(AnsibleFilterError, match="neither a list nor a dictionary"):
        fleet_report("desk1", format="json", at=AT)
    with pytest.raises(AnsibleFilterError, match="record 1: its record is not a dictionary"):
        fleet_report(record(), format="json", at=AT)


@pytest.mark.parametrize("form", ["html", "json", "prometheus", "csv", "files"])
def test_unknown_keys_are_not_published(form):
    made = record(client_secret={"value": "s3cret-value"}, console={"password": "s3cret-value"})
    assert "s3cret-value" not in str(fleet_report([made], format=form, at=AT))


def test_records_by_name():
    records = fleet(5)
    by_name = {item["server"]: item for item in records}
    assert fleet_report(by_name, format="json", at=AT) == fleet_report(records, format="json", at=AT)


def test_the_record_of_an_unknown_server():
    made = model(
        {**blank("desk1.example.com"), "error": {"phase": "", "message": "Failed early.", "cause": ""}}, record("desk2")
    )
    assert (made["servers"][0]["state"], made["servers"][0]["reason"]) == ("unreachable", "Failed early.")
    assert [application["servers"] for application in made["applications"]] == [["desk2"]]


def test_the_records_of_the_tests_have_the_roles_keys():
    of_runs_alone = {("outcome",), ("notes",)}
    assert set(paths(record(checks=[]))) == set(paths(blank("desk1"))) - of_runs_alone


def test_all_files_are_written_together():
    records = few()
    made = fleet_report(records, format="files", at=AT)
    assert made == {
        "files": {
            "rustdesk_sso.html": fleet_report(records, format="html", at=AT),
            "rustdesk_sso.json": fleet_report(records, format="json", at=AT),
            "rustdesk_sso.prom": fleet_report(records, format="prometheus", at=AT),
            "rustdesk_sso.csv": fleet_report(records, format="csv", at=AT),
        },
        "totals": model(*records)["totals"],
        "states": {
            one["server"]: {
                "state": one["state"],
                "reason": one["reason"],
                "drift": [drift["object"] for drift in one["drift"]],
                "days_left": one["days_left"],
            }
            for one in model(*records)["servers"]
        },
        "summary": "3 servers: 1 broken, 1 drifted, 1 healthy.",
        "failure": "",
    }


def test_json_has_the_documented_keys():
    made = model(*fleet(20))
    fields = yaml.safe_load(documented.RETURN)["_value"]["contains"]
    assert set(made) == set(fields)
    (options,) = (yaml.safe_load(documented.DOCUMENTATION)["options"]["_input"]["suboptions"],)
    assert set(made["servers"][0]) == {*options, *fields["servers"]["contains"]} - {"renew_before"}
    assert (made["version"], made["checked_at"]) == (1, AT)


def test_metrics():
    made = broken("desk1.example.com")
    made["checks"][0]["ok"] = None
    read = samples(made, unreachable("desk2.example.com"))
    (first, one), (second, _one) = sorted(read["server_info"], key=lambda pair: pair[0]["server"])
    assert one == 1
    assert first == {
        "server": "desk1.example.com",
        "tenant_id": "contoso.example",
        "application": "rustdesk-sso",
        "app_id": made["application"]["app_id"],
        "provider": "azure",
        "console": "https://desk1.example.com",
        "callback_url": "https://desk1.example.com/api/oidc/callback",
    }
    assert second["server"] == "desk2.example.com"
    states = {(labels["server"], labels["state"]): value for labels, value in read["server_state"]}
    assert len(states) == 2 * len(STATES)
    assert {key for key, value in states.items() if value} == {
        ("desk1.example.com", "broken"),
        ("desk2.example.com", "unreachable"),
    }
    checks = {labels["check"]: value for labels, value in read["check_ok"]}
    assert checks == {"authorization request": 1, "redirect URI": 1, "issuer": 1, "client secret": 0}
    expiry = datetime.strptime(expires(150), "%Y-%m-%dT%H:%M:%S%z").timestamp()
    assert read["client_secret_expires_timestamp_seconds"] == [({"server": "desk1.example.com"}, expiry)]
    assert read["client_secret_renew_before_seconds"] == [({"server": "desk1.example.com"}, 30 * 86400)]
    assert read["drifted"] == [({"server": "desk1.example.com"}, 0)]
    assert read["restricted"] == [({"server": "desk1.example.com"}, 0)]
    assert samples(restricted("desk3.example.com"))["restricted"] == [({"server": "desk3.example.com"}, 1)]
    assert samples(drifted("desk3.example.com"))["drifted"] == [({"server": "desk3.example.com"}, 1)]
    made_at = datetime(2026, 11, 21, 17, tzinfo=timezone.utc).timestamp()
    assert read["report_timestamp_seconds"] == [({}, made_at)]


def test_checks_of_the_same_name_are_one_series():
    made = broken("desk1.example.com")
    made["checks"].append({"name": "client secret", "ok": True, "detail": "", "hint": ""})
    answers = [value for labels, value in samples(made)["check_ok"] if labels["check"] == "client secret"]
    assert answers == [0]


def test_metrics_contain_no_hint():
    made = record(client_secret={"hint": "Zq3~"})
    assert "Zq3~" not in fleet_report([made], format="prometheus", at=AT)


@given(server=NAMES, application=NAMES, check=NAMES)
def test_any_name_survives_in_metrics_and_json(server, application, check):
    made = record(server, application={"unique_name": application})
    made["checks"][0]["name"] = check
    read = samples(made)
    assert [(labels["server"], labels["application"]) for labels, _value in read["server_info"]] == [
        (server, application)
    ]
    assert check in {labels["check"] for labels, _value in read["check_ok"]}
    assert [labels["state"] for labels, _value in read["server_state"]] == STATES
    assert only(made)["server"] == server


@pytest.mark.parametrize("form", ["html", "json", "prometheus", "csv"])
def test_a_fleet_without_servers(form):
    assert fleet_report([], format=form, at=AT).endswith("\n")
