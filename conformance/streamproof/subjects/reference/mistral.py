"""mistral: chat completion chunks, where content may be a list and a tool call comes whole (Mistral API, "Chat")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.chat import ChatReader, choice_index, read_call, take_finish, take_usage
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Choice, Delta

Json = Any


class MistralReader(ChatReader):
    """See Reader."""

    def error_in(self, chunk: Json, event_type: str) -> ClientError | None:
        """See Reader.  Beside choices a key `error` is one of those that nobody knows."""
        if isinstance(chunk, dict) and "choices" in chunk:
            return None
        return super().error_in(chunk, event_type)

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        take_usage(self.answer, chunk)
        for number, value in enumerate(fields.array(chunk, "choices", "")):
            place = f"choices[{number}]"
            part = fields.whole(value, place)
            choice = self.answer.choice(choice_index(part, place))
            delta = fields.whole(part.get("delta") or {}, f"{place}.delta")
            yield from _read_content(choice, delta, f"{place}.delta")
            for count, call in enumerate(fields.array(delta, "tool_calls", f"{place}.delta")):
                where = f"{place}.delta.tool_calls[{count}]"
                _take_call(choice, fields.whole(call, where), where)
            take_finish(choice, part, place)


def _read_content(choice: Choice, delta: Mapping[str, Json], place: str) -> Iterator[Delta]:
    if not isinstance(delta.get("content"), list):
        content = fields.text(delta, "content", place)
        if content is not None:
            yield from choice.add_text("text", content)
        return
    for number, value in enumerate(delta["content"]):
        where = f"{place}.content[{number}]"
        part = fields.whole(value, where)
        if part.get("type") == "text":
            yield from choice.add_text("text", fields.text(part, "text", where) or "")
        elif part.get("type") == "thinking":
            for count, thought in enumerate(fields.array(part, "thinking", where)):
                inner = f"{where}.thinking[{count}]"
                # A thought may point at a source, and then it has no text.
                said = fields.text(fields.whole(thought, inner), "text", inner)
                if said is not None:
                    yield from choice.add_text("reasoning", said)


def _take_call(choice: Choice, call: dict[str, Json], place: str) -> None:
    # The text "null" is the default of an id, and arguments may be an object.
    piece = {**call, "id": None if call.get("id") == "null" else call.get("id")}
    function = call.get("function")
    if isinstance(function, dict) and isinstance(function.get("arguments"), dict):
        piece["function"] = {**function, "arguments": fields.dumped(function["arguments"])}
    if piece["id"] is None and call.get("index") is None:
        # Neither says which call it is: it is one of its own.
        piece["index"] = len(choice.calls)
    read_call(choice, piece, place)
