"""What one event says, read without a machine: the pieces of text in it, and whether it says anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

Json = Any
Place = tuple[int, str, int | None]
"""A choice, the word that says it, and of a tool call its number."""


@attrs.frozen(kw_only=True)
class Said:
    """What one event says."""

    pieces: tuple[tuple[Place, str], ...] = ()
    is_all: bool = False
    """True where it says nothing but these pieces: no beginning, no end, no counts."""
    choices: frozenset[int] | None = None
    """The choices that it is about; None where it is about the whole stream."""
    others: frozenset[str] = frozenset()
    """What it says besides, in words: `start`, `call`, `older` for a call in an older shape, `finish`, `usage`, ..."""

    @property
    def words(self) -> frozenset[str]:
        """All that it says, in words."""
        return self.others | {place[1] for place, text in self.pieces if text}


NOTHING: Final = Said(is_all=True, choices=frozenset())


def said(dialect: str, value: Json) -> Said:
    """What an event says; one that is no JSON object is the terminator."""
    return _READERS[dialect](value) if isinstance(value, dict) else Said(others=frozenset({"done"}))


def _known(value: Mapping[str, Json], *unimportant: str) -> dict[str, Json]:
    """The keys that mean something: none of padding, none that is unknown, none that is null."""
    padding = ("obfuscation", "p", "logprobs", *unimportant)
    return {
        key: item for key, item in value.items() if key not in padding and not key.startswith("x_") and item is not None
    }


ENVELOPE: Final = ("id", "object", "created", "model", "index")


def _of_choices(value: Json) -> Said:
    entries = value.get("choices")
    if not entries:
        return Said()
    pieces: list[tuple[Place, str]] = []
    others: set[str] = set()
    is_all = set(_known(value, *ENVELOPE)) == {"choices"}
    for entry in entries:
        known = _known(entry, *ENVELOPE)
        delta = _known(known.pop("delta", {}))
        if isinstance(known.get("text"), str):
            pieces.append(((entry["index"], "text", None), known.pop("text")))
        is_all &= not known
        others |= {"finish"} if known else set()
        for key, word in (("content", "text"), ("reasoning_content", "reasoning"), ("refusal", "refusal")):
            pieces += _texts((entry["index"], word, None), delta.pop(key, ""))
        function = delta.pop("function_call", {})
        pieces += _texts((entry["index"], "function", None), function.get("arguments", ""))
        for call in delta.pop("tool_calls", ()):
            written = call.get("function", {}).get("arguments") or call.get("custom", {}).get("input", "")
            pieces += _texts((entry["index"], "tool", call.get("index")), written)
            others |= {"call"} if "id" in call else set()
        others |= {"call"} if "name" in function else set()
        others |= {"start"} if delta else set()
        is_all &= not others
    choices = frozenset(entry["index"] for entry in entries)
    return Said(pieces=tuple(pieces), is_all=is_all, choices=choices, others=frozenset(others))


def _texts(place: Place, content: Json) -> Iterator[tuple[Place, str]]:
    for part in content if isinstance(content, list) else (content,):
        if isinstance(part, str):
            yield place, part
        elif part["type"] == "thinking":
            yield (place[0], "reasoning", None), "".join(thought["text"] for thought in part["thinking"])
        else:
            yield place, part["text"]


_RESPONSES: Final = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.function_call_arguments.delta": "tool",
    "response.custom_tool_call_input.delta": "tool",
}
_BRACKETS: Final = {
    "response.custom_tool_call_input.done": "whole",
    "response.in_progress": "start",
    "response.content_part.added": "open",
    "response.content_part.done": "close",
}


def _of_responses(value: Json) -> Said:
    kind = value["type"]
    if kind in _RESPONSES:
        return _piece(_RESPONSES[kind], value["delta"], value["output_index"] if _RESPONSES[kind] == "tool" else None)
    if kind == "keepalive":
        return NOTHING
    return Said(choices=frozenset({0}), others=frozenset({_BRACKETS.get(kind, "end")}))


def _of_anthropic(value: Json) -> Said:
    match value:
        case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}:
            return _piece("text", text)
        case {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": text}}:
            return _piece("reasoning", text)
        case {
            "type": "content_block_delta",
            "index": index,
            "delta": {"type": "input_json_delta", "partial_json": text},
        }:
            return _piece("tool", text, index)
        case {"type": "ping" | "x_new_event"}:
            return NOTHING
        case {"type": "message_delta"}:
            return Said(others=frozenset({"finish", "usage"}))
    return Said()


def _piece(word: str, text: str, number: int | None = None) -> Said:
    return Said(pieces=(((0, word, number), text),), is_all=True, choices=frozenset({0}))


def _of_workers(value: Json) -> Said:
    known = _known(value)
    text = known.pop("response", "")
    pieces: list[tuple[Place, str]] = [((0, "text", None), text)]
    others = set()
    for call in known.pop("tool_calls", ()):
        if "function" in call:
            pieces += _texts((0, "tool", call["index"]), call["function"].get("arguments", ""))
        others |= {"older"} if "name" in call else {"call"} if "id" in call else set()
    others |= {"finish" if key == "finish_reason" else key for key in known}
    return Said(pieces=tuple(pieces), is_all=not others, choices=frozenset({0}), others=frozenset(others))


def _of_gemini(value: Json) -> Said:
    # Counts beside candidates are early ones, which the last replace.
    known = _known(value, "modelVersion", "responseId", "usageMetadata")
    candidates = known.pop("candidates", [])
    if not candidates:
        return Said(others=frozenset({"usage"}))
    pieces: list[tuple[Place, str]] = []
    others = {"usage"} if known else set()
    for candidate in candidates:
        others |= {"finish"} if "finishReason" in candidate else set()
        for part in candidate["content"]["parts"]:
            others |= {"call"} if "functionCall" in part else set()
            word = "reasoning" if part.get("thought") else "text"
            pieces += _texts((candidate["index"], word, None), part.get("text", ""))
    choices = frozenset(one["index"] for one in candidates)
    return Said(pieces=tuple(pieces), is_all=not others, choices=choices, others=frozenset(others))


def _of_ollama(value: Json) -> Said:
    message = value["message"]
    pieces = (((0, "text", None), message["content"]), ((0, "reasoning", None), message.get("thinking", "")))
    others = {"call"} if "tool_calls" in message else {"finish", "usage"} if value["done"] else set()
    return Said(pieces=pieces, is_all=not others, choices=frozenset({0}), others=frozenset(others))


def _of_cohere(value: Json) -> Said:
    match value:
        case {"type": "content-delta", "delta": {"message": {"content": {"text": text}}}}:
            return _piece("text", text)
        case {"type": "content-delta", "delta": {"message": {"content": {"thinking": text}}}}:
            return _piece("reasoning", text)
        case {"type": "tool-call-delta", "index": index, "delta": {"message": {"tool_calls": call}}}:
            return _piece("tool", call["function"]["arguments"], index)
        case {"type": "debug" | "x-new-event"}:
            return NOTHING
        case {"type": "content-end"}:
            return Said(choices=frozenset({0}), others=frozenset({"close"}))
        case {"type": "tool-call-start"}:
            return Said(choices=frozenset({0}), others=frozenset({"call"}))
    return Said()


_READERS: Final[Mapping[str, Callable[[Json], Said]]] = {
    "openai-chat": _of_choices,
    "openai-completions": _of_choices,
    "openai-responses": _of_responses,
    "anthropic-messages": _of_anthropic,
    "workers-ai": _of_workers,
    "gemini": _of_gemini,
    "ollama-chat": _of_ollama,
    "mistral": _of_choices,
    "cohere-v2": _of_cohere,
}
