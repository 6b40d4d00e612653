"""What a chunk of each dialect means: JSON in, deltas out.  Sources: the formats named above each reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from streamproof.subjects.reference.message import Call, Choice, Delta

Json = Any


class MalformedError(Exception):
    """A chunk whose meaning cannot be read without guessing; the text says where and what."""


class Answer:
    """All that a stream has said so far."""

    def __init__(self) -> None:
        self.choices: dict[int, Choice] = {}
        self.usage: dict[str, int | None] | None = None

    def choice(self, index: int) -> Choice:
        """The choice of this index, begun if it is new."""
        return self.choices.setdefault(index, Choice(index))


Reader = Callable[[Answer, Mapping[str, Json]], Iterator[Delta]]


def read_openai_chat(answer: Answer, chunk: Mapping[str, Json]) -> Iterator[Delta]:
    """A chat completion chunk (OpenAI API reference, "The chat completion chunk object").

    `choices` may be empty or absent: chunks of usage, of moderation, of Azure's filter.
    """
    _take_usage(answer, chunk)
    for number, part in enumerate(_list(chunk, "choices", "")):
        place = f"choices[{number}]"
        if not isinstance(part, dict):
            raise MalformedError(f"{place} must be an object, found {_shown(part)}")
        yield from _read_choice(answer.choice(_index(part, place)), part, place)


def read_workers_ai(answer: Answer, chunk: Mapping[str, Json]) -> Iterator[Delta]:
    """A chunk of Workers AI: `response`, `tool_calls` in two shapes, `usage`; newer models answer in OpenAI's shape."""
    if "response" not in chunk and isinstance(chunk.get("choices"), list):
        yield from read_openai_chat(answer, chunk)
        return
    _take_usage(answer, chunk)
    choice = answer.choice(0)
    response = _text(chunk, "response", "")
    if response is not None:
        yield from choice.add_text("text", response)
    for number, part in enumerate(_list(chunk, "tool_calls", "")):
        place = f"tool_calls[{number}]"
        if not isinstance(part, dict):
            raise MalformedError(f"{place} must be an object, found {_shown(part)}")
        if "function" in part:
            _read_call(choice, part, place)
        else:
            # The older shape, {name, arguments}, is a whole call each time; its arguments are any JSON value.
            call = Call()
            choice.calls.append(call)
            call.add_name(_text(part, "name", place) or "")
            given = part.get("arguments")
            if given is not None:
                call.arguments.append(given if isinstance(given, str) else _dumped(given))
    _take_finish(choice, chunk, "")


READERS: Final[Mapping[str, Reader]] = {"openai-chat": read_openai_chat, "workers-ai": read_workers_ai}


def _read_choice(choice: Choice, part: Mapping[str, Json], place: str) -> Iterator[Delta]:
    # Azure's asynchronous filter sends choices without a delta.
    delta = part.get("delta")
    if delta is not None and not isinstance(delta, dict):
        raise MalformedError(f"{place}.delta must be an object, found {_shown(delta)}")
    if delta:
        yield from _read_delta(choice, delta, f"{place}.delta")
    _take_finish(choice, part, place)


def _read_delta(choice: Choice, delta: Mapping[str, Json], place: str) -> Iterator[Delta]:
    # Two spellings of one extension: a delta that has both says the same twice.
    for key in ("reasoning_content", "reasoning"):
        thought = delta.get(key)
        if isinstance(thought, str) and thought:
            yield from choice.add_text("reasoning", thought)
            break
    content = _text(delta, "content", place)
    if content is not None:
        yield from choice.add_text("text", content)
    refusal = _text(delta, "refusal", place)
    if refusal is not None:
        yield from choice.add_text("refusal", refusal)
    for number, part in enumerate(_list(delta, "tool_calls", place)):
        where = f"{place}.tool_calls[{number}]"
        if not isinstance(part, dict):
            raise MalformedError(f"{where} must be an object, found {_shown(part)}")
        _read_call(choice, part, where)
    function = delta.get("function_call")
    if function is not None:
        where = f"{place}.function_call"
        if not isinstance(function, dict):
            raise MalformedError(f"{where} must be an object, found {_shown(function)}")
        choice.function = choice.function or Call()
        choice.function.add_name(_text(function, "name", where) or "")
        choice.function.arguments.append(_text(function, "arguments", where) or "")


def _read_call(choice: Choice, part: Mapping[str, Json], place: str) -> None:
    index = part.get("index")
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        raise MalformedError(f"{place}.index must be an integer, found {_shown(index)}")
    id_ = _text(part, "id", place)
    # A custom tool has `custom.input` where a function has `function.arguments`.
    inner_key, text_key = ("custom", "input") if part.get("custom") is not None else ("function", "arguments")
    inner = part.get(inner_key) or {}
    if not isinstance(inner, dict):
        raise MalformedError(f"{place}.{inner_key} must be an object, found {_shown(inner)}")
    name = _text(inner, "name", f"{place}.{inner_key}") or ""
    text = _text(inner, text_key, f"{place}.{inner_key}") or ""
    if not (id_ or name or text) and index is None:
        # Workers AI closes a call with a delta of nothing but nulls.
        return
    call = choice.call(index, id_ or None)
    call.add_name(name)
    call.arguments.append(text)


def _take_finish(choice: Choice, part: Mapping[str, Json], place: str) -> None:
    reason = _text(part, "finish_reason", place)
    # Servers write "" and "null" where they mean null.
    if reason not in {None, "", "null"}:
        choice.finish_reason = reason


def _take_usage(answer: Answer, chunk: Mapping[str, Json]) -> None:
    # Servers that send running totals send the last one last.
    usage = chunk.get("usage")
    if isinstance(usage, dict):
        answer.usage = {
            "input": _count(usage.get("prompt_tokens")),
            "output": _count(usage.get("completion_tokens")),
            "total": _count(usage.get("total_tokens")),
        }


def _index(part: Mapping[str, Json], place: str) -> int:
    index = part.get("index")
    if index is None:
        return 0
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise MalformedError(f"{place}.index must be an integer from 0, found {_shown(index)}")
    return index


def _text(part: Mapping[str, Json], key: str, place: str) -> str | None:
    value = part.get(key)
    if value is None or isinstance(value, str):
        return value
    raise MalformedError(f"{place}{'.' if place else ''}{key} must be a string or null, found {_shown(value)}")


def _list(part: Mapping[str, Json], key: str, place: str) -> list[Json]:
    value = part.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise MalformedError(f"{place}{'.' if place else ''}{key} must be an array or null, found {_shown(value)}")


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shown(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
