"""The reference client's reading of gemini: what a stream comes to, however it is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.stream import ChatStream

Json = Any


def event(chunk: Json) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


def say(*parts: Json, **fields: Json) -> str:
    return event({"candidates": [{"content": {"parts": list(parts), "role": "model"}, **fields}]})


HI = say({"text": "Hi"})
END = event({"candidates": [{"finishReason": "STOP"}]})
COUNTS = event({"usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 5}})
BUSY = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}
TABLE = {
    "an answer": (HI + say({"text": " 你"}) + END, [("Hi 你", None, "STOP", [])], None),
    "counts": (HI + COUNTS + END, [("Hi", None, "STOP", [])], None),
    "parts of all kinds": (
        say({"text": "hm", "thought": True}, {"text": "Hi"}, {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}})
        + say({"functionCall": {"name": "f"}})
        + END,
        [("Hi", "hm", "STOP", [("a", "f", {"x": 1}), (None, "f", {})])],
        None,
    ),
    "two candidates": (
        say({"text": "b"}, index=1, finishReason="STOP") + HI + END,
        [("Hi", None, "STOP", []), ("b", None, "STOP", [])],
        None,
    ),
    "content without parts": (HI + event({"candidates": [{"content": {}, "finishReason": "SAFETY"}]}), [("Hi", None, "SAFETY", [])], None),
    "a block": (event({"promptFeedback": {"blockReason": "SAFETY"}}), [], None),
    "no reason": (HI, [("Hi", None, None, [])], "incomplete_stream"),
    "nothing": ("", [], "incomplete_stream"),
    "a reason that is none": (HI + event({"candidates": [{"finishReason": ""}]}), [("Hi", None, None, [])], "incomplete_stream"),
    "an event that is cut off": (HI + END[:-1], [("Hi", None, None, [])], "incomplete_stream"),
    "an error": (HI + event(BUSY), [("Hi", None, None, [])], "UNAVAILABLE"),
    "a terminator": (HI + END + "data: [DONE]\n\n", [("Hi", None, "STOP", [])], "malformed_event"),
    "args of a text": (HI + say({"functionCall": {"name": "f", "args": "{}"}}), [("Hi", None, None, [])], "malformed_event"),
}  # fmt: skip


def played(pieces: list[bytes]) -> tuple[Json, str | None]:
    stream = ChatStream("gemini", {})
    error = None
    try:
        for piece in pieces:
            list(stream.receive(piece))
        list(stream.end())
    except ClientError as raised:
        error = raised.type
    return stream.report(), error


@pytest.mark.parametrize("name", TABLE)
def test_what_a_stream_comes_to(name: str) -> None:
    text, expected, error = TABLE[name]
    data = text.encode()
    for pieces in (
        [data],
        [data[i : i + 1] for i in range(len(data))],
        *([data[:i], data[i:]] for i in range(len(data))),
    ):
        report, raised = played(pieces)
        assert raised == error
        found = [
            (
                choice["text"],
                choice["reasoning"],
                choice["finish_reason"],
                [(call["id"], call["name"], call["arguments_json"]) for call in choice["tool_calls"]],
            )
            for choice in report["choices"]
        ]
        assert found == expected
    assert report["usage"] == ({"input": 3, "output": None, "total": 5} if name == "counts" else None)
