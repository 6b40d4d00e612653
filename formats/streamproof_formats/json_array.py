"""Streams that are one JSON array, sans-io: bytes in, one event for each element out.

The decoder has the interface of `sse.Decoder`, and looks at each byte a bounded number of times however the body is
cut.  An element is an event once the comma or the bracket behind it has come; whether it is JSON its reader tells.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from streamproof_formats.event import DEFAULT_LIMIT, END_OF_STREAM, NEED_DATA, Event, LimitError, Signal
from streamproof_formats.note import Note
from streamproof_formats.payload import is_payload

_SPACE: Final = b" \t\r\n"
_OPEN: Final = re.compile(rb"[^ \t\r\n]")
_OUTSIDE: Final = re.compile(rb'[][{}",]')
_INSIDE: Final = re.compile(rb'["\\]')
_PREVIEW: Final = 200


class Decoder:
    """Decodes one body.  Feed it with `receive_data`, then call `next_event` until it gives no event.

    `max_line` and `max_event` are in bytes, and the lesser bounds an element; past it `next_event` raises LimitError,
    and again at each later call.
    """

    def __init__(self, *, max_line: int = DEFAULT_LIMIT, max_event: int = DEFAULT_LIMIT) -> None:
        self._limit = min(max_line, max_event)
        self._buffer = bytearray()
        self._base = 0  # offset in the body of the buffer's first byte; all other places are in the buffer
        self._at = 0  # start of what is being read
        self._scan = 0  # up to here it has been looked at
        self._depth = 0  # brackets and braces that are open inside the element
        self._in_string = False
        self._begun = False
        self._over = False  # the array has been closed
        self._closed = False
        self._ended = False
        self._error: LimitError | None = None
        self._count = 0
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
        if self._error is None:
            del self._buffer[: self._at]
            self._base += self._at
            self._scan -= self._at
            self._at = 0
            self._buffer += data

    def take_notes(self) -> list[Note]:
        """Hands out the notes since the last call, in order."""
        notes, self._notes = self._notes, []
        return notes

    def next_event(self) -> Event | Signal:
        """Gives the next element as an event, or says that more data is needed or that the stream has ended."""
        if self._error is not None:
            raise self._error
        if not self._begun and not self._begin():
            return self._finish() if self._closed else NEED_DATA
        while not self._over and (end := self._next_end()) is not None:
            is_last = self._buffer[end] == ord("]")
            at, self._at = self._at, end + 1
            self._over = is_last
            # An array may be empty; an element may not.
            if not is_last or self._count or self._buffer[at:end].strip(_SPACE):
                return self._event(at, end)
        self._within(len(self._buffer))
        return self._finish() if self._closed else NEED_DATA

    def _begin(self) -> bool:
        found = _OPEN.search(self._buffer, self._scan)
        if found is None:
            self._scan = self._at = len(self._buffer)
            return False
        self._begun = True
        self._scan = self._at = found.end() if found[0] == b"[" else found.start()
        return True

    def _next_end(self) -> int | None:
        """The place of the comma or the bracket that ends the element; None where it has not come."""
        buffer = self._buffer
        while found := (_INSIDE if self._in_string else _OUTSIDE).search(buffer, self._scan):
            place, self._scan = found.start(), found.end()
            match found[0]:
                case b"\\" if self._scan == len(buffer):
                    self._scan = place  # what it escapes has not come
                    return None
                case b"\\":
                    self._scan += 1
                case b'"':
                    self._in_string = not self._in_string
                case b"{" | b"[":
                    self._depth += 1
                case b"," | b"]" if not self._depth:
                    self._within(place)
                    return place
                case b"}" | b"]" if self._depth:
                    self._depth -= 1
                case _:
                    pass
        self._scan = len(buffer)
        return None

    def _within(self, end: int) -> None:
        if end - self._at > self._limit:
            self._fail()

    def _fail(self) -> NoReturn:
        start = self._base + self._at
        self._error = LimitError(
            f"the element at byte {start} of the body is longer than the {self._limit} bytes allowed"
        )
        raise self._error

    def _event(self, at: int, end: int) -> Event:
        raw = self._buffer[at:end]
        at += len(raw) - len(raw.lstrip(_SPACE))
        raw = raw.strip(_SPACE)
        start, stop = self._base + at, self._base + at + len(raw)
        number = self._count
        self._count += 1
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            text = raw.decode(errors="replace")
            found = raw[error.start : error.end].hex(" ")
            note = Note(
                kind="malformed-utf8", start=start + error.start, end=start + error.end, event=number, text=found
            )
            self._notes.append(note)
        return Event("message", text, "", start, stop)

    def _finish(self) -> Event | Signal:
        """Settles what has come behind the last end: an element if it is whole, else the beginning of one."""
        if self._ended:
            if self._last is not None:
                # It is about the end of the body: the note comes after those on the event.
                self._notes.append(self._last)
                self._last = None
            return END_OF_STREAM
        at, end = self._at, len(self._buffer)
        rest = self._buffer[at:end].strip(_SPACE)
        self._ended = True
        self._at = end
        if self._over:
            return self._event(at, end) if rest else END_OF_STREAM
        text = rest.decode(errors="replace")
        start = self._base + at
        self._last = Note(kind="unclosed-array", start=start, end=self._base + end, text=text[:_PREVIEW])
        return self._event(at, end) if is_payload(text) else self._finish()
