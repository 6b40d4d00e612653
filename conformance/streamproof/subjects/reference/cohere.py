"""cohere-v2: events that open, fill and close blocks (Cohere docs, "Streaming responses" and "Tool use streaming")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Choice, Delta
from streamproof.subjects.reference.reader import Reader

Json = Any

FAILURES: Final = frozenset({"ERROR", "TIMEOUT"})
"""Finish reasons of an answer that was given up."""


class CohereReader(Reader):
    """See Reader.  message-end is the end; `[DONE]` says nothing, and may follow or not."""

    mark = "[DONE]"

    def finish(self) -> None:
        """See Reader."""
        raise ClientError("incomplete_stream", "incomplete stream: [DONE] came before message-end")

    def is_whole(self) -> bool:
        """See Reader."""
        return False

    def error_in(self, chunk: Json, event_type: str) -> ClientError | None:
        """See Reader.  An event that names its type is no error; another may be one as other servers send it."""
        if isinstance(chunk, dict) and isinstance(chunk.get("type"), str) and event_type != "error":
            return None
        return super().error_in(chunk, event_type)

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader.  Events of types that are new are passed over."""
        kind = chunk.get("type")
        if not isinstance(kind, str):
            raise fields.MalformedError(f"type must be a string, found {fields.shown(kind)}")
        delta = fields.whole(chunk.get("delta") or {}, "delta")
        if kind == "message-end":
            self._end(delta)
            return
        message = fields.whole(delta.get("message") or {}, "delta.message")
        match kind:
            case "message-start":
                self.answer.choice(0)
            case "content-start" | "content-delta":
                yield from _read_content(self.answer.choice(0), _one(message, "content"))
            case "tool-plan-delta":
                # A plan is what the model thought before it called.
                plan = fields.text(message, "tool_plan", "delta.message")
                yield from self.answer.choice(0).add_text("reasoning", plan or "")
            case "tool-call-start" | "tool-call-delta":
                _read_call(self.answer.choice(0), chunk.get("index"), _one(message, "tool_calls"), kind)

    def _end(self, delta: Mapping[str, Json]) -> None:
        choice = self.answer.choice(0)
        choice.finish_reason = fields.text(delta, "finish_reason", "delta") or None
        usage = fields.whole(delta.get("usage") or {}, "delta.usage")
        counts = usage.get("tokens") or usage.get("billed_units")
        if isinstance(counts, dict):
            given, made = (_count(counts.get(key)) for key in ("input_tokens", "output_tokens"))
            self.answer.usage = {"input": given, "output": made, "total": None}
        error = fields.text(delta, "error", "delta")
        if error or choice.finish_reason in FAILURES:
            raise ClientError(
                choice.finish_reason or "stream_error", error or f"the answer ended: {choice.finish_reason}"
            )
        self.done = True


def _read_content(choice: Choice, content: Mapping[str, Json]) -> Iterator[Delta]:
    thought = fields.text(content, "thinking", "delta.message.content")
    if thought:
        yield from choice.add_text("reasoning", thought)
    text = fields.text(content, "text", "delta.message.content")
    if text is not None:
        yield from choice.add_text("text", text)


def _read_call(choice: Choice, index: Json, part: Mapping[str, Json], kind: str) -> None:
    if index is not None and fields.count(index) is None:
        raise fields.MalformedError(f"index must be an integer, found {fields.shown(index)}")
    function = fields.whole(part.get("function") or {}, "delta.message.tool_calls.function")
    id_ = fields.text(part, "id", "delta.message.tool_calls")
    if kind == "tool-call-start" and index is None:
        # Without a number the start itself tells one call from the next.
        index = len(choice.calls)
    call = choice.call(fields.count(index), id_ or None)
    call.add_name(fields.text(function, "name", "delta.message.tool_calls.function") or "")
    call.arguments.append(fields.text(function, "arguments", "delta.message.tool_calls.function") or "")


def _one(message: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    value = message.get(key)
    # The documents say a list of tool calls where their schema has one call.
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return fields.whole(value or {}, f"delta.message.{key}")


def _count(value: Json) -> int | None:
    # The schema has numbers where only integers make sense.
    return int(value) if isinstance(value, float) and value.is_integer() else fields.count(value)
