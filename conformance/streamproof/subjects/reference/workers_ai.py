"""workers-ai: `response`, `tool_calls` in two shapes, `usage`; newer models answer in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.chat import ChatReader, read_call, read_chunk, take_finish, take_usage
from streamproof.subjects.reference.message import Answer, Call, Delta

Json = Any


class WorkersReader(ChatReader):
    """See Reader.  There are no choices: an answer may be empty."""

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        return _read(self.answer, chunk)

    def finish(self) -> None:
        """See Reader."""
        self.done = True


def _read(answer: Answer, chunk: Mapping[str, Json]) -> Iterator[Delta]:
    if "response" not in chunk and isinstance(chunk.get("choices"), list):
        yield from read_chunk(answer, chunk)
        return
    take_usage(answer, chunk)
    choice = answer.choice(0)
    response = fields.text(chunk, "response", "")
    if response is not None:
        yield from choice.add_text("text", response)
    for number, part in enumerate(fields.array(chunk, "tool_calls", "")):
        place = f"tool_calls[{number}]"
        if not isinstance(part, dict):
            raise fields.MalformedError(f"{place} must be an object, found {fields.shown(part)}")
        if "function" in part:
            read_call(choice, part, place)
        else:
            # The older shape, {name, arguments}, is a whole call each time; its arguments are any JSON value.
            call = Call()
            choice.calls.append(call)
            call.add_name(fields.text(part, "name", place) or "")
            given = part.get("arguments")
            if given is not None:
                call.arguments.append(given if isinstance(given, str) else fields.dumped(given))
    take_finish(choice, chunk, "")
