"""Joins the deltas of chat completions to a message; it judges nothing and takes any JSON.

Pieces that are not what the format says (a number as content, an object as arguments) add nothing.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from streamproof_formats.dialects.base import Joined, integer, refuse_more, text_of
from streamproof_formats.dialects.openai_chat.order import Signal, State
from streamproof_formats.dialects.wording import number
from streamproof_formats.message import Choice, FunctionCall, ToolCall

MOST_CHOICES: Final = 1024
MOST_CALLS: Final = 1024
"""Choices of a stream, and tool calls of a choice, that are kept."""


class CallDraft:
    """A tool call in the making."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id: str | None = None
        self.type: str | None = None
        self.name: str | None = None
        self.arguments = Joined()
        self.typeless_told = False

    def add(self, piece: dict[str, Any]) -> None:
        """Appends one delta of the call."""
        self.id = self.id or (piece["id"] if isinstance(piece.get("id"), str) else None)
        self.type = self.type or text_of(piece.get("type")) or None
        name, arguments = named(piece)
        if name is not None and name != self.name:
            # Servers send the name whole, repeat it, or cut it in pieces: only equal pieces are the same name again.
            self.name = (self.name or "") + name
        self.arguments.add(arguments)


def named(piece: dict[str, Any]) -> tuple[str | None, str]:
    """Name and argument text of one delta of a tool call, a function's or a custom tool's."""
    for body, words in (("function", "arguments"), ("custom", "input")):
        inner = piece.get(body)
        if isinstance(inner, dict):
            name = inner.get("name")
            return name if isinstance(name, str) else None, text_of(inner.get(words))
    return None, ""


def label(call: CallDraft) -> str:
    """How a finding names a call: by its index, if it has one."""
    return "without an index" if call.index is None else number(call.index)


@attrs.frozen
class Added:
    """What one delta of a tool call did."""

    call: CallDraft
    opened: bool
    """True if it is the first of its call."""
    left: CallDraft | None
    """The call that was being written before, if it is another."""


class CallDrafts:
    """The tool calls of one choice, in order of first appearance."""

    def __init__(self) -> None:
        self.calls: list[CallDraft] = []
        self.indexes: dict[int, CallDraft] = {}
        """The call that an index means now."""
        self._ids: dict[str, CallDraft] = {}
        self._current: CallDraft | None = None

    def add(self, piece: dict[str, Any]) -> Added:
        """Appends a delta to its call, or opens one.  Raises LimitError where there are too many calls already."""
        index = integer(piece.get("index"))
        call = self._found(index, piece)
        opened = call is None
        if call is None:
            if len(self.calls) >= MOST_CALLS:
                refuse_more(MOST_CALLS, "tool calls in a choice")
            call = CallDraft(index)
            self.calls.append(call)
        if index is not None:
            self.indexes[index] = call
        call.add(piece)
        if call.id:
            self._ids.setdefault(call.id, call)
        left = self._current if self._current is not call else None
        self._current = call
        return Added(call, opened, left)

    def _found(self, index: int | None, piece: dict[str, Any]) -> CallDraft | None:
        call_id, (name, _) = text_of(piece.get("id")), named(piece)
        if index is not None:
            call = self.indexes.get(index)
            # Two calls under one index: joined they would be neither, and the id tells them apart.
            return None if call is not None and call_id and call.id and call.id != call_id else call
        if call_id:
            return self._ids.get(call_id) or (self._current if self._current and not self._current.id else None)
        if self._current is not None and name and self._current.name and self._current.name != name:
            return None
        return self._current


class ChoiceDraft:
    """One choice in the making."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.state = State.FRESH
        self.seen: set[Signal] = set()
        self.text = Joined()
        self.reasoning = Joined()
        self.refusal = Joined()
        self.finish_reason: str | None = None
        self.tools = CallDrafts()
        self.function_name: str | None = None
        self.function_arguments: Joined | None = None
        self.has_logprobs = False
        self.told: set[str] = set()
        """Rules that this choice breaks by what it is, and that are told once."""
        self.expires = False
        """True while its last delta held nothing but the expiry of its audio."""

    def add_reasoning(self, delta: dict[str, Any]) -> bool:
        """Appends reasoning, under either name; True if there was any."""
        # Some servers write both keys with the same text, the old name and the new one: it is said once.
        pieces = [delta[key] for key in ("reasoning_content", "reasoning") if isinstance(delta.get(key), str)]
        if not pieces:
            return False
        piece = pieces[0] or pieces[-1]
        self.reasoning.add(piece)
        return bool(piece)

    def add_function(self, piece: dict[str, Any]) -> None:
        """Appends a delta of the deprecated single call."""
        if self.function_arguments is None:
            self.function_arguments = Joined()
        name = text_of(piece.get("name"))
        if name and name != self.function_name:
            self.function_name = (self.function_name or "") + name
        if isinstance(piece.get("arguments"), str):
            self.function_arguments.add(piece["arguments"])

    @property
    def choice(self) -> Choice:
        """The choice so far."""
        finished = self.finish_reason is not None
        function = None
        if self.function_arguments is not None:
            function = FunctionCall(name=self.function_name, arguments=self.function_arguments.text or "")
        return Choice(
            index=self.index,
            text=self.text.text,
            reasoning=self.reasoning.text,
            refusal=self.refusal.text,
            finish_reason=self.finish_reason,
            tool_calls=tuple(
                ToolCall(id=call.id, name=call.name, arguments=call.arguments.text or "", complete=finished)
                for call in self.tools.calls
            ),
            function_call=function,
        )
