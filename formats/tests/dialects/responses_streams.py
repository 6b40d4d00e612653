"""Writes streams of openai-responses for the tables of these tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

DONE = "[DONE]"
ASKED = {"model": "m", "input": "x", "stream": True}

Event = dict[str, Any] | str | bytes


def written(*events: Event, named: bool = True, first: int = 0) -> bytes:
    """The events as a body: numbered where they have no number, under their names; a field given as ... is left out.

    Texts are data as they are, bytes are bytes as they are; neither takes a number.
    """
    parts, number = [], first
    for event in events:
        if isinstance(event, bytes):
            parts.append(event)
            continue
        if isinstance(event, str):
            parts.append(f"data: {event}\n\n".encode())
            continue
        fields = {"type": event["type"], "sequence_number": number, **event}
        fields = {key: value for key, value in fields.items() if value is not ...}
        if type(fields.get("sequence_number")) is int:
            number = fields["sequence_number"]
        number += 1
        name = f"event: {fields['type']}\n" if named and isinstance(fields.get("type"), str) else ""
        parts.append(f"{name}data: {json.dumps(fields, separators=(',', ':'))}\n\n".encode())
    return b"".join(parts)


def response(status: str = "in_progress", output: Sequence[Any] = (), /, **fields: Any) -> dict[str, Any]:
    """The response as an event shows it; a field given as ... is left out."""
    whole = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "m",
        "output": list(output),
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def usage(given: Any = 1, made: Any = 2, total: Any = 3, **fields: Any) -> dict[str, Any]:
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": total,
        **fields,
    }


def life(name: str, *output: Any, **fields: Any) -> dict[str, Any]:
    """An event that shows the response; `fields` are the response's."""
    status = "in_progress" if name == "created" else name
    return {"type": f"response.{name}", "response": response(status, output, **fields)}


def completed(*output: Any, **fields: Any) -> dict[str, Any]:
    return life("completed", *output, **{"usage": usage(), **fields})


def incomplete(*output: Any, reason: Any = "max_output_tokens", **fields: Any) -> dict[str, Any]:
    return life("incomplete", *output, **{"incomplete_details": {"reason": reason}, **fields})


def failed(*output: Any, **fields: Any) -> dict[str, Any]:
    return life("failed", *output, **{"error": {"code": "server_error", "message": "m"}, **fields})


CREATED = life("created")
QUEUED = life("queued")
RUNNING = life("in_progress")
KEEPALIVE = {"type": "keepalive"}


def event(kind: str, /, index: Any = 0, item: Any = "i0", **fields: Any) -> dict[str, Any]:
    """An event of an item; a field given as ... is left out."""
    return {"type": f"response.{kind}", "item_id": item, "output_index": index, **fields}


def added(item: Any, index: Any = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: Any, index: Any = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


def text_part(text: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": [], **fields}


def refusal_part(text: str = "") -> dict[str, Any]:
    return {"type": "refusal", "refusal": text}


def reasoning_part(text: str = "") -> dict[str, Any]:
    return {"type": "reasoning_text", "text": text}


def message(*parts: Any, status: str = "completed", number: int = 0, **fields: Any) -> dict[str, Any]:
    whole = {
        "id": f"i{number}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": list(parts),
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def call(arguments: Any = "", status: str = "completed", number: int = 0, **fields: Any) -> dict[str, Any]:
    whole = {
        "id": f"i{number}",
        "type": "function_call",
        "status": status,
        "call_id": f"call_{number}",
        "name": "f",
        "arguments": arguments,
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def reasoning(*summary: str, status: str = "completed", number: int = 0, **fields: Any) -> dict[str, Any]:
    parts = [{"type": "summary_text", "text": text} for text in summary]
    return {"id": f"i{number}", "type": "reasoning", "status": status, "summary": parts, **fields}


def hosted(kind: str, status: str = "completed", number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"id": f"i{number}", "type": kind, "status": status, **fields}


def part_added(part: Any, place: Any = 0, number: int = 0) -> dict[str, Any]:
    return event("content_part.added", number, f"i{number}", content_index=place, part=part)


def part_done(part: Any, place: Any = 0, number: int = 0) -> dict[str, Any]:
    return event("content_part.done", number, f"i{number}", content_index=place, part=part)


def delta(
    text: Any = "Hi", place: Any = 0, number: int = 0, kind: str = "output_text", **fields: Any
) -> dict[str, Any]:
    more = {"logprobs": []} if kind == "output_text" else {}
    return event(f"{kind}.delta", number, f"i{number}", **{"content_index": place, "delta": text, **more, **fields})


def whole(
    text: Any = "Hi", place: Any = 0, number: int = 0, kind: str = "output_text", **fields: Any
) -> dict[str, Any]:
    more = {"logprobs": []} if kind == "output_text" else {}
    key = "refusal" if kind == "refusal" else "text"
    return event(f"{kind}.done", number, f"i{number}", **{"content_index": place, key: text, **more, **fields})


def said(*pieces: str, place: int = 0, number: int = 0) -> list[Event]:
    """A part of text, all of it."""
    text = "".join(pieces)
    return [
        part_added(text_part(), place, number),
        *(delta(piece, place, number) for piece in pieces),
        whole(text, place, number),
        part_done(text_part(text), place, number),
    ]


def spoken(*pieces: str, number: int = 0) -> list[Event]:
    """A message of one part, all of it."""
    return [
        added(message(status="in_progress", number=number), number),
        *said(*pieces, number=number),
        done(message(text_part("".join(pieces)), number=number), number),
    ]


def arguments(text: Any, number: int = 0, **fields: Any) -> dict[str, Any]:
    return event("function_call_arguments.delta", number, f"i{number}", delta=text, **fields)


def all_arguments(text: Any, number: int = 0, **fields: Any) -> dict[str, Any]:
    return event("function_call_arguments.done", number, f"i{number}", arguments=text, name="f", **fields)


def called(*pieces: str, number: int = 0) -> list[Event]:
    """A function call, all of it."""
    text = "".join(pieces)
    return [
        added(call(status="in_progress", number=number), number),
        *(arguments(piece, number) for piece in pieces),
        all_arguments(text, number),
        done(call(text, number=number), number),
    ]


def summary(name: str, /, place: Any = 0, **fields: Any) -> dict[str, Any]:
    return event(f"reasoning_summary_{name}", summary_index=place, **fields)


SUMMED: list[Event] = [
    summary("part.added", part={"type": "summary_text", "text": ""}),
    summary("text.delta", delta="So"),
    summary("text.done", text="So"),
    summary("part.done", part={"type": "summary_text", "text": "So"}),
]
REASONED: list[Event] = [added(reasoning(status="in_progress")), *SUMMED, done(reasoning("So"))]
"""A reasoning item with a summary, all of it."""

START: list[Event] = [CREATED, RUNNING]
SAID = message(text_part("Hi"))
TEXT: list[Event] = [*START, *spoken("Hi"), completed(SAID)]
"""A whole stream: created, in_progress, added, part, delta, text done, part done, item done, completed."""
CALLED = call("{}")
CALL: list[Event] = [*START, *called("{}"), completed(CALLED)]
"""A whole stream: created, in_progress, added, arguments, done, item done, completed."""


def changed(events: Sequence[Event], place: int, *others: Event) -> list[Event]:
    """The events with the one at a place (from 0, or from the end) replaced by others, or left out."""
    at = place % len(events)
    return [*events[:at], *others, *events[at + 1 :]]


def before(events: Sequence[Event], place: int, *others: Event) -> list[Event]:
    """The events with others put before the one at a place."""
    at = place % len(events)
    return [*events[:at], *others, *events[at:]]


def asked(**fields: Any) -> dict[str, Any]:
    """A request that streams, with these fields."""
    return {**ASKED, **fields}
