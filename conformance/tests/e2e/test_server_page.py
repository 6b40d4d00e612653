"""docs/server.md: its commands and programs do, as printed, what it says; its tables are whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof.pytest_plugin.selection import KEYS
from streamproof.testing import Server
from streamproof_mock import control
from streamproof_mock.entry import entries
from streamproof_mock.journal import Exchange

PAGE = (Path(__file__).parents[3] / "docs" / "server.md").read_text("utf-8")
PRINTED = "http://127.0.0.1:8080"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


SHELL = blocks("sh")
JSON_AFTER = dict(re.findall(r"^```sh\n(.*?)^```\n\n```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def run(server: Server, *command: str) -> str:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_PROXY": "127.0.0.1"}
    asked = [word.replace(PRINTED, server.origin) for word in command]
    done = subprocess.run(asked, capture_output=True, text=True, env=env, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_like(found: Any, printed: Any) -> bool:
    """True when all keys that are printed are there, with values of the same type."""
    if isinstance(printed, dict):
        return isinstance(found, dict) and all(key in found and is_like(found[key], printed[key]) for key in printed)
    return type(found) is type(printed)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on the PATH")
@pytest.mark.parametrize("command", SHELL, ids=range(len(SHELL)))
def test_a_command_does_what_the_page_says(server: Server, command: str) -> None:
    out = run(server, "sh", "-ec", command)
    if "__streamproof__" not in command:
        assert "Hello" in out
        return
    for text in re.findall(r"\{.*?\}(?=\s*\{|\s*\Z)", out, re.DOTALL):
        answer = json.loads(text)
        assert "error" not in answer
        assert command not in JSON_AFTER or is_like(answer, json.loads(JSON_AFTER[command]))
    if "wait_s" in command:
        assert '"settled":true' in out.replace(" ", "")
        assert '"closed":' in out


def test_there_are_commands_to_run() -> None:
    assert len(SHELL) >= 7
    assert len(JSON_AFTER) == 2


IN_PYTHON = [
    pytest.param(program, marks=[pytest.mark.clients] if "import requests" in program else [])
    for program in blocks("python")
]


@pytest.mark.parametrize("program", IN_PYTHON, ids=range(len(IN_PYTHON)))
def test_a_program_in_python_runs(server: Server, program: str) -> None:
    if "import requests" in program:
        pytest.importorskip("requests")
    run(server, sys.executable, "-c", program)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on the PATH")
@pytest.mark.parametrize("program", blocks("js"), ids=range(len(blocks("js"))))
def test_a_program_in_javascript_runs(server: Server, program: str) -> None:
    run(server, "node", "--input-type=module", "-e", program)


@pytest.mark.clients
def test_the_test_of_the_page_passes(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    (program,) = blocks("python test")
    (tmp_path / "test_page.py").write_text(program, "utf-8")
    # Where streamproof is installed, pytest has found the plugin by itself.
    plugin = () if entry_points(group="pytest11", name="streamproof") else ("-p", "streamproof.pytest_plugin")
    command = (sys.executable, "-m", "pytest", "-q", *plugin, "--rootdir", str(tmp_path))
    assert re.search(r"\d+ passed", run(server, *command, str(tmp_path)))


def test_the_page_tells_of_every_field_of_an_entry() -> None:
    table = PAGE.partition("## What the journal says")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    made = Exchange(**dict.fromkeys((f.name for f in attrs.fields(Exchange) if f.default is attrs.NOTHING), 0))
    made.nonce, made.arrived_ns = "a", 1
    assert told == set(entries([made])[0])


def test_the_page_tells_of_every_call_and_every_argument() -> None:
    for call in control.CALLS:
        assert call.partition(" ")[2].partition("NONCE")[0] in PAGE
    for key in KEYS:
        assert f"`{key}" in PAGE.partition("argument of the marker")[2].partition("`streamproof_server` in")[0]
