# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a job template as AWX does: creates ansible-runner's folder from the objects in AWX, runs it and reads the
results.

The folder, the injectors and the arguments are AWX's [src: ansible/awx, awx/main/tasks/jobs.py and
awx/main/models/credential, ansible/awx-plugins for the built-in credential]; there is no container around it.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from lab.awx.server import Awx

Item = dict[str, Any]
TIMEOUT = 300


@dataclass(frozen=True)
class Job:
    """The results of one job: ``events`` in their order; ``text`` is everything that AWX would store and show."""

    rc: int
    events: list[Item]
    text: str

    @property
    def output(self) -> str:
        """The output of the job as AWX shows it, without colors."""
        return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(event["stdout"] for event in self.events if event["stdout"]))

    @property
    def stats(self) -> Item:
        """The closing statistics."""
        return next(event["event_data"] for event in self.events if event["event"] == "playbook_on_stats")

    @property
    def artifacts(self) -> Item:
        """The values of set_stats, which later nodes of a workflow get as variables."""
        return dict(self.stats.get("artifact_data", {}))

    def changed(self) -> dict[str, int]:
        """Return the number of changed tasks for each host that ran any."""
        return {host: self.stats["changed"].get(host, 0) for host in self.stats["processed"]}

    def failed(self) -> list[str]:
        """Return the names of the failed tasks, in their order."""
        return [event["event_data"]["task"] for event in self.events if event["event"] == "runner_on_failed"]

    def warnings(self) -> list[str]:
        """Return all warnings and deprecations, of results and of Ansible itself."""
        results = [event["event_data"].get("res") or {} for event in self.events if event.get("event_data")]
        shown = [str(item) for res in results for key in ("warnings", "deprecations") for item in res.get(key) or []]
        return shown + [event["stdout"] for event in self.events if event["event"] in ("warning", "deprecated")]


class _Names:
    """The namespace ``tower`` of injectors' templates."""


class Jobs:
    """Starts jobs of ``awx``; ``environment`` is the environment of the execution environment's image.

    ``collections`` holds ``ansible_collections`` as the project's requirements would be installed; ``folder`` is empty.
    """

    def __init__(self, awx: Awx, collections: Path, folder: Path, environment: dict[str, str]) -> None:
        self.awx = awx
        self.environment = environment
        self._collections = collections
        self._folder = folder
        self._jobs = 0

    def launch(
        self,
        template: str,
        inventory: Item,
        credentials: list[Item],
        limit: str = "",
        answers: Item | None = None,
        piece: tuple[int, int] = (1, 1),
    ) -> Job:
        """Run the job template called ``template`` until it ends.

        ``inventory`` is Ansible's in YAML form as data, ``credentials`` are stored ones, ``answers`` are those to the
        survey, ``piece`` is the number of a slice and the number of slices.
        """
        stored = self.awx.find("job_templates", template)
        assert not limit or stored["ask_limit_on_launch"]
        assert stored["ask_credential_on_launch"]
        self._jobs += 1
        folder = self._folder / f"job{self._jobs}"
        for name in ("inventory", "env", "home"):
            (folder / name).mkdir(parents=True)
        project = self.awx.api.items["projects"][stored["project"]]
        shutil.copytree(self.awx.api.repositories[project["scm_url"]], folder / "project")
        (folder / "requirements_collections").symlink_to(self._collections)
        write_inventory(folder / "inventory/hosts", inventory, piece)

        arguments = ["-u", "root"]
        arguments += ["--check"] if stored["job_type"] == "check" else []
        arguments += ["--diff"] if stored["diff_mode"] else []
        arguments += ["-l", limit] if limit else []
        variables = {"ANSIBLE_FORCE_COLOR": "True", "ANSIBLE_RETRY_FILES_ENABLED": "False"}
        variables |= {"ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "JOB_ID": str(self._jobs), "AWX_HOST": self.awx.url}
        variables["ANSIBLE_COLLECTIONS_PATH"] = f"{folder}/requirements_collections:/usr/share/ansible/collections"
        for credential in credentials:
            variables |= self._inject(credential, folder, arguments)
        (folder / "env/envvars").write_text(json.dumps(variables))
        (folder / "env/cmdline").write_text(shlex.join(arguments))
        (folder / "env/extravars").write_text(self._extra_variables(stored, answers or {}))
        return self._run(folder, stored["playbook"])

    def _inject(self, credential: Item, folder: Path, arguments: list[str]) -> dict[str, str]:
        """Return the environment variables of one credential; write its files to ``folder``."""
        kind = self.awx.api.items["credential_types"][credential["credential_type"]]
        values = {name: value for name, value in credential["inputs"].items() if value}
        if kind.get("namespace") == "azure_rm":
            names = {"client": "CLIENT_ID", "tenant": "TENANT", "secret": "SECRET", "subscription": "SUBSCRIPTION_ID"}
            return {f"AZURE_{name}": values[field] for field, name in names.items()}
        assert set(kind["inputs"]["required"]) <= set(values), "AWX does not start a job without them"
        sandbox = ImmutableSandboxedEnvironment()
        tower, filename = _Names(), _Names()
        tower.filename = filename  # type: ignore[attr-defined]
        namespace = {"tower": tower, **values}
        for label, template in kind["injectors"].get("file", {}).items():
            path = folder / f"env/{credential['id']}-{label}"
            path.write_text(sandbox.from_string(template).render(namespace))
            setattr(filename, label.partition(".")[2], str(path))
        rendered = {
            section: {
                name: sandbox.from_string(template).render(namespace)
                for name, template in kind["injectors"].get(section, {}).items()
            }
            for section in ("env", "extra_vars")
        }
        if rendered["extra_vars"]:
            path = folder / f"env/{credential['id']}-extra"
            path.write_text(_unsafe(rendered["extra_vars"]))
            arguments += ["-e", f"@{path}"]
        return rendered["env"]

    def _extra_variables(self, stored: Item, answers: Item) -> str:
        """Return the template's own variables, and the survey's answers, which are no templates."""
        survey = self.awx.api.surveys.get(stored["id"], {}) if stored["survey_enabled"] else {}
        questions = {question["variable"]: question for question in survey.get("spec", [])}
        assert set(answers) <= set(questions), "AWX ignores answers to questions that the survey does not have"
        defaults = {name: question["default"] for name, question in questions.items() if "default" in question}
        answered = {**defaults, **answers, "awx_job_id": self._jobs, "awx_job_template_name": stored["name"]}
        own = "".join(f"{name}: {json.dumps(value)}\n" for name, value in json.loads(stored["extra_vars"]).items())
        return own + _unsafe(answered)

    def _run(self, folder: Path, playbook: str) -> Job:
        command = [str(Path(sys.executable).with_name("ansible-runner")), "run", str(folder), "-p", playbook, "-q"]
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o700) >> 3)
        base = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder / "home")}
        subprocess.run(
            [*_any_user(), *command, "-i", "1"],
            env={**base, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
        kept = folder / "artifacts/1"
        events = [json.loads(path.read_text()) for path in (kept / "job_events").glob("*-*.json")]
        # Runner's own record of how it started Ansible, with the environment in plain text; AWX does not store it.
        stored = [path for path in kept.rglob("*") if path.is_file() and path.name != "command"]
        text = "\n".join(path.read_text(errors="replace") for path in stored)
        return Job(int((kept / "rc").read_text()), sorted(events, key=lambda event: event["counter"]), text)


@functools.cache
def _any_user() -> list[str]:
    """Return a command that runs another one as AWX on OpenShift does: with any user ID in group 0, which can write
    only where the group can. It can read everything, because the Python of the tests may be in root's home. Empty
    without root.
    """
    reads = [f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")]
    command = ["setpriv", "--reuid", "54321", "--regid", "0", "--clear-groups", *reads]
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return []
    works = subprocess.run([*command, sys.executable, "-c", ""], check=False, capture_output=True).returncode == 0
    return command if works else []


def _unsafe(variables: Item) -> str:
    """Return YAML in which no text is a template, as AWX writes the values that users typed."""
    return "".join(
        f"{name}: {'!unsafe ' if isinstance(value, str) else ''}{json.dumps(value)}\n"
        for name, value in variables.items()
    )


def write_inventory(path: Path, inventory: Item, piece: tuple[int, int]) -> None:
    """Return the script that AWX passes to Ansible; a slice has every ``count``-th host of all by name, and no other
    host is in it [src: ansible/awx, awx/main/models/inventory.py, get_script_data].
    """
    number, count = piece
    chosen = sorted({host for content in inventory.values() for host in content["hosts"]})[number - 1 :: count]
    output: Item = {"_meta": {"hostvars": {}}}
    for group, content in inventory.items():
        hosts = [host for host in chosen if host in content["hosts"]]
        output[group] = {"hosts": hosts, "vars": content.get("vars", {})}
        output["_meta"]["hostvars"] |= {host: content["hosts"][host] for host in hosts}
    path.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(output)!r})\n")
    path.chmod(0o700)
