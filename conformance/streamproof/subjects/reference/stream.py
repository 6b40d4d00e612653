"""One chat stream, sans I/O: body bytes in, deltas out, and a fault for whatever must not pass in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference.dialects import DIALECTS
from streamproof.subjects.reference.error import ClientError, excerpt
from streamproof.subjects.reference.events import Event
from streamproof.subjects.reference.fields import MalformedError
from streamproof.subjects.reference.message import Delta, strict_json

Json = Any


class ChatStream:
    """Reads one body of one dialect."""

    def __init__(self, dialect: str, request: Mapping[str, Json]) -> None:
        self._reader = DIALECTS[dialect].reader(request)
        self._decoder = DIALECTS[dialect].decoder()
        self._events = 0

    @property
    def done(self) -> bool:
        """True once the stream's own terminal has been read."""
        return self._reader.done

    def receive(self, data: bytes) -> Iterator[Delta]:
        """The deltas that these bytes complete, lazily: what is not taken has not been read.  Raises `ClientError`."""
        return self._take_all(self._decoder.feed(data))

    def end(self) -> Iterator[Delta]:
        """Takes the end of a body that was whole for HTTP.  Raises `ClientError` unless the answer is whole too."""
        if self.done:
            return
        yield from self._take_all(self._decoder.end())
        cut_off = self._decoder.unfinished()
        # Without its terminal a stream is whole only if nothing is left that could be due, and no event was begun.
        if self.done or (self._reader.is_whole() and (cut_off is None or cut_off == self._reader.mark)):
            return
        if cut_off is not None:
            raise ClientError("incomplete_stream", f"incomplete stream: it ends inside an event: {excerpt(cut_off)}")
        missing = f"without {self._reader.mark} and before" if self._reader.mark else "before"
        raise ClientError("incomplete_stream", f"incomplete stream: it ends {missing} all had come")

    def flush(self) -> Iterator[Delta]:
        """What was held back and can be completed by nothing any more; for the end of a stream, good or bad."""
        for choice in self._reader.answer.choices.values():
            yield from choice.flush()

    def report(self) -> dict[str, Json]:
        """`choices` and `usage` of a result."""
        answer = self._reader.answer
        choices = sorted(answer.choices.values(), key=lambda choice: choice.index)
        return {"choices": [choice.report(ended=self.done) for choice in choices], "usage": answer.usage}

    def _take_all(self, events: list[Event]) -> Iterator[Delta]:
        for event in events:
            yield from self._take(event)
            self._events += 1
            if self.done:
                return

    def _take(self, event: Event) -> Iterator[Delta]:
        if self._reader.mark is not None and event.data.strip() == self._reader.mark:
            self._reader.finish()
            return
        if not event.data:
            # An empty event says nothing; some servers keep the connection alive with it.
            return
        try:
            chunk = strict_json(event.data)
        except ValueError as error:
            if event.type == "error":
                raise ClientError("stream_error", excerpt(event.data, 1000)) from None
            raise self._malformed(f"is not JSON ({error}): {excerpt(event.data)}") from None
        fault = self._reader.error_in(chunk, event.type)
        if fault is not None:
            raise fault
        if not isinstance(chunk, dict):
            raise self._malformed(f"is not a JSON object: {excerpt(event.data)}")
        try:
            yield from self._reader.read(chunk)
        except MalformedError as error:
            raise self._malformed(str(error)) from None

    def _malformed(self, what: str) -> ClientError:
        return ClientError("malformed_event", f"event {self._events}: {what}")
