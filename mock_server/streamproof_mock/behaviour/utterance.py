"""What the endpoint says: one text, or calls of tools, cut where the request wants it cut."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import attrs

from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.instance import instance
from streamproof_mock.behaviour.tokens import count, tokens

# No quotation marks: a client of the first document takes the text out of the JSON with a regular expression.
TEXT: Final = (
    "Hello! I am a mock endpoint, and I say the same to everyone, one word at a time. "
    "Other scripts arrive whole, too: Grüße, 你好, здравствуйте 👋. Good luck with your stream!"
)
_PER_MESSAGE: Final = 3
"""Tokens that a message costs beside its text, as a chat template does."""


@attrs.frozen
class Call:
    """One tool call.  `pieces` are the tokens of its arguments."""

    id: str
    name: str
    pieces: tuple[str, ...]

    @property
    def arguments(self) -> str:
        """The arguments, joined."""
        return "".join(self.pieces)

    @property
    def value(self) -> Any:
        """The arguments as JSON; None where the token limit cut them off."""
        try:
            return json.loads(self.arguments)
        except ValueError:
            return None


@attrs.frozen(kw_only=True)
class Utterance:
    """One choice.  `text` are tokens; it is empty where there are calls."""

    text: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    cut: Literal["length"] | None = None
    """Set when the token limit cut it off."""

    @property
    def tokens(self) -> int:
        """What it cost: the tokens of the text, of the calls' names and of their arguments."""
        return len(self.text) + sum(count(call.name) + len(call.pieces) for call in self.calls)


def speak(
    *, called: Sequence[Tool] = (), schema: Any = None, stop: Iterable[str] = (), max_tokens: int | None = None
) -> Utterance:
    """One choice: calls of the tools, or JSON for the schema, or the text."""
    if called:
        return _call(called, max_tokens)
    text = TEXT if schema is None else json.dumps(instance(schema), ensure_ascii=False)
    # CreateChatCompletionRequest, stop: "The returned text will not contain the stop sequence".
    text = text[: min((at for part in stop if (at := text.find(part)) >= 0), default=len(text))]
    pieces = tokens(text)
    if max_tokens is not None and len(pieces) > max_tokens:
        return Utterance(text=tuple(pieces[:max_tokens]), cut="length")
    return Utterance(text=tuple(pieces))


def _call(called: Sequence[Tool], max_tokens: int | None) -> Utterance:
    left = float("inf") if max_tokens is None else max_tokens
    calls: list[Call] = []
    for tool in called:
        left -= count(tool.name)
        if left < 0:
            return Utterance(calls=tuple(calls), cut="length")
        pieces = tokens(json.dumps(instance(tool.parameters), ensure_ascii=False))
        kept = pieces if len(pieces) <= left else pieces[: int(left)]
        calls.append(Call(f"call_{secrets.token_hex(12)}", tool.name, tuple(kept)))
        left -= len(kept)
        if len(kept) < len(pieces):
            return Utterance(calls=tuple(calls), cut="length")
    return Utterance(calls=tuple(calls))


def prompt_tokens(messages: Iterable[Mapping[str, Any]], tools: Iterable[Tool] = ()) -> int:
    """What a prompt costs: the text of its messages, 3 for each, and the names and schemas of its tools."""
    total = 0
    for message in messages:
        total += _PER_MESSAGE + sum(count(text) for text in _texts(message.get("content")))
    for tool in tools:
        total += count(tool.name) + count(json.dumps(tool.parameters))
    return total


def _texts(content: Any) -> Iterable[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]
