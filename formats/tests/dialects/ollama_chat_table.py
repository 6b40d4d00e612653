"""Streams of ollama-chat: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

import json
from typing import Any

from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import ollama_chat

from .openai_chat_table import HTML, JSON
from .table import Path, Row, Table

LINES = ResponseHead(status=200, headers=(("content-type", "application/x-ndjson"),))
BAD_REQUEST = ResponseHead(status=400, headers=JSON.headers)
FIGURES = {
    "total_duration": 900,
    "load_duration": 100,
    "prompt_eval_count": 9,
    "prompt_eval_duration": 200,
    "eval_count": 3,
    "eval_duration": 600,
}
WEATHER = {"function": {"index": 0, "name": "get_weather", "arguments": {"city": "Oslo"}}}
ASKED = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
LOADING = {"model": "m", "messages": []}
ERROR = {"error": "an error was encountered"}


def lines(*items: Any) -> bytes:
    """One line for each: JSON for an object, text as it is with a line end, bytes as they are."""
    return b"".join(
        item if isinstance(item, bytes) else f"{item if isinstance(item, str) else compact(item)}\n".encode()
        for item in items
    )


def compact(item: Any) -> str:
    return json.dumps(item, separators=(",", ":"))


def row(broken: str, name: str, *items: Any, **options: Any) -> Row:
    return broken.split(), name, lines(*items), options


def line(message: Any, done: Any = False, at: Any = 1, **fields: Any) -> dict[str, Any]:
    """A chunk; a field given as ... is left out."""
    created = f"2026-11-20T09:00:00.{at:06}Z" if isinstance(at, int) else at
    whole = {"model": "m", "created_at": created, "message": message, "done": done, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def say(content: Any = "", at: Any = 1, **fields: Any) -> dict[str, Any]:
    """A chunk with a piece of text; `fields` are those of its message."""
    message = {"role": "assistant", "content": content, **fields}
    return line({key: value for key, value in message.items() if value is not ...}, at=at)


def last(content: str = "", reason: Any = "stop", at: Any = 3, **fields: Any) -> dict[str, Any]:
    return line({"role": "assistant", "content": content}, True, at, **{"done_reason": reason, **FIGURES, **fields})


def call(name: Any = "f", arguments: Any = ..., index: Any = ..., **fields: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": {} if arguments is ... else arguments, "index": index}
    return {**fields, "function": {key: value for key, value in function.items() if value is not ...}}


HI, BYE = say("Hi"), last()
UNCOUNTED = dict.fromkeys(FIGURES, ...)

BREAKING: list[Row] = [
    row("ND-05 OM-01", "another content type", HI, BYE, head=HTML),
    row("ND-05 OM-01", "events", HI, BYE, head=ResponseHead(status=200, headers=(("content-type", "text/event-stream"),))),
    row("ND-05 OM-01", "a whole answer that was not asked for", HI, head=JSON, request=ASKED),
    row("OM-01", "another status", HI, BYE, head=ResponseHead(status=206, headers=LINES.headers)),
    row("ND-01 OM-02", "no JSON", HI, "Hi", BYE),
    row("ND-01 OM-02", "an event in place of a line", HI, "data: {}", BYE),
    row("ND-01 OM-02", "an array", HI, "[]", BYE),
    row("ND-01 OM-02", "two objects on one line", compact(HI) + compact(HI), BYE),
    row("ND-01 ND-01 OM-02 OM-02", "an object over two lines", HI, '{"model":', "5}", BYE),
    row("ND-01", "malformed UTF-8", compact(say("@")).encode().replace(b"@", b"\xff") + b"\n", BYE),
    row("ND-02", "a blank line", HI, "", BYE),
    row("ND-02", "a blank line at the end", HI, BYE, ""),
    row("ND-02", "a byte order mark", b"\xef\xbb\xbf", HI, BYE),
    row("ND-04", "a raw separator", compact(say("@")).encode().replace(b"@", "\u2028".encode()) + b"\n", BYE),
    row("ND-01b", "a last line without its end", HI, compact(BYE).encode()),
    row("ND-01b OM-03", "a last line that is cut off", HI, compact(BYE).encode()[:40]),
    row("OM-02", "content of a number", HI, say(5), BYE),
    row("OM-02", "content of null", HI, say(None), BYE),
    row("OM-02", "a model of a number", line({"role": "assistant", "content": "Hi"}, model=5), BYE),
    row("OM-02", "a call without a function", say(tool_calls=[{"name": "f"}]), BYE),
    row("OM-03", "no last line", HI),
    row("OM-03 OM-03", "two last lines", HI, BYE, BYE, BYE),
    row("OM-03", "text after the last line", HI, BYE, HI),
    row("OM-03", "no done", HI, line({"role": "assistant", "content": ""}, ...), BYE),
    row("OM-03 OM-03", "done of a text", HI, line({"role": "assistant", "content": ""}, "true")),
    row("OM-03", "an error after the last line", HI, BYE, ERROR),
    row("OM-04", "two models", HI, last(model="other")),
    row("OM-05", "a time that goes back", say("Hi", 5), BYE),
    row("OM-05", "a time that goes back in another zone", say("Hi", 5), last(at="2026-11-20T09:59:59+01:00")),
    row("OM-05", "no time", say("Hi", "now"), BYE),
    row("OM-05", "a day that is none", say("Hi", "2026-02-30T09:00:00Z"), BYE),
    row("OM-07", "text in the last line", HI, last("!")),
    row("OM-08", "no reason", HI, last(reason=...)),
    row("OM-08", "an empty reason", HI, last(reason="")),
    row("OM-02", "a reason that is a list", HI, last(reason=["stop"])),
    row("OM-09", "no figures", HI, last(**UNCOUNTED)),
    row("OM-09b", "figures in an earlier line", line({"role": "assistant", "content": "Hi"}, eval_count=1), BYE),
    row("OM-09b", "a total that is too short", HI, last(total_duration=899)),
    row("OM-10", "arguments of a text", say(tool_calls=[call(arguments="{}")]), BYE),
    row("OM-10", "no arguments", say(tool_calls=[{"function": {"name": "f"}}]), BYE),
    row("OM-10b", "no name", say(tool_calls=[call(...)]), BYE),
    row("OM-10b OM-11", "a call in two lines", *[say(tool_calls=[call(index=0, id="a")])] * 2, BYE),
    row("OM-11", "calls that count from one", say(tool_calls=[call(index=1)]), BYE),
    row("OM-11", "two calls of one index", *[say(tool_calls=[call(index=0)])] * 2, BYE),
    row("OM-12", "a reason of its own for tools", say(tool_calls=[WEATHER]), last(reason="tool_calls")),
    row("OM-13", "thinking after the content", HI, say(thinking="hm"), BYE),
    row("OM-14", "no message", HI, line(...), BYE),
    row("OM-14", "a message of text", HI, line("Hi"), BYE),
    row("OM-14", "no role", HI, say(role=...), BYE),
    row("OM-14", "a role of null", HI, say(role=None), BYE),
    row("OM-14b", "another role", HI, say(role="tool"), BYE),
    row("OM-15", "an error of an object", HI, {"error": {"message": "m"}}),
    row("OM-15b", "a last line after an error", HI, ERROR, BYE),
    row("OM-16", "an error first", ERROR),
    row("OM-16", "an error under its status in another shape", {"message": "m"}, head=BAD_REQUEST),
    row("OM-16", "an error under its status as an object", {"error": {"message": "m"}}, head=BAD_REQUEST),
    row("OM-18", "a load that is not done", HI, head=JSON, request=LOADING),
    row("OM-18", "a load in two lines", HI, last(reason="load"), request=LOADING, head=LINES),
    row("OM-18", "a load without JSON", "loaded", head=JSON, request=LOADING),
]  # fmt: skip

KEEPING: list[Row] = [
    row(
        "ND-01 ND-01b ND-02 ND-05 OM-01 OM-02 OM-03 OM-04 OM-05 OM-07 OM-08 OM-09 OM-09b OM-14 OM-14b",
        "an answer", HI, say(" there", 2), BYE, head=LINES, request=ASKED),
    row("ND-01 ND-01b", "an answer of one line", BYE),
    row("ND-01 ND-03", "line ends of two characters", compact(HI).encode() + b"\r\n", compact(BYE).encode() + b"\r\n"),
    row("ND-04", "an escaped separator", say("\u2028\u0085"), BYE),
    row("OM-05", "times in other zones", say("Hi", "2026-11-20T10:00:00.1+01:00"), last(at="2026-11-20T09:00:00.10Z")),
    row("OM-05", "a leap second", say("Hi", "2026-06-30T23:59:60Z"), last(at="2026-07-01T00:00:00.5Z")),
    row("OM-09", "figures that are 0 left out", HI, last(prompt_eval_count=..., load_duration=...)),
    row("OM-10 OM-10b OM-11 OM-12", "tool calls in two lines and in one",
        say(tool_calls=[call(index=0, id="a")]), say(tool_calls=[call(index=1), call(index=2)]), BYE),
    row("OM-10", "calls without an index", say(tool_calls=[WEATHER, call()]), BYE),
    row("OM-13", "thinking, then content", say(thinking="hm"), say("Hi", thinking=""), BYE),
    row("OM-07 OM-07b", "tool calls and thinking in the last line", HI, line({"role": "assistant", "content": "", "tool_calls": [call()]}, True, 3, done_reason="stop", **FIGURES)),
    row("OM-13", "both in one line", say("Hi", thinking="hm"), BYE),
    row("OM-15 OM-15b", "an error after text", HI, ERROR, head=LINES),
    row("OM-16", "an error under its status", {**ERROR, "signin_url": "https://x"}, head=BAD_REQUEST),
    row("ND-01b ND-05b OM-18 OM-18b", "a load", compact(last(reason="load", **UNCOUNTED)).encode(), head=JSON, request=LOADING),
    row("OM-18", "a load among lines", last(reason="unload", **UNCOUNTED), head=LINES, request={"model": "m"}),
    row("OM-18", "a load, the request unknown", compact(last(reason="load", **UNCOUNTED)).encode()),
    row("OM-01", "a whole answer as it was asked for", compact(last("Hi")).encode(), head=JSON, request={**ASKED, "stream": False}),
    row("OM-02", "unknown keys", {**say("Hi", images=None), "remote_model": "x", "logprobs": None}, BYE),
]  # fmt: skip

EXAMPLES = {
    "min": lines(HI, say(" there", 2), BYE),
    "tool": lines(say(thinking="Need weather."), say(tool_calls=[{"id": "call_a1", **WEATHER}], at=2), BYE),
    "error": lines(HI, ERROR),
}

PATHS: list[Path] = [
    (),
    ("model",),
    ("created_at",),
    ("done",),
    ("done_reason",),
    ("error",),
    ("eval_count",),
    ("total_duration",),
    ("logprobs",),
    ("logprobs", 0),
    ("logprobs", 0, "token"),
    ("message",),
    ("message", "role"),
    ("message", "content"),
    ("message", "thinking"),
    ("message", "tool_calls"),
    ("message", "tool_calls", 0),
    ("message", "tool_calls", 0, "id"),
    ("message", "tool_calls", 0, "function"),
    ("message", "tool_calls", 0, "function", "index"),
    ("message", "tool_calls", 0, "function", "name"),
    ("message", "tool_calls", 0, "function", "arguments"),
]

TABLE = Table(
    rules=ollama_chat.RULES,
    counts={"MUST": (9, 7, 1, 1), "SHOULD": (14, 1, 1, 0), "MAY": (2, 0, 0, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    paths=PATHS,
)
