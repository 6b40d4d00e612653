"""Setting a client up: once for the files as they are, and a command that fails is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest

from streamproof.adapters.spec import ClientSpec
from streamproof.errors import CannotJudge
from streamproof.gallery.setting_up import STAMP, needs_setup, set_up

COUNT = "open('build/log', 'a').write('x')"


@pytest.fixture
def spec(tmp_path: Path) -> ClientSpec:
    (tmp_path / "build").mkdir()
    (tmp_path / "requirements.txt").write_text("one==1\n")
    return made(tmp_path, (sys.executable, "-c", COUNT))


def made(folder: Path, *setup: tuple[str, ...]) -> ClientSpec:
    return ClientSpec(name="made-up", command=("x",), cwd=str(folder), setup=setup)


def test_the_setup_runs_once(spec: ClientSpec, tmp_path: Path) -> None:
    assert needs_setup(spec)
    set_up(spec)
    assert not needs_setup(spec)
    assert (tmp_path / "build/log").read_text() == "x"


@pytest.mark.parametrize("name", ["requirements.txt", "adapter.py"])
def test_it_is_due_again_when_a_file_changes_or_comes(spec: ClientSpec, tmp_path: Path, name: str) -> None:
    set_up(spec)
    (tmp_path / name).write_text("two==2\n")
    assert needs_setup(spec)
    set_up(spec)
    assert not needs_setup(spec)
    assert (tmp_path / "build/log").read_text() == "xx"


@pytest.mark.parametrize("name", ["failures.md", "known-flaky.txt", "verdicts.txt"])
def test_it_is_not_due_again_for_what_is_only_told_of_the_client(spec: ClientSpec, tmp_path: Path, name: str) -> None:
    set_up(spec)
    (tmp_path / name).write_text("told\n")
    assert not needs_setup(spec)


def test_it_is_due_again_when_its_commands_change(spec: ClientSpec) -> None:
    set_up(spec)
    assert needs_setup(attrs.evolve(spec, setup=(*spec.setup, ("true",))))


def test_what_it_builds_does_not_make_it_due(spec: ClientSpec, tmp_path: Path) -> None:
    set_up(spec)
    (tmp_path / "build/more").write_text("made later")
    assert not needs_setup(spec)


def test_a_client_without_setup_needs_none(tmp_path: Path) -> None:
    assert not needs_setup(made(tmp_path))
    assert not needs_setup(ClientSpec(name="anywhere", command=("x",), setup=(("y",),)))


def test_a_command_that_fails_is_shown_and_not_remembered(tmp_path: Path) -> None:
    spec = made(tmp_path, (sys.executable, "-c", "print('no such package'); raise SystemExit(3)"))
    with pytest.raises(CannotJudge, match=r"(?s)made-up: setup ended with 3: .*no such package"):
        set_up(spec)
    assert needs_setup(spec)
    assert not (tmp_path / STAMP).exists()


def test_the_commands_after_one_that_fails_do_not_run(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    spec = made(tmp_path, (sys.executable, "-c", "raise SystemExit(1)"), (sys.executable, "-c", COUNT))
    with pytest.raises(CannotJudge):
        set_up(spec)
    assert not (tmp_path / "build/log").exists()


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge, match="made-up: setup cannot run no-such-program --now"):
        set_up(made(tmp_path, ("no-such-program", "--now")))
