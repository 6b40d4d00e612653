"""The reference client's reading of openai-responses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.stream import ChatStream

Json = Any


def event(kind: str | None, name: str | None = None, **fields: Json) -> str:
    data = {"type": kind, **fields} if kind else fields
    head = f"event: {name or kind}\n" if name or kind else ""
    return f"{head}data: {json.dumps(data)}\n\n"


def added(item: Json, index: int = 0) -> str:
    return event("response.output_item.added", output_index=index, item=item)


def done(item: Json, index: int = 0) -> str:
    return event("response.output_item.done", output_index=index, item=item)


def text(piece: Json, index: Json = 0, kind: str = "output_text", **fields: Json) -> str:
    where = {"output_index": index, "content_index": 0, "item_id": f"i{index}"}
    return event(f"response.{kind}.delta", **{**where, "delta": piece, **fields})


def completed(*output: Json, step: str = "completed", **fields: Json) -> str:
    return event(f"response.{step}", response={"id": "r", "status": step, "output": list(output), **fields})


def said(words: str) -> Json:
    return {"type": "message", "id": "i0", "content": [{"type": "output_text", "text": words}]}


def called(arguments: str = "", **fields: Json) -> Json:
    return {"type": "function_call", "id": "i0", "call_id": "c", "name": "f", "arguments": arguments, **fields}


MESSAGE = added({"type": "message", "id": "i0", "content": []})
END = completed(usage={"input_tokens": 3, "output_tokens": 2, "total_tokens": 5})
CALL: Json = {"id": "c", "name": "f", "arguments_raw": "{}", "arguments_json": {}}
ARGUMENTS = event("response.function_call_arguments.delta", output_index=0, item_id="i0", delta="{}")

# A stream; what the choice, or the whole, says; the type of the error.
TABLE: dict[str, tuple[str, Json, str | None]] = {
    "a text": (MESSAGE + text("Hel") + text("lo") + END, {"text": "Hello", "finish_reason": "completed"}, None),
    "usage": (MESSAGE + text("a") + END, {"usage": {"input": 3, "output": 2, "total": 5}}, None),
    "a text and its whole": (MESSAGE + text("Hello") + done(said("Hello")) + END, {"text": "Hello"}, None),
    "the whole alone": (
        MESSAGE + event("response.output_text.done", output_index=0, content_index=0, text="Hello") + END,
        {"text": "Hello"},
        None,
    ),
    "the item alone": (done(said("Hello")) + END, {"text": "Hello"}, None),
    "the response alone": (completed(said("Hello")), {"text": "Hello"}, None),
    "a refusal": (MESSAGE + text("No", kind="refusal") + END, {"refusal": "No", "text": None}, None),
    "reasoning": (text("So", kind="reasoning_text") + text("Hi", 1) + END, {"reasoning": "So", "text": "Hi"}, None),
    "a summary": (text("So", kind="reasoning_summary_text", summary_index=0) + END, {"reasoning": "So"}, None),
    "a call": (added(called()) + ARGUMENTS + END, {"tool_calls": [CALL]}, None),
    "a call in one piece": (added(called()) + done(called("{}")) + END, {"tool_calls": [CALL]}, None),
    "a call without places": (
        event("response.output_item.added", item=called())
        + event("response.function_call_arguments.delta", item_id="i0", delta="{}")
        + END,
        {"tool_calls": [CALL]},
        None,
    ),
    "cut short": (
        MESSAGE + text("Hi") + completed(step="incomplete", incomplete_details={"reason": "max_output_tokens"}),
        {"text": "Hi", "finish_reason": "max_output_tokens"},
        None,
    ),
    "a failure": (
        MESSAGE + text("Hi") + completed(step="failed", error={"code": "server_error", "message": "m"}),
        {"text": "Hi"},
        "stream_error",
    ),
    "a failure without a reason": (completed(step="failed", error=None), {"choices": []}, "response_failed"),
    "a nested error": (MESSAGE + event("error", error={"type": "t", "message": "m"}), {"choices": []}, "t"),
    "a flat error without its event field": (
        f"data: {json.dumps({'type': 'error', 'message': 'm', 'code': 'c', 'param': None})}\n\n",
        {"choices": []},
        "error",
    ),
    "no end": (MESSAGE + text("Hi"), {"text": "Hi", "finish_reason": None}, "incomplete_stream"),
    "a mark and no end": (MESSAGE + text("Hi") + "data: [DONE]\n\n", {"text": "Hi"}, "incomplete_stream"),
    "a mark after the end": (MESSAGE + text("Hi") + END + "data: [DONE]\n\n", {"text": "Hi"}, None),
    "unknown types": (MESSAGE + event("keepalive") + event("response.x") + text("Hi") + END, {"text": "Hi"}, None),
    "a number as delta": (MESSAGE + text(5), {"choices": []}, "malformed_event"),
    "a response that is a text": (event("response.completed", response="x"), {"choices": []}, "malformed_event"),
}  # fmt: skip


def holds(expected: Json, found: Json) -> bool:
    return all(found.get(key) == value for key, value in expected.items())


@pytest.mark.parametrize(("stream", "expected", "error"), TABLE.values(), ids=TABLE)
def test_what_a_stream_comes_to(stream: str, expected: Json, error: str | None) -> None:
    data = stream.encode()
    for size in (len(data), 1, 7):
        reader = ChatStream("openai-responses", {})
        raised = None
        try:
            for start in range(0, len(data), size):
                list(reader.receive(data[start : start + size]))
                if reader.done:
                    break
            list(reader.end())
        except ClientError as fault:
            raised = fault
        report = reader.report()
        assert (raised.type if raised else None) == error
        whole = report if {"choices", "usage"} & expected.keys() else report["choices"][0]
        assert holds(expected, whole), report
