"""JSON lines from bytes, however they are cut (Ollama documentation, "Streaming")."""

from __future__ import annotations

from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.events import EVENT_LIMIT, Event
from streamproof.subjects.reference.message import strict_json


class LineDecoder:
    """See Decoder.  Each line is an event; only LF ends one, and a CR before it is white space."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._rest: str | None = None

    def feed(self, data: bytes) -> list[Event]:
        """See Decoder."""
        *ended, rest = data.split(b"\n")
        events = []
        for piece in ended:
            events += self._event([*self._pieces, piece])
            self._pieces.clear()
            self._size = 0
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
        if self._size > EVENT_LIMIT:
            raise ClientError("event_too_large", f"one line is larger than {EVENT_LIMIT} bytes")
        return events

    def end(self) -> list[Event]:
        """See Decoder.  A last line without its end counts if it is JSON, since no piece of an object is an object."""
        events = self._event(self._pieces)
        self._pieces = []
        for event in events:
            try:
                strict_json(event.data)
            except ValueError:
                self._rest = event.data
                return []
        return events

    def unfinished(self) -> str | None:
        """See Decoder."""
        return self._rest

    def _event(self, pieces: list[bytes]) -> list[Event]:
        line = b"".join(pieces).decode("utf-8", "replace").strip(" \t\r")
        return [Event("message", line, "")] if line else []
