"""The dump shows the bytes around the finding and marks the finding."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import attrs
import pytest

from streamproof_reports.bytesview import byte_lines, hex_row, range_text
from streamproof_reports.document import CaseResult

Make = Callable[..., CaseResult]


def dump(
    make_case: Make, data: bytes, start: int | None, end: int | None = None, rows: int = 8, **changes: Any
) -> list[str]:
    finding = attrs.evolve(make_case().findings[0], start=start, end=end)
    values = {"sent": base64.b64encode(data).decode(), "sent_total": len(data), "sent_from": 0, **changes}
    return [line.text for line in byte_lines(make_case(findings=(finding,), **values), rows)]


def test_a_row() -> None:
    assert hex_row(16, bytes(range(0x3A, 0x4A)), 4) == (
        "0016  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI"
    )
    assert hex_row(0, b"a\n\xff", 4) == "0000  61 0a ff" + " " * 42 + "a.."


@pytest.mark.parametrize("start", range(40))
@pytest.mark.parametrize("length", [1, 2, 17])
def test_marks_stand_below_exactly_the_bytes_of_the_finding(start: int, length: int, make_case: Make) -> None:
    data = bytes(range(40))
    lines = dump(make_case, data, start, start + length)
    marked = set()
    for row, below in pairwise(lines):
        if "^" not in below:
            continue
        offset = int(row[:4])
        for index in range(16):
            column = 6 + 3 * index + (index >= 8)
            hexed, text = below[column : column + 2] == "^^", below[56 + index : 57 + index] == "^"
            assert hexed == text
            if hexed:
                marked.add(offset + index)
    assert marked == set(range(start, min(start + length, 40)))


def rows_shown(lines: list[str]) -> list[int]:
    return [int(line[:4]) for line in lines[1:] if line[:4].isdigit()]


@pytest.mark.parametrize(
    ("start", "first"),
    [(0, 0), (40, 0), (100, 48), (500, 448), (1023, 896), (None, 896)],
)
def test_the_window_lies_around_the_finding_and_else_at_the_end(start: int | None, first: int, make_case: Make) -> None:
    lines = dump(make_case, b"x" * 1024, start, rows=8)
    assert rows_shown(lines) == [first + 16 * row for row in range(8)]
    assert start is None or any("^" in line for line in lines)


def test_without_a_place_and_with_more_to_come_the_beginning_is_shown(make_case: Make) -> None:
    assert rows_shown(dump(make_case, b"x" * 1024, None, rows=2, sent_total=9000)) == [0, 16]


def test_offsets_count_from_the_body(make_case: Make) -> None:
    lines = dump(make_case, b"abc", 4001, 4002, sent_from=4000, sent_total=5000)
    assert lines[0] == "body bytes 4000 to 4002 of 5,000; the finding is at 4001"
    assert lines[1].startswith("4000  61 62 63")
    assert lines[2].index("^^") == 9


@pytest.mark.parametrize("start", [0, 3999, 4003, 9000])
def test_a_finding_outside_of_the_bytes_is_said(start: int, make_case: Make) -> None:
    lines = dump(make_case, b"abc", start, sent_from=4000, sent_total=9999)
    assert lines[0].endswith(f"the finding is at {start}, outside of the bytes kept")
    assert not any("^" in line for line in lines)


@pytest.mark.parametrize(
    ("sent", "said"),
    [(None, "the bytes were not kept"), ("%%%", "the bytes cannot be read"), ("", "nothing of a body of 7 bytes")],
)
def test_bytes_that_are_not_there_are_said(sent: str | None, said: str, make_case: Make) -> None:
    assert [line.text for line in byte_lines(make_case(sent=sent, sent_total=7), 8)] == [said]


def test_ranges() -> None:
    assert (range_text(3, 4), range_text(3, 6)) == ("3", "3 to 5")
