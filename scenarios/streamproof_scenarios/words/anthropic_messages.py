"""The words of anthropic-messages: a message, its content blocks one after the other, and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

import attrs

from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable

STOP_REASONS: Final[Mapping[str, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
"""What `finish` writes for the words of chat completions; any other word is written as it stands."""

SIGNATURE: Final = "c2lnbmF0dXJl"
INPUT_TOKENS: Final = 3
OUTPUT_TOKENS: Final = 2
"""Token counts of an answer whose scenario gives none."""

# Types of errors by HTTP status -- Anthropic docs, Errors, read 2026-11-18
ERROR_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_COUNTS: Final = {"input": "input_tokens", "output": "output_tokens"}
_KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "text": ("text", "text_delta", "text"),
    "reasoning": ("thinking", "thinking_delta", "thinking"),
}
"""By word: the block that it writes into, the delta, the field of the piece."""


@attrs.frozen
class _Open:
    """The block that is being written."""

    index: int
    kind: str
    call: int | None = None
    """The number that the scenario gives to the tool call, where it gives one."""
    id: str | None = None
    is_signed: bool = False


class AnthropicMessages(Speaker):
    """See Speaker.

    `role` writes message_start; a word that needs it and has none before writes it too.  `text`, `reasoning` and `tool`
    close a block of another kind (thinking with its signature) and open their own.  `finish` closes the block and
    writes message_delta; `usage` before it goes into that, after it into a second one.  `done` is message_stop.
    """

    keeps_state: ClassVar[bool] = True

    def __init__(self, request: Mapping[str, Json]) -> None:
        model, stops = request.get("model"), request.get("stop_sequences")
        self._model = model if isinstance(model, str) else "m"
        self._stop_sequence = stops[0] if isinstance(stops, list) and stops else "END"
        self._has_started = False
        self._open: _Open | None = None
        self._blocks = 0
        self._stop: dict[str, Json] | None = None
        self._counts: dict[str, Json] = {}

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        _refuse_choice(choice)
        if word in _KINDS:
            return tuple(self._said(word, value))
        match word:
            case "role":
                return tuple(self._start(value))
            case "tool":
                return tuple(self._call(value))
            case "finish":
                return tuple(self._finish(value))
            case "usage":
                return tuple(self._usage(value))
            case "done":
                return (*self._closed(), _named("message_stop"))
            case "error":
                error = _error({"type": "api_error", "message": "The server had an error", **value})
                return (Saying(json=error, name="error"),)
        raise Unsayable(f"anthropic-messages has no word '{word}'; take the dialect out, or write an event")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker.  There is no envelope: no field but the type is in every event."""
        _refuse_choice(choice)
        return self.event(dict(fields))

    def event(self, value: Json) -> Saying:
        """See Speaker.  What is written whole is followed: a word after it goes on from there."""
        kind = value.get("type") if isinstance(value, Mapping) else None
        if isinstance(kind, str):
            self._follow(kind, value)
        return Saying(json=value, name=kind if isinstance(kind, str) else None)

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        kind = ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return _error({"type": kind, "message": "The server had an error", **value})

    def _follow(self, kind: str, value: Mapping[str, Json]) -> None:
        match kind, value:
            case "message_start", _:
                self._has_started = True
            case "content_block_start", {"index": int(index), "content_block": {"type": str(block)}}:
                self._open = _Open(index, block)
                self._blocks += 1
            case "content_block_delta", {"delta": {"type": "signature_delta"}} if self._open is not None:
                self._open = attrs.evolve(self._open, is_signed=True)
            case "content_block_stop", _:
                self._open = None

    def _start(self, role: Json = "assistant") -> Iterator[Saying]:
        self._has_started = True
        message = {
            "id": "msg_1",
            "type": "message",
            "role": role,
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 1},
        }
        yield _named("message_start", message=message)

    def _started(self) -> Iterator[Saying]:
        if not self._has_started:
            yield from self._start()

    def _begin(self, block: dict[str, Json], call: int | None = None) -> Iterator[Saying]:
        """Closes what is open, and opens a block."""
        yield from self._started()
        yield from self._closed()
        self._open = _Open(self._blocks, block["type"], call, block.get("id"))
        self._blocks += 1
        yield _named("content_block_start", index=self._open.index, content_block=block)

    def _closed(self) -> Iterator[Saying]:
        block, self._open = self._open, None
        if block is None:
            return
        if block.kind == "thinking" and not block.is_signed:
            yield _delta(block.index, type="signature_delta", signature=SIGNATURE)
        yield _named("content_block_stop", index=block.index)

    def _said(self, word: str, value: Json) -> Iterator[Saying]:
        kind, delta, field = _KINDS[word]
        if self._open is None or self._open.kind != kind:
            empty = {"thinking": "", "signature": ""} if kind == "thinking" else {"text": ""}
            yield from self._begin({"type": kind, **empty})
        assert self._open is not None
        yield _delta(self._open.index, type=delta, **{field: value})

    def _call(self, value: Mapping[str, Json]) -> Iterator[Saying]:
        call, block = value.get("index"), self._open
        goes_on = block is not None and block.kind == "tool_use" and (call is None or call == block.call)
        if block is None or not goes_on or value.get("id") not in (None, block.id):
            if value.get("name") is None:
                raise Unsayable("a tool_use block opens with a name, and no call that has one is open; write its name")
            call_id = value["id"] if value.get("id") is not None else f"toolu_{self._blocks}"
            yield from self._begin({"type": "tool_use", "id": call_id, "name": value["name"], "input": {}}, call)
        elif value.get("name") is not None:
            raise Unsayable("a tool_use block has its name in its start alone; take the name out, or write an event")
        assert self._open is not None
        yield _delta(self._open.index, type="input_json_delta", partial_json=value.get("arguments") or "")

    def _finish(self, value: str) -> Iterator[Saying]:
        yield from self._started()
        yield from self._closed()
        reason = STOP_REASONS.get(value, value)
        sequence = self._stop_sequence if reason == "stop_sequence" else None
        self._stop = {"stop_reason": reason, "stop_sequence": sequence}
        yield self._message_delta()

    def _usage(self, value: Mapping[str, Json]) -> Iterator[Saying]:
        # There is no total here.
        self._counts = {_COUNTS.get(key, key): count for key, count in value.items() if key != "total"}
        if self._stop is not None:
            yield self._message_delta()

    def _message_delta(self) -> Saying:
        return _named("message_delta", delta=self._stop, usage={"output_tokens": OUTPUT_TOKENS, **self._counts})


def _named(kind: str, **fields: Json) -> Saying:
    return Saying(json={"type": kind, **fields}, name=kind)


def _delta(index: int, **fields: Json) -> Saying:
    return _named("content_block_delta", index=index, delta=fields)


def _error(error: dict[str, Json]) -> dict[str, Json]:
    return {"type": "error", "error": error, "request_id": "req_1"}


def _refuse_choice(choice: int) -> None:
    if choice:
        raise Unsayable("anthropic-messages has no choices; leave choice away")
