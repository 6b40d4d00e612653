"""One chat stream, sans I/O: body bytes in, deltas out, and a fault for whatever must not pass in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference.chat import READERS, Answer, MalformedError
from streamproof.subjects.reference.error import ClientError, excerpt
from streamproof.subjects.reference.events import Event, EventDecoder
from streamproof.subjects.reference.message import Delta, strict_json

Json = Any


class ChatStream:
    """Reads one body of one dialect.  `done` is True once the stream's own terminal has been read."""

    def __init__(self, dialect: str, request: Mapping[str, Json]) -> None:
        self.done = False
        self._dialect = dialect
        self._read = READERS[dialect]
        self._answer = Answer()
        self._decoder = EventDecoder()
        self._events = 0
        n = request.get("n")
        self._choices_due = n if isinstance(n, int) else 1
        options = request.get("stream_options")
        self._usage_due = isinstance(options, dict) and options.get("include_usage") is True

    def receive(self, data: bytes) -> Iterator[Delta]:
        """The deltas that these bytes complete, lazily: what is not taken has not been read.  Raises `ClientError`."""
        for event in self._decoder.feed(data):
            yield from self._take(event)
            self._events += 1
            if self.done:
                return

    def end(self) -> None:
        """Takes the end of a body that was whole for HTTP.  Raises `ClientError` unless the answer is whole too."""
        if self.done:
            return
        cut_off = self._decoder.unfinished()
        # Without its mark a stream is whole only if nothing is left that could be due: each choice has said why it
        # ended, the usage that was asked for is there, and no event was begun.
        if self._is_finished() and cut_off in {None, "[DONE]"}:
            return
        if cut_off is not None:
            raise ClientError("incomplete_stream", f"incomplete stream: it ends inside an event: {excerpt(cut_off)}")
        raise ClientError("incomplete_stream", "incomplete stream: it ends without [DONE] and before all had come")

    def flush(self) -> Iterator[Delta]:
        """What was held back and can be completed by nothing any more; for the end of a stream, good or bad."""
        for choice in self._answer.choices.values():
            yield from choice.flush()

    def report(self) -> dict[str, Json]:
        """`choices` and `usage` of a result."""
        choices = sorted(self._answer.choices.values(), key=lambda choice: choice.index)
        return {"choices": [choice.report(ended=self.done) for choice in choices], "usage": self._answer.usage}

    def _is_finished(self) -> bool:
        choices = self._answer.choices.values()
        return (
            len(choices) >= self._choices_due
            and all(choice.finish_reason is not None for choice in choices)
            and (self._answer.usage is not None or not self._usage_due)
        )

    def _take(self, event: Event) -> Iterator[Delta]:
        if event.data.strip() == "[DONE]":
            self._finish()
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
        fault = error_in(chunk, event.type)
        if fault is not None:
            raise fault
        if not isinstance(chunk, dict):
            raise self._malformed(f"is not a JSON object: {excerpt(event.data)}")
        try:
            yield from self._read(self._answer, chunk)
        except MalformedError as error:
            raise self._malformed(str(error)) from None

    def _finish(self) -> None:
        # A chat completion has at least one choice (OpenAI API reference, `n`), so a mark alone is no answer.
        # Workers AI has no choices: there an answer may be empty.
        if self._dialect == "openai-chat" and not self._answer.choices:
            raise ClientError("empty_stream", "the stream ended with [DONE] before any choice had come")
        self.done = True

    def _malformed(self, what: str) -> ClientError:
        return ClientError("malformed_event", f"event {self._events}: {what}")


def error_in(chunk: Json, event_type: str = "message") -> ClientError | None:
    """The error that a chunk or an error body reports, in any of the documented shapes; None if it reports none.

    `{"error": {...}}` and `{"error": "text"}` (OpenAI and those who follow it), `{"object": "error", ...}` (vLLM),
    `{"errors": [...]}` (Cloudflare), and whatever comes under the event name `error`.
    """
    if not isinstance(chunk, dict):
        return _fault(chunk) if event_type == "error" else None
    if chunk.get("error"):
        return _fault(chunk["error"])
    errors = chunk.get("errors")
    if isinstance(errors, list) and errors and (chunk.get("success") is False or "choices" not in chunk):
        return _fault(errors[0])
    if chunk.get("object") == "error" or event_type == "error":
        return _fault(chunk)
    return None


def _fault(error: Json) -> ClientError:
    if not isinstance(error, dict):
        return ClientError("stream_error", excerpt(str(error), 1000))
    kind, code, message = error.get("type"), error.get("code"), error.get("message")
    return ClientError(
        kind if isinstance(kind, str) and kind else "stream_error",
        excerpt(message if isinstance(message, str) else str(error), 1000),
        code=None if code is None else str(code),
    )
