"""The reference client without one rule that binds clients: `python forgetful.py RULE`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import faulty

from streamproof.subjects.reference import __main__ as adapter
from streamproof.subjects.reference import (
    anthropic_messages,
    chat,
    gemini,
    lines,
    message,
    ollama_chat,
    reader,
    responses,
)
from streamproof.subjects.reference.fields import MalformedError

Json = Any
Chunk = Mapping[str, Json]


def change_chunks(of: type[reader.Reader], change: Callable[[Chunk], Chunk]) -> None:
    """Changes each chunk before it is read."""
    read = of.read

    def changed(self: reader.Reader, chunk: Chunk) -> Iterator[message.Delta]:
        yield from read(self, change(chunk))

    of.read = changed


def change_pieces(change: Callable[[message.Kind, str], tuple[message.Kind, str]]) -> None:
    """Changes each piece of text before it is added."""
    add = message.Choice.add_text

    def changed(self: message.Choice, kind: message.Kind, text: str) -> Iterator[message.Delta]:
        yield from add(self, *change(kind, text))

    message.Choice.add_text = changed


def takes_any_end_for_the_end() -> None:
    def take(result: dict[str, Json]) -> None:
        if result["error"] and result["error"]["type"] in ("incomplete_stream", "truncated", "connection_failed"):
            result["error"] = None
        for choice in result["choices"]:
            choice["finish_reason"] = choice["finish_reason"] or "stop"

    faulty.change_result(take)


def drops_a_line_without_its_end() -> None:
    lines.LineDecoder.end = lambda _: []
    takes_any_end_for_the_end()


def trims_pieces() -> None:
    change_pieces(lambda kind, text: (kind, text.strip()))


def keeps_the_last_piece_only() -> None:
    add = message.Choice.add_text

    def replaced(self: message.Choice, kind: message.Kind, text: str) -> Iterator[message.Delta]:
        if text:
            self._texts.pop(kind, None)
        yield from add(self, kind, text)

    message.Choice.add_text = replaced


def takes_thoughts_for_text() -> None:
    change_pieces(lambda _, text: ("text", text))


def gives_an_absent_index_its_own_candidate() -> None:
    def give(chunk: Chunk) -> Chunk:
        return {**chunk, "candidates": [{"index": 7, **candidate} for candidate in chunk.get("candidates", ())]}

    change_chunks(gemini.GeminiReader, give)


def reads_no_message_on_the_last_line() -> None:
    def pass_over(chunk: Chunk) -> Chunk:
        return {**chunk, "message": {"content": ""}} if chunk.get("done") else chunk

    change_chunks(ollama_chat.OllamaReader, pass_over)


def refuses_keys_that_it_does_not_know() -> None:
    known = {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"}

    def refuse(chunk: Chunk) -> Chunk:
        if not chunk.keys() <= known:
            raise MalformedError(f"unknown keys {chunk.keys() - known}")
        return chunk

    change_chunks(chat.ChatReader, refuse)


def refuses_types(of: type[reader.Reader], known: set[str]) -> None:
    def refuse(chunk: Chunk) -> Chunk:
        if chunk["type"] not in known:
            raise MalformedError(f"unknown type {chunk['type']}")
        return chunk

    change_chunks(of, refuse)


def refuses_new_types_of_responses() -> None:
    steps = {
        f"response.{step}" for step in ("created", "in_progress", "completed", "output_text.delta", "output_text.done")
    }
    brackets = {f"response.{thing}.{step}" for thing in ("output_item", "content_part") for step in ("added", "done")}
    refuses_types(responses.ResponsesReader, steps | brackets)


def refuses_new_types_of_messages() -> None:
    blocks = {f"content_block_{step}" for step in ("start", "delta", "stop")}
    refuses_types(
        anthropic_messages.MessagesReader, blocks | {"message_start", "message_delta", "message_stop", "ping", "error"}
    )


def parses_no_pieces() -> None:
    said = {
        "type": "JSONDecodeError",
        "message": "Expecting value: line 1 column 1 (char 0)",
        "status": None,
        "code": None,
    }

    def parse(result: dict[str, Json]) -> None:
        if any(call["arguments_raw"] == "{}" for choice in result["choices"] for call in choice["tool_calls"]):
            result["error"] = {**said, "phase": "stream", "raised": "thrown"}

    faulty.change_result(parse)


FORGETTING: dict[str, Callable[[], None]] = {
    "SSE-48b": takes_any_end_for_the_end,
    "ND-06": drops_a_line_without_its_end,
    "GM-10": takes_thoughts_for_text,
    "GM-15b": gives_an_absent_index_its_own_candidate,
    "GM-16": takes_any_end_for_the_end,
    "OM-06": keeps_the_last_piece_only,
    "OM-17": takes_any_end_for_the_end,
    "OM-19": reads_no_message_on_the_last_line,
    "OC-12": trims_pieces,
    "OC-32b": refuses_keys_that_it_does_not_know,
    "OL-07b": trims_pieces,
    "OR-34": refuses_new_types_of_responses,
    "AM-11b": parses_no_pieces,
    "AM-21b": refuses_new_types_of_messages,
    "WA-05": trims_pieces,
    "MI-12": takes_thoughts_for_text,
    "MI-13": faulty.FAULTS["always-says-stop"],
}

if __name__ == "__main__":
    FORGETTING[sys.argv[1]]()
    adapter.main()
