# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one command and reports its cost: ``python -I -S run.py RESULT.json COMMAND...``.

A program of its own that imports almost nothing: on Linux a process begins with the peak memory of its parent.
"""

import json
import os
import resource
import sys
import time


def main(result: str, *command: str) -> None:
    """Run ``command`` and write ``rc``, ``wall`` and ``cpu`` in seconds and ``memory`` in bytes to ``result``.

    ``cpu`` is user and system time of all its processes, ``memory`` the peak of the largest one.
    """
    begun = time.monotonic()
    process = os.spawnv(os.P_NOWAIT, command[0], command)
    _process, status = os.waitpid(process, 0)
    wall = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {
        "rc": os.waitstatus_to_exitcode(status),
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * 1024,  # Linux counts in KiB
    }
    with open(result, "w", encoding="utf-8") as stream:
        json.dump(cost, stream)


if __name__ == "__main__":
    main(*sys.argv[1:])
