# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that install.yml creates in AWX, derived from its variables. Sends no requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]
GROUP = "rustdesk_servers"
# Marks, at the end of the description, objects that may be renamed or whose names others may also use
MARK = "(created by deskops.rustdesk_sso)"
BUILT_IN = "Microsoft Azure Resource Manager"
ENTRA_NAMES = {
    "secret": "Entra",
    "certificate": "Entra certificate",
    "workload_identity": "Entra workload identity",
}
PROMPTS = ("limit", "credential", "verbosity", "tags")
NOTIFICATIONS = {"started": "started", "succeeded": "success", "failed": "error", "approval": "approvals"}


@dataclass(frozen=True)
class Ref:
    """A reference to another object in the list, by its key."""

    key: str


@dataclass(frozen=True)
class Existing:
    """A reference to an existing object of the administrator, by name or ID."""

    resource: str
    name: str


@dataclass
class Wanted:
    """One object. A new one gets ``fields`` and ``lists``; ``named`` and ``named_lists`` come from variables.

    ``within`` are the members that make the name unique. A ``lazy`` object is created only if another one needs it.
    """

    key: str
    resource: str
    name: str
    fields: Item = field(default_factory=dict)
    named: Item = field(default_factory=dict)
    within: tuple[str, ...] = ("organization",)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    named_lists: dict[str, list[Any]] = field(default_factory=dict)
    survey: Item | None = None
    variables: Item = field(default_factory=dict)
    roles: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    lazy: bool = False
    reset: bool = False

    @property
    def title(self) -> str:
        """The object's type and name, for messages."""
        return f'{self.resource.removesuffix("s").replace("_", " ").replace("inventorie", "inventory")} "{self.name}"'


def _named(**values: Any) -> Item:
    """Return the members whose variables are set."""
    return {name: value for name, value in values.items() if value is not None}


def _existing(resource: str, name: str | None) -> Existing | None:
    return Existing(resource, name) if name else None


def _notifications(settings: Item, workflow: bool) -> dict[str, list[Any]]:
    """Return the lists of notification templates. Only workflows have one for approvals."""
    return {
        f"notification_templates_{NOTIFICATIONS[event]}": [
            Existing("notification_templates", str(one)) for one in names
        ]
        for event, names in (settings.get("notifications") or {}).items()
        if workflow or event != "approval"
    }


def _dependencies(settings: Item, types: dict[str, Item]) -> list[Wanted]:
    """Return the objects that the templates use."""
    prefix = settings["name"]
    home = {"organization": Ref("organization")}
    kind = settings.get("entra_type") or "secret"
    inventory = settings.get("inventory") or "RustDesk servers"
    types_wanted = [
        Wanted(
            f"type_{key}",
            "credential_types",
            settings.get(f"{key}_credential_type") or content["name"],
            {name: value for name, value in content.items() if name != "name"},
            within=(),
            lazy=True,
        )
        for key, content in types.items()
    ]
    entra = settings.get("entra_credential") or f"{prefix}: {ENTRA_NAMES[kind]}"
    console = settings.get("console_credential") or f"{prefix}: consoles"
    entra_type = Existing("credential_types", BUILT_IN) if kind == "secret" else Ref(f"type_{kind}")
    return [
        Wanted("organization", "organizations", settings["organization"], within=()),
        Wanted(
            "execution_environment",
            "execution_environments",
            prefix,
            {**home, "description": f"Playbooks for sign-in to RustDesk with Microsoft Entra ID {MARK}"},
            _named(
                image=settings.get("execution_environment_image"),
                pull=settings.get("image_pull"),
                credential=_existing("credentials", settings.get("registry_credential")),
            ),
            within=(),
            lazy=True,
        ),
        *types_wanted,
        *(
            Wanted(
                key,
                "credentials",
                name,
                {
                    **home,
                    "description": MARK,
                    "credential_type": kind_of,
                    "inputs": settings.get(f"{key}_inputs") or {},
                },
                _named(inputs=settings.get(f"{key}_inputs")),
                lazy=True,
            )
            for key, name, kind_of in (("entra", entra, entra_type), ("console", console, Ref("type_console")))
        ),
        Wanted("inventory", "inventories", inventory, {**home, "description": MARK, "kind": ""}, lazy=True),
        Wanted(
            "project",
            "projects",
            prefix,
            {
                **home,
                "description": f"Playbooks for sign-in to RustDesk with Microsoft Entra ID {MARK}",
                "scm_type": "git",
                "scm_update_on_launch": True,
                "default_environment": Ref("execution_environment"),
            },
            _named(
                scm_url=settings.get("project_url"),
                scm_branch=settings.get("project_branch"),
                credential=_existing("credentials", settings.get("project_credential")),
            ),
            lazy=True,
        ),
    ]


def _servers(settings: Item) -> list[Wanted]:
    """Return the group to which servers are added manually, or the inventory source that is a file in the project."""
    if not settings.get("inventory_source"):
        description = "The managed RustDesk servers"
        fields = {"inventory": Ref("inventory"), "description": description}
        return [Wanted("group", "groups", GROUP, fields, within=("inventory",))]
    fields = {
        "inventory": Ref("inventory"),
        "description": "The inventory of the project",
        "source": "scm",
        "source_project": Ref("project"),
        "execution_environment": Ref("execution_environment"),
        **dict.fromkeys(("update_on_launch", "overwrite", "overwrite_vars"), True),
    }
    path = {"source_path": settings["inventory_source"]}
    return [Wanted("inventory_source", "inventory_sources", settings["name"], fields, path, within=("inventory",))]


def _template(settings: Item, content: Item) -> list[Wanted]:
    """Return a job template and its schedule."""
    prefix, name = settings["name"], content["name"]
    sliced = bool(content.get("sliced"))
    slices = settings.get("job_slice_count") if sliced else None
    # A slice without servers succeeds.
    variables = {"partial_inventory": True} if (slices or 1) > 1 else {}
    if settings.get("hosts"):
        variables["rustdesk_sso_hosts"] = settings["hosts"]
    if name == "report" and settings.get("report_directory"):
        variables["report_directory"] = settings["report_directory"]
    asked = {f"ask_{prompt}_on_launch": True for prompt in PROMPTS}
    operators = {} if content.get("reserved") else {"execute_role": settings.get("operators") or {}}
    wanted = Wanted(
        f"template {name}",
        "job_templates",
        f"{prefix}: {name}",
        {
            "organization": Ref("organization"),
            "description": content["description"],
            "project": Ref("project"),
            "inventory": Ref("inventory"),
            "execution_environment": Ref("execution_environment"),
            "playbook": content["playbook"],
            "job_type": content.get("job_type", "run"),
            "diff_mode": content.get("diff_mode", False),
            "allow_simultaneous": content.get("allow_simultaneous", False),
            "extra_vars": json.dumps(content.get("extra_vars", {})),
            "survey_enabled": "survey" in content,
            **asked,
            **({"ask_job_slice_count_on_launch": True} if sliced else {}),
        },
        {
            **_named(
                inventory=Ref("inventory") if settings.get("inventory") else None,
                verbosity=settings.get("verbosity"),
                job_slice_count=slices,
            ),
            **{f"ask_{prompt}_on_launch": True for prompt in settings.get("prompts") or []},
        },
        lists={"credentials": [Ref("entra"), Ref("console")]},
        named_lists={
            "credentials": [
                *(Ref(key) for key in ("entra", "console") if settings.get(f"{key}_credential")),
                *(Existing("credentials", str(one)) for one in settings.get("credentials") or []),
            ],
            "labels": [Ref(f"label {label}") for label in settings.get("labels") or []],
            **_notifications(settings, workflow=False),
        },
        survey=content.get("survey"),
        variables=variables,
        roles=operators,
        reset=name in (settings.get("reset") or []),
    )
    if "schedule" not in content:
        return [wanted]
    schedule = Wanted(
        f"schedule {name}",
        "schedules",
        f"{prefix}: {content['schedule']['name']}",
        {"unified_job_template": Ref(wanted.key), "rrule": content["schedule"]["rrule"]},
        _named(rrule=settings.get("schedule" if name == "apply" else f"{name}_schedule")),
        within=("unified_job_template",),
        reset=wanted.reset,
    )
    return [wanted, schedule]


def _workflow(settings: Item, content: Item) -> Wanted:
    """Return the workflow, without its nodes."""
    asked = {"ask_limit_on_launch": True}
    if "inventory" in (settings.get("prompts") or []):
        asked["ask_inventory_on_launch"] = True
    return Wanted(
        "workflow",
        "workflow_job_templates",
        f"{settings['name']}: {content['name']}",
        {
            "organization": Ref("organization"),
            "description": content["description"],
            "survey_enabled": True,
            **asked,
        },
        {name: value for name, value in asked.items() if name != "ask_limit_on_launch"},
        named_lists={
            "labels": [Ref(f"label {label}") for label in settings.get("labels") or []],
            **_notifications(settings, workflow=True),
        },
        survey=content["survey"],
        roles={"execute_role": settings.get("operators") or {}, "approval_role": settings.get("approvers") or {}},
        reset=content["name"] in (settings.get("reset") or []),
    )


def objects(settings: Item, types: dict[str, Item], templates: list[Item], workflow: Item) -> list[Wanted]:
    """Return all objects, each after those that it refers to.

    ``settings`` are the variables without their prefix ``install_``. Variables that are not set are None or missing.
    ``types``, ``templates`` and ``workflow`` come from the directory vars.
    """
    labels = [
        Wanted(f"label {label}", "labels", label, {"organization": Ref("organization")}, lazy=True)
        for label in settings.get("labels") or []
    ]
    return [
        *_dependencies(settings, types),
        *labels,
        *_servers(settings),
        *(wanted for content in templates for wanted in _template(settings, content)),
        _workflow(settings, workflow),
    ]
