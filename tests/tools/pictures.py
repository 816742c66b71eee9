# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make pictures``: write docs/images/demo.svg and docs/images/report.png for the README, from real runs in the lab.

The first shows the output of the demo, without durations and without the path of the clone. The second shows the fleet
report of three servers, down to the list of servers, with their names in place of the lab's local addresses.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import yaml
from demo import LAG, SECRET_LAG, Demo
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from lab.client import Lab

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
COLUMNS = 118
GREEN, CYAN, GRAY = "#3fb950", "#39c5cf", "#b1bac4"
THEME = TerminalTheme((22, 27, 34), (230, 237, 243), [(0, 0, 0)] * 8)
# Rich's template without the fonts that it loads from the internet, which an image in a page may not do
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>Terminal output of make demo</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
# One client secret is deleted in Entra, another one expires soon
BROKEN, EXPIRING = "desk1.example.com", "desk2.example.com"
LIFETIME, RENEW_BEFORE = "45d", "60d"
AUTOMATION_DAYS = 300
WIDTH = 1280
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def terminal() -> str:
    """Run the demo; return its output as an SVG picture."""
    done = subprocess.run([sys.executable, "tests/demo.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The demo failed:\n{done.stdout}{done.stderr}")
    output = re.sub(r",? in \d+ seconds|,? \d+\.\d s(?=\))", "", done.stdout.replace(f"{ROOT}/", ""))
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", GREEN), ("make demo", "bold")))
    for line in output.rstrip().splitlines():
        text = Text(line)
        text.highlight_regex(r"^ *\d+\.", CYAN)
        text.highlight_regex(r"(?<=\.\.\. )yes", f"bold {GREEN}")
        text.highlight_regex(r"\([^()]*\)$", GRAY)
        console.print(text)
    console.print()
    return console.export_svg(title="make demo", theme=THEME, code_format=SVG, unique_id="demo")


def report(folder: Path) -> str:
    """Configure three servers and report on them when one is broken and one expires soon; return the page."""
    with Lab.start(LAG, SECRET_LAG) as lab:
        demo = Demo(lab, folder)
        _set(demo, "group_vars/rustdesk_servers/automation.yml", entra_client_secret_expires=_in(AUTOMATION_DAYS))
        _set(demo, f"host_vars/{EXPIRING}.yml", secret_lifetime=LIFETIME)
        demo.first_run()
        _set(demo, f"host_vars/{EXPIRING}.yml", secret_renew_before=RENEW_BEFORE)
        demo.revoke(lab.consoles[BROKEN])
        page = Path(demo.report()).read_text("utf-8")
        for name, console in lab.consoles.items():
            page = page.replace(console.url, f"https://{name}")
        return page


def _set(demo: Demo, path: str, **variables: str) -> None:
    file = demo.inventory / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump({f"rustdesk_sso_{name}": value for name, value in variables.items()}))


def _in(days: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(days)).date().isoformat()


def screenshot(page: str, path: Path) -> None:
    """Write a picture of the top of the page, down to the list of servers."""
    subprocess.run([ROOT / "tests/tools/ensure_chromium.sh"], check=True)
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(page, "utf-8")
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        shown = opened.new_page(viewport={"width": WIDTH, "height": 720}, color_scheme="light")
        shown.goto(file.as_uri())
        below = shown.get_by_role("heading", name="Applications", exact=True).bounding_box()
        assert below
        shown.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": below["y"]})
        opened.close()


def main() -> None:
    """Write both pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / "demo.svg").write_text(terminal(), "utf-8")
    with tempfile.TemporaryDirectory(prefix="rustdesk-sso-pictures-") as folder:
        screenshot(report(Path(folder)), IMAGES / "report.png")
    for name in ("demo.svg", "report.png"):
        print(f"{(IMAGES / name).relative_to(ROOT)}: {(IMAGES / name).stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
