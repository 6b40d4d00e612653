"""What the framing of a stream breaks, events or JSON lines: notes of the decoder in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamproof_formats.payload import is_payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streamproof_formats.dialects.breaches import Place
    from streamproof_formats.note import Note, NoteKind
    from streamproof_formats.response import BodyEnd
    from streamproof_formats.sse import Event

Breach = tuple[str, str, str | None, "Place"]
"""Rule, message, what a profile looks at (the kind of the note, or the data that was left unclosed), and place."""

_PLAIN: Final[Mapping[NoteKind, tuple[str, str]]] = {
    "bom": ("SSE-04", "expected the first line at byte 0, found a byte order mark before it"),
    "cr": ("SSE-06", "expected lines that end in LF, found a lone CR"),
    "crlf": ("SSE-06", "expected lines that end in LF, found CRLF"),
    "malformed-utf8": ("SSE-02b", "expected UTF-8, found the bytes {text}"),
    "no-space": ("SSE-13", "expected a data line to start with `data: `, found no space there"),
}
"""Notes that break a rule whatever the dialect and the event."""


_LINES: Final[Mapping[NoteKind, tuple[str, str]]] = {
    "bom": ("ND-02", "expected the first line at byte 0, found a byte order mark before it"),
    "blank-line": ("ND-02", "expected a JSON object on each line, found {count} without any"),
    "malformed-utf8": ("ND-01", "expected UTF-8, found the bytes {text}"),
    "raw-separator": ("ND-04", "expected \\u{code} escaped in JSON, found the character itself"),
}
"""The same for JSON lines."""


def of_lines(notes: Sequence[Note]) -> Iterator[Breach]:
    """What the notes on JSON lines say is broken, in their order."""
    for note in notes:
        if note.kind in _LINES:
            rule, message = _LINES[note.kind]
            code = f"{ord(note.text):04x}" if note.kind == "raw-separator" else ""
            yield _at(note, rule, message.format(text=note.text, count=note.count, code=code))


def of_lines_end(notes: Sequence[Note], end: BodyEnd) -> Iterator[Breach]:
    """What the end of a body of JSON lines leaves unclosed; nothing where the server's own end was not seen."""
    if end in ("timeout", "bad-framing"):
        return
    for note in notes:
        # "an answer that is one object has none": rule ND-01b
        if note.kind == "unclosed" or (note.kind == "no-line-end" and note.count > 1):
            yield _at(note, "ND-01b", "expected LF behind the last line, found the end of the body")


def of_notes(notes: Sequence[Note], event: Event | None, *, dialect: str | None, profile: str) -> Iterator[Breach]:
    """What the notes say is broken, in their order.

    `event` is the event that the last of the notes belong to; `dialect` is None for the base layer.
    """
    for note in notes:
        if note.kind in _PLAIN:
            rule, message = _PLAIN[note.kind]
            yield _at(note, rule, message.format(text=note.text))
            continue
        match note.kind:
            case "id-field" if dialect is not None:
                # "SHOULD NOT" of the Open Responses specification where it is claimed, inference anywhere else.
                rule = "SSE-27" if profile == "open-responses" else "SSE-27b"
                yield _at(note, rule, "expected no `id` field, found one")
            case "no-data" if note.text != "id":
                yield _at(note, "SSE-28", f"expected data in every block, found only fields: {note.text}")
            case "data-lines" if event is not None:
                yield from _of_data_lines(note, event, is_json=dialect is not None)
            case "raw-separator" if dialect is not None or (event is not None and is_payload(event.data)):
                yield _at(
                    note, "SSE-08", f"expected \\u{ord(note.text):04x} escaped in JSON, found the character itself"
                )


def of_end(notes: Sequence[Note], end: BodyEnd) -> Iterator[Breach]:
    """What the end of the body leaves unclosed.

    Nothing where the reader did not see the server's own end of the body: the blank line might have come.
    """
    if end in ("timeout", "bad-framing"):
        return
    for note in notes:
        if note.kind == "unclosed":
            yield _at(note, "SSE-26", "expected a blank line behind the last event, found the end of the body")


def _of_data_lines(note: Note, event: Event, *, is_json: bool) -> Iterator[Breach]:
    lines = event.data.split("\n")
    if is_payload(event.data):
        yield _at(note, "SSE-30", f"expected the JSON payload on one data line, found it on {note.count}")
    elif is_json and all(line == "[DONE]" or is_payload(line) for line in lines):
        # "Consecutive data lines are one event": payloads that are whole line by line were meant as several.
        yield _at(
            note,
            "SSE-26",
            f"expected a blank line behind each event, found {note.count} payloads on adjacent data lines: they are "
            "one event",
        )
    elif is_json:
        yield _at(note, "SSE-30", f"expected the payload on one data line, found it on {note.count}")


def _at(note: Note, rule: str, message: str) -> Breach:
    return rule, message, note.text if note.kind == "unclosed" else note.kind, (note.event, note.start, note.end)
