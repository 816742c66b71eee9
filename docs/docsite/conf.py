# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configuration of Sphinx for `make docs`, which needs no internet: links to Ansible's documentation are fixed."""

from __future__ import annotations

from typing import Any

from docutils import nodes

project = "deskops.rustdesk_sso"
copyright = "deskops"  # noqa: A001
title = "RustDesk sign-in with Microsoft Entra ID"
html_title = title
html_short_title = project

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
# Every reference must have a target
nitpicky = True
# A reader searches for messages and options as the terminal shows them, such as --limit
smartquotes = False

pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_index = False
html_copy_source = False

ANSIBLE = "https://docs.ansible.com/ansible/latest/"
# Labels of Ansible's documentation that pages of antsibull-docs refer to
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
BUILTIN = "ansible_collections.ansible.builtin."


def _link(_app: Any, _env: Any, node: Any, content: Any) -> Any:
    """Link a label of Ansible's documentation, and leave others to Sphinx."""
    label = node.get("reftarget", "")
    page = LABELS.get(label)
    if label.startswith(BUILTIN):
        page = f"collections/ansible/builtin/{label.removeprefix(BUILTIN)}.html"
    if page is None:
        return None
    link = nodes.reference("", "", internal=False, refuri=f"{ANSIBLE}{page}")
    link += content
    return link


def setup(app: Any) -> None:
    """Sphinx calls this."""
    app.connect("missing-reference", _link)
