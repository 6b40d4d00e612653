"""Streams of workers-ai: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

from typing import Any

from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import workers_ai

from . import examples
from .openai_chat_table import EVENTS, JSON, row
from .streams import DONE, chunk, usage
from .table import Path, Row, Table

HI = {"response": "Hi"}


def calls(*pieces: Any, **fields: Any) -> dict[str, Any]:
    return {"tool_calls": list(pieces), **fields}


def piece(**fields: Any) -> dict[str, Any]:
    """A tool call in the shape of OpenAI; a field given as ... is left out."""
    whole = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


SENTINEL = {"id": None, "type": None, "function": {"name": None, "arguments": ""}}
OTHER_STATUS = ResponseHead(status=206, headers=EVENTS.headers)
PRICED = {"response": "", "usage": usage()}
CALLED = {"response": "", "finish_reason": "tool_calls"}

BREAKING: list[Row] = [
    row("SSE-40 WA-01", "another status", HI, DONE, head=OTHER_STATUS),
    row("WA-02", "no JSON", HI, "Hi", DONE),
    row("WA-02", "an array", HI, "[]", DONE),
    row("WA-03", "no terminator", HI),
    row("WA-02 WA-03", "more than the terminator", HI, "[DONE]x"),
    row("WA-03b", "a second terminator", HI, DONE, DONE),
    row("WA-03b", "text after the terminator", HI, DONE, HI),
    row("WA-04", "a number as response", HI, {"response": 5}, DONE),
    row("WA-04", "an object as response", {"response": {"a": 1}}, DONE),
    row("WA-06", "padding only", HI, {"p": "abc"}, DONE),
    row("WA-06", "an error, which no document knows", HI, {"error": {"message": "bad"}}, DONE),
    row("WA-03 WA-06", "an error in Cloudflare's envelope", HI, {"errors": [{"code": 3040, "message": "full"}]}),
    row("WA-06", "chunks in the shape of OpenAI", chunk(), DONE),
    row("WA-07", "usage before text", PRICED, HI, DONE),
    row("WA-07", "usage twice", HI, PRICED, PRICED, DONE),
    row("WA-07", "usage beside text", {"response": "Hi", "usage": usage()}, DONE),
    row("WA-08", "a wrong total", HI, {"response": "", "usage": usage(1, 2, 4)}, DONE),
    row("WA-08", "a text as a count", HI, {"response": "", "usage": usage("1")}, DONE),
    row("WA-10", "text in both shapes", {"response": "Hi", "choices": []}, DONE),
    row("WA-11", "no id", calls(piece(id=...)), CALLED, DONE),
    row("WA-11", "a first index of 1", calls(piece(index=1)), CALLED, DONE),
    row("WA-11", "an index that is a text", calls(piece(index="0")), CALLED, DONE),
    row("WA-11", "arguments that are no JSON", calls(piece(function={"name": "f", "arguments": "{"})), CALLED, DONE),
    row("WA-11 WA-11", "no type", calls(piece(type=...)), CALLED, DONE),
    row("WA-11", "tool_calls that is an object", calls() | {"tool_calls": {}}, DONE),
    row("WA-12", "a number as name", calls({"name": 5, "arguments": {}}), DONE),
    row("WA-12", "no name", calls({"arguments": {}}), DONE),
    row(
        "WA-12b WA-12b WA-12b",
        "arguments in two chunks",
        calls({"name": "f", "arguments": '{"a"'}),
        calls({"arguments": ":1}"}),
        DONE,
    ),
    row("SSE-27b WA-13", "an id", b'id: 1\ndata: {"response":"Hi"}\n\n', DONE),
    row("WA-13", "an event field", b'event: x\ndata: {"response":"Hi"}\n\n', DONE),
    row("WA-14", "a space before the text, in every chunk", '{"response": "Hi"}', '{"response": "Hi"}', DONE),
    row("WA-14", "a quote as \\u0022", '{"response":"a\\u0022"}', DONE),
]

KEEPING: list[Row] = [
    row("WA-01", "the right head", HI, DONE, head=EVENTS),
    row("WA-03", "an answer in one piece, as it was asked for", b"{}", head=JSON, request={"stream": False}),
    row("WA-02 WA-03 WA-03b WA-04 WA-06 WA-10 WA-14", "a plain answer", HI, {"response": " there"}, DONE),
    row("WA-04", "no text and null", {"response": ""}, {"response": None}, HI, DONE),
    row("WA-07 WA-08 WA-09", "usage and padding", HI | {"p": "abc"}, PRICED | {"p": ""}, DONE),
    row(
        "WA-11",
        "a call in pieces, closed",
        calls(piece(index=0, function={"name": "f", "arguments": '{"a"'})),
        calls({"index": 0, "function": {"arguments": ":1}"}}),
        calls(SENTINEL),
        CALLED,
        DONE,
    ),
    row("WA-11", "two calls", calls(piece(index=0), piece(index=1, id="b")), CALLED, DONE),
    row(
        "WA-12 WA-12b",
        "two calls in the older shape",
        calls({"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": "{}"}),
        PRICED,
        DONE,
    ),
    row("WA-13", "a retry field", b'retry: 5\ndata: {"response":"Hi"}\n\n', DONE),
    row("WA-14", "a quote as JSON has it, and a text about \\\\u0022", {"response": '"\\\\\\\\u0022'}, DONE),
    row("WA-15", "any finish reason", HI, {"response": "", "finish_reason": "whatever"}, DONE),
]

PATHS: list[Path] = [
    (),
    ("response",),
    ("p",),
    ("usage",),
    ("usage", "total_tokens"),
    ("finish_reason",),
    ("error",),
    ("errors",),
    ("errors", 0),
    ("errors", 0, "message"),
    ("errors", 0, "code"),
    ("tool_calls",),
    ("tool_calls", 0),
    ("tool_calls", 0, "name"),
    ("tool_calls", 0, "arguments"),
    ("tool_calls", 0, "id"),
    ("tool_calls", 0, "type"),
    ("tool_calls", 0, "index"),
    ("tool_calls", 0, "function"),
    ("tool_calls", 0, "function", "name"),
    ("tool_calls", 0, "function", "arguments"),
]

TABLE = Table(
    rules=workers_ai.RULES,
    counts={"MUST": (2, 2, 0, 0), "SHOULD": (13, 0, 2, 0), "MAY": (2, 0, 0, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=examples.WORKERS_AI,
    paths=PATHS,
)
