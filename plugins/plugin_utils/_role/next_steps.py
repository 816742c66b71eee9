# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Name the role's variables in place of the modules' options in the results of the role's tasks. Pure.

Only next steps and the beginnings of errors are rewritten. A service's answer may contain the name of an option by
chance.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import allowed, options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    APPLICATION,
    PREFIX,
    variable,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.sign_in import named

Result = dict[str, t.Any]


def _variables(names: t.Mapping[str, str]) -> dict[str, str]:
    return {option: PREFIX + name for name, option in names.items()}


ENTRA = {
    **_variables(options.ENTRA),
    **{option: variable(option) for option in APPLICATION},
    "assignments": f"{allowed.GROUPS} or {variable('assignments')}",
    "tenant_id": f"{PREFIX}tenant_id",
    "wait_timeout": f"{PREFIX}wait_timeout",
}
CONSOLE = {
    **_variables(options.CONSOLE),
    "name": f"{PREFIX}provider_name",
    "callback_url": f"{PREFIX}public_url",
}
VERIFICATION = {
    **_variables(options.VERIFICATION),
    "name": f"{PREFIX}provider_name",
    "public_url": f"{PREFIX}public_url",
}
# The role's variable for each option, by module
MODULES = {
    "entra_app": ENTRA,
    "entra_app_info": ENTRA,
    "rustdesk_oidc_provider": CONSOLE,
    "rustdesk_oidc_provider_info": CONSOLE,
    "rustdesk_sign_in_check": VERIFICATION,
    "entra_oidc_try_sign_in": {
        **VERIFICATION,
        "cloud": f"{PREFIX}entra_cloud",
        "authority_host": f"{PREFIX}entra_authority_host",
        "wait_timeout": f"{PREFIX}try_sign_in_timeout",
    },
}
FIRST_WORD = re.compile(r"[a-z]+(?:_[a-z]+)+")


def of_role(module: str, result: Result) -> Result:
    """Return the ``result`` of ``module`` with the role's variables in place of options."""
    variables = MODULES.get(module.rsplit(".", 1)[-1])
    return _Rewriter(variables).result(result) if variables else result


class _Rewriter:
    """Rewrites the parts of a result, and then the texts that repeat them."""

    def __init__(self, variables: t.Mapping[str, str]) -> None:
        self._variables = variables
        self._rewritten: dict[str, str] = {}

    def result(self, result: Result) -> Result:
        found = {**result}
        for name in ("checks", "restrictions"):
            if result.get(name):
                found[name] = [self._parts(item) for item in result[name]]
        if isinstance(result.get("error"), t.Mapping):
            found["error"] = self._parts(result["error"])
        if result.get("obstacles"):
            found["obstacles"] = [self._named(text) for text in result["obstacles"]]
        if result.get("applications"):
            found["applications"] = [self.result(item) for item in result["applications"]]
        if isinstance(result.get("msg"), str):
            found["msg"] = self._repeated(result["msg"])
        if result.get("warnings"):
            found["warnings"] = [self._repeated(text) for text in result["warnings"]]
        return found

    def _parts(self, item: t.Mapping[str, t.Any]) -> Result:
        found = {**item}
        if isinstance(item.get("hint"), str):
            found["hint"] = self._named(item["hint"])
        attempted = str(item.get("attempted") or "")
        first = FIRST_WORD.match(attempted)
        if first and first.group() in self._variables:
            new = f"{self._variables[first.group()]}{attempted[first.end() :]}"
            found["attempted"] = self._rewritten[attempted] = new
        return found

    def _named(self, text: str) -> str:
        new = named(text, self._variables)
        if new != text:
            self._rewritten[text] = new
        return new

    def _repeated(self, text: str) -> str:
        for former, new in self._rewritten.items():
            text = text.replace(former, new)
        return text
