# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dashboard, against the schema that Grafana publishes and Prometheus' own parser."""

from __future__ import annotations

import enum
import json
import types
import typing as t

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from support.monitoring import dashboard, expressions

PLAIN = {int: int, float: (int, float), str: str, bool: bool}


def lost(given, kept, path="dashboard"):
    """Yield the paths of the values of ``given`` that are missing in ``kept``, which may have more keys."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            yield from lost(value, kept[key], f"{path}.{key}") if key in kept else [f"{path}.{key}"]
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for place, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from lost(one, other, f"{path}[{place}]")
    elif given != kept:
        yield path


def wrong(value, wanted, path="dashboard"):
    """Yield the paths of the values that do not have their type in the schema."""
    origin, inner = t.get_origin(wanted), t.get_args(wanted)
    if origin in {t.Union, types.UnionType}:
        found = [list(wrong(value, one, path)) for one in inner]
        yield from max(found, key=lambda paths: max(map(len, paths))) if all(found) else ()  # the one that fits best
    elif origin in {list, dict} and isinstance(value, origin):
        for key, item in enumerate(value) if origin is list else value.items():
            yield from wrong(item, inner[-1], f"{path}[{key}]")
    elif hasattr(wanted, "from_json") and isinstance(value, dict):  # the reader left it unchanged
        read = wanted.from_json(value)
        yield from lost(value, json.loads(JSONEncoder().encode(read)), path)
        yield from wrong(read, wanted, path)
    elif hasattr(value, "to_json"):
        for name, annotation in t.get_type_hints(type(value)).items():
            yield from wrong(getattr(value, name), annotation, f"{path}.{name}")
    elif not fits(value, wanted, origin, inner):
        yield path


def fits(value, wanted, origin, inner):
    """Whether a plain value is of a type without members."""
    if origin is t.Literal:
        return value in inner
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return value in [member.value for member in wanted]
    return wanted in {object, t.Any} or (origin is None and isinstance(value, PLAIN.get(wanted, wanted)))


def faults(given):
    read = Dashboard.from_json(given)
    return [*lost(given, json.loads(JSONEncoder(sort_keys=True).encode(read))), *wrong(read, Dashboard)]


@pytest.fixture(scope="module", autouse=True)
def types_of_panels():
    plugins.register_default_plugins()


def test_the_schema_knows_each_key_and_value():
    assert faults(dashboard()) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda made: made.update(titel="x"), "dashboard.titel"),
        (lambda made: made.update(schemaVersion="39"), "dashboard.schema_version"),
        (lambda made: made["panels"][0]["options"].update(colorMode="x"), "dashboard.panels[0].options.color_mode"),
        (lambda made: made["panels"][0]["targets"][0].update(exp="x"), "dashboard.panels[0].targets[0].exp"),
    ],
)
def test_an_error_is_detected(change, where):
    made = dashboard()
    change(made)
    assert where in faults(made)


def test_prometheus_reads_each_expression(promtool, tmp_path):
    rules = [{"record": "shown", "expr": one.replace("$server", ".*")} for one in expressions()]
    made = tmp_path / "rules.yml"
    made.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    checked = promtool("check", "rules", "--lint=none", made)
    assert checked.returncode == 0, checked.stdout


def test_the_data_source_can_be_selected():
    made = dashboard()
    assert made["templating"]["list"][0]["type"] == "datasource"
    asked = [panel["datasource"] for panel in made["panels"]]
    asked += [target["datasource"] for panel in made["panels"] for target in panel["targets"]]
    assert {one["uid"] for one in asked} == {"${datasource}"}


def test_panels_have_distinct_places_and_numbers():
    taken = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        columns = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)
