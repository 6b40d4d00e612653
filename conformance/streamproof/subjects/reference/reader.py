"""What reads the events of one stream: the base of one module for each dialect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from streamproof.subjects.reference.error import ClientError, excerpt
from streamproof.subjects.reference.message import Answer, Delta

Json = Any


class Reader(ABC):
    """Reads one stream of one dialect.  `done` is True once the stream's own terminal has been read."""

    mark: ClassVar[str | None] = None
    """The data of an event that ends the stream and says nothing else."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        self.request = request
        self.answer = Answer()
        self.done = False

    @abstractmethod
    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """What the JSON of an event adds.  Raises `MalformedError`, or `ClientError` for an error that it reports."""

    def finish(self) -> None:
        """Takes the mark.  Raises `ClientError` where it cannot be the end of an answer."""
        self.done = True

    @abstractmethod
    def is_whole(self) -> bool:
        """True where a stream that ends here, without its terminal, lacks nothing that could be due."""

    def error_in(self, chunk: Json, event_type: str) -> ClientError | None:
        """The error that a chunk reports in place of an answer; None if it reports none."""
        return error_in(chunk, event_type)


def error_in(chunk: Json, event_type: str = "message") -> ClientError | None:
    """The error that a chunk or an error body reports, in any of the documented shapes; None if it reports none.

    `{"error": {...}}` and `{"error": "text"}` (OpenAI and those who follow it, Anthropic, Google, Ollama),
    `{"object": "error", ...}` (vLLM), `{"errors": [...]}` (Cloudflare), and whatever comes under the name `error`.
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
    kind, code, message = error.get("type") or error.get("status"), error.get("code"), error.get("message")
    return ClientError(
        kind if isinstance(kind, str) and kind else "stream_error",
        excerpt(message if isinstance(message, str) else str(error), 1000),
        code=None if code is None else str(code),
    )
