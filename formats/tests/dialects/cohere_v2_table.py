"""Streams of cohere-v2: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

import json
from typing import Any

from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage
from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import cohere_v2

from .openai_chat_table import EVENTS, HTML, JSON, row
from .streams import DONE
from .table import Path, Row, Table


def event(name: str, index: Any = None, named: str | None = None, **fields: Any) -> bytes:
    """An event of this type; `named` is its name, where it is another."""
    data = {"type": name, **({} if index is None else {"index": index}), **fields}
    line = f"event: {name if named is None else named}\n" if named != "" else ""
    return f"{line}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def message(**fields: Any) -> dict[str, Any]:
    return {"delta": {"message": fields}}


START = event(
    "message-start", id="c", **message(role="assistant", content=[], tool_plan="", tool_calls=[], citations=[])
)
USAGE = {"billed_units": {"input_tokens": 4, "output_tokens": 2}, "tokens": {"input_tokens": 70, "output_tokens": 4.0}}


def end(reason: Any = "COMPLETE", **fields: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE, **fields})


def open_block(index: int | None = 0, kind: str = "text", **fields: Any) -> bytes:
    return event("content-start", index, **message(content={"type": kind, kind: "", **fields}))


def piece(text: Any, index: int | None = 0, kind: str = "text") -> bytes:
    return event("content-delta", index, **message(content={kind: text}))


def close_block(index: int | None = 0) -> bytes:
    return event("content-end", index)


def block(text: str, index: int = 0, kind: str = "text") -> bytes:
    return open_block(index, kind) + piece(text, index, kind) + close_block(index)


def plan(text: str) -> bytes:
    return event("tool-plan-delta", **message(tool_plan=text))


def open_call(index: int | None = 0, arguments: Any = "", **fields: Any) -> bytes:
    """A field given as ... is left out."""
    function = {"name": fields.pop("name", "f"), "arguments": arguments}
    function = {key: value for key, value in function.items() if value is not ...}
    whole = {"id": f"c{index}", "type": "function", "function": function, **fields}
    return event(
        "tool-call-start", index, **message(tool_calls={key: item for key, item in whole.items() if item is not ...})
    )


def arguments(text: str, index: int | None = 0) -> bytes:
    return event("tool-call-delta", index, **message(tool_calls={"function": {"arguments": text}}))


def close_call(index: int | None = 0) -> bytes:
    return event("tool-call-end", index)


def call(index: int = 0, text: str = "{}") -> bytes:
    return open_call(index) + arguments(text, index) + close_call(index)


def cite(index: int | None = 0, **fields: Any) -> bytes:
    citation = {"start": 0, "end": 2, "text": "Hi", "sources": [], "type": "TEXT_CONTENT", **fields}
    return event("citation-start", index, **message(citations=citation))


def cited(index: int = 0, **fields: Any) -> bytes:
    return cite(index, **fields) + event("citation-end", index)


PLAIN = (START, block("Hi"), end(), DONE)
CALLED = end("TOOL_CALL")
EXAMPLES = {
    "min": b"".join((START, open_block(), piece("Hi"), piece(" there"), close_block(), end(), b"data: [DONE]\n\n")),
    "tool": b"".join(
        (
            START,
            plan("I will"),
            plan(" look it up."),
            open_call(id="get_weather_a1", name="get_weather"),
            arguments('{"city":'),
            arguments('"Oslo"}'),
            close_call(),
            CALLED,
        )
    ),
    "thinking": b"".join((START, block("hm", 0, "thinking"), block("Hi", 1), end(), b"data: [DONE]\n\n")),
    "citation": b"".join((START, open_block(), piece("Hi"), piece(" you"), cited(), close_block(), end())),
}
"""Streams that cohere-python was fed with, and that break nothing."""

BREAKING: list[Row] = [
    row("CO-01 SSE-40", "another status", *PLAIN, head=ResponseHead(status=206, headers=EVENTS.headers)),
    row("CO-20 SSE-40", "another content type", *PLAIN, head=HTML),
    row("CO-01", "no JSON", START, '{"type":', block("Hi"), end()),
    row("CO-01", "an array", START, "[1]", block("Hi"), end()),
    row("CO-01", "no type", START, b'event: content-delta\ndata: {"index":0}\n\n', block("Hi"), end()),
    row("CO-01", "a number as type", START, b'event: x\ndata: {"type":5}\n\n', block("Hi"), end()),
    row("CO-01", "a text as index", START, event("content-start", "0", **message(content={"type": "text", "text": ""})), piece("Hi", None), close_block(None), end()),
    row("CO-01 CO-07", "a number as text", START, open_block(), piece(5), close_block(), end()),
    row("CO-01", "a terminator in small letters", START, block("Hi"), "[done]", end()),
    row("CO-02", "no names, told once", *(part.split(b"\n", 1)[1] for part in (START, event("content-start", 0, **message(content={"type": "text"})), piece("Hi"), close_block(), end()))),
    row("CO-02", "another name", START, event("content-start", 0, "x", **message(content={"type": "text"})), close_block(), end()),
    row("CO-03", "no message-start", block("Hi"), end()),
    row("CO-03", "message-start twice", START, START, block("Hi"), end()),
    row("CO-03 CO-03", "message-start late", open_block(), START, close_block(), end()),
    row("CO-04", "no message-end", START, block("Hi"), DONE),
    row("CO-04", "a cut", START, open_block(), piece("Hi"), end="reset"),
    row("CO-04", "nothing at all"),
    row("CO-04", "message-end twice", START, block("Hi"), end(), end()),
    row("CO-04", "text after message-end", START, block("Hi"), end(), piece("more")),
    row("CO-04", "[DONE] twice", *PLAIN, DONE),
    row("CO-04", "an event after [DONE]", *PLAIN, event("debug", prompt="x")),
    row("CO-04 CO-04", "[DONE] before message-end", START, block("Hi"), DONE, end()),
    row("CO-05", "a piece without a start", START, piece("Hi"), end()),
    row("CO-05", "an end without a start", START, close_block(), end()),
    row("CO-05", "a piece after the end", START, block("Hi"), piece("more"), end()),
    row("CO-05", "a start inside a block", START, open_block(0, "thinking"), block("Hi", 1), end()),
    row("CO-05b", "another index", START, open_block(), piece("Hi", 1), close_block(), end()),
    row("CO-06", "two blocks of text", START, block("Hi"), block("Hi", 1), end()),
    row("CO-06", "thinking after the text", START, block("Hi"), block("hm", 1, "thinking"), end()),
    row("CO-06", "a first index of 1", START, block("Hi", 1), end()),
    row("CO-07", "thinking in a block of text", START, open_block(), piece("hm", 0, "thinking"), close_block(), end()),
    row("CO-07", "a piece with nothing", START, open_block(), event("content-delta", 0, **message(content={})), close_block(), end()),
    row("CO-08", "a plan after a call", START, call(), plan("more"), CALLED),
    row("CO-09", "a piece without a start", START, call(), arguments("{}", 1), CALLED),
    row("CO-09", "an end without a start", START, call(), close_call(1), CALLED),
    row("CO-09 CO-09b CO-10d", "a start inside its own call", START, open_call(), call(), CALLED),
    row("CO-09b", "a call that begins inside another", START, open_call(0), open_call(1), arguments("{}", 0), arguments("{}", 1), close_call(0), close_call(1), CALLED),
    row("CO-09b", "a gap in the indexes", START, call(0), call(2), CALLED),
    row("CO-01", "null as type of a call", START, open_call(type=None), arguments("{}"), close_call(), CALLED),
    row("CO-10", "no id", START, open_call(id=...), arguments("{}"), close_call(), CALLED),
    row("CO-10", "null as id", START, open_call(id=None), arguments("{}"), close_call(), CALLED),
    row("CO-10b", "no name", START, open_call(name=...), arguments("{}"), close_call(), CALLED),
    row("CO-10c", "all arguments at the start", START, open_call(0, "{}"), close_call(), CALLED),
    row("CO-10c", "no arguments at the start", START, open_call(0, ...), arguments("{}"), close_call(), CALLED),
    row("CO-10d", "arguments that are no JSON", START, call(0, '{"a"'), CALLED),
    row("CO-11", "an end without a start", START, open_block(), piece("Hi"), event("citation-end", 0), close_block(), end()),
    row("CO-11", "a citation that does not end", START, open_block(), piece("Hi"), cite(), close_block(), end()),
    row("CO-11b", "a first index of 1", START, open_block(), piece("Hi"), cited(1), close_block(), end()),
    row("CO-11b", "a citation after its block", START, block("Hi"), cited(), end()),
    row("CO-11b", "a citation before its text", START, open_block(), cited(), piece("Hi"), close_block(), end()),
    row("CO-11b", "a citation inside another", START, open_block(), piece("Hi"), cite(0), cited(1), event("citation-end", 0), close_block(), end()),
    row("CO-12", "another place", START, open_block(), piece("Oh Hi"), cited(start=0, end=2), close_block(), end()),
    row("CO-12", "a negative place", START, open_block(), piece("Hi"), cited(start=-2, end=2), close_block(), end()),
    row("CO-13", "no usage", START, block("Hi"), event("message-end", delta={"finish_reason": "COMPLETE"})),
    row("CO-13", "neither", START, block("Hi"), event("message-end")),
    row("CO-14", "COMPLETE after a call", START, call(), end()),
    row("CO-14b", "TOOL_CALL without a call", START, block("Hi"), CALLED),
    row("CO-14c", "a block of text beside a call", START, block("Hi"), call(), CALLED),
    row("CO-15", "ERROR without its text", START, block("Hi"), end("ERROR")),
    row("CO-16", "a block that does not end", START, open_block(), piece("Hi"), end("MAX_TOKENS")),
    row("CO-16", "a call that does not end", START, open_call(), arguments("{}"), CALLED),
    row("CO-19", "tool_calls as a list", START, event("tool-call-start", 0, **message(tool_calls=[{"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}])), arguments("{}"), close_call(), CALLED),
    row("CO-19", "citations as a list", START, open_block(), piece("Hi"), event("citation-start", 0, **message(citations=[{"start": 0, "end": 2, "text": "Hi"}])), event("citation-end", 0), close_block(), end()),
]  # fmt: skip

KEEPING: list[Row] = [
    row("CO-01 CO-20", "the right head", *PLAIN, head=EVENTS),
    row("CO-01 CO-20", "an answer in one piece, as it was asked for", b"{}", head=JSON, request={"stream": False}),
    row("CO-01 CO-02 CO-03 CO-04 CO-05 CO-05b CO-06 CO-07 CO-13 CO-16 CO-18", "a plain answer", *PLAIN),
    row("CO-04", "no [DONE]", *PLAIN[:-1]),
    row("CO-05 CO-05b", "no index anywhere", START, open_block(None), piece("Hi", None), close_block(None), end()),
    row("CO-05 CO-16", "an empty block", START, open_block(), close_block(), end("STOP_SEQUENCE")),
    row("CO-06 CO-07", "thinking, then text", EXAMPLES["thinking"]),
    row("CO-08 CO-09 CO-09b CO-10 CO-10b CO-10c CO-10d CO-14 CO-14b CO-14c CO-19", "a plan and two calls", START, plan("I will."), call(0), call(1, '{"a":1}'), CALLED),
    row("CO-09", "calls without an index", START, open_call(None), arguments("{}", None), close_call(None), CALLED),
    row("CO-10d CO-14", "arguments that the limit cut", START, call(0, '{"a'), end("MAX_TOKENS")),
    row("CO-14c", "thinking beside a call", START, block("hm", 0, "thinking"), call(), CALLED),
    row("CO-11 CO-11b CO-12 CO-19", "a citation", EXAMPLES["citation"]),
    row("CO-12", "a place counted in halves of characters", START, open_block(), piece("\U0001f600 Hi"), cited(start=3, end=5), close_block(), end()),
    row("CO-12", "a citation of the thinking", START, block("hm", 0, "thinking"), open_block(1), piece("Hi", 1), cited(text="hm", type="THINKING_CONTENT"), close_block(1), end()),
    row("CO-15", "an error", START, open_block(), piece("Hi"), close_block(), end("ERROR", error="m")),
    row("CO-13 CO-15", "a time that ran out", START, end("TIMEOUT")),
    row("CO-17", "a debug event and one that is new", event("debug", prompt="x"), START, event("new", x=1), block("Hi"), end()),
    row("CO-21", "keys and values that nobody knows", START, open_block(0, "image", x=1), close_block(), end("NEW", y=1)),
]  # fmt: skip


def one(**fields: Any) -> tuple[Choice, ...]:
    return (Choice(index=0, **fields),)


COUNTED = Usage(input=70, output=4)
MESSAGES: list[tuple[str, bytes, Message]] = [
    (
        "example min",
        EXAMPLES["min"],
        Message(choices=one(text="Hi there", finish_reason="COMPLETE"), usage=COUNTED, ended="terminal"),
    ),
    (
        "example tool",
        EXAMPLES["tool"],
        Message(
            choices=one(
                reasoning="I will look it up.",
                finish_reason="TOOL_CALL",
                tool_calls=(ToolCall(id="get_weather_a1", name="get_weather", arguments='{"city":"Oslo"}'),),
            ),
            usage=COUNTED,
            ended="terminal",
        ),
    ),
    (
        "example thinking",
        EXAMPLES["thinking"],
        Message(choices=one(text="Hi", reasoning="hm", finish_reason="COMPLETE"), usage=COUNTED, ended="terminal"),
    ),
    (
        "no message-end",
        b"".join((START, open_block(), piece("Hi"), b"data: [DONE]\n\n")),
        Message(choices=one(text="Hi"), ended="clean"),
    ),
    (
        "an error",
        b"".join((START, open_block(), piece("Hi"), close_block(), end("ERROR", error="m"))),
        Message(
            choices=one(text="Hi", finish_reason="ERROR"),
            usage=COUNTED,
            error=StreamError(message="m", type="ERROR"),
            ended="error",
        ),
    ),
    (
        "a time that ran out",
        b"".join((START, open_block(), piece("Hi"), end("TIMEOUT"))),
        Message(
            choices=one(text="Hi", finish_reason="TIMEOUT"),
            usage=COUNTED,
            error=StreamError(message=None, type="TIMEOUT"),
            ended="error",
        ),
    ),
    (
        "a call that was left open",
        b"".join((START, call(0), open_call(1), arguments('{"a', 1))),
        Message(
            choices=one(
                tool_calls=(
                    ToolCall(id="c0", name="f", arguments="{}"),
                    ToolCall(id="c1", name="f", arguments='{"a', complete=False),
                )
            ),
            ended="clean",
        ),
    ),
    (
        "nothing after message-end",
        b"".join((START, block("Hi"), end(), piece("more"))),
        Message(choices=one(text="Hi", finish_reason="COMPLETE"), usage=COUNTED, ended="terminal"),
    ),
    (
        "usage of what is charged for",
        START
        + event("message-end", delta={"finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 4}}}),
        Message(choices=one(finish_reason="COMPLETE"), usage=Usage(input=4), ended="terminal"),
    ),
]

PATHS: list[Path] = [
    (),
    ("type",),
    ("index",),
    ("delta",),
    ("delta", "message"),
    *(("delta", key) for key in ("finish_reason", "error", "usage")),
    *(("delta", "message", key) for key in ("content", "tool_plan", "tool_calls", "citations")),
]
"""Places in an event where hostile values are put."""

WHOLE: dict[tuple[str, str], Any] = {
    ("cohere-v2", "message-start"): {"type": "message-start", "id": "c", **message(role="assistant", content=[], tool_plan="", tool_calls=[], citations=[])},
    ("cohere-v2", "content-start"): {"type": "content-start", "index": 0, **message(content={"type": "text", "text": "", "thinking": ""})},
    ("cohere-v2", "content-delta"): {"type": "content-delta", "index": 0, **message(content={"text": "", "thinking": ""}), "logprobs": {}},
    ("cohere-v2", "content-end"): {"type": "content-end", "index": 0},
    ("cohere-v2", "tool-plan-delta"): {"type": "tool-plan-delta", **message(tool_plan="")},
    ("cohere-v2", "tool-call-start"): {"type": "tool-call-start", "index": 0, **message(tool_calls={"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}})},
    ("cohere-v2", "tool-call-delta"): {"type": "tool-call-delta", "index": 0, **message(tool_calls={"function": {"arguments": ""}})},
    ("cohere-v2", "tool-call-end"): {"type": "tool-call-end", "index": 0},
    ("cohere-v2", "citation-start"): {"type": "citation-start", "index": 0, **message(citations={"start": 0, "end": 2, "text": "Hi", "sources": [], "content_index": 0, "type": "PLAN"})},
    ("cohere-v2", "citation-end"): {"type": "citation-end", "index": 0},
    ("cohere-v2", "message-end"): {"type": "message-end", "id": "c", "delta": {"finish_reason": "COMPLETE", "error": "m", "usage": {**USAGE, "cached_tokens": 0}}},
    ("cohere-v2", "debug"): {"type": "debug", "prompt": "x"},
}  # fmt: skip
"""A whole event of each schema."""

TABLE = Table(
    rules=cohere_v2.RULES,
    counts={"MUST": (11, 7, 2, 2), "SHOULD": (15, 2, 0, 0), "MAY": (3, 0, 3, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    paths=PATHS,
)
