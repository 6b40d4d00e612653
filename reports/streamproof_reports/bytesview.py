"""A hex dump of the bytes around a finding: 16 or 8 a row, the finding marked in a row below."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from streamproof_reports.document import CaseResult
from streamproof_reports.line import Line
from streamproof_reports.text import counted

ROW = 16
NARROW_ROW = 8
"""Where 16 would not fit."""
_BEFORE = 3


def sent_bytes(case: CaseResult) -> bytes | None:
    """The bytes that a case kept; None when it kept none, or none that can be read."""
    if case.sent is None:
        return None
    try:
        return base64.b64decode(case.sent, validate=True)
    except (binascii.Error, ValueError):
        return None


def span(case: CaseResult) -> tuple[int, int] | None:
    """The place of the first finding that has one, half open and never empty."""
    for finding in case.findings:
        if finding.start is not None:
            return finding.start, max(finding.end or 0, finding.start + 1)
    return None


def _column(index: int) -> int:
    """Column of a byte's hex in its row: two digits and a blank, one more blank after the eighth."""
    return 3 * index + (1 if index >= ROW // 2 else 0)


def _printable(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else "."


def hex_row(offset: int, data: bytes, width: int, row: int = ROW) -> str:
    """`0412  64 61 74 61 ...  data...`: offset in decimal, as scenarios count it."""
    halves = [data[: ROW // 2].hex(" "), data[ROW // 2 :].hex(" ")]
    dump = f"{halves[0]:<23}" + (f"  {halves[1]:<23}" if row == ROW else "")
    return f"{offset:0{width}}  {dump}  {''.join(map(_printable, data))}"


def mark_row(offset: int, length: int, start: int, end: int, *, width: int, row: int = ROW) -> str | None:
    """The marker below a row; None when the span does not touch it."""
    first, last = max(start - offset, 0), min(end - offset, length) - 1
    if first > last:
        return None
    left, right = _column(first), _column(last) + 2
    under_text = " " * (_column(row - 1) + 4 + first - right) + "^" * (last - first + 1)
    return " " * (width + 2 + left) + "^" * (right - left) + under_text


def hex_lines(data: bytes, base: int, marked: tuple[int, int] | None, row: int = ROW) -> Iterable[Line]:
    """Rows of `data`, which begins at offset `base`, each followed by its marker where it has one."""
    width = max(4, len(str(base + len(data))))
    for at in range(0, len(data), row):
        part = data[at : at + row]
        yield Line(hex_row(base + at, part, width, row))
        if marked is not None and (marker := mark_row(base + at, len(part), *marked, width=width, row=row)):
            yield Line(marker, "mark")


def _window(length: int, base: int, marked: tuple[int, int] | None, rows: int, row: int, *, to_end: bool) -> range:
    """The rows of bytes to show, as offsets into the data: around the mark, else the end, else the beginning."""
    total = -(-length // row)
    if total <= rows:
        return range(0, length, row)
    first = total - rows if to_end else 0
    if marked is not None:
        first = (marked[0] - base) // row - min(_BEFORE, rows // 2)
    first = min(max(first, 0), total - rows)
    return range(first * row, min((first + rows) * row, length), row)


def byte_lines(case: CaseResult, rows: int, row: int = ROW) -> tuple[Line, ...]:
    """At most `rows` rows of the bytes of a case, cut around the finding and never at it, with what they are."""
    data = sent_bytes(case)
    if not data:
        return (no_bytes(case),)
    base, stop = case.sent_from, case.sent_from + len(data)
    marked = span(case)
    if marked is not None and (marked[1] <= base or marked[0] >= stop):
        marked = None
    shown = _window(len(data), base, marked, max(rows, 1), row, to_end=stop >= case.sent_total)
    first, last = shown[0], min(shown[-1] + row, len(data))
    head = byte_head(case, base + first, base + last)
    return (Line(head), *hex_lines(data[first:last], base + first, marked, row))


def no_bytes(case: CaseResult) -> Line:
    """Why there are no bytes to show."""
    if sent_bytes(case) is None:
        return Line("the bytes were not kept" if case.sent is None else "the bytes cannot be read", "faint")
    return Line(f"nothing of a body of {counted(case.sent_total, 'byte')}", "faint")


def byte_head(case: CaseResult, first: int, last: int) -> str:
    """`body bytes 0 to 13 of 14; the finding is at 6 to 7`, for what is shown from `first` up to `last`."""
    kept = len(sent_bytes(case) or b"")
    head = f"body bytes {range_text(first, last)} of {max(case.sent_total, case.sent_from + kept):,}"
    marked = span(case)
    if marked is None:
        return head
    is_outside = marked[1] <= case.sent_from or marked[0] >= case.sent_from + kept
    return f"{head}; the finding is at {range_text(*marked)}" + (", outside of the bytes kept" if is_outside else "")


def range_text(start: int, end: int) -> str:
    """`130 to 149` for the half open 130:150; one number for one byte."""
    return f"{start}" if end == start + 1 else f"{start} to {end - 1}"
