# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet report's additions to each server's state: the automation's credential, commands, counts, CSV."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from datetime import datetime

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.splitter import parse_kv
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.deskops.rustdesk_sso.plugins.filter.fleet_report import fleet_report
from support.records import AT, broken, drifted, expires, expiring, few, invalid, record, unreachable

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
CLIENT_ID = record()["automation"]["client_id"]


def model(*records, at=AT):
    return json.loads(fleet_report(list(records), format="json", at=at))


def only(*records, **options):
    (server,) = model(*records, **options)["servers"]
    return server


def own(credential="certificate", days=None, state="unknown", client_id=CLIENT_ID, path=""):
    """The automation's credential."""
    expiry = "" if days is None else expires(days)
    return {
        "client_id": client_id,
        "credential": credential,
        "expires": expiry,
        "state": state,
        "certificate_path": path,
    }


def test_the_automations_own_credential():
    """Each is reported once, the most urgent first. An unknown credential is omitted."""
    made = model(
        record("a", automation=own(days=200, state="valid")),
        record("b", automation=own("secret", 12, "expiring")),
        record("c", automation=own("secret", 12, "expiring")),
        record("d", automation=own("managed_identity", state="none")),
        invalid("e"),
    )
    assert [(item["credential"], item["servers"], item["days_left"]) for item in made["automation"]] == [
        ("secret", ["b", "c"], 12),
        ("certificate", ["a"], 200),
        ("managed_identity", ["d"], None),
    ]
    first = made["automation"][0]
    assert first["summary"] == "client secret expires in 12 days, on 2026-12-03"
    assert first["urgent"]
    assert first["command"].endswith(" -e bootstrap_renew=true")
    assert [item["command"] for item in made["automation"][1:]] == ["", ""]


@pytest.mark.parametrize(
    ("credential", "path", "variable"),
    [
        ("secret", "", "-e bootstrap_secret_file=SECRET_FILE"),
        ("certificate", "", "-e bootstrap_certificate_path=CERTIFICATE_PATH"),
        ("certificate", "/etc/automation.pem", "-e bootstrap_certificate_path=/etc/automation.pem"),
        ("certificate", "/a b/own's.pem", """-e '{"bootstrap_certificate_path": "/a b/own'"'"'s.pem"}'"""),
    ],
)
def test_the_command_that_renews_it_has_the_variables_of_the_first_run(credential, path, variable):
    """Without the abilities, their permissions would be revoked."""
    made = model(record("a", tenant_id="contoso.example", automation=own(credential, 12, "expiring", path=path)))
    command = made["automation"][0]["command"]
    assert command == (
        "ansible-playbook deskops.rustdesk_sso.bootstrap_automation -e bootstrap_tenant_id=contoso.example "
        f"{variable} -e bootstrap_abilities=ABILITIES -e bootstrap_renew=true"
    )
    # As Ansible reads it
    given = [text for text in shlex.split(command) if "certificate_path" in text]
    if path:
        (text,) = given
        read = json.loads(text) if text.startswith("{") else parse_kv(text)
        assert read == {"bootstrap_certificate_path": path}


def test_its_metric_is_one_series_for_each_credential():
    text = fleet_report(
        [
            record("a", automation=own(days=200, state="valid")),
            record("b", automation=own(days=12, state="expiring")),
            record("c", automation=own("secret", 30, "expiring")),
            record("d", automation=own("secret", state="unknown", client_id="other")),
        ],
        format="prometheus",
        at=AT,
    )
    read = {family.name: family.samples for family in text_string_to_metric_families(text)}
    assert {
        (sample.labels["client_id"], sample.labels["credential"]): sample.value
        for sample in read["rustdesk_sso_automation_credential_expires_timestamp_seconds"]
    } == {
        (CLIENT_ID, "certificate"): datetime.strptime(expires(12), "%Y-%m-%dT%H:%M:%S%z").timestamp(),
        (CLIENT_ID, "secret"): datetime.strptime(expires(30), "%Y-%m-%dT%H:%M:%S%z").timestamp(),
    }


def test_an_application_whose_tenant_has_two_spellings_is_one():
    tenant_id = "3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b90"
    unknown = {"app_id": "", "display_name": "", "object_id": "", "assignment": "", "portal_url": ""}
    made = model(
        record("a", tenant_id=tenant_id.upper()),
        record("b", tenant_id="contoso.example"),
        unreachable("c", tenant_id="Contoso.example", application=unknown),
        unreachable("d", tenant_id="fabrikam.example", application=unknown),
    )
    one, other = made["applications"]
    assert (one["tenant_id"], sorted(one["servers"])) == (tenant_id, ["a", "b", "c"])
    assert (other["tenant_id"], other["servers"]) == ("fabrikam.example", ["d"])
    assert {server["server"]: server["tenant_id"] for server in made["servers"]}["c"] == tenant_id


@pytest.mark.parametrize(
    ("make", "command"),
    [
        (drifted, "ansible-playbook -i inventory deskops.rustdesk_sso.site --limit desk1"),
        (expiring, "ansible-playbook -i inventory deskops.rustdesk_sso.site --limit desk1"),
        (unreachable, "ansible-playbook -i inventory deskops.rustdesk_sso.report --limit desk1"),
        (record, ""),
    ],
)
def test_the_command_that_corrects_a_server(make, command):
    assert only(make("desk1"))["command"] == command
    if command:
        assert only(make("x; rm -rf ~"))["command"].endswith(" --limit 'x; rm -rf ~'")


def failure(records, fail_on):
    return fleet_report(records, format="files", at=AT, fail_on=fail_on)["failure"]


def test_states_that_a_run_fails_on():
    records = [*few(), record("z", automation=own(days=-1, state="expired"))]
    assert failure(records, []) == ""
    assert failure(records, ["unreachable", "expiring"]) == (
        "Needs attention: the automation's own certificate expired on 2026-11-20."
    )
    both = "Needs attention: desk2.example.com (broken); desk3.example.com (drifted)."
    assert failure(records, ["drifted", "broken"]) == failure(records, "broken, drifted") == both
    many = [broken(f"desk{place:02}") for place in range(12)]
    assert "desk09 and 2 more (broken)" in failure(many, ["broken"])
    for wrong in (["drift"], "broken,drift", {"broken": True}, 1):
        with pytest.raises(AnsibleFilterError, match="unreachable, refused, invalid, broken, drifted"):
            failure(records, wrong)


def test_the_line_of_counts():
    def line(*records):
        return fleet_report(list(records), format="files", at=AT)["summary"]

    assert line() == "No servers."
    assert line(record()) == "1 server: 1 healthy."
    soon = record(automation=own("secret", 12, "expiring"))
    assert line(soon, broken("b")) == (
        "2 servers: 1 broken, 1 healthy. The automation's own client secret expires in 12 days, on 2026-12-03."
    )


def rows(*records):
    return list(csv.DictReader(io.StringIO(fleet_report(list(records), format="csv", at=AT), newline="")))


def test_csv():
    first, second = rows(record("desk1.example.com"), broken("desk2.example.com"))
    assert (first["server"], first["state"], first["checks_passed"], first["checks_run"]) == (
        *("desk2.example.com", "broken", "4", "5"),
    )
    assert second["client_secret_expires"] == expires(150)
    assert second["client_secret_days_left"] == "150"
    assert (second["assignment"], second["automation_state"]) == ("all", "valid")


@given(
    name=st.one_of(
        NAMES, st.sampled_from(["=1+1", "+x", "-x", "@SUM(A1)", " =x", "\t=x", "\uff1dx", '"=x', "a,b\n=c", "a\0b"])
    )
)
def test_no_cell_is_a_formula(name):
    (row,) = rows(record("desk1", application={"unique_name": name}))
    assert row["application"].lstrip("'") == " ".join(name.replace("\0", "\ufffd").split()).lstrip("'")
    for cell in row.values():
        assert not re.match(r"[=+\-@|%\uff1d\uff0b\uff0d\uff20]", cell)
        assert "\n" not in cell
