# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Run a core function as an AnsibleModule, and turn its exceptions into failed tasks."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    MissingLibraryError,
    SsoError,
    unforeseen,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class Context:
    """What the core knows about the task: whether it may change anything, and how to issue warnings.

    ``notify`` reports progress while the task still runs, such as waits; None if no user would see it.
    """

    check_mode: bool
    warn: t.Callable[[str], None]
    notify: t.Callable[[str], None] | None = None


Core = t.Callable[[t.Mapping[str, t.Any], Context], dict[str, t.Any]]


def outcome(core: Core, params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Run ``core`` and return the task's result, with ``failed: true`` if it raised an exception."""
    try:
        return {"changed": False, **core(params, context)}
    except MissingLibraryError as error:
        result = error.as_result()
        result["msg"] = missing_required_lib(error.packages, reason=f"by this task: {error.pip}")
        return {"failed": True, **result}
    except SsoError as error:
        return {"failed": True, **error.as_result()}
    except Exception as error:  # noqa: BLE001  # its text may contain a secret, so only its location is shown
        return {"failed": True, **unforeseen(error).as_result()}


def run_module(module: AnsibleModule, core: Core) -> t.NoReturn:
    """Run ``core`` for an AnsibleModule and exit."""
    result = outcome(core, module.params, Context(module.check_mode, module.warn, module.warn))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
    raise AssertionError("exit_json does not return")
