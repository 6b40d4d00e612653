"""A project's own scenarios: named in its file, linted by path, as a hook does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Call = Callable[..., Any]

GOOD = "title: t\ndialect: openai-chat\nstream: {steps: [role: assistant, text: Hi, finish: stop, done]}\n"
CUT = GOOD.replace(", done", "")
HOOK = Path(__file__).parents[3] / ".pre-commit-hooks.yaml"


@pytest.fixture(autouse=True)
def own(folder: Path) -> None:
    Path("streams/deep").mkdir(parents=True)
    Path("streams/deep/good.yaml").write_text(GOOD, "utf-8")
    Path("streams/bad.yaml").write_text(CUT, "utf-8")


@pytest.fixture
def named() -> None:
    Path("streamproof.toml").write_text('scenarios = ["streams"]\n', "utf-8")


def test_folders_of_the_projects_file_count_in_each_command(named: None, call: Call) -> None:
    listed = [item["id"] for item in json.loads(call("list", "deep", "bad", "--format", "json").out)]
    assert listed == ["bad", "deep/good"]
    assert call("show", "deep/good").code == 0
    assert call("lint", "deep/good", "--static").code == 0
    assert call("lint", "bad", "--static").code == 1
    # Given once more, they are read once.
    assert call("check", "client", "deep/good", "--client", "reference", "--scenarios", "streams").code == 0


def test_an_id_of_ours_is_told_as_an_error(named: None, call: Call) -> None:
    Path("streams/plain").mkdir()
    Path("streams/plain/usage.yaml").write_text(GOOD, "utf-8")
    found = call("list")
    assert found.code == 2
    assert "streams/plain/usage.yaml: has the id of scenarios/plain/usage.yaml; rename one of them" in found.err


PATHS: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    "a good file": (("streams/deep/good.yaml",), 0, "", "1 scenarios, 0 problems"),
    "a file that does not say what it breaks": (
        ("streams/deep/good.yaml", "streams/bad.yaml"), 1, "streams/bad.yaml:3: streams/bad: the stream breaks OC-04",
        "2 scenarios",
    ),
    "a file and an id": (("streams/deep/good.yaml", "plain/usage"), 0, "", "2 scenarios, 0 problems"),
    "a file with a wrong key": (("wrong.yaml",), 2, "", "wrong.yaml:3:1"),
    "a file that is not there": (("none.yaml",), 5, "", "no scenario matches none.yaml"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "code", "out", "err"), PATHS.values(), ids=PATHS)
def test_files_are_linted_by_their_paths(words: tuple[str, ...], code: int, out: str, err: str, call: Call) -> None:
    Path("wrong.yaml").write_text(GOOD.replace("stream:", "strem:"), "utf-8")
    found = call("lint", *words, "--static")
    assert (found.code, out in found.out, err in found.err) == (code, True, True), found


def test_a_file_below_a_known_folder_has_its_id_from_there(call: Call) -> None:
    found = call("lint", "streams/bad.yaml", "--static", "--scenarios", "streams")
    assert ": bad: the stream breaks" in found.out


def test_the_hook_lints_the_files_that_it_is_given(call: Call) -> None:
    (hook,) = yaml.safe_load(HOOK.read_text("utf-8"))
    program, *words = hook["entry"].split()
    assert program == "streamproof"
    path = Path("scenarios/deep/good.yaml")
    path.parent.mkdir(parents=True)
    path.write_text(GOOD, "utf-8")
    assert re.search(hook["files"], path.as_posix())
    assert call(*words, str(path)).code == 0
