# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: Report on sign-in for a fleet of servers, as a page, JSON, CSV or metrics
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbooks of this collection. It may change in any release.
  - Builds a report from the record of each server, which the fact C(rustdesk_sso_observed) contains after
    C(tasks_from=observe) of the role P(deskops.rustdesk_sso.entra_oidc#role). Sends no requests and writes no files.
  - Each server has one state, the first of these that applies. V(unreachable) means that the server or its tenant could
    not be checked. V(refused) means that it could not be checked because Entra or the console refused the automation's
    credentials. V(invalid) means that the server's variables cannot be used. V(broken) means that a check failed or
    sign-in is not verified. V(drifted) means that a run of the playbook C(site) would change the server. V(restricted)
    means that every check passes, but some or all users cannot sign in. V(expiring) means that the client secret
    expires within C(renew_before_days) or has expired. V(healthy) means that none of these applies.
  - Servers are sorted by state in that order, then by the days until their client secret expires, then by name.
positional: _input
options:
  _input:
    description:
      - The records, as a list or as a dictionary by server name.
      - All keys are required. An unknown text is empty. Other keys are not included in the report.
    type: raw
    required: true
    suboptions:
      server:
        description: The server's name in the inventory.
        type: str
        required: true
      tenant_id:
        description: The ID or domain of the tenant.
        type: str
        required: true
      console:
        description: The C(url) and C(type) of the console.
        type: dict
        required: true
      application:
        description:
          - The C(unique_name), C(display_name), C(app_id) and C(object_id) of the application.
          - C(assignment) is who can sign in with it, V(all) users, V(assigned) users and groups, or V(nobody).
            C(portal_url) is its page in the Microsoft Entra admin center.
          - C(foreign_redirect_uris) lists its redirect URIs. The report omits the callback URLs of the records.
        type: dict
        required: true
      callback_url:
        description: The server's redirect URI.
        type: str
        required: true
      provider:
        description:
          - The C(name) of the provider in the console, and whether it is C(present) and C(enabled). Both are null if
            unknown.
        type: dict
        required: true
      client_secret:
        description:
          - The C(name), C(key_id), C(hint) and expiry time C(expires) (ISO 8601) of the client secret, never its value.
          - C(decision) is a run's decision about it, and C(reason) is the reason.
          - C(removed) lists the key IDs of the client secrets that a run would remove.
        type: dict
        required: true
      renew_before:
        description: How long before its expiry the client secret is renewed, such as V(30d).
        type: str
        required: true
      verified:
        description: Whether sign-in is verified. Null if it was not checked.
        type: bool
        required: true
      changed:
        description: Whether a run would change the server.
        type: bool
        required: true
      checks:
        description:
          - The checks of sign-in, each with its C(name), C(detail) and C(hint). C(ok) is whether it passed, or null if
            it did not run.
        type: list
        elements: dict
        required: true
      restrictions:
        description:
          - The restrictions that prevent some or all users from signing in although every check passes, each with its
            C(name), C(detail) and C(hint).
        type: list
        elements: dict
        required: true
      drift:
        description: The changes that a run would make, as the texts C(before) and C(after) for each C(object).
        type: list
        elements: dict
        required: true
      automation:
        description:
          - The C(client_id) with which the automation signs in to Entra, the C(credential) (C(auth_source) of
            M(deskops.rustdesk_sso.entra_app)) and its expiry time C(expires) (ISO 8601).
          - C(state) is V(valid), V(expiring), V(expired), V(none) if it does not expire here, or V(unknown).
          - C(certificate_path) is the file of a certificate, empty for other credentials.
        type: dict
        required: true
      error:
        description:
          - The task (C(phase)) that failed to check the server, and the C(message). Empty if none failed.
          - C(cause) is V(variables) if the server's variables cannot be used, V(sign_in) if the automation's
            credentials were refused, or empty.
        type: dict
        required: true
      failed:
        description: Whether the server could not be checked.
        type: bool
        required: true
      message:
        description: The result in one line.
        type: str
        required: true
  format:
    description:
      - V(html) is a self-contained page for a browser.
      - V(json) is for programs.
      - V(prometheus) is for the textfile collector of the Prometheus node exporter.
      - V(csv) is for spreadsheets. A cell that a spreadsheet would treat as a formula starts with an apostrophe.
      - V(files) returns all of them.
    type: str
    choices: [html, json, prometheus, csv, files]
    required: true
  at:
    description: The time at which the servers were checked, in ISO 8601. Days are counted from this time.
    type: str
    required: true
  fail_on:
    description:
      - The states to fail on, as a list or a comma-separated text. The key C(failure) of the result then names the
        servers. V(expiring) includes the automation's own credential.
    type: raw
    default: []
    version_added: 0.2.0
notes:
  - ansible-core older than 2.19 parses the result of a template as data if it looks like data. To keep V(json) as text,
    add the filter P(ansible.builtin.string#filter).
"""

EXAMPLES = r"""
- name: Write all files
  ansible.builtin.copy:
    content: "{{ item.value }}"
    dest: "reports/{{ item.key }}"
    mode: "0640"
  loop: "{{ report.files | dict2items }}"
  loop_control:
    label: "{{ item.key }}"
  vars:
    report: "{{ rustdesk_sso_observed | deskops.rustdesk_sso.fleet_report(format='files', at='2026-11-21T17:00:00Z') }}"

- name: Write the metrics only
  ansible.builtin.copy:
    content: "{{ rustdesk_sso_observed | deskops.rustdesk_sso.fleet_report('prometheus', at='2026-11-21T17:00:00Z') }}"
    dest: /var/lib/prometheus/node-exporter/rustdesk_sso.prom
    mode: "0644"
"""

RETURN = r"""
_value:
  description:
    - A text. With O(format=json), it is an object with the keys below.
    - With O(format=prometheus), the metrics are C(rustdesk_sso_server_info), C(rustdesk_sso_server_state),
      C(rustdesk_sso_check_ok), C(rustdesk_sso_client_secret_expires_timestamp_seconds),
      C(rustdesk_sso_client_secret_renew_before_seconds), C(rustdesk_sso_drifted), C(rustdesk_sso_restricted),
      C(rustdesk_sso_automation_credential_expires_timestamp_seconds) and C(rustdesk_sso_report_timestamp_seconds).
    - With O(format=files), a dictionary. Its key C(files) contains the texts by the file names C(rustdesk_sso.html),
      C(rustdesk_sso.json), C(rustdesk_sso.prom) and C(rustdesk_sso.csv). Its key C(totals) is the same as below. Its
      key C(states) contains the C(state), the C(reason), the objects of C(drift) and the C(days_left) of each server by
      name. Its key C(summary) is the report in one line. Its key C(failure) is a sentence that names the servers in one
      of the states O(fail_on), or empty.
  type: raw
  contains:
    version:
      description: The version of this format. It increases if a key is removed or changes its meaning.
      type: int
      sample: 1
    checked_at:
      description: The time at which the servers were checked.
      type: str
      sample: "2026-11-21T17:00:00Z"
    totals:
      description: The number of C(servers), and the number of servers in each state.
      type: dict
      sample:
        servers: 3
        unreachable: 0
        refused: 0
        invalid: 0
        broken: 1
        drifted: 0
        restricted: 0
        expiring: 0
        healthy: 2
    servers:
      description: The records with these additional keys, most urgent first.
      type: list
      elements: dict
      contains:
        state:
          description:
            - V(unreachable), V(refused), V(invalid), V(broken), V(drifted), V(restricted), V(expiring) or V(healthy).
          type: str
        reason:
          description: A short reason for the state. Empty if the server is healthy.
          type: str
        days_left:
          description: Whole days until the client secret expires. Negative if it has expired, null if unknown.
          type: int
        renew_before_days:
          description: C(renew_before) of the record, in days.
          type: int
        checks_run:
          description: The number of checks that ran.
          type: int
        checks_passed:
          description: The number of checks that passed.
          type: int
        command:
          description: The command that corrects the server, or that checks it again. Empty if the server is healthy.
          type: str
    automation:
      description:
        - The automation's own credentials for Entra, each once, the most urgent first. Each has the C(client_id), the
          C(credential), its C(expires) time, its C(state), its C(certificate_path), the C(days_left), a C(summary) in
          words, and the names of the C(servers).
        - C(urgent) is whether it expires soon or has expired. C(command) is then the command that renews it, with the
          variables of the first run of C(bootstrap_automation). Replace the words in capitals, which the inventory does
          not contain, such as V(ABILITIES), which is empty if the first run had none.
      type: list
      elements: dict
    tenants:
      description: The tenants, each with its C(tenant_id), its C(totals) and the names of its C(servers).
      type: list
      elements: dict
    applications:
      description:
        - The applications, each with C(tenant_id), C(unique_name), C(display_name), C(app_id), C(object_id),
          C(assignment), C(portal_url), C(foreign_redirect_uris), C(former_redirect_uris) and the names of the
          C(servers) that share it.
        - C(former_redirect_uris) have the path of RustDesk's callback URL, but no server declares them. They usually
          belong to former addresses. If a server's declaration is unknown, they are among C(foreign_redirect_uris).
      type: list
      elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError


def fleet_report(records: t.Any, format: str, at: str, fail_on: t.Any = ()) -> t.Any:  # noqa: A002 - the documented name
    """See the filter's documentation."""
    # Imported on use: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.model import build
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.render import FORMATS, render

    if format not in FORMATS:
        raise AnsibleFilterError(f"fleet_report: format is {format!r}. Choose one of {', '.join(FORMATS)}.")
    try:
        # A console's error message may look like a template, which ansible-core older than 2.19 would evaluate
        return wrap_var(render(build(records, at), format, fail_on))
    except SsoError as error:
        raise AnsibleFilterError(f"fleet_report: {error}") from None


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"fleet_report": fleet_report}
