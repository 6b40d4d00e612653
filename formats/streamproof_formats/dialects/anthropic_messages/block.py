"""One content block: what its deltas add up to, and the rules on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import Joined, text_of
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.wording import listed, number, quoted, shown
from streamproof_formats.message import ToolCall

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Place, Sink


@attrs.frozen(kw_only=True)
class BlockKind:
    """What is documented of one type of block."""

    deltas: tuple[str, ...]
    """The types of its deltas."""
    rule: str
    """The rule against other deltas that are known."""
    needs_delta: bool = False
    empty: tuple[str, Any] | None = None
    """The field that is empty at the start, and how."""


KINDS: Final[Mapping[str, BlockKind]] = {
    "text": BlockKind(deltas=("text_delta", "citations_delta"), rule="AM-09", needs_delta=True, empty=("text", "")),
    "thinking": BlockKind(
        deltas=("thinking_delta", "signature_delta"), rule="AM-09", needs_delta=True, empty=("thinking", "")
    ),
    "tool_use": BlockKind(deltas=("input_json_delta",), rule="AM-09", needs_delta=True, empty=("input", {})),
    "server_tool_use": BlockKind(deltas=("input_json_delta",), rule="AM-09b"),
}
"""The types of blocks whose deltas are documented.  Others come whole in their start, or are new."""

TYPED: Final = frozenset({*KINDS, "redacted_thinking"})
"""The types of blocks that have a schema."""

PIECES: Final[Mapping[str, tuple[str, str]]] = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("tool_use", "partial_json"),
}
"""By type of delta: the block that it adds to, and the field with the piece."""

DELTAS: Final = frozenset({*PIECES, "signature_delta", "citations_delta"})
"""The types of deltas that are known."""

UNFINISHED: Final = frozenset({"max_tokens", "model_context_window_exceeded", "refusal"})
"""Stop reasons of an answer whose last tool input may be partial."""


class Block:
    """One block in the making."""

    def __init__(self, index: int | None, start: Mapping[str, Any]) -> None:
        self.index = index
        self.type = text_of(start.get("type"))
        self.is_open = True
        self.is_unclosed_told = False
        self.id = start["id"] if isinstance(start.get("id"), str) else None
        self.name = start["name"] if isinstance(start.get("name"), str) else None
        self.text = Joined()
        """Text, thinking, or the JSON text of the input."""
        self.input = start.get("input")
        """The input that the start gave."""
        self.stop_place: Place = NOWHERE
        self._deltas = 0
        self._signatures = 0
        self._last = ""
        if self.type in ("text", "thinking") and isinstance(start.get(self.type), str):
            # anthropic-python keeps what the start has as the beginning of the text.
            self.text.add(start[self.type])

    @property
    def label(self) -> str:
        """How a finding names it."""
        return "without an index" if self.index is None else number(self.index)

    def call(self, *, over: bool) -> ToolCall:
        """The tool call that a tool_use block is; `over` once nothing more can come to it."""
        arguments = self.text.text or ""
        if not arguments and isinstance(self.input, dict) and self.input:
            arguments = _json(self.input)
        return ToolCall(id=self.id, name=self.name, arguments=arguments, complete=over or not self.is_open)

    def judge_start(self, start: Mapping[str, Any], breaches: Sink) -> None:
        """Judges whether it starts empty."""
        kind = KINDS.get(self.type)
        if kind is None or kind.empty is None:
            return
        field, empty = kind.empty
        value = start.get(field)
        if type(value) is type(empty) and value != empty:
            found = shown(value)
            breaches.add("AM-10", f"expected a block to start with {field} {json.dumps(empty)}, found {found}")

    def add(self, delta: Mapping[str, Any], breaches: Sink) -> None:
        """Takes one delta, and judges it."""
        kind = text_of(delta.get("type"))
        known = KINDS.get(self.type)
        self._deltas += 1
        if known is not None and kind in DELTAS and kind not in known.deltas:
            expected = listed(list(known.deltas))
            breaches.add(known.rule, f"expected {expected} in a {self.type} block, found {quoted(kind)}")
            return
        if self.type == "thinking":
            self._judge_signature(kind, breaches)
        self._last = kind
        if kind in PIECES:
            block, field = PIECES[kind]
            # A known delta in a block of another type adds nothing, in anthropic-python too.
            if block == self.type or (kind == "input_json_delta" and self.type == "server_tool_use"):
                piece = delta.get(field)
                if isinstance(piece, str):
                    self.text.add(piece)

    def _judge_signature(self, kind: str, breaches: Sink) -> None:
        # It is "delivered in a signature_delta event just before the block's content_block_stop event"
        # -- anthropic-sdk-python 2.11.0, types/signature_delta.py, where a second one replaces the first.
        if kind == "signature_delta":
            self._signatures += 1
            if self._signatures > 1:
                breaches.add("AM-12", f"expected one signature_delta in block {self.label}, found another")
        elif kind == "thinking_delta" and self._last == "signature_delta":
            breaches.add("AM-12", f"expected block {self.label} to stop after its signature_delta, found {kind}")

    def stop(self, place: Place, breaches: Sink) -> None:
        """Takes its stop, and judges what is settled by it."""
        self.is_open = False
        self.stop_place = place
        kind = KINDS.get(self.type)
        if kind is not None and kind.needs_delta and not self._deltas:
            breaches.add("AM-08", f"expected a delta in the {self.type} block {self.label}, found none")
        if self.type == "thinking" and not self._signatures:
            breaches.add("AM-12", f"expected a signature_delta in the thinking block {self.label}, found none")

    def judge_input(self, breaches: Sink) -> None:
        """Judges the joined input of a tool, of an answer that was not cut short."""
        text = self.text.text
        if self.is_open or not text:
            return
        try:
            found = None if isinstance(json_text.read(text), dict) else f"another value: {quoted(text)}"
        except json_text.NotJson as fault:
            found = f"no JSON: {fault}"
        if found:
            message = f"expected the input in block {self.label} to be a JSON object, found {found}"
            breaches.add("AM-11", message, place=self.stop_place)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""
