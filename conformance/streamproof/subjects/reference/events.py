"""Server-sent events from bytes, however they are cut (WHATWG HTML 9.2.5 and 9.2.6)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Protocol

from streamproof.subjects.reference.error import ClientError

BOM: Final = b"\xef\xbb\xbf"
LINE_END: Final = re.compile(rb"\r\n|\n|\r")
EVENT_LIMIT: Final = 64 << 20
"""Bytes of one event that are kept; a stream that never ends its line must not fill the memory."""


class Event(NamedTuple):
    """A dispatched event."""

    type: str
    data: str
    id: str


class Decoder(Protocol):
    """Tells events apart.  Feed it bytes, take the events that they complete; then tell it of the end."""

    def feed(self, data: bytes) -> list[Event]:
        """The events completed by these bytes, in order.  Raises `ClientError` for an event beyond `EVENT_LIMIT`."""

    def end(self) -> list[Event]:
        """The events that the end of the body completes; ends the decoding."""

    def unfinished(self) -> str | None:
        """After `end`: the data of the event that it cut off, None if there is none."""


class EventDecoder:
    """Feed it bytes, take the events that they complete.  What is unfinished at the end is never an event."""

    def __init__(self) -> None:
        self._start = b""
        self._started = False
        self._after_cr = False
        self._line: list[bytes] = []
        self._line_size = 0
        self._data: list[str] = []
        self._data_size = 0
        self._type = ""
        self._id = ""

    def feed(self, data: bytes) -> list[Event]:
        """The events completed by these bytes, in order.  Raises `ClientError` for an event beyond `EVENT_LIMIT`."""
        if not self._started:
            data = self._without_bom(data)
        if self._after_cr and data:
            # A CRLF cut in two is one line end: the LF belongs to the CR of the piece before.
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
        events = []
        place = 0
        for end in LINE_END.finditer(data):
            self._line.append(data[place : end.start()])
            place = end.end()
            line = b"".join(self._line)
            self._line.clear()
            self._line_size = 0
            if not line:
                event = self._dispatch()
                if event is not None:
                    events.append(event)
            else:
                self._field(line)
        self._after_cr = data.endswith(b"\r") or (self._after_cr and not data)
        if place < len(data):
            self._line.append(data[place:])
            self._line_size += len(data) - place
        if self._line_size + self._data_size > EVENT_LIMIT:
            raise ClientError("event_too_large", f"one event is larger than {EVENT_LIMIT} bytes")
        return events

    def end(self) -> list[Event]:
        """See Decoder: what is unfinished at the end is never an event."""
        line = b"".join(self._line)
        self._line.clear()
        if line:
            self._field(line)
        return []

    def unfinished(self) -> str | None:
        """See Decoder."""
        return "\n".join(self._data) if self._data else None

    def _without_bom(self, data: bytes) -> bytes:
        # "one leading U+FEFF BYTE ORDER MARK character must be ignored if any are present" -- also when it is cut.
        data = self._start + data
        if len(data) < len(BOM) and BOM.startswith(data):
            self._start = data
            return b""
        self._started = True
        return data.removeprefix(BOM)

    def _field(self, line: bytes) -> None:
        # CR and LF are never part of a longer UTF-8 sequence, so decoding line by line is decoding the whole.
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
                self._data_size += len(value)
            case "event":
                self._type = value
            case "id" if "\0" not in value:
                self._id = value
            case _:
                # A comment has the empty name; `retry` concerns reconnecting, which no chat API does.
                pass

    def _dispatch(self) -> Event | None:
        data, kind = self._data, self._type
        self._data, self._type, self._data_size = [], "", 0
        if not data:
            return None
        return Event(kind or "message", "\n".join(data), self._id)
