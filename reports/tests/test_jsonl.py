"""What is written can be read again, whole or cut; what is wrong in a file is told and loses nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from streamproof_reports import jsonl
from streamproof_reports.document import CaseFinding, CaseResult, Footer, Header, Run, WireEvent
from streamproof_reports.jsonl import DocumentError, JsonlWriter, dump, parse_run, read_run
from streamproof_reports.summary import ending_text, is_whole

VALUES = (Header, CaseResult, CaseFinding, WireEvent, Footer)


def lines_of(run: Run) -> list[bytes]:
    return dump(run).splitlines(keepends=True)


@pytest.mark.parametrize("name", ["benign", "hostile"])
def test_a_run_is_read_as_it_was_written(name: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(name)
    assert parse_run(lines_of(run)) == run


def test_a_run_cut_at_any_byte_of_its_last_line_is_read_and_said_to_have_broken_off(benign: Run) -> None:
    *whole, last = lines_of(benign)
    for cut in range(len(last) - 1):
        run = parse_run([*whole, last[:cut]] if cut else whole)
        assert run.footer is None
        assert run.cases == benign.cases
        assert run.problems[-1] == "there is no footer: the run broke off"
        assert bool(cut) == ("line 11, the last, is cut off: left out" in run.problems)
        assert ending_text(run) == "the run broke off: 9 of 9 planned cases reported"
    assert parse_run([*whole, last[:-1]]) == benign, "only the line end is missing"


def test_a_run_cut_in_a_case_keeps_the_cases_before_it(hostile: Run) -> None:
    lines = lines_of(hostile)
    for cut in range(1, len(lines[3]) - 1, 97):
        run = parse_run([*lines[:3], lines[3][:cut]])
        assert run.cases == hostile.cases[:2]
        assert not is_whole(run)


def test_each_line_is_in_the_file_once_it_is_written(tmp_path: Path, benign: Run) -> None:
    path = tmp_path / "new" / "run.jsonl"
    with JsonlWriter.create(path) as writer:
        writer.started(benign.header)
        assert read_run(path).cases == ()
        for number, case in enumerate(benign.cases, 1):
            writer.case(case)
            assert read_run(path).cases == benign.cases[:number]
        assert benign.footer is not None
        writer.finished(benign.footer, benign.cases)
        assert read_run(path) == benign


def test_every_line_is_ascii_and_strict_json(hostile: Run) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for line in lines_of(hostile):
        assert line.isascii()
        assert line.count(b"\n") == 1
        json.loads(line, parse_constant=refuse)


def nested(depth: int) -> Any:
    value: Any = "inner"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), {"a": [float("-inf")]}, nested(900), nested(50_000), 10**6000, {1: b"bytes"}, {"a": {2, 3}}],
    ids=["nan", "infinity", "deep", "very deep", "wide", "bytes", "set"],
)
def test_what_json_cannot_hold_costs_neither_the_case_nor_the_run(
    value: Any, make_case: Callable[..., CaseResult], make_run: Callable[..., Run]
) -> None:
    finding = CaseFinding(check="wrong-text", rule=None, level=None, basis=None, message="m", actual=value)
    run = parse_run(lines_of(make_run(make_case(expected=value, findings=(finding,)))))
    assert [case.verdict for case in run.cases] == ["fail"]
    assert run.problems == ()


def test_unknown_fields_are_let_be(benign: Run) -> None:
    records = [json.loads(line) for line in lines_of(benign)]
    for record in records:
        record["later"] = {"a": 1}
        for inner in (*record.get("findings", ()), *record.get("timeline", ())):
            inner["later"] = 1
    assert parse_run(json.dumps(record).encode() + b"\n" for record in records) == benign


def test_fields_with_a_default_may_be_left_out() -> None:
    run = parse_run(
        [
            b'{"type":"header","streamproof":"1","command":[],"started":"","kind":"demo","subjects":[],"planned":1}\n',
            b'{"type":"case","case":"a","scenario":"a","title":"","dialect":"d","delivery":null,"client":null,"verdict":"pass"}\n',
            b'{"type":"footer","counts":{"pass":1},"skipped_for":{},"duration_s":1}\n',
        ]
    )
    assert run.problems == ()
    assert run.cases[0] == CaseResult(
        case="a", scenario="a", title="", dialect="d", delivery=None, client=None, verdict="pass"
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"verdict": "good"}, "`verdict` must be one of pass warn fail"),
        ({"verdict": ["pass"]}, "`verdict` must be one of"),
        ({"title": 1}, "`title` must be text, found 1"),
        ({"line": "3"}, '`line` must be a whole number or null, found "3"'),
        ({"line": True}, "`line` must be a whole number or null, found true"),
        ({"duration_s": float("nan")}, "`duration_s` must be a number, found NaN"),
        ({"findings": {}}, "`findings` must be a list of objects"),
        ({"findings": [{}]}, "`check` is missing"),
        ({"timeline": [{"at_ms": 1, "lane": "third", "kind": "", "text": ""}]}, "`lane` must be server or client"),
        ({"reproduce": [1]}, "`reproduce` must be a list of texts"),
        ({"case": None}, "`case` must be text, found null"),
    ],
)
def test_a_misshapen_case_is_left_out_and_told(changes: dict[str, Any], problem: str, benign: Run) -> None:
    lines = lines_of(benign)
    lines[3] = json.dumps(json.loads(lines[3]) | changes).encode() + b"\n"
    run = parse_run(lines)
    assert len(run.cases) == len(benign.cases) - 1
    assert run.problems[0].startswith("line 4: ")
    assert problem in run.problems[0]
    assert run.problems[1:] == ("the counts of the footer are not those of the cases",)
    assert not is_whole(run)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"nonsense\n", "line 4 is not a JSON object: left out"),
        (b"[1]\n", "line 4 is not a JSON object: left out"),
        (b"\xff\xfe\n", "line 4 is not a JSON object: left out"),
        (b"[" * 100_000 + b"\n", "line 4 is not a JSON object: left out"),
        (b'{"type":"plot"}\n', 'line 4 has the type "plot": left out'),
        (b"{}\n", "line 4 has the type null: left out"),
    ],
    ids=["text", "list", "not UTF-8", "deep", "unknown type", "no type"],
)
def test_a_line_that_is_none_is_left_out_and_told(line: bytes, problem: str, benign: Run) -> None:
    lines = lines_of(benign)
    run = parse_run([*lines[:3], line, *lines[3:]])
    assert run.cases == benign.cases
    assert run.problems == (problem,)


def test_blank_lines_do_no_harm(benign: Run) -> None:
    assert parse_run([b"\n", *lines_of(benign), b"\r\n"]) == benign


def test_a_footer_that_counts_otherwise_is_told(benign: Run) -> None:
    assert benign.footer is not None
    told = attrs.evolve(benign, footer=attrs.evolve(benign.footer, counts={"pass": 9}))
    assert parse_run(lines_of(told)).problems == ("the counts of the footer are not those of the cases",)


def test_cases_after_the_footer_are_told(benign: Run) -> None:
    lines = lines_of(benign)
    run = parse_run([*lines[:3], lines[-1], *lines[3:-1]])
    assert len(run.cases) == 9
    assert "line 5 stands after the footer" in run.problems


def test_a_newer_format_is_told(benign: Run) -> None:
    newer = attrs.evolve(benign, header=attrs.evolve(benign.header, format=2))
    assert parse_run(lines_of(newer)).problems == (
        "written in format 2, this version reads format 1: what is newer in it is not shown",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with a header line, found none"),
        (b"junk", "begins with a header line, found none"),
        (b'{"type":"case"}\n', 'found type "case"; give the run.jsonl that a check wrote'),
        (b'{"counts":{}}\n', "found type null"),
        (b'{"type":"header"}\n', "run.jsonl:1: the header cannot be read: `streamproof` is missing"),
    ],
)
def test_a_file_that_is_no_document_is_refused_in_words(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        read_run(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="a result document was expected, found none: No such file"):
        read_run(tmp_path / "none.jsonl")


def test_every_annotation_has_a_shape() -> None:
    for cls in VALUES:
        for field in attrs.fields(cls):
            assert str(field.type) in jsonl._SHAPES, field.name


# --- The published schema


def schema() -> dict[str, Any]:
    text = resources.files("streamproof_reports").joinpath("schema", "run.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize("name", ["benign", "hostile"])
def test_every_line_that_is_written_is_valid(
    name: str, request: pytest.FixtureRequest, validator: jsonschema.Draft202012Validator
) -> None:
    for line in lines_of(request.getfixturevalue(name)):
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    ("cls", "name"),
    [(Header, "header"), (CaseResult, "case"), (CaseFinding, "finding"), (WireEvent, "wire_event"), (Footer, "footer")],
)
def test_the_schema_has_the_fields_of_the_values(cls: type[attrs.AttrsInstance], name: str) -> None:
    defined = schema()["$defs"][name]
    fields = {field.name: field for field in attrs.fields(cls)}
    assert set(defined["properties"]) - {"type"} == set(fields)
    needed = {field for field, value in fields.items() if value.default is attrs.NOTHING}
    assert needed <= set(defined["required"])


@pytest.mark.parametrize(
    ("at", "changes"),
    [
        (0, {"type": "head"}),
        (0, {"kind": "server"}),
        (0, {"planned": -1}),
        (1, {"verdict": "good"}),
        (1, {"sent_from": None}),
        (1, {"findings": [{"check": "x"}]}),
        (1, {"timeline": [{"at_ms": "1", "lane": "server", "kind": "", "text": ""}]}),
        (-1, {"counts": {"good": 1}}),
        (-1, {"exit_code": 4}),
    ],
)
def test_the_schema_refuses(
    at: int, changes: dict[str, Any], benign: Run, validator: jsonschema.Draft202012Validator
) -> None:
    assert not validator.is_valid(json.loads(lines_of(benign)[at]) | changes)


def test_the_writer_takes_any_binary_file(benign: Run) -> None:
    file = io.BytesIO()
    writer = JsonlWriter(file)
    writer.started(benign.header)
    assert file.getvalue() == lines_of(benign)[0]
