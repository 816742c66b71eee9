# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes all arguments of every callback to a file, as AWX and ansible-runner store them in their events."""

from __future__ import annotations

import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: events
type: notification
short_description: Write all events to a file
description: For tests only.
"""


class CallbackModule(CallbackBase):
    """Takes any event."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "events"
    CALLBACK_NEEDS_ENABLED = True

    def v2_on_any(self, *given: object, **_options: object) -> None:
        """One event; of a result, the parts that ansible-runner keeps. A task's own options hold the user's input."""
        with open(os.environ["LAB_EVENTS"], "a", encoding="utf-8") as file:
            for item in given:
                result = getattr(item, "_result", None)
                file.write(f"{item!r} {result!r}\n")
