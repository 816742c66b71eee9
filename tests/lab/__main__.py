# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m lab up``: start all servers, print how to reach them, and run until stopped."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from .control import Control, console_json, tenant_json
from .directory import Tenant
from .world import World

DOMAIN = "contoso.example"
CONSOLES = ("desk1.example.com", "desk2.example.com", "desk3.example.com")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="lab", description="Entra, Graph and RustDesk consoles on loopback TLS.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and run until interrupted")
    up.add_argument("--state-file", type=Path, help="write URLs and environment to this file as JSON once ready")
    up.add_argument("--until-eof", action="store_true", help="also end when standard input closes")
    up.add_argument("--lag", type=float, default=0.0, help="seconds until a change has reached every replica")
    up.add_argument("--secret-lag", type=float, default=0.0, help="seconds until the token endpoint knows a new secret")
    options = parser.parse_args(arguments)
    asyncio.run(run(options))
    return 0


async def run(options: argparse.Namespace) -> None:
    """Run the lab until a signal, or until the end of standard input."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    ends: list[asyncio.Task[Any]] = [loop.create_task(ended.wait())]
    world = World(options.lag, options.secret_lag)
    try:
        if options.until_eof:
            ends.append(loop.create_task(_end_of_input()))
        state = await prepare(world)
        if options.state_file:
            write_atomically(options.state_file, state)
        print(_greeting(state), flush=True)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await world.stop()


async def prepare(world: World) -> dict[str, Any]:
    """Start the servers with the default content, and return the state that a client needs."""
    await world.start()
    control_url = await world.serve(Control(world), near=True)
    tenant = world.add_tenant(DOMAIN)
    for name in CONSOLES:
        await world.add_console(name)
    return {
        "ca_path": str(world.authority.ca_path),
        "login_url": world.login.url,
        "graph_url": world.graph.url,
        "control_url": control_url,
        "tenant": tenant_json(tenant),
        "consoles": [console_json(console) for console in world.consoles.values()],
        "environment": environment(world, tenant),
    }


def environment(world: World, tenant: Tenant) -> dict[str, str]:
    """Return the environment of a client of the default tenant: the usual Azure variables and the lab's own."""
    variables = {
        "AZURE_TENANT_ID": tenant.id,
        "AZURE_CLIENT_ID": tenant.automation["client_id"],
        "AZURE_CLIENT_SECRET": tenant.automation["client_secret"],
        "AZURE_AUTHORITY_HOST": world.login.url,
        "REQUESTS_CA_BUNDLE": str(world.authority.ca_path),
        "SSL_CERT_FILE": str(world.authority.ca_path),
        "LAB_CA_PATH": str(world.authority.ca_path),
        "LAB_LOGIN_URL": world.login.url,
        "LAB_GRAPH_URL": world.graph.url,
    }
    for user in tenant.users.values():
        prefix = f"LAB_{user.upn.split('@')[0].upper()}"
        variables |= {f"{prefix}_UPN": user.upn, f"{prefix}_PASSWORD": user.password}
    for console in world.consoles.values():
        prefix = f"LAB_{console.name.split('.')[0].upper()}"
        account = console_json(console)
        variables |= {f"{prefix}_{name.upper()}": account[name] for name in ("url", "username", "password")}
    return variables


def write_atomically(path: Path, state: dict[str, Any]) -> None:
    """Write JSON atomically to a file that only its owner can read, because it holds secrets."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as stream:
        json.dump(state, stream, indent=1)
    os.replace(name, path)


def _greeting(state: dict[str, Any]) -> str:
    lines = [f"login    {state['login_url']}", f"graph    {state['graph_url']}", f"control  {state['control_url']}"]
    lines += [f"console  {item['url']}  {item['name']}" for item in state["consoles"]]
    lines += ["", *(f"export {name}={shlex.quote(value)}" for name, value in state["environment"].items())]
    return "\n".join(lines)


async def _end_of_input() -> None:
    """Wait until standard input closes."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


if __name__ == "__main__":
    sys.exit(main())
