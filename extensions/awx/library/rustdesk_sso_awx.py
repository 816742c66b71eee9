# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module of install.yml and uninstall.yml. It accesses AWX through the module code of awx.awx."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.rustdesk_sso_awx_api import Api, Failed
from ansible.module_utils.rustdesk_sso_awx_install import Installer
from ansible.module_utils.rustdesk_sso_awx_objects import objects
from ansible.module_utils.rustdesk_sso_awx_uninstall import Uninstaller

TEXTS = (
    *("execution_environment_image", "registry_credential", "project_url", "project_branch", "project_credential"),
    *(
        "inventory",
        "inventory_source",
        "hosts",
        "entra_credential",
        "console_credential",
        "schedule",
        "verify_schedule",
    ),
    *(
        "console_credential_type",
        "certificate_credential_type",
        "workload_identity_credential_type",
        "report_directory",
    ),
)
# The fields of all credential types
SECRETS = ("secret", "certificate", "passphrase", "token", "password", "totp_secret")
FIELDS = (
    *("tenant", "client", "subscription", "cloud_environment", "token_file", "username", "url", "ca"),
    *SECRETS,
)
INPUTS = {
    "type": "dict",
    "options": {name: {"type": "str", "no_log": name in SECRETS} for name in FIELDS},
}
ACTORS = {"type": "dict", "options": {kind: {"type": "list", "elements": "str"} for kind in ("users", "teams")}}
EVENTS = ("started", "succeeded", "failed", "approval")
PROMPTS = (
    *(
        "inventory",
        "tags",
        "skip_tags",
        "verbosity",
        "diff_mode",
        "job_type",
        "variables",
        "scm_branch",
        "forks",
        "timeout",
    ),
    *("labels", "instance_groups", "execution_environment", "job_slice_count"),
)
SETTINGS: dict[str, Any] = {
    **{name: {"type": "str"} for name in TEXTS},
    "name": {"type": "str", "default": "RustDesk sign-in"},
    "organization": {"type": "str", "default": "Default"},
    "image_pull": {"type": "str", "choices": ["always", "missing", "never"]},
    "entra_type": {"type": "str", "choices": ["secret", "certificate", "workload_identity"]},
    "entra_inputs": INPUTS,
    "console_inputs": INPUTS,
    "job_slice_count": {"type": "int"},
    "verbosity": {"type": "int", "choices": [0, 1, 2, 3, 4, 5]},
    "approval_timeout": {"type": "int"},
    "update_timeout": {"type": "int", "default": 300},
    "credentials": {"type": "list", "elements": "str"},
    "labels": {"type": "list", "elements": "str"},
    "reset": {"type": "list", "elements": "str"},
    "prompts": {"type": "list", "elements": "str", "choices": list(PROMPTS)},
    "notifications": {"type": "dict", "options": {event: {"type": "list", "elements": "str"} for event in EVENTS}},
    "operators": ACTORS,
    "approvers": ACTORS,
    "delete_inventory": {"type": "bool"},
}


def _controller() -> Any:
    """Return the base class of the modules of awx.awx or, if it is missing, of Automation Platform's collection."""
    try:
        from ansible_collections.awx.awx.plugins.module_utils.controller_api import ControllerAPIModule
    except ImportError:
        from ansible_collections.ansible.controller.plugins.module_utils.controller_api import ControllerAPIModule
    return ControllerAPIModule


def _given(settings: Any) -> Any:
    """Return the settings without the members that Ansible fills with None."""
    if not isinstance(settings, dict):
        return settings
    return {name: _given(value) for name, value in settings.items() if value is not None}


def main() -> None:
    """Run the module."""
    spec = {
        "settings": {"type": "dict", "required": True, "options": SETTINGS},
        "credential_types": {"type": "dict", "required": True},
        "job_templates": {"type": "list", "elements": "dict", "required": True},
        "workflow": {"type": "dict", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    try:
        controller = _controller()
    except ImportError:
        install = "Install it with: ansible-galaxy collection install awx.awx"
        AnsibleModule(spec, supports_check_mode=True).fail_json(msg=f"The collection awx.awx is missing. {install}")
    module = controller(argument_spec=spec)
    settings = _given(module.params["settings"])
    workflow = module.params["workflow"]
    wanted = objects(settings, module.params["credential_types"], module.params["job_templates"], workflow)
    api = Api(module)
    done: Any
    try:
        if module.params["state"] == "present":
            done = Installer(api, wanted, settings, module.check_mode)
            done.run(workflow)
        else:
            done = Uninstaller(api, wanted, settings, module.check_mode)
            done.run()
    except Failed as failed:
        module.fail_json(msg=str(failed), changes=done.changes)
    for warning in getattr(done, "warnings", []):
        module.warn(warning)
    module.json_output["changed"] = bool(done.changes)
    module.exit_json(
        changes=done.changes, kept=getattr(done, "kept", []), lost=getattr(done, "lost", []), **module.json_output
    )


if __name__ == "__main__":
    main()
