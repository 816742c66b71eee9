# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of a release, and the selection of its compatibility tests."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tests/tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import one of the tools, which are scripts that import each other from their folder."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree that may be released as 1.2.0."""
    (tmp_path / "changelogs/fragments").mkdir(parents=True)
    (tmp_path / "galaxy.yml").write_text("namespace: deskops\nversion: 1.2.0\n")
    (tmp_path / "changelogs/changelog.yaml").write_text("---\nancestor: null\nreleases:\n  1.2.0:\n    changes: {}\n")
    (tmp_path / "CHANGELOG.rst").write_text("Notes\n\nv1.2.0\n======\n")
    return tmp_path


def test_a_release(tool: Any, tree: Path) -> None:
    assert tool("release").obstacles("1.2.0", tree) == []


@pytest.mark.parametrize("tag", ["1.2.1", "v1.2.0", "1x2y0", ""])
def test_a_tag_of_another_version(tool: Any, tree: Path, tag: str) -> None:
    first, *others = tool("release").obstacles(tag, tree)
    assert "galaxy.yml has the version 1.2.0" in first
    assert len(others) == 2


def test_a_leftover_fragment(tool: Any, tree: Path) -> None:
    (tree / "changelogs/fragments/12-late.yml").write_text("bugfixes: [x]\n")
    (told,) = tool("release").obstacles("1.2.0", tree)
    assert "12-late.yml" in told
    assert "make changelog" in told


def test_plugins_of_former_releases_exist_or_have_a_tombstone() -> None:
    """A tombstone names the replacement. Without it, Ansible reports an unknown plugin."""
    releases = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text())["releases"].values()
    routing = yaml.safe_load((ROOT / "meta/runtime.yml").read_text()).get("plugin_routing", {})
    released = {("modules", item["name"]) for release in releases for item in release.get("modules", [])}
    for release in releases:
        released |= {(kind, item["name"]) for kind, items in release.get("plugins", {}).items() for item in items}
    gone = {(folder, name) for folder, name in released if not (ROOT / f"plugins/{folder}/{name}.py").exists()}
    assert ("filter", "redirect_uri_problems") in gone
    for folder, name in gone:
        assert routing[folder][name]["tombstone"]["warning_text"]


def test_lower_bounds(tool: Any) -> None:
    lowest = tool("matrix").lowest
    assert lowest(["# a comment", "", "one>=1.2", "two-three>=0"]) == ["one==1.2", "two-three==0"]
    for wrong in ("one>=1,<2", "one<2", "one==1", "one", "one~=1.0"):
        with pytest.raises(SystemExit, match="one lower bound"):
            lowest([wrong])


def test_all_requirements_have_only_a_lower_bound(tool: Any) -> None:
    found = tool("matrix").lowest((ROOT / "requirements.txt").read_text().splitlines())
    assert len(found) >= 4


def test_combinations(tool: Any) -> None:
    choose = tool("matrix").choose
    assert ("2.16", "3.10") in choose([])
    assert not any(core == "devel" for core, _version in choose([]))
    assert choose(["2.16/3.10", "2.16"]) == [("2.16", "3.10"), ("2.16", "3.11"), ("2.16", "3.12")]
    for wrong in ("2.15", "2.16/3.14"):
        with pytest.raises(SystemExit, match="Unknown combination"):
            choose([wrong])


@pytest.mark.skipif(not (ROOT / ".github").is_dir(), reason="The workflows are not part of the artifact")
def test_the_workflow_tries_each_release(tool: Any) -> None:
    matrix = tool("matrix")
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["matrix"]
    assert job["strategy"]["matrix"]["core"] == list(matrix.SUPPORTED)
    (setup,) = (step for step in job["steps"] if "setup-python" in step.get("uses", ""))
    assert set(setup["with"]["python-version"].split()) == {one for all_ in matrix.SUPPORTED.values() for one in all_}


@pytest.mark.skipif(not (ROOT / ".github").is_dir(), reason="The workflows are not part of the artifact")
def test_actions_are_pinned() -> None:
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: (\S+)", path.read_text())
        assert used, path
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used), path


def test_the_oldest_python_compiles_the_plugins(tool: Any) -> None:
    """It rejects code that linters on a newer version accept, such as nested asynchronous comprehensions."""
    python = tool("sanity").find_python("3.10")
    if python is None:
        pytest.skip("Python 3.10 is not here")
    program = "import sys; [compile(open(path).read(), path, 'exec') for path in sys.argv[1:]]"
    paths = [str(path) for path in (ROOT / "plugins").rglob("*.py")]
    done = subprocess.run([python, "-c", program, *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
