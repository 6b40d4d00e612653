"""Streams of JSON lines, sans-io: bytes in, one event for each line out; and lines in, bytes out.

The decoder has the interface of `sse.Decoder`, and looks at each byte a bounded number of times however the body is
cut.  A line is an event whose data is the line; what else it sees of the framing, it tells in notes.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from streamproof_formats.note import Note
from streamproof_formats.payload import is_payload
from streamproof_formats.sse import DEFAULT_LIMIT, END_OF_STREAM, EOL, NEED_DATA, Eol, Event, LimitError, Signal

_BOM: Final = b"\xef\xbb\xbf"
_SEPARATOR: Final = re.compile("[\x85\u2028\u2029]")
_PREVIEW: Final = 200


class Decoder:
    """Decodes one body.  Feed it with `receive_data`, then call `next_event` until it gives no event.

    `max_line` and `max_event` are in bytes, and the lesser counts; past it `next_event` raises LimitError, and again at
    each later call.
    """

    def __init__(self, *, max_line: int = DEFAULT_LIMIT, max_event: int = DEFAULT_LIMIT) -> None:
        self._limit = min(max_line, max_event)
        self._buffer = bytearray()
        self._base = 0  # offset in the body of the buffer's first byte; all other places are in the buffer
        self._at = 0  # start of the next line
        self._scan = 0  # up to here there is no LF at or after `_at`
        self._at_bom = True
        self._closed = False
        self._ended = False
        self._error: LimitError | None = None
        self._count = 0
        self._blank: tuple[int, int, int] | None = None  # blank lines since the last event: start, end, count
        self._seen_crlf = False
        self._last: Note | None = None
        self._notes: list[Note] = []

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
        if self._at:
            del self._buffer[: self._at]
            self._base += self._at
            self._scan -= self._at
            self._at = 0
        self._buffer += data

    def take_notes(self) -> list[Note]:
        """Hands out the notes on the lines that have been read since the last call, in order."""
        notes, self._notes = self._notes, []
        return notes

    def next_event(self) -> Event | Signal:
        """Gives the next line as an event, or says that more data is needed or that the stream has ended."""
        if self._error is not None:
            raise self._error
        if self._at_bom and not self._skip_bom():
            return NEED_DATA
        while True:
            end = self._buffer.find(b"\n", max(self._at, self._scan))
            if (len(self._buffer) if end < 0 else end) - self._at > self._limit:
                self._fail()
            if end < 0:
                self._scan = len(self._buffer)
                return self._finish() if self._closed else NEED_DATA
            at, self._at = self._at, end + 1
            event = self._take_line(at, end)
            if event is not None:
                return event

    def _skip_bom(self) -> bool:
        buffer = self._buffer
        if len(buffer) < len(_BOM) and _BOM.startswith(buffer) and not self._closed:
            return False
        if buffer.startswith(_BOM):
            self._at = len(_BOM)
            self._notes.append(Note(kind="bom", start=0, end=len(_BOM)))
        self._at_bom = False
        return True

    def _fail(self) -> NoReturn:
        start = self._base + self._at
        self._error = LimitError(f"the line at byte {start} of the body is longer than the {self._limit} bytes allowed")
        raise self._error

    def _take_line(self, at: int, end: int) -> Event | None:
        """The event of the line whose LF is at `end`; None for a blank line."""
        stop = end
        if end > at and self._buffer[end - 1] == 0x0D:
            stop = end - 1
            self._tell_crlf(stop)
        line = self._buffer[at:stop]
        if not line.strip(b" \t\r"):
            start, count = (self._blank[0], self._blank[2]) if self._blank else (self._base + at, 0)
            self._blank = (start, self._base + end + 1, count + 1)
            return None
        return self._event(line, self._base + at, self._base + end + 1)

    def _event(self, line: bytearray, start: int, end: int) -> Event:
        self._tell_blank()
        number = self._count
        self._count += 1
        try:
            data = line.decode()
        except UnicodeDecodeError as error:
            data = line.decode(errors="replace")
            found = line[error.start : error.end].hex(" ")
            self._notes.append(
                Note(kind="malformed-utf8", start=start + error.start, end=start + error.end, event=number, text=found)
            )
        if not data.isascii() and (separators := _SEPARATOR.findall(data)):
            raw = separators[0].encode()
            place = start + line.find(raw)
            self._notes.append(
                Note(
                    kind="raw-separator",
                    start=place,
                    end=place + len(raw),
                    event=number,
                    count=len(separators),
                    text=separators[0],
                )
            )
        return Event("message", data, "", start, end)

    def _finish(self) -> Event | Signal:
        """Settles what has no LF behind it: a line if it is JSON, else the beginning of one, which is lost."""
        if self._ended:
            if self._last is not None:
                # It is about the end of the body: the note comes after those on the event.
                self._notes.append(self._last)
                self._last = None
            return END_OF_STREAM
        self._ended = True
        rest, start = self._buffer[self._at :], self._base + self._at
        self._at = len(self._buffer)
        if not rest.strip(b" \t\r"):
            self._tell_blank()
            return END_OF_STREAM
        end = start + len(rest)
        text = rest.decode(errors="replace")
        if is_payload(text):
            event = self._event(rest, start, end)
            self._last = Note(kind="no-line-end", start=start, end=end, count=self._count)
            return event
        self._tell_blank()
        self._notes.append(Note(kind="unclosed", start=start, end=end, text=text[:_PREVIEW]))
        return END_OF_STREAM

    def _tell_blank(self) -> None:
        if self._blank is not None:
            start, end, count = self._blank
            self._notes.append(Note(kind="blank-line", start=start, end=end, count=count))
            self._blank = None

    def _tell_crlf(self, place: int) -> None:
        if not self._seen_crlf:
            self._seen_crlf = True
            self._notes.append(Note(kind="crlf", start=self._base + place, end=self._base + place + 2))


def encode(data: str, *, eol: Eol = "lf", unclosed: int = 0) -> bytes:
    """Writes one line, as it is; with `unclosed` 1 its end is left off.

    Lone surrogates become the bytes that no UTF-8 has.
    """
    if unclosed not in (0, 1):
        raise ValueError(f"expected 0 or 1 line ends to leave off, found {unclosed}")
    return (data + EOL[eol] * (1 - unclosed)).encode("utf-8", "surrogatepass")
