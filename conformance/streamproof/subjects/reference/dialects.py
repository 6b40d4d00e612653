"""The dialects that the client speaks, a line each: how a call is made, and what reads its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from streamproof.subjects.reference.anthropic_messages import MessagesReader
from streamproof.subjects.reference.chat import ChatReader
from streamproof.subjects.reference.cohere import CohereReader
from streamproof.subjects.reference.completions import CompletionsReader
from streamproof.subjects.reference.events import Decoder, EventDecoder
from streamproof.subjects.reference.gemini import GeminiReader
from streamproof.subjects.reference.lines import LineDecoder
from streamproof.subjects.reference.mistral import MistralReader
from streamproof.subjects.reference.ollama_chat import OllamaReader
from streamproof.subjects.reference.reader import Reader
from streamproof.subjects.reference.responses import ResponsesReader
from streamproof.subjects.reference.workers_ai import WorkersReader

Json = Any


class Dialect(NamedTuple):
    """What the client knows of one dialect."""

    reader: Callable[[Mapping[str, Json]], Reader]
    """Makes the reader of one stream, of the request's body."""
    decoder: Callable[[], Decoder] = EventDecoder
    content_type: str = "text/event-stream"
    headers: tuple[str, ...] = ("Authorization: Bearer {key}",)
    """Header lines of a request; those with `{key}` only where there is a key."""


DIALECTS: Final[Mapping[str, Dialect]] = {
    "gemini": Dialect(GeminiReader, headers=("x-goog-api-key: {key}",)),
    "ollama-chat": Dialect(OllamaReader, LineDecoder, "application/x-ndjson"),
    "openai-chat": Dialect(ChatReader),
    "openai-completions": Dialect(CompletionsReader),
    "openai-responses": Dialect(ResponsesReader),
    "anthropic-messages": Dialect(MessagesReader, headers=("x-api-key: {key}", "anthropic-version: 2023-06-01")),
    "workers-ai": Dialect(WorkersReader),
    "mistral": Dialect(MistralReader),
    "cohere-v2": Dialect(CohereReader),
}
