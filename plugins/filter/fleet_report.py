# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: A report of the sign-in of all servers, as a page, JSON or metrics
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Turns one record for each server into one text. It asks nobody and writes nothing.
  - Each server is in one state, the first of these that holds. V(unreachable), it or its tenant could not be looked at.
    V(broken), a check failed. V(drifted), a run of the playbook C(site) would change something. V(ending), the client
    secret ends within C(renew_before_days) or has ended. V(well), none of these.
  - The servers are sorted by state in that order, then by the days that the client secret has left, then by name.
positional: _input
options:
  _input:
    description:
      - The records. All keys have to be there; a text that is not known is empty.
    type: list
    elements: dict
    required: true
    suboptions:
      server:
        description: The server's name in the inventory.
        type: str
        required: true
      tenant_id:
        description: The tenant, by ID or domain.
        type: str
        required: true
      console:
        description: The console, by its C(url) and C(kind).
        type: dict
        required: true
      application:
        description:
          - The application, by its C(unique_name), C(display_name), C(app_id) and C(object_id).
          - C(foreign_redirect_uris) are its redirect URIs, of which the callback URLs of the records are left out.
        type: dict
        required: true
      callback_url:
        description: The server's redirect URI.
        type: str
        required: true
      provider:
        description: The provider in the console, by C(name); C(present) and C(enabled) are null when not known.
        type: dict
        required: true
      client_secret:
        description:
          - Never the client secret itself, but its C(name), C(key_id), C(hint), and when it C(ends), in ISO 8601.
          - C(decision) is what a run would do with it, for this C(reason).
        type: dict
        required: true
      renew_before:
        description: How long before its end a client secret is renewed, such as V(30d).
        type: str
        required: true
      checks:
        description: Each check with C(name), C(ok), which is null when it was not asked, C(detail) and C(hint).
        type: list
        elements: dict
        required: true
      drift:
        description: What a run would change, each C(object) as texts C(before) and C(after).
        type: list
        elements: dict
        required: true
      error:
        description: Empty, or the C(phase) in which the server could not be looked at, and the C(message).
        type: dict
        required: true
  format:
    description:
      - V(html) is one page for a browser that needs nothing besides itself, V(json) is for programs, and V(prometheus)
        is for the textfile collector of Prometheus' node exporter.
    type: str
    choices: [html, json, prometheus]
    required: true
  at:
    description: When the records were collected, in ISO 8601. Days are counted from then.
    type: str
    required: true
notes:
  - With ansible-core older than 2.19, a template whose result looks like JSON becomes data again, so that V(json) wants
    the filter P(ansible.builtin.string#filter) after it.
"""

EXAMPLES = r"""
- name: Write the page
  ansible.builtin.copy:
    dest: rustdesk_sso.html
    content: "{{ records | deskops.rustdesk_sso.fleet_report(format='html', at='2026-11-21T17:00:00Z') }}"
    mode: "0640"

- name: Write the metrics
  ansible.builtin.copy:
    dest: /var/lib/prometheus/node-exporter/rustdesk_sso.prom
    content: "{{ records | deskops.rustdesk_sso.fleet_report(format='prometheus', at='2026-11-21T17:00:00Z') }}"
    mode: "0644"

- name: Write the report for programs
  ansible.builtin.copy:
    dest: rustdesk_sso.json
    content: "{{ records | deskops.rustdesk_sso.fleet_report(format='json', at='2026-11-21T17:00:00Z') | string }}"
    mode: "0640"
"""

RETURN = r"""
_value:
  description:
    - The text. With O(format=json) it is an object with the keys below.
    - With O(format=prometheus) its metrics are C(rustdesk_sso_server_info), C(rustdesk_sso_server_state),
      C(rustdesk_sso_check_ok), C(rustdesk_sso_client_secret_end_timestamp_seconds), C(rustdesk_sso_drifted) and
      C(rustdesk_sso_report_timestamp_seconds).
  type: str
  contains:
    version:
      description: The version of this description. It rises when a key goes or changes its meaning.
      type: int
      sample: 1
    made:
      description: When the records were collected.
      type: str
      sample: "2026-11-21T17:00:00Z"
    totals:
      description: How many C(servers) there are, and how many in each state, by its name.
      type: dict
    servers:
      description: The records, the most urgent first, with what follows from them.
      type: list
      elements: dict
      contains:
        state:
          description: V(unreachable), V(broken), V(drifted), V(ending) or V(well).
          type: str
        reason:
          description: Why, in a few words; empty when the server is well.
          type: str
        days_left:
          description: Whole days until the client secret ends, negative when it has ended, null when that is not known.
          type: int
        renew_before_days:
          description: C(renew_before) of the record in days.
          type: int
        checks_asked:
          description: How many checks were asked.
          type: int
        checks_passed:
          description: How many of them passed.
          type: int
    tenants:
      description: Each C(tenant_id) with its C(totals) and the names of its C(servers).
      type: list
      elements: dict
    applications:
      description:
        - Each application with C(tenant_id), C(unique_name), C(display_name), C(app_id), C(object_id),
          C(foreign_redirect_uris), and the names of the C(servers) that share it.
      type: list
      elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError


def fleet_report(records: t.Any, format: str, at: str) -> str:  # noqa: A002 - the documented name
    """See the filter's documentation."""
    # Loaded when it is used: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.model import build
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.render import FORMATS, render

    if format not in FORMATS:
        raise AnsibleFilterError(f"fleet_report: format is {format!r}: choose from {', '.join(FORMATS)}")
    try:
        return render(build(records, at), format)
    except SsoError as error:
        raise AnsibleFilterError(f"fleet_report: {error}") from None


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names and functions."""
        return {"fleet_report": fleet_report}
