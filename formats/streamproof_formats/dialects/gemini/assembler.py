"""Joins the parts of candidates to a message; it judges nothing and takes any JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from streamproof_formats.dialects.base import Joined, integer, refuse_more, text_of
from streamproof_formats.message import Choice, ToolCall, Usage

MOST_CANDIDATES: Final = 128
MOST_CALLS: Final = 1024
"""Candidates of a stream, and calls of a candidate, that are kept."""

_PATH: Final = re.compile(r"\$((?:\.[A-Za-z_][A-Za-z0-9_]*){1,16})")
_VALUES: Final = ("stringValue", "numberValue", "boolValue", "nullValue")

_SNAKE: Final = re.compile(r"_([a-z])")
_OPAQUE: Final = frozenset({"args"})


def camel(item: Any) -> Any:
    """A chunk as an SDK hands it out, with the keys that it has on the wire: `finish_reason` is `finishReason`.

    Arguments are the caller's own names and stay as they are.
    """
    if isinstance(item, list):
        return [camel(part) for part in item]
    if not isinstance(item, dict):
        return item
    found = {}
    for key, value in item.items():
        name = _SNAKE.sub(lambda match: match[1].upper(), key) if isinstance(key, str) else key
        found[name] = value if name in _OPAQUE else camel(value)
    return found


class CallDraft:
    """A function call in the making."""

    def __init__(self, call: dict[str, Any]) -> None:
        self.id: str | None = None
        self.name: str | None = None
        self.args: Any = None
        self.open = False
        self.add(call)

    def add(self, call: dict[str, Any]) -> None:
        """Takes one part of the call."""
        self.id = self.id or (call["id"] if isinstance(call.get("id"), str) else None)
        self.name = self.name or (call["name"] if isinstance(call.get("name"), str) else None)
        if call.get("args") is not None and not self.args:
            self.args = call["args"]
        pieces = call.get("partialArgs")
        for piece in pieces if isinstance(pieces, list) else ():
            self._add_partial(piece)
        self.open = call.get("willContinue") is True

    def _add_partial(self, piece: Any) -> None:
        """A value, or a piece of a text, at a path such as `$.city`; other paths are not followed."""
        if not isinstance(piece, dict):
            return
        path = _PATH.fullmatch(text_of(piece.get("jsonPath")))
        name = next((name for name in _VALUES if name in piece), None)
        if path is None or name is None:
            return
        if not isinstance(self.args, dict):
            self.args = {}
        *keys, last = path[1].split(".")[1:]
        inner = self.args
        for key in keys:
            if not isinstance(inner.get(key), dict):
                inner[key] = {}
            inner = inner[key]
        value = None if name == "nullValue" else piece[name]
        before = inner.get(last)
        inner[last] = before + value if isinstance(before, str) and isinstance(value, str) else value

    @property
    def call(self) -> ToolCall:
        """The call so far."""
        return ToolCall(id=self.id, name=self.name, arguments=_argument_text(self.args), complete=not self.open)


class CandidateDraft:
    """One candidate in the making."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.text = Joined()
        self.thoughts = Joined()
        self.calls: list[CallDraft] = []
        self.finish_reason: str | None = None

    def add(self, part: dict[str, Any]) -> CallDraft | None:
        """Takes a part; gives the call that it opened or went on with, if it has one."""
        if isinstance(part.get("text"), str):
            (self.thoughts if part.get("thought") is True else self.text).add(part["text"])
        call = part.get("functionCall")
        if not isinstance(call, dict):
            return None
        current = self.calls[-1] if self.calls else None
        if current is not None and current.open and not call.get("name"):
            current.add(call)
            return current
        if len(self.calls) >= MOST_CALLS:
            refuse_more(MOST_CALLS, "tool calls in a candidate")
        self.calls.append(CallDraft(call))
        return self.calls[-1]

    @property
    def choice(self) -> Choice:
        """The candidate so far."""
        return Choice(
            index=self.index,
            text=self.text.text,
            reasoning=self.thoughts.text,
            finish_reason=self.finish_reason,
            tool_calls=tuple(draft.call for draft in self.calls),
        )


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of an array; none of what is no array."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def parts_of(candidate: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a candidate's piece."""
    content = candidate.get("content")
    return list(objects(content.get("parts"))) if isinstance(content, dict) else []


def reason_of(candidate: dict[str, Any]) -> str | None:
    """The finish reason, where there is one: "If empty, the model has not stopped generating the tokens"."""
    reason = candidate.get("finishReason")
    return reason if isinstance(reason, str) and reason not in ("", "FINISH_REASON_UNSPECIFIED") else None


def usage_of(value: dict[str, Any]) -> Usage:
    """Token counts as far as they are integers."""
    names = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount")
    given, made, total = (integer(value.get(name)) for name in names)
    return Usage(input=given, output=made, total=total)


def _argument_text(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    try:
        return json.dumps({} if arguments is None else arguments, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""
