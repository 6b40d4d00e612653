"""What the reference client makes of further dialects: a table, each stream whole and byte by byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.stream import ChatStream

Json = Any
DONE = "data: [DONE]\n\n"


def event(data: Json, name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def completion(text: Json, finish: Json = None, index: int = 0, **more: Json) -> str:
    return event({"choices": [{"text": text, "index": index, "finish_reason": finish}], **more})


def chunk(delta: Json, finish: Json = None, **more: Json) -> str:
    return event({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


def cohere(name: str, **fields: Json) -> str:
    return event({"type": name, **fields}, name)


def piece(**content: Json) -> str:
    return cohere("content-delta", index=0, delta={"message": {"content": content}})


def call_start(index: Json, call: Json) -> str:
    return cohere("tool-call-start", index=index, delta={"message": {"tool_calls": call}})


def arguments(index: Json, text: str) -> str:
    return cohere("tool-call-delta", index=index, delta={"message": {"tool_calls": {"function": {"arguments": text}}}})


def end(reason: Json, **delta: Json) -> str:
    return cohere("message-end", delta={"finish_reason": reason, **delta})


COUNTS = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
TOOL = {"function": {"name": "f", "arguments": {"a": 1}}}

# dialect, name: (stream, what choice 0 or the whole must be, error type or None)
TABLE: dict[tuple[str, str], tuple[str, Json, str | None]] = {
    ("openai-completions", "text in pieces"): (
        completion("Hel") + completion("lo", "length") + DONE,
        {"text": "Hello", "finish_reason": "length"},
        None,
    ),
    ("openai-completions", "usage in a chunk without choices"): (
        completion("a", "stop") + event({"choices": [], "usage": COUNTS}) + DONE,
        {"usage": {"input": 3, "output": 2, "total": 5}},
        None,
    ),
    ("openai-completions", "a cut"): (completion("Hel"), {"text": "Hel", "finish_reason": None}, "incomplete_stream"),
    ("openai-completions", "an error"): (
        completion("Hel") + event({"error": {"message": "m", "type": "server_error"}}),
        {"text": "Hel"},
        "server_error",
    ),
    ("openai-completions", "a number as text"): (completion(5), {}, "malformed_event"),
    ("mistral", "thinking and text in one list"): (
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hi"}]})
        + chunk({}, "stop", usage=COUNTS)
        + DONE,
        {"text": "Hi", "reasoning": "hm", "finish_reason": "stop"},
        None,
    ),
    ("mistral", "two calls without id and index"): (
        chunk({"tool_calls": [TOOL, {**TOOL, "id": "null"}]}, "tool_calls") + DONE,
        {
            "tool_calls": [
                {"id": None, "name": "f", "arguments_raw": '{"a":1}', "arguments_json": {"a": 1}},
                {"id": None, "name": "f", "arguments_raw": '{"a":1}', "arguments_json": {"a": 1}},
            ]
        },
        None,
    ),
    ("mistral", "a key error beside choices"): (
        chunk({"content": "Hi"}, "stop", error={"message": "m"}) + DONE,
        {"text": "Hi"},
        None,
    ),
    ("mistral", "an error"): (
        chunk({"content": "Hi"}) + event({"object": "error", "message": "m", "type": "server_error"}),
        {"text": "Hi"},
        "server_error",
    ),
    ("mistral", "a cut"): (chunk({"content": "Hi"}), {"text": "Hi"}, "incomplete_stream"),
    ("mistral", "texts as parts"): (chunk({"content": ["Hi"]}), {}, "malformed_event"),
    ("cohere-v2", "text and usage, no mark"): (
        piece(text="Hel")
        + piece(text="lo")
        + end("COMPLETE", usage={"tokens": {"input_tokens": 3.0, "output_tokens": 2}}),
        {"text": "Hello", "finish_reason": "COMPLETE", "usage": {"input": 3, "output": 2, "total": None}},
        None,
    ),
    ("cohere-v2", "thinking and a plan"): (
        piece(thinking="h")
        + cohere("tool-plan-delta", delta={"message": {"tool_plan": "m"}})
        + end("COMPLETE"),
        {"reasoning": "hm"},
        None,
    ),
    ("cohere-v2", "calls that mix"): (
        call_start(0, {"id": "a", "function": {"name": "f", "arguments": ""}})
        + call_start(1, {"id": "b", "function": {"name": "g", "arguments": ""}})
        + arguments(0, "{")
        + arguments(1, "[]")
        + arguments(0, "}")
        + end("TOOL_CALL"),
        {
            "tool_calls": [
                {"id": "a", "name": "f", "arguments_raw": "{}", "arguments_json": {}},
                {"id": "b", "name": "g", "arguments_raw": "[]", "arguments_json": []},
            ]
        },
        None,
    ),
    ("cohere-v2", "an event that is new"): (
        cohere("mood", delta={"message": {"content": {"text": "no"}}}) + piece(text="Hi") + end("COMPLETE"),
        {"text": "Hi"},
        None,
    ),
    ("cohere-v2", "an error"): (piece(text="Hi") + end("ERROR", error="m"), {"text": "Hi", "finish_reason": "ERROR"}, "ERROR"),
    ("cohere-v2", "the mark alone"): (piece(text="Hi") + DONE, {"text": "Hi"}, "incomplete_stream"),
    ("cohere-v2", "a cut"): (piece(text="Hi"), {"text": "Hi"}, "incomplete_stream"),
    ("cohere-v2", "no type"): (event({"delta": {}}), {}, "malformed_event"),
}  # fmt: skip


@pytest.mark.parametrize("size", [1 << 20, 1])
@pytest.mark.parametrize("name", TABLE, ids=[" ".join(name) for name in TABLE])
def test_a_stream_means_the_same_however_it_is_cut(name: tuple[str, str], size: int) -> None:
    text, expected, fault = TABLE[name]
    stream = ChatStream(name[0], {})
    data = text.encode()
    said: list[Any] = []
    error = None
    try:
        for start in range(0, len(data), size):
            said += stream.receive(data[start : start + size])
        said += stream.end()
    except ClientError as raised:
        error = raised.type
    assert error == fault
    report = stream.report()
    choice = report["choices"][0] if report["choices"] else {}
    for key, value in expected.items():
        assert (report if key == "usage" else choice)[key] == value
    assert "".join(delta.text for delta in said if delta.kind == "text") == (choice.get("text") or "")
