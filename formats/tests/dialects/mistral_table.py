"""Streams of mistral: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

from typing import Any

from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage
from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import mistral

from .openai_chat_table import EVENTS, HTML, JSON, row
from .streams import DONE, body, entry, usage
from .streams import chunk as openai_chunk
from .table import Path, Row, Table


def chunk(*choices: Any, **fields: Any) -> dict[str, Any]:
    return openai_chunk(*choices, **{"model": "mistral-small-latest", **fields})


def say(delta: Any, reason: Any = None, index: Any = 0, **fields: Any) -> dict[str, Any]:
    return chunk(entry(delta, reason, index), **fields)


def role(index: int = 0, **fields: Any) -> dict[str, Any]:
    return say({"role": "assistant", "content": ""}, None, index, **fields)


def text(content: Any, index: int = 0, **fields: Any) -> dict[str, Any]:
    return say({"content": content}, None, index, **fields)


def finish(reason: Any = "stop", index: int = 0, **fields: Any) -> dict[str, Any]:
    return say({"content": ""}, reason, index, **{"usage": usage(), **fields})


def call(name: Any = "f", arguments: Any = "{}", **fields: Any) -> dict[str, Any]:
    """A tool call; a field given as ... is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ...}
    whole = {"id": "a1B2c3D4e", "function": function, "index": 0, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def calls(*pieces: Any, reason: Any = "tool_calls") -> dict[str, Any]:
    return say({"content": "", "tool_calls": list(pieces)}, reason, usage=usage())


ERROR = {"object": "error", "message": "m", "type": "server_error", "param": None, "code": "3000"}
PLAIN = (role(), text("Hi"), finish(), DONE)
THINKING = {
    "type": "thinking",
    "thinking": [{"type": "text", "text": "hm"}, {"type": "reference", "reference_ids": [1]}],
}
EXAMPLES = {
    "min": body(role(), text("Hi", p="abcd"), say({"content": " there"}, "stop", usage=usage(9, 2, 11), p="ab"), DONE),
    "tool": body(role(), calls(call("get_weather", '{"city": "Oslo"}')), DONE),
    "thinking": body(role(), text([THINKING]), text([{"type": "text", "text": "Hi"}]), finish(), DONE),
}
"""Streams that mistralai was fed with, and that break nothing."""

BREAKING: list[Row] = [
    row("MI-01 SSE-40", "another content type", *PLAIN, head=HTML),
    row("MI-01 SSE-40", "another status", *PLAIN, head=ResponseHead(status=206, headers=EVENTS.headers)),
    row("MI-01", "no JSON", role(), '{"a":', finish(), DONE),
    row("MI-01", "an array", role(), "[1]", finish(), DONE),
    row("MI-01b SSE-27b", "an id", role(), b"id: 7\n" + body(text("Hi")), finish(), DONE),
    row("MI-01b", "an event field", role(), b"event: x\n" + body(text("Hi")), finish(), DONE),
    row("MI-02", "no terminator", role(), text("Hi"), finish()),
    row("MI-02", "a cut before the finish", role(), text("Hi"), end="reset"),
    row("MI-02", "nothing at all"),
    row("MI-02", "a second terminator", *PLAIN, DONE),
    row("MI-02", "a chunk after the terminator", *PLAIN, text("more")),
    row("MI-02", "a terminator in small letters", role(), finish(), "[done]"),
    *[row("MI-03", f"no {key}", role(), text("Hi", **{key: ...}), finish(), DONE) for key in ("id", "model")],
    row("MI-03", "no choices", role(), chunk(choices=...), finish(), DONE),
    row("MI-03", "no index", role(), say({"content": "Hi"}, None, ...), finish(), DONE),
    row("MI-03", "no delta", role(), chunk(entry(...)), finish(), DONE),
    row("MI-03", "a number as content", role(), text(5), finish(), DONE),
    row("MI-03", "a part without its type", role(), text([{"text": "Hi"}]), finish(), DONE),
    row("MI-03", "texts as parts", role(), text(["Hi"]), finish(), DONE),
    row("MI-03", "a text as thinking", role(), text([{"type": "thinking", "thinking": "hm"}]), finish(), DONE),
    row("MI-03 MI-03 MI-03", "an error", role(), text("Hi"), ERROR),
    row("MI-03 MI-03 MI-03", "an error as OpenAI has it", role(), {"error": {"message": "m"}}, text("Hi"), DONE),
    row("MI-04", "another id", role(), text("Hi", id="d"), finish(id="d"), DONE),
    row("MI-04", "another time", role(), text("Hi"), finish(created=2), DONE),
    row("MI-04", "another model", role(), text("Hi"), finish(model="m"), DONE),
    row("MI-05", "no role", text("Hi"), finish(), DONE),
    row("MI-05", "text beside the role", say({"role": "assistant", "content": "Hi"}), finish(), DONE),
    row("MI-05", "a second choice without a role", role(), text("Hi", 1), finish(), finish(index=1), DONE),
    row("MI-06", "no finish_reason", role(), say({"content": "Hi"}, ...), finish(), DONE),
    row("MI-06", "a number as finish_reason", role(), say({"content": "Hi"}, 0), finish(), DONE),
    row("MI-06b", "a finish reason twice", role(), finish(), finish(), DONE),
    row("MI-06b", "text after the finish reason", role(), say({}, "stop", usage=usage()), text("Hi"), DONE),
    row("MI-06b", "an empty finish reason", role(), say({"content": "Hi"}, ""), finish(), DONE),
    row("MI-06b MI-08", "no finish reason", role(), text("Hi"), DONE),
    row("MI-08", "no usage", role(), finish(usage=...), DONE),
    row("MI-08", "usage in a chunk without choices", role(), finish(usage=...), chunk(usage=usage()), DONE),
    row("MI-08", "usage before the finish", role(), text("Hi", usage=usage()), finish(usage=...), DONE),
    row("MI-09", "no name", role(), calls(call(...)), DONE),
    row("MI-09", "no arguments", role(), calls(call("f", ...)), DONE),
    row("MI-09", "null as arguments", role(), calls(call("f", None)), DONE),
    row("MI-09", "no function", role(), calls(call(function=...)), DONE),
    row("MI-09b", "arguments in two deltas", role(), calls(call("f", "{"), reason=None) | {"usage": None}, calls(call("f", "}")), DONE),
    row("MI-10", "an id as OpenAI has it", role(), calls(call(id="call_a1")), DONE),
    row("MI-10", "an empty id", role(), calls(call(id="")), DONE),
    row("MI-11", "stop after a tool call", role(), calls(call(), reason="stop"), DONE),
]  # fmt: skip

KEEPING: list[Row] = [
    row("MI-01", "the right head", *PLAIN, head=EVENTS),
    row("MI-01 MI-02", "an answer in one piece, as it was asked for", b"{}", head=JSON, request={"stream": False}),
    row("MI-01 MI-01b MI-02 MI-03 MI-04 MI-05 MI-06 MI-06b MI-08", "a plain answer", *PLAIN),
    row("MI-01b", "comments", b": x\n\n", *PLAIN),
    row("MI-03 MI-15", "neither object nor created", *(item if item is DONE else {k: v for k, v in item.items() if k not in ("object", "created")} for item in PLAIN)),
    row("MI-03 MI-14 MI-15", "padding, and keys that nobody knows", role(p="a"), text("Hi", error={"x": 1}), finish(x=1), DONE),
    row("MI-05 MI-06b", "two choices that mix", role(), role(1), text("b", 1), text("a"), finish(index=1), finish("length"), DONE),
    row("MI-06 MI-13", "a failure, and a reason that is new", role(), role(1), finish("error"), finish("new", 1), DONE),
    row("MI-07 MI-08", "the last text beside the finish reason", EXAMPLES["min"]),
    row("MI-09 MI-09b MI-10 MI-11", "two calls, arguments as text and as object", role(), calls(call(), call("g", {"a": 1}, id="AAAAAAAAA", index=1)), DONE),
    row("MI-09b MI-10", "two calls without id and index", role(), calls(call(id=..., index=...), call(id="null", index=...)), DONE),
    row("MI-11", "a call that the length cut", role(), calls(call("f", '{"a'), reason="length"), DONE),
    row("MI-12b", "content in parts", EXAMPLES["thinking"]),
]  # fmt: skip


def one(**fields: Any) -> tuple[Choice, ...]:
    return (Choice(index=0, **fields),)


COUNTED = Usage(input=1, output=2, total=3)
MESSAGES: list[tuple[str, bytes, Message]] = [
    (
        "example min",
        EXAMPLES["min"],
        Message(
            choices=one(text="Hi there", finish_reason="stop"),
            usage=Usage(input=9, output=2, total=11),
            ended="terminal",
        ),
    ),
    (
        "example tool",
        EXAMPLES["tool"],
        Message(
            choices=one(
                text="",
                finish_reason="tool_calls",
                tool_calls=(ToolCall(id="a1B2c3D4e", name="get_weather", arguments='{"city": "Oslo"}'),),
            ),
            usage=COUNTED,
            ended="terminal",
        ),
    ),
    (
        "example thinking",
        EXAMPLES["thinking"],
        Message(choices=one(text="Hi", reasoning="hm", finish_reason="stop"), usage=COUNTED, ended="terminal"),
    ),
    (
        "thinking and text in one delta, and parts of other kinds",
        body(text([THINKING, {"type": "text", "text": "Hi"}, {"type": "reference", "reference_ids": [1]}, 5]), DONE),
        Message(choices=one(text="Hi", reasoning="hm"), ended="terminal"),
    ),
    (
        "two calls without id and index are two",
        body(calls(call("f", {"a": 1}, id="null", index=...), call("f", "{}", id=..., index=...))),
        Message(
            choices=one(
                text="",
                finish_reason="tool_calls",
                tool_calls=(
                    ToolCall(id=None, name="f", arguments='{"a":1}'),
                    ToolCall(id=None, name="f", arguments="{}"),
                ),
            ),
            usage=COUNTED,
            ended="clean",
        ),
    ),
    (
        "pieces of one call are joined",
        body(calls(call("f", "{")), calls(call("f", "}"))),
        Message(
            choices=one(
                text="",
                finish_reason="tool_calls",
                tool_calls=(ToolCall(id="a1B2c3D4e", name="f", arguments="{}"),),
            ),
            usage=COUNTED,
            ended="clean",
        ),
    ),
    (
        "nothing after an error",
        body(role(), text("a"), ERROR, text("b"), finish(), DONE),
        Message(
            choices=one(text="a"),
            ended="error",
            error=StreamError(message="m", type="server_error", code="3000"),
        ),
    ),
    (
        "a failure told by the finish reason is the answer's own",
        body(text("a"), finish("error"), DONE),
        Message(choices=one(text="a", finish_reason="error"), usage=COUNTED, ended="terminal"),
    ),
    ("a terminator only", body(DONE), Message(ended="terminal")),
]

PATHS: list[Path] = [
    (),
    *((key,) for key in ("id", "object", "created", "model", "choices", "usage", "error", "message")),
    ("choices", 0),
    *(("choices", 0, key) for key in ("index", "delta", "finish_reason", "logprobs")),
    *(("choices", 0, "delta", key) for key in ("role", "content", "tool_calls")),
    ("choices", 0, "delta", "content", 0),
    *(("choices", 0, "delta", "content", 0, key) for key in ("type", "text", "thinking")),
    ("choices", 0, "delta", "tool_calls", 0),
    *(("choices", 0, "delta", "tool_calls", 0, key) for key in ("id", "index", "type", "function")),
    *(("choices", 0, "delta", "tool_calls", 0, "function", key) for key in ("name", "arguments")),
    ("usage", "prompt_tokens"),
]
"""Places of a chunk where hostile tests put any value."""

WHOLE: dict[tuple[str, str], Any] = {
    ("mistral", "chunk"): chunk(
        entry(
            {
                "role": "assistant",
                "content": [{**THINKING, "signature": None, "closed": True}, {"type": "text", "text": "x"}],
                "tool_calls": [{**call(), "type": "function"}, call("g", {"a": 1}, id=None, index=None)],
                "tool_call_id": "x",
                "index": 0,
                "metadata": {},
            },
            "stop",
            logprobs={},
            prompt_logprobs=None,
        ),
        usage=usage(prompt_audio_seconds=1, service_tier="x"),
    ),
}
"""A whole event of each schema."""

TABLE = Table(
    rules=mistral.RULES,
    counts={"MUST": (5, 1, 4, 0), "SHOULD": (10, 1, 0, 0), "MAY": (4, 0, 3, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    paths=PATHS,
)
