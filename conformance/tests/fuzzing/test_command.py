"""`streamproof fuzz` with real clients: a broken one is found out, the reference is not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamproof.__main__ import main

BROKEN = ("--", sys.executable, "-m", "streamproof.subjects.broken")
Fuzz = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Fuzz:
    """Runs a command from an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(place for place in sys.path if place))

    def called(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as done:
            main(words)
        out, err = capfd.readouterr()
        assert "Traceback" not in err, err
        assert isinstance(done.value.code, int)
        return done.value.code, out, err

    return called


def cases_of(out: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(out)["cases"]
    return found


def test_the_reference_client_passes_what_is_drawn(run: Fuzz) -> None:
    code, out, _ = run("fuzz", "--client", "reference", "--seed", "1", "--runs", "18", "--format", "json")
    assert code == 0, out
    assert [case["verdict"] for case in cases_of(out)] == ["pass"] * 18
    assert not Path("streamproof-fuzz").exists()


def test_a_fault_is_found_made_small_written_and_reproduced(run: Fuzz) -> None:
    client = (*BROKEN, "decodes-each-read")
    words = ("fuzz", "--dialect", "openai-completions", "--seed", "6", "--runs", "8", "-o", "found", "--jobs", "1")
    code, out, err = run(*words, "--format", "json", *client)
    assert code == 1
    failed = [case for case in cases_of(out) if case["verdict"] == "fail"]
    assert failed[0]["findings"][0]["check"] == "wrong-text"
    (path,) = Path("found").iterdir()
    assert f"wrote {path}" in err
    text = path.read_text("utf-8")
    assert "deliveries: [inside-utf8]" in text
    assert "é" in text
    assert max(map(ord, text.partition("stream:")[2])) == ord("é"), "plain letters do as well"

    assert run("lint", path.stem, "--scenarios", "found")[0] == 0
    code, out, _ = run("check", "client", path.stem, "--scenarios", "found", "--format", "json", *client)
    assert (code, [case["verdict"] for case in cases_of(out)]) == (1, ["fail"])
    assert run("check", "client", path.stem, "--scenarios", "found", "--client", "reference")[0] == 0

    # The same seeds find the same.
    run(*words, "-o", "again", "-q", *client)
    (again,) = Path("again").iterdir()
    assert again.read_text("utf-8") == text


def test_a_seed_of_a_failure_is_told_and_draws_it_again(run: Fuzz) -> None:
    client = (*BROKEN, "text-dropped")
    words = ("fuzz", "--dialect", "openai-completions", "--jobs", "1")
    code, out, _ = run(*words, "--seed", "6", "--runs", "4", "--report", "html", *client)
    assert code == 1
    assert "seed 6" in out
    assert "fuzz/seed-" in out
    assert "streamproof check client --select case:" in out


def test_max_time_alone_bounds_the_streams(run: Fuzz) -> None:
    code, out, _ = run("fuzz", "--client", "reference", "--max-time", "1.5", "--format", "json")
    assert code == 0
    assert {case["verdict"] for case in cases_of(out)} <= {"pass"}


MISTAKES: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no client": ((), 2, "expected one client, found none"),
    "a dialect that is not spoken": (
        ("--dialect", "gemini", *BROKEN[:3], "streamproof.subjects.naive"), 2, "--dialect gemini: the client does not speak it",
    ),
    "a seed below 0": (("--seed", "-1", "--client", "reference"), 2, "expected a number from 0"),
    "a command that does not start": (("--", "no-such-program"), 3, "no-such-program"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "code", "told"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told(words: tuple[str, ...], code: int, told: str, run: Fuzz) -> None:
    found, _, err = run("fuzz", *words)
    assert found == code
    assert told in err
