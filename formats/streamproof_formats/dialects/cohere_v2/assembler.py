"""Joins the events of a chat to a message; it judges nothing and takes any JSON.

The thinking and the tool plan are both the reasoning of the message: "a chain-of-thought style reflection and plan", as
the schema has it.
"""

from __future__ import annotations

from typing import Any, Final

from streamproof_formats.dialects.base import Joined, integer, refuse_more, text_of
from streamproof_formats.dialects.cohere_v2.order import EVENTS, Move, Thing
from streamproof_formats.message import Choice, StreamError, ToolCall, Usage

MOST_CALLS: Final = 1024
"""Tool calls that are kept."""

FAILED: Final = frozenset({"ERROR", "TIMEOUT"})
"""Finish reasons of an answer that the server gave up."""


class CallDraft:
    """A tool call in the making."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.name: str | None = None
        self.arguments = Joined()
        self.complete = False


class Draft:
    """The answer in the making."""

    def __init__(self) -> None:
        self.begun = False
        self.text = Joined()
        self.reasoning = Joined()
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self.error: StreamError | None = None
        self.calls: list[CallDraft] = []
        self._by_index: dict[int | None, CallDraft] = {}

    def add(self, event: dict[str, Any]) -> None:
        """Adds what an event says."""
        name = event.get("type")
        step = EVENTS.get(name) if isinstance(name, str) else None
        if step is None or step.thing in (Thing.NOTHING, Thing.CITATION):
            return
        self.begun = True
        message = part(event, "delta", "message")
        match step.thing, step.move:
            case Thing.CONTENT, Move.START | Move.DELTA:
                self._add_text(one_of(message.get("content")))
            case Thing.PLAN, _:
                if isinstance(message.get("tool_plan"), str):
                    self.reasoning.add(message["tool_plan"])
            case Thing.CALL, _:
                self._add_call(integer(event.get("index")), step.move, one_of(message.get("tool_calls")))
            case Thing.MESSAGE, Move.END:
                self._finish(part(event, "delta"))

    def _add_text(self, content: dict[str, Any]) -> None:
        if isinstance(content.get("text"), str):
            self.text.add(content["text"])
        # An empty thought that stands beside a text is none.
        if content.get("thinking") or (isinstance(content.get("thinking"), str) and "text" not in content):
            self.reasoning.add(text_of(content["thinking"]))

    def _add_call(self, index: int | None, move: Move, call: dict[str, Any]) -> None:
        draft = self._by_index.get(index)
        if draft is None or move is Move.START:
            if move is Move.END:
                return
            if len(self.calls) >= MOST_CALLS:
                refuse_more(MOST_CALLS, "tool calls")
            draft = self._by_index[index] = CallDraft()
            self.calls.append(draft)
        function = part(call, "function")
        draft.id = draft.id or text_of(call.get("id")) or None
        draft.name = draft.name or text_of(function.get("name")) or None
        draft.arguments.add(text_of(function.get("arguments")))
        draft.complete = draft.complete or move is Move.END

    def _finish(self, delta: dict[str, Any]) -> None:
        reason = text_of(delta.get("finish_reason")) or None
        self.finish_reason = reason
        if isinstance(delta.get("usage"), dict):
            self.usage = usage_of(delta["usage"])
        if reason in FAILED or text_of(delta.get("error")):
            # "An error message if an error occurred during the generation." -- cohere-openapi.yaml, ChatMessageEndEvent
            self.error = StreamError(message=text_of(delta.get("error")) or None, type=reason)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The one choice, once it has begun."""
        if not self.begun:
            return ()
        over = self.finish_reason is not None
        calls = tuple(
            ToolCall(id=call.id, name=call.name, arguments=call.arguments.text or "", complete=call.complete or over)
            for call in self.calls
        )
        return (
            Choice(
                index=0,
                text=self.text.text,
                reasoning=self.reasoning.text,
                finish_reason=self.finish_reason,
                tool_calls=calls,
            ),
        )


def usage_of(value: dict[str, Any]) -> Usage:
    """Token counts: what was used, or where that is lacking what is charged for."""
    tokens = part(value, "tokens") or part(value, "billed_units")
    return Usage(input=integer(tokens.get("input_tokens")), output=integer(tokens.get("output_tokens")))


def part(value: dict[str, Any], *path: str) -> dict[str, Any]:
    """The object under a path; an empty one where there is none."""
    for key in path:
        inner = value.get(key)
        if not isinstance(inner, dict):
            return {}
        value = inner
    return value


def one_of(value: Any) -> dict[str, Any]:
    """An object, or the first of an array of them: servers that follow the words of the documents send a list."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}
