"""The bytes of a case as text, one block for each event: far easier to read than hex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from streamproof_reports.brief import brief
from streamproof_reports.bytesview import byte_head, no_bytes, sent_bytes
from streamproof_reports.document import CaseResult
from streamproof_reports.line import Line
from streamproof_reports.text import visible

_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_LONGEST: Final = 1_500
"""Bytes of a line that are shown whole."""
_NARROWEST: Final = 12

Span = tuple[int, int]


@attrs.frozen
class Piece:
    """Part of a line, printable."""

    text: str
    is_marked: bool = False


@attrs.frozen(kw_only=True)
class EventText:
    """What stands between two blank lines: for display, no decoder has judged it."""

    start: int
    """Offset in the body."""
    lines: tuple[tuple[Piece, ...], ...]
    is_marked: bool
    """Whether a finding lies in it."""


@attrs.frozen(kw_only=True)
class Excerpt:
    """The events of the bytes that a case kept."""

    events: tuple[EventText, ...]
    before: int
    """Events before these that were left out."""
    after: int


def _spans(case: CaseResult) -> list[Span]:
    """The places of the findings, merged, in order."""
    places = sorted(
        (finding.start, max(finding.end or 0, finding.start + 1))
        for finding in case.findings
        if finding.start is not None
    )
    merged: list[Span] = []
    for start, end in places:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _text(data: bytes) -> str:
    """Bytes that are no UTF-8, and what is not printable, stand as escapes."""
    return visible(data.decode("utf-8", "backslashreplace"))


def _end(line: bytes) -> tuple[bytes, bytes]:
    """A line without its end, and its end where that is not the usual line feed."""
    body = line.rstrip(b"\r\n")
    end = line[len(body) :]
    return body, b"" if end == b"\n" else end


def _pieces(line: bytes, at: int, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """A line that begins at offset `at`, the parts that lie in a span marked."""
    body, end = _end(line)
    cut = f"... ({len(body) - _LONGEST:,} more bytes)" if len(body) > _LONGEST else ""
    kept = body[:_LONGEST] if cut else body + end
    pieces: list[Piece] = []
    done = 0
    for start, stop in spans:
        first, last = max(start - at, done), min(stop - at, len(kept))
        if first < last:
            pieces += [Piece(_text(kept[done:first])), Piece(_text(kept[first:last]), is_marked=True)]
            done = last
    pieces += [Piece(_text(kept[done:])), Piece(cut)]
    return tuple(piece for piece in pieces if piece.text)


def _blocks(data: bytes) -> Iterable[tuple[int, list[bytes]]]:
    """Lines between blank lines, each block with its offset.  Blank lines stand at the end of a block."""
    start, lines, is_over = 0, list[bytes](), False
    at = 0
    for match in _LINE.finditer(data):
        line = match[0]
        if not line:
            break
        is_blank = not line.strip(b"\r\n")
        if is_over and not is_blank:
            yield start, lines
            start, lines, is_over = at, [], False
        lines.append(line)
        is_over = is_over or is_blank
        at += len(line)
    if lines:
        yield start, lines


def _event(start: int, lines: Sequence[bytes], spans: Sequence[Span]) -> EventText:
    shown, at = [], start
    for line in lines:
        if pieces := _pieces(line, at, spans):
            shown.append(pieces)
        at += len(line)
    is_marked = any(first < at and start < last for first, last in spans)
    return EventText(start=start, lines=tuple(shown), is_marked=is_marked)


def excerpt(case: CaseResult, limit: int) -> Excerpt | None:
    """At most `limit` events of the bytes of a case: around the first finding, else the first; None without bytes."""
    data = sent_bytes(case)
    if not data or limit < 1:
        return None
    spans = _spans(case)
    base = case.sent_from
    events = [_event(base + start, lines, spans) for start, lines in _blocks(data)]
    place = next((number for number, event in enumerate(events) if event.is_marked), 0)
    first = max(min(place - limit // 2, len(events) - limit), 0)
    shown = events[first : first + limit]
    return Excerpt(events=tuple(shown), before=first, after=len(events) - first - len(shown))


def event_lines(case: CaseResult, limit: int, width: int) -> tuple[Line, ...]:
    """The bytes of a case as at most `limit` lines of text, `width` wide: those around a finding, else both ends."""
    found = excerpt(case, len(case.sent or ""))
    if found is None:
        return (no_bytes(case),)
    digits = max(4, len(str(case.sent_from + len(sent_bytes(case) or b""))))
    room = max(width - digits - 2, _NARROWEST)
    rows: list[tuple[str, str, bool]] = []
    for event in found.events:
        for number, pieces in enumerate(event.lines):
            offset = "" if number else f"{event.start:0{digits}}"
            rows.append((offset, "".join(piece.text for piece in pieces), event.is_marked))
    texts = [text for _, text, _ in rows]
    lines = []
    for at, (offset, text, is_marked) in enumerate(rows):
        shown = brief(text, (*texts[max(at - 1, 0) : at], *texts[at + 1 : at + 2]), room)
        lines.append(Line(f"{offset:<{digits}}{'>' if is_marked else ' '} {shown}", "mark" if is_marked else "plain"))
    place = next((at for at, (_, _, marked) in enumerate(rows) if marked), None)
    end = case.sent_from + len(sent_bytes(case) or b"")
    return (Line(byte_head(case, case.sent_from, end)), *_some(lines, limit, place))


def _some(lines: Sequence[Line], limit: int, place: int | None) -> Iterable[Line]:
    """At most `limit` of the lines, what was left out counted."""
    over = len(lines) - limit
    if over <= 0:
        return lines
    if place is None:
        half = limit // 2
        left = Line(f"({over} lines left out)", "faint")
        return (*lines[: limit - half], left, *lines[len(lines) - half :])
    first = max(min(place - limit // 2, over), 0)
    around = lines[first : first + limit]
    before = (Line(f"({first} lines left out)", "faint"),) if first else ()
    after = (Line(f"({over - first} lines left out)", "faint"),) if over > first else ()
    return (*before, *around, *after)
