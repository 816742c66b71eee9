# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential types, surveys and schedules that AWX refuses [src: awx/main/fields.py, awx/api]."""

from __future__ import annotations

import re
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft4Validator

NAME = "^[a-zA-Z_]+[a-zA-Z0-9_]*$"
# What a credential may not set in a job's environment, in addition to everything that begins with ANSIBLE_
BLOCKED = {
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION"),
    *("CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH"),
}
INPUTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "label"],
                "properties": {
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True},
                    "id": {"type": "string", "pattern": NAME},
                    "label": {"type": "string"},
                    "help_text": {"type": "string"},
                    "multiline": {"type": "boolean"},
                    "secret": {"type": "boolean"},
                    "ask_at_runtime": {"type": "boolean"},
                    "default": {},
                },
            },
        },
    },
}
TEXTS = {"type": "object", "additionalProperties": False, "patternProperties": {NAME: {"type": "string"}}}
FILES = {**TEXTS, "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": {"type": "string"}}}
ENVIRONMENT = {**TEXTS, "patternProperties": {NAME: {"type": "string", "pattern": "^[\x00-\x7f]*$"}}}
INJECTORS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"file": FILES, "env": ENVIRONMENT, "extra_vars": TEXTS},
}
ANSWERS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("text", "textarea", "password", "multiplechoice", "multiselect"), str),
    "integer": int,
    "float": (int, float),
}


class Refused(Exception):
    """A response with status 400. ``body`` is its JSON."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.body = body


class Forbidden(Exception):
    """A response with status 403. The text is its detail."""


class _Tower:
    """The namespace that injectors use for files."""


def refuse_unless(good: Any, member: str, why: str) -> None:
    """Raise Refused in AWX's wording for a member, unless ``good``."""
    if not good:
        raise Refused({member: [why]})


def credential_type(inputs: dict[str, Any], injectors: dict[str, Any]) -> None:
    """Raise Refused for an invalid credential type."""
    for member, value, schema in (("inputs", inputs, INPUTS), ("injectors", injectors, INJECTORS)):
        for error in Draft4Validator(schema).iter_errors(value):
            raise Refused({member: [error.message]})
    names = [field["id"] for field in inputs.get("fields", [])]
    refuse_unless("tower" not in names, "inputs", '"tower" is a reserved field name')
    refuse_unless(len(names) == len(set(names)), "inputs", "field IDs must be unique")
    for field in inputs.get("fields", []):
        # AWX adds a missing type, so that the stored document differs from the one sent.
        field.setdefault("type", "string")
        texts = {"choices", "multiline", "format", "secret"} & set(field)
        refuse_unless(field["type"] == "string" or not texts, "inputs", f"{texts} not allowed for {field['type']}")
    for name in injectors.get("env", {}):
        good = name not in BLOCKED and not name.startswith("ANSIBLE_")
        refuse_unless(good, "injectors", f"Environment variable {name} is not allowed to be used in credentials.")
    _templates(injectors, names)


def _templates(injectors: dict[str, Any], names: list[str]) -> None:
    """Refuse templates that use anything except the type's own fields and files."""
    tower = _Tower()
    files = list(injectors.get("file", {}))
    refuse_unless("template" not in files or len(files) == 1, "injectors", "Must use multi-file syntax")
    if files == ["template"]:
        tower.filename = "EXAMPLE_FILENAME"  # type: ignore[attr-defined]
    elif files:
        tower.filename = _Tower()  # type: ignore[attr-defined]
        for name in files:
            setattr(tower.filename, name.partition(".")[2], "EXAMPLE_FILENAME")  # type: ignore[attr-defined]
    namespace = {"tower": tower, **dict.fromkeys(names, "EXAMPLE")}
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    try:
        for template in (text for injector in injectors.values() for text in injector.values()):
            sandbox.from_string(template).render(namespace)
    except TemplateError as error:
        raise Refused({"injectors": [f"uses an undefined field ({error})"]}) from error


def survey(spec: dict[str, Any]) -> None:
    """Raise Refused for an invalid survey, in the format of surveys."""

    def need(good: Any, why: str) -> None:
        if not good:
            raise Refused({"error": why})

    for member, kind in (("name", str), ("description", str), ("spec", list)):
        need(isinstance(spec.get(member), kind), f"Field '{member}' is missing from survey spec or of another type.")
    need(spec["spec"], "'spec' doesn't contain any items.")
    variables: set[str] = set()
    for index, question in enumerate(spec["spec"]):
        for member, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
            good = isinstance(question.get(member), kind)
            need(good, f"'{member}' missing from survey question {index} or not of its type")
        need(question["variable"] not in variables, f"'variable' '{question['variable']}' duplicated")
        variables.add(question["variable"])
        need(question["type"] in ANSWERS, f"'{question['type']}' in survey question {index} is not allowed")
        default = question.get("default", "")
        good = default == "" or isinstance(default, ANSWERS[question["type"]])
        need(good, f"Default value {default} in survey question {index} expected to be of its type")
        for member in ("min", "max"):
            need(isinstance(question.get(member, 0), int | None), f"The {member} limit in survey question {index}")
        if question["type"] in ("multiplechoice", "multiselect"):
            need("choices" in question, f"Survey question {index} must specify choices.")
            chosen = default.splitlines()
            need(all(item in question["choices"] for item in chosen), "Default choice must be among the choices")


def variables(text: str) -> None:
    """Raise Refused for variables that are neither JSON nor YAML without tags, such as !vault [src:
    awx/main/utils/common.py, vars_validate_or_raise, parse_yaml_or_json].
    """
    try:
        yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refused({"variables": [f"Cannot parse as JSON or YAML (error: {error})."]}) from error


def answers(spec: dict[str, Any], given: dict[str, Any]) -> None:
    """Raise Refused for a launch or schedule without a required answer, even if the question has a default [src:
    awx/main/models/mixins.py, _survey_element_validation].
    """
    missing = [one["variable"] for one in spec.get("spec", []) if one["required"] and one["variable"] not in given]
    refuse_unless(not missing, "variables_needed_to_start", f"'{missing}' value missing")


def schedule(rule: str) -> None:
    """Raise Refused for a recurrence rule that AWX does not support."""
    starts = re.findall(r"DTSTART(?:;TZID=[^:]+)?:\d{8}T\d{6}Z?", rule)
    refuse_unless(len(starts) == 1, "rrule", "Valid DTSTART required in rrule. Value should start with: DTSTART:...Z")
    refuse_unless(len(re.findall("RRULE:", rule)) == 1, "rrule", "One RRULE required in rrule.")
    refuse_unless("INTERVAL=" in rule, "rrule", "INTERVAL required in rrule.")
    refuse_unless("SECONDLY" not in rule, "rrule", "SECONDLY is not supported.")
