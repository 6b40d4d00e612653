"""Server-sent events (WHATWG HTML 9.2), sans-io: bytes in, events out; `sse_encoder` is the way back.

The decoder looks at each byte a bounded number of times however the body is cut, and takes the usual blocks by the
shortest way: `data: {...}` and a blank line, alone or below `event: name`, the lines ended by LF or by CRLF.  What it
sees of the framing beside events, it tells in notes.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from streamproof_formats.event import DEFAULT_LIMIT, END_OF_STREAM, NEED_DATA, Event, LimitError, Signal
from streamproof_formats.note import Note
from streamproof_formats.sse_encoder import EOL, Eol, encode, encode_comment, encode_lines

if TYPE_CHECKING:
    from streamproof_formats.note import NoteKind

__all__ = [
    "DEFAULT_LIMIT", "END_OF_STREAM", "EOL", "NEED_DATA", "Decoder", "Eol", "Event", "LimitError", "Signal",
    "encode", "encode_comment", "encode_lines",
]  # fmt: skip
_LF: Final = 0x0A
_CR: Final = 0x0D
_SPACE: Final = 0x20
_BLANK: Final = {1: b"\n\n", 2: b"\r\n\r\n"}  # the end of a line and a blank line, by the length of a line end
_BOM: Final = b"\xef\xbb\xbf"
_SEPARATOR: Final = re.compile("[\x85\u2028\u2029]")
_SEPARATOR_BYTES: Final = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]")
_LONGEST_RETRY: Final = 18  # digits; more are as good as for ever, and int() refuses some thousands
_PREVIEW: Final = 200


class Decoder:
    """Decodes one body.  Feed it with `receive_data`, then call `next_event` until it gives no event.

    `max_line` and `max_event` are in bytes; past them `next_event` raises LimitError, and again at each later call.
    """

    def __init__(self, *, max_line: int = DEFAULT_LIMIT, max_event: int = DEFAULT_LIMIT) -> None:
        self._max_line = max_line
        self._max_event = max_event
        self._buffer = bytearray()
        self._base = 0  # offset in the body of the buffer's first byte; all other places are in the buffer
        self._at = 0  # start of the next line
        self._lf = 0  # first LF at or after `_at`, or the buffer's length where there is none
        self._cr = 0  # the same for CR
        self._at_bom = True
        self._closed = False
        self._ended = False
        self._swallow_lf = False  # the last line ended in a CR at the buffer's end, and an event was dispatched there
        self._error: LimitError | None = None

        self._count = 0
        self._id = b""
        self._type = b""
        self._data = bytearray()  # the data buffer of the standard: an LF follows each value
        self._data_lines = 0
        self._block = -1  # offset in the body of the open block's first line, -1 between blocks
        self._has_fields = False
        self._after_crlf = False  # the line before ended in CRLF
        self._marks: dict[NoteKind, tuple[int, int, int, str]] = {}  # of the open block: start, end, count, text
        self._line_ends: dict[NoteKind, Note] = {}
        self._notes: list[Note] = []
        self.last_event_id = ""
        """The last event ID string: what the last blank line made of the `id` fields before it."""
        self.reconnection_time_ms: int | None = None
        """What the last valid `retry` field said."""

    def receive_data(self, data: bytes) -> None:
        """Takes the next bytes of the body; b"" says that the body has ended."""
        if self._closed:
            if data:
                raise ValueError("no more data can follow the end of the input")
            return
        if not data:
            self._closed = True
            return
        if self._error is not None:
            return
        buffer, at = self._buffer, self._at
        if at:
            del buffer[:at]
            self._base += at
            self._lf -= at
            self._cr -= at
            self._at = 0
        size = len(buffer)
        buffer += data
        if self._lf >= size:
            self._lf = self._find(_LF, size)
        if self._cr >= size:
            self._cr = self._find(_CR, size)

    def take_notes(self) -> list[Note]:
        """Hands out the notes on the blocks that have been closed since the last call, in order."""
        notes, self._notes = self._notes, []
        return notes

    def next_event(self) -> Event | Signal:
        """Gives the next event, or says that more data is needed or that the stream has ended."""
        if self._error is not None:
            raise self._error
        if self._at_bom and not self._skip_bom():
            return NEED_DATA
        buffer = self._buffer
        while True:
            at, size = self._at, len(buffer)
            if self._swallow_lf and at < size:
                at = self._end_dispatching_cr(at)
            if self._lf < at:
                self._lf = self._find(_LF, at)
            if self._cr < at:
                self._cr = self._find(_CR, at)
            lf = self._lf
            if self._block < 0:
                # Where lines end in CRLF, the first block has told so in a note.
                width = 1 if lf < self._cr else 2 if self._cr + 1 == lf and "crlf" in self._line_ends else 0
                if width and (event := self._usual_event(at, lf + 1 - width, width)) is not None:
                    return event
            end = min(lf, self._cr)
            if end - at > self._max_line:
                self._fail("line", self._base + at, self._max_line)
            if end == size:
                return self._finish() if self._closed else NEED_DATA
            taken = self._take_line(at, end)
            if taken is not None:
                return taken

    def _find(self, byte: int, start: int) -> int:
        place = self._buffer.find(byte, start)
        return len(self._buffer) if place < 0 else place

    def _skip_bom(self) -> bool:
        # "If the leading character is U+FEFF, ignore it": one, at the very start -- WHATWG HTML 9.2.5 and Encoding 6.
        buffer = self._buffer
        if len(buffer) < len(_BOM) and _BOM.startswith(buffer) and not self._closed:
            return False
        if buffer.startswith(_BOM):
            self._at = len(_BOM)
            self._notes.append(Note(kind="bom", start=0, end=len(_BOM)))
        self._at_bom = False
        return True

    def _fail(self, what: str, start: int, limit: int) -> NoReturn:
        self._error = LimitError(f"the {what} at byte {start} of the body is longer than the {limit} bytes allowed")
        raise self._error

    def _usual_event(self, at: int, end: int, width: int) -> Event | None:
        """The event of a block of the usual form; None where it has to go the long way.

        Its first line ends at `end`, and line ends are `width` bytes long: LF or CRLF.
        """
        if self._buffer.startswith(b"data:", at):
            if self._buffer.startswith(_BLANK[width], end):
                return self._simple_event(at, end, width)
        elif self._buffer.startswith(b"event: ", at) and self._buffer.startswith(b"data: ", end + width):
            return self._named_event(at, end, width)
        return None

    def _simple_event(self, at: int, end: int, width: int) -> Event | None:
        """The event of a block that is one clean `data:` line; None where it has to go the long way."""
        if end - at > self._max_line or end - at > self._max_event:
            return None
        is_spaced = self._buffer[at + 5] == _SPACE
        data = self._clean_text(at + 5 + is_spaced, end)
        if data is None:
            return None
        self._at = end + 2 * width
        number, start = self._count, self._base + at
        self._count += 1
        if not is_spaced:
            self._notes.append(Note(kind="no-space", start=start, end=self._base + end, event=number))
        self._after_crlf = width == 2
        return Event("message", data, self.last_event_id, start, self._base + self._at)

    def _named_event(self, at: int, end: int, width: int) -> Event | None:
        """The event of a block that is one `event: ` and one clean `data: ` line; None as above."""
        buffer = self._buffer
        second = end + width
        stop = self._find(_LF, second) + 1 - width
        if not buffer.startswith(_BLANK[width], stop) or buffer.find(b"\r", second, stop) >= 0:
            return None
        if end - at > _PREVIEW or max(end - at, stop - second) > self._max_line or stop - second > self._max_event:
            return None
        name, data = buffer[at + 7 : end], self._clean_text(second + 6, stop)
        if data is None or not name.isascii():
            return None
        self._at = stop + 2 * width
        number, start, kind = self._count, self._base + at, name.decode()
        self._count += 1
        self._notes.append(Note(kind="event-field", start=start, end=self._base + end, event=number, text=kind))
        self._after_crlf = width == 2
        return Event(kind or "message", data, self.last_event_id, start, self._base + self._at)

    def _clean_text(self, start: int, end: int) -> str | None:
        """The text of some data; None where it is no UTF-8, or holds what a note tells of."""
        try:
            data = self._buffer[start:end].decode()
        except UnicodeDecodeError:
            return None
        return None if not data.isascii() and _SEPARATOR.search(data) else data

    def _take_line(self, at: int, end: int) -> Event | Signal | None:
        """Takes the line whose end begins at `end`; None where it dispatches nothing."""
        # "Lines must be separated by either a CRLF pair, a single LF, or a single CR" -- WHATWG HTML 9.2.5.
        after = end + 1
        is_cr = self._buffer[end] == _CR
        is_crlf = is_cr and self._buffer[after : after + 1] == b"\n"
        dispatches = end == at and bool(self._data)
        if is_cr and after == len(self._buffer) and not self._closed:
            # Only an event must not wait for the byte after the CR; nor does it where the stream writes CRLF.
            if not dispatches or self._after_crlf:
                return NEED_DATA
            self._swallow_lf = True
        elif is_cr:
            self._mark_line_end("crlf" if is_crlf else "cr", end, after + is_crlf)
        self._at = after + is_crlf
        if end > at:
            self._take_field(at, end)
            self._after_crlf = is_crlf
            return None
        event = self._close_block(self._at if self._after_crlf else after)
        self._after_crlf = is_crlf
        return event

    def _end_dispatching_cr(self, at: int) -> int:
        """Settles what the CR was that dispatched the last event before the byte at `at` was known."""
        self._swallow_lf = False
        is_crlf = self._buffer[at : at + 1] == b"\n"
        self._at = at + is_crlf
        self._mark_line_end("crlf" if is_crlf else "cr", at - 1, self._at, event=self._count - 1)
        return self._at

    def _take_field(self, at: int, end: int) -> None:
        start, stop = self._base + at, self._base + end
        if self._block < 0:
            self._block = start
        line = self._buffer[at:end]
        if not line.isascii():
            self._mark_malformed(line, start, is_whole=True)
        name, colon, value = line.partition(b":")
        if colon and not name:
            self._mark("comment", start, stop)
            return
        self._has_fields = True
        # "If value starts with a U+0020 SPACE character, remove it from value." -- WHATWG HTML 9.2.6
        if value[:1] == b" ":
            del value[:1]
        if name == b"data":
            self._take_data(value, line, start, stop)
        elif name == b"event":
            self._type = bytes(value)
            self._mark("event-field", start, stop, value)
        elif name == b"id":
            if 0 not in value:
                self._id = bytes(value)
            self._mark("id-field", start, stop, value)
        elif name == b"retry":
            if value.isdigit():
                digits = value.lstrip(b"0") or b"0"
                self.reconnection_time_ms = int(digits) if len(digits) <= _LONGEST_RETRY else 10**_LONGEST_RETRY
            self._mark("retry-field", start, stop, value)
        else:
            self._mark("unknown-field", start, stop, line)

    def _take_data(self, value: bytearray, line: bytearray, start: int, stop: int) -> None:
        if len(self._data) + len(value) + 1 > self._max_event:
            self._fail("event", self._block, self._max_event)
        self._data += value
        self._data += b"\n"
        self._data_lines += 1
        if self._data_lines > 1:
            first = self._marks.get("data-lines")
            self._marks["data-lines"] = (first[0] if first else start, stop, self._data_lines, "")
        if not line.startswith(b"data: "):
            self._mark("no-space", start, stop)
        if not value.isascii() and (found := _SEPARATOR_BYTES.search(value)):
            offset = stop - len(value)
            self._mark("raw-separator", offset + found.start(), offset + found.end(), found[0])

    def _close_block(self, end: int) -> Event | None:
        """Does what a blank line does; `end` is where it ends, in the buffer."""
        # "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and
        # return", the last event ID string being set before -- WHATWG HTML 9.2.6
        self.last_event_id = self._id.decode(errors="replace")
        if self._block < 0:
            return None
        event, number = None, None
        stop = self._base + end
        if self._data:
            number = self._count
            self._count += 1
            kind = self._type.decode(errors="replace") or "message"
            data = self._data[:-1].decode(errors="replace")
            event = Event(kind, data, self.last_event_id, self._block, stop)
        elif names := [name for name in ("event", "id", "retry") if f"{name}-field" in self._marks]:
            self._mark("no-data", self._block, stop, ", ".join(names).encode())
        self._tell(number)
        self._type = b""
        self._data = bytearray()
        self._data_lines = 0
        self._block = -1
        self._has_fields = False
        return event

    def _finish(self) -> Signal:
        """Discards what no blank line has closed, and tells of it."""
        if self._ended:
            return END_OF_STREAM
        self._ended = True
        if self._swallow_lf:
            self._end_dispatching_cr(self._at)
        start, rest = self._base + self._at, self._buffer[self._at :]
        is_comment = rest[:1] == b":"
        if rest and not rest.isascii():
            self._mark_malformed(rest, start, is_whole=False)
        if self._has_fields or (rest and not is_comment):
            # "Once the end of the file is reached, any pending data must be discarded." -- WHATWG HTML 9.2.6
            held = self._data + (b"" if is_comment else rest.removeprefix(b"data:").removeprefix(b" "))
            self._mark("unclosed", start if self._block < 0 else self._block, start + len(rest), held.rstrip(b"\n"))
        self._marks.pop("data-lines", None)
        self._tell(None)
        self._notes += sorted(self._line_ends.values(), key=lambda note: note.start)
        return END_OF_STREAM

    def _mark(self, kind: NoteKind, start: int, end: int, found: bytes | bytearray = b"") -> None:
        if first := self._marks.get(kind):
            self._marks[kind] = (first[0], first[1], first[2] + 1, first[3])
        else:
            self._marks[kind] = (start, end, 1, found[:_PREVIEW].decode(errors="replace"))

    def _mark_malformed(self, line: bytearray, start: int, *, is_whole: bool) -> None:
        # A line that the end of the input cuts off may end inside a code point: that is the cut's doing.
        try:
            codecs.utf_8_decode(line, "strict", is_whole)
        except UnicodeDecodeError as error:
            self._mark(
                "malformed-utf8",
                start + error.start,
                start + error.end,
                line[error.start : error.end].hex(" ").encode(),
            )

    def _mark_line_end(self, kind: NoteKind, start: int, end: int, event: int | None = None) -> None:
        if kind not in self._line_ends:
            self._line_ends[kind] = Note(kind=kind, start=self._base + start, end=self._base + end, event=event)

    def _tell(self, number: int | None) -> None:
        """Makes notes of the marks of the block that ends here and dispatched event `number`."""
        for kind, (start, end, count, text) in sorted(self._marks.items(), key=lambda mark: mark[1][0]):
            self._notes.append(Note(kind=kind, start=start, end=end, event=number, count=count, text=text))
        self._marks.clear()
        for kind, note in self._line_ends.items():
            if note.event is None and note.start >= self._block >= 0:
                self._line_ends[kind] = attrs.evolve(note, event=number)
