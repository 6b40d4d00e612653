"""Every form by its name; the forms themselves as they were agreed on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from streamproof_reports.console import ConsoleReporter, make_console
from streamproof_reports.document import CaseResult, Reporter, Run
from streamproof_reports.failure import RuleText
from streamproof_reports.formats import FORMATS, UnknownFormatError, render, write
from streamproof_reports.jsonl import JsonlWriter, read_run
from streamproof_reports.summary import check_json


def test_the_names() -> None:
    assert set(FORMATS) == {"console", "jsonl", "junit", "html", "markdown", "badge", "annotations", "json"}
    assert len({form.file for form in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("run_name", ["benign", "hostile"])
def test_every_form_is_written_and_is_utf8(
    name: str, run_name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue(run_name)
    target = write(run, name, tmp_path / "deep" / "file")
    assert target == tmp_path / "deep" / "file"
    assert target.read_bytes() == render(run, name)
    assert target.read_text("utf-8")
    assert [path.name for path in target.parent.iterdir()] == ["file"], "nothing else is left behind"


def test_into_a_folder_under_the_usual_name(benign: Run, tmp_path: Path) -> None:
    assert write(benign, "html", tmp_path) == tmp_path / "index.html"
    assert write(benign, "jsonl", tmp_path) == tmp_path / "run.jsonl"
    assert read_run(tmp_path / "run.jsonl") == benign


def test_an_older_report_is_replaced(benign: Run, tmp_path: Path) -> None:
    (tmp_path / "badge.json").write_text("old " * 1000)
    write(benign, "badge", tmp_path)
    assert json.loads((tmp_path / "badge.json").read_text())["schemaVersion"] == 1


def test_an_unknown_name_is_told_the_names(benign: Run, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"one of console jsonl junit .*, found 'pdf'"):
        write(benign, "pdf", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_json_is_what_check_prints(hostile: Run) -> None:
    assert json.loads(render(hostile, "json")) == check_json(hostile)


def test_json_is_strict_whatever_a_client_said(
    make_case: Callable[..., CaseResult], make_run: Callable[..., Run]
) -> None:
    case = make_case(findings=(attrs.evolve(make_case().findings[0], actual=[float("nan"), 1e999]),))
    text = render(make_run(case), "json")
    assert json.loads(text, parse_constant=pytest.fail)["cases"][0]["findings"][0]["actual"] == ["nan", "inf"]


def test_a_report_that_cannot_be_put_in_place_leaves_nothing(
    benign: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="no"):
        write(benign, "badge", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_both_live_writers_are_reporters(benign: Run) -> None:
    file = io.BytesIO()
    reporters: list[Reporter] = [JsonlWriter(file), ConsoleReporter(make_console(io.StringIO()), clock=lambda: 0.0)]
    for reporter in reporters:
        reporter.started(benign.header)
        for case in benign.cases:
            reporter.case(case)
        assert benign.footer is not None
        reporter.finished(benign.footer, benign.cases)
    assert file.getvalue() == render(benign, "jsonl")


@pytest.mark.parametrize("name", ["console", "jsonl", "junit", "markdown", "badge", "annotations", "json"])
def test_golden(
    name: str, benign: Run, describe: Callable[[str], RuleText], golden: Callable[[str, bytes], None]
) -> None:
    golden(FORMATS[name].file, render(benign, name, describe))
