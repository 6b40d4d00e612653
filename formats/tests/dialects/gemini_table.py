"""Streams of gemini: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import gemini

from .openai_chat_table import EVENTS, HTML, row
from .streams import DONE
from .table import Path, Row, Table


def counts(given: Any = 4, made: Any = ..., total: Any = ..., **fields: Any) -> dict[str, Any]:
    if total is ...:
        total = given + (0 if made is ... else made)
    whole = {"promptTokenCount": given, "candidatesTokenCount": made, "totalTokenCount": total, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def chunk(*candidates: Any, **fields: Any) -> dict[str, Any]:
    """A chunk; a field given as ... is left out."""
    whole = {
        "candidates": list(candidates) or ...,
        "usageMetadata": counts(),
        "modelVersion": "m",
        "responseId": "r",
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def candidate(*parts: Any, finish: Any = ..., index: Any = 0, **fields: Any) -> dict[str, Any]:
    whole = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish, "index": index, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def say(text: Any, index: Any = 0, **fields: Any) -> dict[str, Any]:
    return chunk(candidate({"text": text}, index=index), **fields)


def finish(reason: Any = "STOP", index: Any = 0, **fields: Any) -> dict[str, Any]:
    return chunk(candidate({"text": ""}, finish=reason, index=index), **{"usageMetadata": counts(4, 2), **fields})


def call(name: Any = "f", args: Any = MappingProxyType({}), **fields: Any) -> dict[str, Any]:
    """A part with a call; a field given as ... is left out."""
    function = {"name": name, "args": dict(args) if isinstance(args, Mapping) else args, **fields}
    return {"functionCall": {key: value for key, value in function.items() if value is not ...}}


def called(*parts: Any, **fields: Any) -> dict[str, Any]:
    return chunk(candidate(*parts), **fields)


def error(**fields: Any) -> dict[str, Any]:
    return {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE", **fields}}


def compact(item: Any) -> str:
    return json.dumps(item, separators=(",", ":"))


HI, BYE = say("Hi"), finish()
BLOCK = chunk(promptFeedback={"blockReason": "SAFETY"})

BREAKING: list[Row] = [
    row("GM-01 SSE-40", "another content type", HI, BYE, head=HTML),
    row("GM-01 SSE-40", "another status", HI, BYE, head=ResponseHead(status=206, headers=EVENTS.headers)),
    row("GM-01", "an array", HI, f"[{compact(HI)}]", BYE),
    row("GM-01", "a text that is a number", HI, say(5), BYE),
    row("GM-01", "candidates of an object", HI, chunk(candidates={}), BYE),
    row("GM-01", "a piece of arguments that is a text", called(call(partialArgs=["Oslo"])), BYE),
    row("GM-01", "a number as a piece of a text", called(call(partialArgs=[{"jsonPath": "$.a", "stringValue": 5}])), BYE),
    row("GM-01", "a finishReason of a number", HI, chunk(candidate(finish=1)), BYE),
    row("GM-02", "a terminator", HI, BYE, DONE),
    row("GM-02", "no JSON", HI, "Hi", BYE),
    row("GM-03 SSE-13", "no blank", HI, f"data:{compact(BYE)}\n\n".encode()),
    row("GM-04", "a comment", b": hello\n\n", HI, BYE),
    row("GM-04", "a comment in a block", b": hello\n", HI, BYE),
    row("GM-04", "an event field", b"event: message\n", HI, BYE),
    row("GM-04 SSE-27b", "an id field", b"id: 1\n", HI, BYE),
    row("GM-04", "a retry field", b"retry: 5\n", HI, BYE),
    row("GM-02 GM-05 SSE-26", "two events in one", HI, f"data: {compact(HI)}\ndata: {compact(HI)}\n\n".encode(), BYE),
    row("GM-05 GM-08 SSE-26", "the last event is not closed", HI, f"data: {compact(BYE)}\n".encode()),
    row("SSE-06", "line ends of two characters", f"data: {compact(HI)}\r\n\r\ndata: {compact(BYE)}\r\n\r\n".encode()),
    row("GM-06", "nothing in it", HI, chunk(usageMetadata=...), BYE),
    row("GM-07 GM-07", "a block and candidates", BLOCK, HI, BYE),
    row("GM-07 GM-07", "a block after a candidate", HI, chunk(candidate(finish="STOP"), promptFeedback={"blockReason": "OTHER"})),
    row("GM-08", "no finishReason", HI),
    row("GM-08", "nothing", b""),
    row("GM-08", "an empty finishReason", HI, finish("")),
    row("GM-08", "one of two candidates goes on", HI, say("b", 1), BYE),
    row("GM-08b", "a finishReason twice", HI, chunk(candidate(finish="STOP")), chunk(candidate(finish="STOP"))),
    row("GM-09", "text after the finishReason", HI, BYE, say("!", usageMetadata=counts(4, 3))),
    row("GM-08b GM-09", "a finishReason in each chunk", chunk(candidate({"text": "Hi"}, finish="STOP")), BYE),
    row("GM-11", "args of a text", called(call(args="{}")), BYE),
    row("GM-11b", "no name", called(call(...)), BYE),
    row("GM-11b", "the rest of a call is missing", called(call(args=..., willContinue=True)), BYE),
    row("GM-11c", "a reason of its own for tools", called(call()), finish("TOOL_CALLS")),
    row("GM-12", "two ids", HI, finish(responseId="s")),
    row("GM-12", "two models", HI, finish(modelVersion="n")),
    row("GM-13", "no counts", say("Hi", usageMetadata=...), finish(usageMetadata=...)),
    row("GM-13", "counts in an earlier chunk only", HI, finish(usageMetadata=...)),
    row("GM-13", "counts that go down", say("Hi", usageMetadata=counts(5)), BYE),
    row("GM-13b", "a total that is no sum", HI, finish(usageMetadata=counts(4, 2, 7))),
    row("GM-15", "two candidates of one index", chunk(candidate({"text": "a"}), candidate({"text": "b"})), BYE),
    row("GM-15", "two candidates without an index", chunk(candidate({"text": "a"}, index=...), candidate({"text": "b"}, index=...)), BYE),
    row("GM-17 SSE-08", "a raw separator", f"data: {compact(say('@'))}\n\n".replace("@", "\u2028").encode(), BYE),
    row("GM-18", "an error after another key", HI, {"responseId": "r", **error()}),
]  # fmt: skip

THOUGHT = {"text": "I should look it up.", "thought": True}
WEATHER = call("get_weather", {"city": "Oslo"}, id="fc-1")
KEEPING: list[Row] = [
    row("GM-01 GM-02 GM-03 GM-04 GM-05 GM-06 GM-08 GM-08b GM-09 GM-12 GM-13 GM-13b", "an answer", HI, say(" there"), BYE, head=EVENTS),
    row("GM-06", "counts only", HI, BYE, chunk(usageMetadata=counts(4, 2))),
    row("GM-07", "a blocked prompt", BLOCK),
    row("GM-07", "feedback without a block", chunk(candidate({"text": "Hi"}), promptFeedback={"safetyRatings": []}), BYE),
    row("GM-08", "a candidate without parts", HI, chunk({"finishReason": "STOP", "index": 0}, usageMetadata=counts(4, 2))),
    row("GM-08", "a candidate with empty content", HI, chunk(candidate(finish="SAFETY", content={}))),
    row("GM-08 GM-15", "two candidates", chunk(candidate({"text": "a"}), candidate({"text": "b"}, index=1)), finish(index=1), finish()),
    row("GM-08 GM-18", "an error after text", HI, error()),
    row("GM-11 GM-11b GM-11c", "a thought and a call", chunk(candidate(THOUGHT)), called({**WEATHER, "thoughtSignature": "c2ln"}), BYE),
    row("GM-11 GM-11b", "two calls in one chunk, one without args", called(WEATHER, call(args=...)), BYE),
    row(
        "GM-11b", "a call in pieces",
        called(call("f", ..., willContinue=True)),
        called(call(..., ..., partialArgs=[{"jsonPath": "$.city", "stringValue": "Os"}], willContinue=True)),
        called(call(..., ..., partialArgs=[{"jsonPath": "$.city", "stringValue": "lo"}, {"jsonPath": "$.at.day", "numberValue": 2.5}], willContinue=True)),
        called(call(..., ...)),
        BYE),
    row("GM-11c", "cut off after a call", called(call()), finish("MAX_TOKENS")),
    row("GM-13b", "all kinds of counts", HI, finish(usageMetadata=counts(4, 2, 16, thoughtsTokenCount=7, toolUsePromptTokenCount=3, cachedContentTokenCount=2))),
    row("GM-17", "an escaped separator", say("\u2028\u0085"), BYE),
    row("GM-14", "a signature behind the text", HI, chunk(candidate({"text": "", "thoughtSignature": "c2ln"}, finish="STOP"), usageMetadata=counts(4, 2))),
    row("GM-01 GM-19", "unknown fields and reasons", say("Hi", createTime="2026-11-20T09:00:00Z"), finish("NEW_REASON", x=1)),
]  # fmt: skip

EXAMPLES = {
    "min": row("", "", HI, say(" there"), BYE)[2],
    "tool": row("", "", chunk(candidate(THOUGHT)), called(WEATHER), BYE)[2],
    "blocked": row("", "", BLOCK)[2],
}

PATHS: list[Path] = [
    (),
    ("candidates",),
    ("candidates", 0),
    ("candidates", 0, "index"),
    ("candidates", 0, "finishReason"),
    ("candidates", 0, "content"),
    ("candidates", 0, "content", "role"),
    ("candidates", 0, "content", "parts"),
    ("candidates", 0, "content", "parts", 0),
    ("candidates", 0, "content", "parts", 0, "text"),
    ("candidates", 0, "content", "parts", 0, "thought"),
    ("candidates", 0, "content", "parts", 0, "functionCall"),
    ("candidates", 0, "content", "parts", 0, "functionCall", "id"),
    ("candidates", 0, "content", "parts", 0, "functionCall", "name"),
    ("candidates", 0, "content", "parts", 0, "functionCall", "args"),
    ("candidates", 0, "content", "parts", 0, "functionCall", "willContinue"),
    ("candidates", 0, "content", "parts", 0, "functionCall", "partialArgs"),
    ("candidates", 0, "content", "parts", 0, "functionCall", "partialArgs", 0),
    ("candidates", 0, "content", "parts", 0, "functionCall", "partialArgs", 0, "jsonPath"),
    ("promptFeedback",),
    ("promptFeedback", "blockReason"),
    ("usageMetadata",),
    ("usageMetadata", "promptTokenCount"),
    ("usageMetadata", "totalTokenCount"),
    ("modelVersion",),
    ("responseId",),
    ("error",),
    ("error", "code"),
    ("error", "status"),
]

TABLE = Table(
    rules=gemini.RULES,
    counts={"MUST": (11, 4, 1, 6), "SHOULD": (11, 1, 0, 0), "MAY": (2, 0, 1, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    paths=PATHS,
)
