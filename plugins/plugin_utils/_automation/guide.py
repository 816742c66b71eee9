# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The closing report of bootstrap_automation for the administrator. Pure."""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

GROUP = "rustdesk_servers"
NAME = re.compile(r"\w[\w.-]*")
AGAIN = "run this playbook again with the variables of this run and"


@dataclass(frozen=True)
class Facts:
    """The automation's application. ``variables`` are role variables without secrets, unless ``secret_file`` is set.

    ``hosts`` is the group or pattern of servers. ``revoked`` is whether former credentials were removed immediately.
    """

    display_name: str
    tenant_id: str
    object_id: str
    permissions: t.Sequence[str]
    variables: t.Mapping[str, str]
    certificate_path: str = ""
    secret_file: str = ""
    secret_encrypted: bool = False
    expires: datetime | None = None
    has_key: bool = True
    own: bool = True
    renewed: bool = False
    revoked: bool = False
    hosts: str = GROUP
    taken_over: t.Sequence[str] = ()
    removed: t.Sequence[str] = field(default_factory=list)


def lines(facts: Facts) -> list[str]:
    """Return the lines of the report: the variables to use, the application, and the next steps."""
    return [*_variables(facts), "", *_known(facts), "", "Next steps:", *_numbered(_steps(facts))]


def group_vars(hosts: str) -> str:
    """Return the directory for the variables of ``hosts``, or that of all hosts if ``hosts`` is not a single group."""
    return f"group_vars/{hosts if NAME.fullmatch(hosts) else 'all'}"


def predicted(choices: t.Mapping[str, str], removed: t.Sequence[str]) -> list[str]:
    """Return lines on the files that a run outside check mode would change and the credentials that it would remove."""
    verbs = {
        "created": "would be created, with a new credential",
        "renewed": "would be replaced, with a new credential",
        "completed": "would be replaced by the one from the interrupted run",
        "kept": "would be left unchanged",
    }
    files = [f"{path} {verbs[choice]}." for path, choice in choices.items()]
    return [*files, *([f"These would be removed: {', '.join(removed)}."] if removed else [])]


def _variables(facts: Facts) -> t.Iterator[str]:
    if facts.secret_file:
        yield f"The variables of the automation are in {facts.secret_file}."
        return
    place = group_vars(facts.hosts)
    yield f"Save these lines to a file in {place} next to your inventory, for example {place}/entra.yml:"
    yield ""
    yield "---"
    yield from (f"{name}: {value}" for name, value in facts.variables.items())


def _known(facts: Facts) -> t.Iterator[str]:
    yield f"Application: {facts.display_name} in the tenant {facts.tenant_id}"
    yield f"Object ID of its service principal: {facts.object_id}"
    yield f"Permissions: {', '.join(facts.permissions)}"
    if facts.expires:
        word = "Certificate" if facts.certificate_path else "Client secret"
        yield f"{word} expires: {facts.expires:%Y-%m-%d}"
    if facts.taken_over:
        yield f"Owner of: {', '.join(facts.taken_over)}"
    if facts.removed:
        yield f"Removed: {', '.join(facts.removed)}"


def _steps(facts: Facts) -> t.Iterator[str]:
    place = group_vars(facts.hosts)
    if facts.secret_file and f"/{place}/" not in facts.secret_file:
        yield (
            f"Move the file to {place} next to your inventory, where Ansible reads it automatically, or pass it to "
            f"each run with -e @{facts.secret_file}."
        )
    if facts.secret_file and not facts.secret_encrypted:
        yield f"Encrypt the file: ansible-vault encrypt {facts.secret_file}"
    if facts.certificate_path and not facts.has_key:
        yield f"Add the private key to {facts.certificate_path}. The automation authenticates with both."
    if facts.certificate_path:
        yield (
            f"Keep {facts.certificate_path} readable only by the user that runs Ansible, because it contains the "
            "private key. If other controllers or AWX use a copy, replace it after each renewal."
        )
    if facts.expires and facts.own:
        word = "certificate" if facts.certificate_path else "client secret"
        yield f"Before {facts.expires:%Y-%m-%d}, renew the {word}: {AGAIN} -e bootstrap_renew=true."
    if facts.renewed and not facts.revoked:
        word = "certificate" if facts.certificate_path else "client secret"
        yield (
            f"The former {word} keeps working until the overlap has elapsed. To remove it afterwards, run this "
            "playbook again with the variables of this run, without bootstrap_renew."
        )
    yield (
        "To have the automation manage an application that was registered manually or by another automation, "
        f"{AGAIN} -e bootstrap_take_over=<its client ID>."
    )
    if not facts.renewed:
        named = "" if facts.hosts == GROUP else f" -e rustdesk_sso_hosts={shlex.quote(facts.hosts)}"
        yield (
            "Write the inventory, then preview the changes: ansible-playbook -i inventory deskops.rustdesk_sso.site "
            f"--check --diff{named}"
        )


def _numbered(steps: t.Iterable[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, 1)]
