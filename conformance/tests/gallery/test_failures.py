"""failures.md: which of the words in backquotes name scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamproof.adapters.spec import ClientSpec
from streamproof.errors import StreamproofError
from streamproof.gallery.failures import FILE_NAME, Failures, parse_failures, read_failures


@pytest.mark.parametrize(
    ("said", "case_id", "explained"),
    [
        pytest.param("`framing/crlf`", "framing/crlf", True, id="scenario"),
        pytest.param("`framing/crlf`", "framing/crlf@openai-chat[end=fin]", True, id="its-cases"),
        pytest.param("`framing/crlf@openai-chat`", "framing/crlf@workers-ai", False, id="another-case"),
        pytest.param("`a/b[end=reset]`", "a/b[end=reset]", True, id="one-variant"),
        pytest.param("`plain/*`", "plain/text@openai-chat", True, id="pattern"),
        pytest.param("`plain/*`", "framing/plain", False, id="another-folder"),
        pytest.param("framing/crlf", "framing/crlf", False, id="no-backquotes"),
        pytest.param("`framing/crlf-in-two-reads`", "framing/crlf", False, id="longer"),
        pytest.param("`read/Write`, `lib/x.py`, `a b/c`", "read/Write", False, id="code"),
    ],
)
def test_what_a_text_explains(said: str, case_id: str, explained: bool) -> None:
    assert parse_failures(f"- A cause ({said}).").explain(case_id) is explained


def test_several_names_on_a_line_count() -> None:
    found = parse_failures("- One:\n  `a/b`, `main.go:61`, `c/d`\n")
    assert [(line.number, line.pattern) for line in found.named] == [(2, "a/b"), (2, "c/d")]


def spec(folder: Path | None) -> ClientSpec:
    return ClientSpec(name="made-up", command=("x",), cwd=None if folder is None else str(folder))


def test_a_client_without_the_file_explains_nothing(tmp_path: Path) -> None:
    assert read_failures(spec(tmp_path)) == read_failures(spec(None)) == Failures()


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(StreamproofError, match=FILE_NAME):
        read_failures(spec(tmp_path))
