"""openai-chat: chat completion chunks (OpenAI API reference, "The chat completion chunk object")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Answer, Call, Choice, Delta
from streamproof.subjects.reference.reader import Reader

Json = Any


class ChatReader(Reader):
    """See Reader.  Its mark is `[DONE]`, at which each choice has to have come."""

    mark = "[DONE]"

    def __init__(self, request: Mapping[str, Json]) -> None:
        super().__init__(request)
        n = request.get("n")
        self._choices_due = n if isinstance(n, int) else 1
        options = request.get("stream_options")
        self._usage_due = isinstance(options, dict) and options.get("include_usage") is True

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        return read_chunk(self.answer, chunk)

    def finish(self) -> None:
        """See Reader."""
        # A chat completion has at least one choice (OpenAI API reference, `n`), so a mark alone is no answer.
        if not self.answer.choices:
            raise ClientError("empty_stream", "the stream ended with [DONE] before any choice had come")
        self.done = True

    def is_whole(self) -> bool:
        """See Reader: each choice has said why it ended, and the usage that was asked for is there."""
        choices = self.answer.choices.values()
        return (
            len(choices) >= self._choices_due
            and all(choice.finish_reason is not None for choice in choices)
            and (self.answer.usage is not None or not self._usage_due)
        )


def read_chunk(answer: Answer, chunk: Mapping[str, Json]) -> Iterator[Delta]:
    """One chunk.

    `choices` may be empty or absent: chunks of usage, of moderation, of Azure's filter.
    """
    take_usage(answer, chunk)
    for number, part in enumerate(fields.array(chunk, "choices", "")):
        place = f"choices[{number}]"
        if not isinstance(part, dict):
            raise fields.MalformedError(f"{place} must be an object, found {fields.shown(part)}")
        yield from _read_choice(answer.choice(_index(part, place)), part, place)


def _read_choice(choice: Choice, part: Mapping[str, Json], place: str) -> Iterator[Delta]:
    # Azure's asynchronous filter sends choices without a delta.
    delta = part.get("delta")
    if delta is not None and not isinstance(delta, dict):
        raise fields.MalformedError(f"{place}.delta must be an object, found {fields.shown(delta)}")
    if delta:
        yield from _read_delta(choice, delta, f"{place}.delta")
    take_finish(choice, part, place)


def _read_delta(choice: Choice, delta: Mapping[str, Json], place: str) -> Iterator[Delta]:
    # Two spellings of one extension: a delta that has both says the same twice.
    for key in ("reasoning_content", "reasoning"):
        thought = delta.get(key)
        if isinstance(thought, str) and thought:
            yield from choice.add_text("reasoning", thought)
            break
    content = fields.text(delta, "content", place)
    if content is not None:
        yield from choice.add_text("text", content)
    refusal = fields.text(delta, "refusal", place)
    if refusal is not None:
        yield from choice.add_text("refusal", refusal)
    for number, part in enumerate(fields.array(delta, "tool_calls", place)):
        where = f"{place}.tool_calls[{number}]"
        if not isinstance(part, dict):
            raise fields.MalformedError(f"{where} must be an object, found {fields.shown(part)}")
        read_call(choice, part, where)
    function = delta.get("function_call")
    if function is not None:
        where = f"{place}.function_call"
        if not isinstance(function, dict):
            raise fields.MalformedError(f"{where} must be an object, found {fields.shown(function)}")
        choice.function = choice.function or Call()
        choice.function.add_name(fields.text(function, "name", where) or "")
        choice.function.arguments.append(fields.text(function, "arguments", where) or "")


def read_call(choice: Choice, part: Mapping[str, Json], place: str) -> None:
    """One delta of a tool call."""
    index = part.get("index")
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        raise fields.MalformedError(f"{place}.index must be an integer, found {fields.shown(index)}")
    id_ = fields.text(part, "id", place)
    # A custom tool has `custom.input` where a function has `function.arguments`.
    inner_key, text_key = ("custom", "input") if part.get("custom") is not None else ("function", "arguments")
    inner = part.get(inner_key) or {}
    if not isinstance(inner, dict):
        raise fields.MalformedError(f"{place}.{inner_key} must be an object, found {fields.shown(inner)}")
    name = fields.text(inner, "name", f"{place}.{inner_key}") or ""
    text = fields.text(inner, text_key, f"{place}.{inner_key}") or ""
    if not (id_ or name or text) and index is None:
        # Workers AI closes a call with a delta of nothing but nulls.
        return
    call = choice.call(index, id_ or None)
    call.add_name(name)
    call.arguments.append(text)


def take_finish(choice: Choice, part: Mapping[str, Json], place: str) -> None:
    """The finish reason, where there is one."""
    reason = fields.text(part, "finish_reason", place)
    # Servers write "" and "null" where they mean null.
    if reason not in {None, "", "null"}:
        choice.finish_reason = reason


def take_usage(answer: Answer, chunk: Mapping[str, Json]) -> None:
    """The token counts, where there are some."""
    # Servers that send running totals send the last one last.
    usage = chunk.get("usage")
    if isinstance(usage, dict):
        answer.usage = {
            "input": fields.count(usage.get("prompt_tokens")),
            "output": fields.count(usage.get("completion_tokens")),
            "total": fields.count(usage.get("total_tokens")),
        }


def _index(part: Mapping[str, Json], place: str) -> int:
    index = part.get("index")
    if index is None:
        return 0
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise fields.MalformedError(f"{place}.index must be an integer from 0, found {fields.shown(index)}")
    return index
