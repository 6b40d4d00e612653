"""What the project knows of one dialect, in one value: the registry is `streamproof_formats.dialects`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streamproof_formats.finding import Finding
    from streamproof_formats.message import Message
    from streamproof_formats.note import Note
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

Json = Any
"""A value as `json.loads` gives it."""

DIALECT_NAMES: Final = (
    "openai-chat",
    "openai-completions",
    "openai-responses",
    "anthropic-messages",
    "workers-ai",
    "gemini",
    "ollama-chat",
    "mistral",
    "cohere-v2",
)
"""Every dialect that a scenario may name, spoken yet or not."""


class Machine(Protocol):
    """Judges and assembles one stream of one dialect, event by event.

    Beside `DIALECTS` and `machine(name, *, request, profile) -> Machine`, the registry `streamproof_formats.dialects`
    has `read_error(name, status, body) -> StreamError` for an answer that is no stream.
    """

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the dispatched event `number` and tells what it breaks.

        `notes` tell of the framing since the event before: of blocks that dispatched nothing (`note.event` is None),
        then of the event's own (`note.event == number`).
        """

    def receive_item(self, item: Json) -> None:
        """Takes a decoded chunk as an SDK hands it out: it adds to the message and is not judged."""

    def close(self, end: BodyEnd, head: ResponseHead | None, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the end of the body, with the notes since the last event, and tells what the whole breaks."""

    @property
    def message(self) -> Message:
        """What the stream has said so far."""


@attrs.frozen(kw_only=True)
class Dialect:
    """One documented stream format."""

    name: str
    title: str
    base_path: str
    """What follows the origin in the base URL that the official SDK takes: `/v1`, or ""."""
    path: str
    """The whole path of the streaming call: `/v1/chat/completions`."""
    content_type: str
    """Media type of a successful stream, without parameters."""
    terminator: str | None
    """The data that ends a stream, where the dialect has one."""
    request: Mapping[str, Json]
    """The default request body: model, one user message, streaming."""
    request_schema: str
    """Name of the JSON Schema of a request body."""
    finish_synonyms: Mapping[str, str] = attrs.field(factory=dict)
    """Spellings of a finish reason that clients use, to the dialect's own."""
    finish_is_due: bool = True
    """False where the format has no finish reason that a stream must carry."""
