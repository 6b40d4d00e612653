"""The wheel, installed into an empty environment, holds all that a user needs and no name that is not ours."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIMIT_S = 280


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT, cwd=folder)
    (path,) = folder.glob("streamproof-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", wheel, cwd=folder)
    return folder / "venv" / "bin" / "streamproof"


def test_the_wheel_brings_no_generic_import_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "streamproof",
        "streamproof_formats",
        "streamproof_mock",
        "streamproof_reports",
        "streamproof_scenarios",
    }


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    sources = [ROOT / room for room in ("conformance", "formats", "mock_server", "reports", "scenarios")]
    wanted = {
        path.relative_to(source).as_posix()
        for source in sources
        for path in source.rglob("*")
        if path.suffix in {".yaml", ".json", ".html", ".css", ".js", ".j2", ".typed"}
        and "tests" not in path.relative_to(source).parts
        and path.relative_to(source).parts[0].startswith("streamproof")
    }
    with zipfile.ZipFile(wheel) as archive:
        assert wanted - set(archive.namelist()) == set()
    assert len(wanted) > 60


def test_the_wheel_tells_pytest_of_its_plugin(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        points = configparser.ConfigParser()
        points.read_string(archive.read(name).decode())
    assert dict(points["pytest11"]) == {"streamproof": "streamproof.pytest_plugin"}


def test_the_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "demo", cwd=tmp_path)
    assert "reference" in done.stdout
    page = tmp_path / "streamproof-report" / "index.html"
    assert page.stat().st_size > 10_000
    last = (tmp_path / "streamproof-report" / "run.jsonl").read_text("utf-8").splitlines()[-1]
    assert json.loads(last)["counts"]["pass"] >= 25


@pytest.mark.parametrize("command", [["list"], ["doctor"], ["schema", "scenario"], ["explain", "OC-04"]])
def test_a_command_runs_from_the_wheel(installed: Path, tmp_path: Path, command: list[str]) -> None:
    assert run(installed, *command, cwd=tmp_path).stdout
