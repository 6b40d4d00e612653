"""The message that a stream adds up to: what a conforming client must hand out."""

from __future__ import annotations

from typing import Literal

import attrs

Ended = Literal["terminal", "error", "clean", "cut", "stalled", "open"]
"""How a stream ended: by the dialect's terminal, by an error, cleanly without either, cut off, in silence, not yet."""


@attrs.frozen(kw_only=True)
class ToolCall:
    """One tool call, its argument pieces joined.  `complete` is False while more pieces may be due."""

    id: str | None
    name: str | None
    arguments: str
    """The joined text, which need not be valid JSON."""
    complete: bool = True


@attrs.frozen(kw_only=True)
class FunctionCall:
    """The deprecated single call of chat completions."""

    name: str | None
    arguments: str


@attrs.frozen(kw_only=True)
class Choice:
    """One choice, joined from its deltas.  Absent text of a kind is None, present and empty text is ""."""

    index: int
    text: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    function_call: FunctionCall | None = None


@attrs.frozen(kw_only=True)
class Usage:
    """Token counts as the stream gave them; None where it gave none."""

    input: int | None = None
    output: int | None = None
    total: int | None = None


@attrs.frozen(kw_only=True)
class StreamError:
    """An error that the server reported, in the stream or in place of it."""

    message: str | None
    type: str | None = None
    code: str | None = None
    """As text, whatever its JSON type was."""
    param: str | None = None
    status: int | None = None
    """The HTTP status, where the error came in place of a stream."""


@attrs.frozen(kw_only=True)
class Message:
    """All that a stream said, and how it ended."""

    choices: tuple[Choice, ...] = ()
    """In order of index."""
    usage: Usage | None = None
    error: StreamError | None = None
    ended: Ended = "open"
