"""anthropic-messages: named events that build a message block by block (Anthropic docs, Streaming messages)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.fields import MalformedError
from streamproof.subjects.reference.message import Call, Choice, Delta
from streamproof.subjects.reference.reader import Reader, error_in

Json = Any

PIECES: Final[Mapping[str, tuple[str, str]]] = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("tool_use", "partial_json"),
}
"""By type of delta: the block that it belongs to, and its piece.  Others concern no text and no call."""

KINDS: Final[Mapping[str, Literal["text", "reasoning"]]] = {"text": "text", "thinking": "reasoning"}


class Block:
    """A block that has begun and not yet stopped."""

    def __init__(self, kind: str, call: Call | None, given: Json) -> None:
        self.kind = kind
        self.call = call
        self.given = given
        """The input that came with the start."""


class MessagesReader(Reader):
    """See Reader.  What an event is, the `type` of its data says: types unknown are passed over, whatever they hold."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        super().__init__(request)
        self._blocks: dict[int, Block] = {}

    def is_whole(self) -> bool:
        """See Reader.  Nothing but message_stop says that no further message_delta is due."""
        return False

    def error_in(self, chunk: Json, event_type: str) -> ClientError | None:
        """See Reader.  The type counts where the name is lacking."""
        named = isinstance(chunk, dict) and chunk.get("type") == "error"
        return error_in(chunk, "error" if named else event_type)

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        match chunk.get("type"):
            case "message_start":
                message = fields.whole(chunk.get("message"), "message")
                self.answer.choice(0)
                self._take_usage(message.get("usage"))
            case "content_block_start":
                yield from self._start(chunk)
            case "content_block_delta":
                yield from self._delta(chunk)
            case "content_block_stop":
                self._stop(chunk)
            case "message_delta":
                delta = fields.whole(chunk.get("delta"), "delta")
                reason = fields.text(delta, "stop_reason", "delta")
                if reason:
                    self._choice.finish_reason = reason
                self._take_usage(chunk.get("usage"))
            case "message_stop":
                if not self.answer.choices:
                    raise ClientError("empty_stream", "the stream ended with message_stop before its message began")
                self.done = True

    @property
    def _choice(self) -> Choice:
        return self.answer.choice(0)

    def _take_usage(self, usage: Json) -> None:
        # Running totals: each count replaces the one before, and one that is not given leaves it.
        if isinstance(usage, dict):
            before = self.answer.usage or {"input": None, "output": None, "total": None}
            for key, name in (("input", "input_tokens"), ("output", "output_tokens")):
                given = fields.count(usage.get(name))
                before[key] = before[key] if given is None else given
            self.answer.usage = before

    def _start(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        block = fields.whole(chunk.get("content_block"), "content_block")
        kind = fields.text(block, "type", "content_block") or ""
        call = None
        if kind == "tool_use":
            call = Call(fields.text(block, "id", "content_block"))
            call.add_name(fields.text(block, "name", "content_block") or "")
            self._choice.calls.append(call)
        self._blocks[_index(chunk)] = Block(kind, call, block.get("input"))
        if kind in KINDS:
            yield from self._choice.add_text(KINDS[kind], fields.text(block, kind, "content_block") or "")

    def _delta(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        block = self._found(chunk)
        delta = fields.whole(chunk.get("delta"), "delta")
        kind, key = PIECES.get(delta.get("type") or "", ("", ""))
        if kind != block.kind:
            return
        piece = fields.text(delta, key, "delta") or ""
        if block.call is not None:
            block.call.arguments.append(piece)
        else:
            yield from self._choice.add_text(KINDS[kind], piece)

    def _stop(self, chunk: Mapping[str, Json]) -> None:
        block = self._found(chunk)
        del self._blocks[_index(chunk)]
        if block.call is not None and not any(block.call.arguments):
            # A tool without parameters gets no pieces, or empty ones: the input is the one of the start, {}.
            block.call.arguments.append(fields.dumped(block.given or {}))

    def _found(self, chunk: Mapping[str, Json]) -> Block:
        index = _index(chunk)
        if index not in self._blocks:
            raise MalformedError(f"index {index} is of no block that has begun and not yet stopped")
        return self._blocks[index]


def _index(chunk: Mapping[str, Json]) -> int:
    index = fields.count(chunk.get("index"))
    if index is None or index < 0:
        raise MalformedError(f"index must be an integer from 0, found {fields.shown(chunk.get('index'))}")
    return index
