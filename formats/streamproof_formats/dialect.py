"""What the project knows of one dialect, in one value: the registry is `streamproof_formats.dialects`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, runtime_checkable
from urllib.parse import quote

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streamproof_formats.finding import Finding
    from streamproof_formats.message import Message
    from streamproof_formats.note import Note
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event
    from streamproof_formats.states import StateTable

Json = Any
"""A value as `json.loads` gives it."""

StreamFraming = Literal["sse", "ndjson"]
"""How the events of a stream are told apart: blocks of server-sent events, or lines of JSON."""

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

    What a stream may have very many of (choices, calls, items, parts) is kept up to a bound: beyond it, taking an event
    or an item raises LimitError.
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


@runtime_checkable
class ReadsAnswer(Machine, Protocol):
    """What a machine has besides where its dialect has rules on an answer that is no stream and was asked for so."""

    def receive_answer(self, body: str, end: BodyEnd) -> Iterable[Finding]:
        """Takes a whole body, and tells what it breaks; the message is then that of the answer."""


@runtime_checkable
class ReadsRefusal(Machine, Protocol):
    """What a machine has besides where its dialect has rules on the body of an error."""

    def receive_refusal(self, body: str) -> Iterable[Finding]:
        """Takes the whole body of an answer of status 400 and above, and tells what it breaks."""


@attrs.frozen(kw_only=True)
class Auth:
    """Where a request carries its key."""

    header: str = "authorization"
    """In lower case."""
    scheme: str = "Bearer "
    """What stands before the key, the blank included; "" where the header is the key alone."""
    query: str | None = None
    """The name of a query parameter that may hold the key instead."""


@attrs.frozen(kw_only=True)
class Dialect:
    """One documented stream format."""

    name: str
    title: str
    about: str
    """What it is, who speaks it and how a stream goes, in two or three sentences."""
    rule_prefix: str
    """What the ids of its rules begin with: `OC-`."""
    base_path: str
    """What follows the origin in the base URL that the official SDK takes: `/v1`, or ""."""
    path: str
    """The whole path of the streaming call: `/v1/chat/completions`; `{model}` stands for the model's name."""
    query: str = ""
    """What follows the path's question mark where the streaming call needs it: `alt=sse`."""
    auth: Auth = attrs.field(factory=Auth)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """Headers that every call must have beside its key, by lower-case name: a version of the API."""
    framing: StreamFraming = "sse"
    array_type: str | None = None
    """Media type of an answer that is one JSON array of what would be the events, where a call may ask for that."""
    answer_type: str | None = None
    """Media type of a whole answer, where it tells by itself that no stream was asked for."""
    content_type: str = "text/event-stream"
    """Media type of a successful stream, without parameters."""
    terminator: str | None
    """The data of an event that ends a stream and says nothing else (`[DONE]`), where the dialect has one."""
    request: Mapping[str, Json]
    """The default request body: model, one user message, streaming."""
    model: str = "m"
    """The model of a call whose path names one."""
    token_limit: tuple[str, ...] = ("max_tokens",)
    """The keys, outermost first, under which a request bounds the tokens of its answer."""
    request_schema: str = "request"
    """Name of the JSON Schema of a request body."""
    finish_synonyms: Mapping[str, str] = attrs.field(factory=dict)
    """Spellings of a finish reason that clients use, to the dialect's own; both in lower case, `_` for `-`."""
    finish_is_due: bool = True
    """False where the format has no finish reason that a stream must carry."""
    cites: Mapping[str, str] = attrs.field(factory=dict)
    """The rule that a finding of a check of clients cites where the scenario names none, by the check's name."""
    states: tuple[StateTable, ...]
    """What may follow what: of the stream first, then of what it consists of."""

    def target(self, model: str | None = None) -> str:
        """Path and query of the streaming call; `model` is used where the path names one."""
        path = self.path.replace("{model}", quote(model or self.model, safe=""))
        return f"{path}?{self.query}" if self.query else path
