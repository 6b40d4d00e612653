"""The message that deltas add up to: text as it comes, tool calls joined, nothing invented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

Json = Any
Kind = Literal["text", "reasoning", "refusal"]

SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Delta(NamedTuple):
    """A piece of text that can be handed out at once."""

    choice: int
    kind: Kind
    text: str


class Call:
    """One tool call, or the older single function call, as far as it has come."""

    __slots__ = ("arguments", "id", "name")

    def __init__(self, id_: str | None = None) -> None:
        self.id = id_
        self.name: str | None = None
        self.arguments: list[str] = []

    def add_name(self, name: str) -> None:
        """Takes a name or a piece of one."""
        # Some servers repeat the whole name in each delta, some cut it in pieces: equal is a repeat, other is a piece.
        if name and name != self.name:
            self.name = (self.name or "") + name

    def report(self, *, whole: bool) -> dict[str, Json]:
        """As a result says it; the arguments as JSON only once no more of them is due."""
        raw = paired("".join(self.arguments))
        return {
            "id": self.id,
            "name": self.name,
            "arguments_raw": raw,
            "arguments_json": parsed(raw) if whole else None,
        }


class Choice:
    """One choice, joined from its deltas."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self.calls: list[Call] = []
        self.function: Call | None = None
        self._by_index: dict[int, Call] = {}
        self._texts: dict[Kind, list[str]] = {}
        self._held: dict[Kind, str] = {}

    def add_text(self, kind: Kind, text: str) -> Iterator[Delta]:
        """Takes a piece; the first half of a surrogate pair waits for its second (RFC 8259, 8.2)."""
        pieces = self._texts.setdefault(kind, [])
        text = self._held.pop(kind, "") + text
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._held[kind] = text[-1]
            text = text[:-1]
        if text:
            text = paired(text)
            pieces.append(text)
            yield Delta(self.index, kind, text)

    def flush(self) -> Iterator[Delta]:
        """Hands out halves that nothing can complete any more, as U+FFFD."""
        while self._held:
            kind, _ = self._held.popitem()
            self._texts[kind].append("\ufffd")
            yield Delta(self.index, kind, "\ufffd")

    def call(self, index: int | None, id_: str | None) -> Call:
        """The call that a delta belongs to.

        The index decides.  An id other than the call's own opens another call on the same index, since two ids
        are two calls.  Without an index an id opens a call, and what has none continues the last one; such a call
        has its place as index.
        """
        known = self._by_index.get(index) if index is not None else (self.calls[-1] if self.calls else None)
        if known is None or (id_ and known.id and id_ != known.id):
            known = Call(id_)
            self.calls.append(known)
            if index is None:
                self._by_index.setdefault(len(self.calls) - 1, known)
        elif id_:
            known.id = id_
        if index is not None:
            self._by_index[index] = known
        return known

    def text(self, kind: Kind) -> str | None:
        """All of one kind that was handed out; None if the stream never spoke of it."""
        pieces = self._texts.get(kind)
        return None if pieces is None else "".join(pieces)

    def report(self, *, ended: bool) -> dict[str, Json]:
        """As a result says it; `ended` tells that the stream came to its documented end."""
        whole = ended or self.finish_reason is not None
        function = self.function.report(whole=whole) if self.function else None
        return {
            "index": self.index,
            "text": self.text("text"),
            "reasoning": self.text("reasoning"),
            "refusal": self.text("refusal"),
            "finish_reason": self.finish_reason,
            "function_call": function and {key: function[key] for key in function if key != "id"},
            "tool_calls": [call.report(whole=whole) for call in self.calls],
        }


class Answer:
    """All that a stream has said so far."""

    def __init__(self) -> None:
        self.choices: dict[int, Choice] = {}
        self.usage: dict[str, int | None] | None = None

    def choice(self, index: int) -> Choice:
        """The choice of this index, begun if it is new."""
        return self.choices.setdefault(index, Choice(index))


def paired(text: str) -> str:
    """The text with surrogate pairs joined and lone halves replaced, so that it can be written as UTF-8."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def strict_json(text: str) -> Json:
    """`json.loads` without the numbers that JSON does not have.  Raises ValueError for all that is not JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parsed(raw: str) -> Json:
    """The JSON value of joined arguments, None where they are not one or it cannot be written again."""
    try:
        value = strict_json(raw)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")
