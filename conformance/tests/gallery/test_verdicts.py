"""verdicts.txt: written and read again it is the same, and a change is told."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from streamproof.errors import StreamproofError
from streamproof.gallery.verdicts import FILE_NAME, Line, changes, lines_of, read_verdicts, write_verdicts

from .conftest import MakeRow, case

CASES = (
    case("a/one", delivery="whole"),
    case("a/one"),
    case("a/two", "warn"),
    case("a/three", "pass"),
    case("a/four", "skip"),
    case("a/five"),
)


def test_what_is_written_is_read_again(row: MakeRow) -> None:
    first, second = row(*CASES, entry="first", flaky=("a/five",)), row(case("b/one"), entry="second")
    write_verdicts([first, second])
    assert read_verdicts(second.spec) == lines_of(second) == (Line("second", "b/one", "as-written", "fail"),)
    assert read_verdicts(first.spec) == lines_of(first)
    assert [(line.case, line.delivery, line.verdict) for line in lines_of(first)] == [
        ("a/one", "as-written", "fail"),
        ("a/one", "whole", "fail"),
        ("a/two", "as-written", "warn"),
    ]


def test_a_client_that_did_not_run_keeps_its_file(row: MakeRow, tmp_path: Path) -> None:
    one, other = row(*CASES, entry="first"), row(entry="second")
    write_verdicts([one, other])
    kept = (tmp_path / FILE_NAME).read_text()
    assert write_verdicts([one, attrs.evolve(other, hello=None, missing="no node")]) == []
    assert (tmp_path / FILE_NAME).read_text() == kept


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param((), ["a/one [whole]: was fail, is pass or skip"], id="passes-now"),
        pytest.param((Line("e", "a/one", "whole", "warn"),), ["a/one [whole]: was fail, is warn"], id="milder"),
        pytest.param((Line("e", "a/one", "whole", "fail"),), [], id="same"),
        pytest.param(
            (Line("e", "a/one", "whole", "fail"), Line("e", "a/two", "whole", "fail")),
            ["a/two [whole]: was pass or skip, is fail"],
            id="fails-now",
        ),
    ],
)
def test_changes_are_told(now: tuple[Line, ...], told: list[str]) -> None:
    assert changes([Line("e", "a/one", "whole", "fail")], now) == told


@pytest.mark.parametrize(
    "text", ["sample fail a/one\n", "sample good a/one whole\n", "sample fail a/one whole twice\n"]
)
def test_a_line_that_is_wrong_is_named(row: MakeRow, tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(f"# a comment\n\n{text}")
    with pytest.raises(StreamproofError, match=rf"{FILE_NAME}:3: expected `ENTRY VERDICT CASE DELIVERY`"):
        read_verdicts(row().spec)


def test_a_missing_file_says_how_to_write_it(row: MakeRow) -> None:
    with pytest.raises(StreamproofError) as caught:
        read_verdicts(row().spec)
    assert FILE_NAME in str(caught.value)
