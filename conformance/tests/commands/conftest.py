"""The command line, called in this process from an empty folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from streamproof.__main__ import main


@attrs.frozen
class Called:
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty, and no settings above it count."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    """Runs `streamproof WORDS` to its end.  A traceback is a failure of the test, since a user must see none."""

    def called(*words: str) -> Called:
        capfd.readouterr()
        with pytest.raises(SystemExit) as done:
            main(words)
        out, err = capfd.readouterr()
        assert "Traceback" not in err, err
        assert isinstance(done.value.code, int)
        return Called(done.value.code, out, err)

    return called
