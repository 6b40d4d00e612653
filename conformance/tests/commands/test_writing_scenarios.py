"""docs/writing-scenarios.md, typed as printed."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

PAGE = Path(__file__).parents[3] / "docs" / "writing-scenarios.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_page_does_what_it_says(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(place for place in sys.path if place))
    text, commands = PAGE.read_text("utf-8"), 0
    file = Path(re.findall(r"^Write this into `(.*)`:$", text, re.MULTILINE)[0])
    for kind, block in BLOCK.findall(text):
        if kind == "yaml":
            assert file.exists()
            file.write_text(block, "utf-8")
            continue
        for typed in block.removeprefix("$ ").split("\n$ "):
            command, *printed = typed.strip().split("\n")
            program, *words = shlex.split(command)
            assert program == "streamproof"
            found = call(*(sys.executable if word == "python" else word for word in words))
            code = next((int(line.removeprefix("exit code ")) for line in printed if line.startswith("exit code ")), 0)
            assert found.code == code, (command, found)
            for line in printed:
                assert line.startswith("exit code ") or line in found.out, (command, line)
            commands += 1
    assert commands == 7
