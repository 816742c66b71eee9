# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The resources of AWX's API: their members and defaults [src: awx/api/serializers.py]."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NAMED: dict[str, Any] = {"name": "", "description": ""}
NOTIFICATIONS = {
    f"notification_templates_{when}": "notification_templates" for when in ("started", "success", "error", "approvals")
}
# What a schedule or a node may pass to the job that it starts
PROMPTS: dict[str, Any] = {
    "extra_data": {},
    "scm_branch": "",
    "job_type": None,
    "job_tags": None,
    "skip_tags": None,
    "limit": None,
    "diff_mode": None,
    "verbosity": None,
    "forks": None,
    "job_slice_count": None,
    "timeout": None,
}
PROMPTED_LISTS = {"credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups"}
ASKED = (
    *("diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory", "credential"),
    *("scm_branch", "execution_environment", "forks", "instance_groups", "job_slice_count", "labels", "timeout"),
)


@dataclass(frozen=True)
class Resource:
    """One resource: its members, its references to and lists of other objects, and its unique members."""

    type: str
    members: dict[str, Any]
    references: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ("name",)
    unique: tuple[str, ...] = ("name",)
    survey: bool = False


ORGANIZED = {"organization": "organizations"}
PLACED = {"inventory": "inventories", "execution_environment": "execution_environments"}
LISTED = {"labels": "labels", "instance_groups": "instance_groups", **NOTIFICATIONS}

RESOURCES = {
    "organizations": Resource(
        "organization",
        {**NAMED, "max_hosts": 0, "custom_virtualenv": None},
        {"default_environment": "execution_environments"},
        {"galaxy_credentials": "credentials", "instance_groups": "instance_groups", **NOTIFICATIONS},
    ),
    # Their names are unique across AWX [src: awx/main/models/execution_environments.py]
    "execution_environments": Resource(
        "execution_environment",
        {**NAMED, "image": "", "pull": ""},
        {**ORGANIZED, "credential": "credentials"},
        required=("name", "image"),
    ),
    "credential_types": Resource(
        "credential_type",
        {**NAMED, "kind": "", "inputs": {}, "injectors": {}},
        required=("name", "kind"),
        unique=("name", "kind"),
    ),
    "credentials": Resource(
        "credential",
        {**NAMED, "inputs": {}},
        {**ORGANIZED, "credential_type": "credential_types"},
        required=("name", "credential_type"),
        unique=("name", "organization", "credential_type"),
    ),
    "inventories": Resource(
        "inventory",
        {**NAMED, "kind": "", "host_filter": None, "variables": "", "prevent_instance_group_fallback": False},
        ORGANIZED,
        {"instance_groups": "instance_groups"},
        required=("name", "organization"),
        unique=("name", "organization"),
    ),
    "groups": Resource(
        "group",
        {**NAMED, "variables": ""},
        {"inventory": "inventories"},
        required=("name", "inventory"),
        unique=("name", "inventory"),
    ),
    "hosts": Resource(
        "host",
        {**NAMED, "variables": "", "enabled": True},
        {"inventory": "inventories"},
        required=("name", "inventory"),
        unique=("name", "inventory"),
    ),
    "inventory_sources": Resource(
        "inventory_source",
        {
            **NAMED,
            **dict.fromkeys(("source", "source_path", "source_vars", "scm_branch"), ""),
            **dict.fromkeys(("update_on_launch", "overwrite", "overwrite_vars"), False),
        },
        {**PLACED, "source_project": "projects"},
        {"credentials": "credentials", **NOTIFICATIONS},
        required=("name", "inventory"),
        unique=("name", "inventory"),
    ),
    "projects": Resource(
        "project",
        {
            **NAMED,
            **dict.fromkeys(("scm_type", "scm_url", "scm_branch", "scm_refspec", "local_path"), ""),
            **dict.fromkeys(("scm_clean", "scm_delete_on_update", "scm_track_submodules"), False),
            **dict.fromkeys(("scm_update_on_launch", "allow_override"), False),
            **dict.fromkeys(("scm_update_cache_timeout", "timeout"), 0),
            "custom_virtualenv": None,
        },
        {
            **ORGANIZED,
            "default_environment": "execution_environments",
            "credential": "credentials",
            "signature_validation_credential": "credentials",
        },
        NOTIFICATIONS,
        unique=("name", "organization"),
    ),
    "job_templates": Resource(
        "job_template",
        {
            **NAMED,
            **{f"ask_{name}_on_launch": False for name in ASKED},
            **dict.fromkeys(("playbook", "scm_branch", "limit", "job_tags", "skip_tags", "start_at_task"), ""),
            **dict.fromkeys(("extra_vars", "host_config_key", "webhook_service"), ""),
            **dict.fromkeys(("forks", "verbosity", "timeout"), 0),
            **dict.fromkeys(("force_handlers", "use_fact_cache", "survey_enabled", "become_enabled"), False),
            **dict.fromkeys(("diff_mode", "allow_simultaneous", "prevent_instance_group_fallback"), False),
            "job_type": "run",
            "job_slice_count": 1,
            "custom_virtualenv": None,
        },
        {**ORGANIZED, **PLACED, "project": "projects", "webhook_credential": "credentials"},
        {"credentials": "credentials", **LISTED},
        required=("name", "project", "playbook"),
        unique=("name", "organization"),
        survey=True,
    ),
    "schedules": Resource(
        "schedule",
        {**NAMED, **PROMPTS, "rrule": "", "enabled": True},
        {**PLACED, "unified_job_template": "unified_job_templates"},
        PROMPTED_LISTS,
        required=("name", "rrule", "unified_job_template"),
        unique=("name", "unified_job_template"),
    ),
    "workflow_job_templates": Resource(
        "workflow_job_template",
        {
            **NAMED,
            **{
                f"ask_{name}_on_launch": False
                for name in ("inventory", "scm_branch", "limit", "variables", "labels", "tags", "skip_tags")
            },
            **dict.fromkeys(("extra_vars", "scm_branch", "limit", "job_tags", "skip_tags", "webhook_service"), ""),
            **dict.fromkeys(("survey_enabled", "allow_simultaneous"), False),
        },
        {**ORGANIZED, "inventory": "inventories", "webhook_credential": "credentials"},
        LISTED,
        unique=("name", "organization"),
        survey=True,
    ),
    "workflow_job_template_nodes": Resource(
        "workflow_job_template_node",
        {**PROMPTS, "identifier": "", "all_parents_must_converge": False},
        {**PLACED, "workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates"},
        {
            **{f"{when}_nodes": "workflow_job_template_nodes" for when in ("success", "failure", "always")},
            **PROMPTED_LISTS,
        },
        required=("workflow_job_template",),
        unique=("identifier", "workflow_job_template"),
    ),
    # Created only by a node's create_approval_template
    "workflow_approval_templates": Resource("workflow_approval_template", {**NAMED, "timeout": 0}, unique=()),
    **{
        name: Resource(name.removesuffix("s"), NAMED, ORGANIZED)
        for name in ("labels", "instance_groups", "notification_templates", "teams")
    },
    "users": Resource("user", {"username": ""}, required=("username",), unique=("username",)),
}
# The roles that can be granted on an object [src: awx/main/models, ImplicitRoleField]
ROLES = {
    "job_templates": ("admin_role", "execute_role", "read_role"),
    "workflow_job_templates": ("admin_role", "execute_role", "approval_role", "read_role"),
}
# What AWX deletes with an object, by the member that refers to it [src: on_delete=CASCADE]
CASCADES = {
    "job_templates": (("schedules", "unified_job_template"),),
    "workflow_job_templates": (
        ("schedules", "unified_job_template"),
        ("workflow_job_template_nodes", "workflow_job_template"),
    ),
    "projects": (("inventory_sources", "source_project"),),
    "inventories": (("groups", "inventory"), ("hosts", "inventory"), ("inventory_sources", "inventory")),
}
# The resources that are listed as unified job templates
UNIFIED = ("projects", "job_templates", "workflow_job_templates", "workflow_approval_templates", "inventory_sources")
# Members of an object that only AWX sets: a request may contain them, but they are ignored.
OWN = {"id", "type", "url", "related", "summary_fields", "managed", "namespace"}

# The credential types that come with AWX, as far as they are needed [src: ansible/awx-plugins]
MANAGED = (
    {
        "name": "Microsoft Azure Resource Manager",
        "namespace": "azure_rm",
        "kind": "cloud",
        "inputs": {
            "fields": [
                {"id": "subscription", "label": "Subscription ID", "type": "string"},
                {"id": "username", "label": "Username", "type": "string"},
                {"id": "password", "label": "Password", "type": "string", "secret": True},
                {"id": "client", "label": "Client ID", "type": "string"},
                {"id": "secret", "label": "Client Secret", "type": "string", "secret": True},
                {"id": "tenant", "label": "Tenant ID", "type": "string"},
                {"id": "cloud_environment", "label": "Azure Cloud Environment", "type": "string"},
            ],
            "required": ["subscription"],
        },
    },
    {
        "name": "Vault",
        "namespace": "vault",
        "kind": "vault",
        "inputs": {
            "fields": [
                {"id": "vault_password", "label": "Vault Password", "type": "string", "secret": True},
                {"id": "vault_id", "label": "Vault Identifier", "type": "string"},
            ],
            "required": ["vault_password"],
        },
    },
)
