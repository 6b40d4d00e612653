"""Streams of openai-completions: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

from typing import Any

from streamproof_formats.message import Choice, Message, StreamError, Usage
from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import openai_completions

from .openai_chat_table import ERROR, EVENTS, HTML, JSON, row
from .streams import DONE, body, usage
from .table import Path, Row, Table


def asked(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "prompt": "Say", "stream": True, **fields}


def chunk(*choices: Any, **fields: Any) -> dict[str, Any]:
    """A chunk; a field given as ... is left out."""
    whole = {"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": list(choices), **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def entry(text: Any, reason: Any = None, index: Any = 0, **fields: Any) -> dict[str, Any]:
    whole = {"text": text, "index": index, "logprobs": None, "finish_reason": reason, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def text(piece: Any, index: Any = 0, reason: Any = None, **fields: Any) -> dict[str, Any]:
    return chunk(entry(piece, reason, index), **fields)


def finish(reason: Any = "stop", index: Any = 0, **fields: Any) -> dict[str, Any]:
    return text("", index, reason, **fields)


def logged(piece: str, **logprobs: Any) -> dict[str, Any]:
    return chunk(entry(piece, logprobs=logprobs))


PLAIN = (text("Hi"), text(" you"), finish(), DONE)
USAGE_ASKED = asked(stream_options={"include_usage": True})
PRICED = chunk(usage=usage())
EXAMPLES = {
    "min": body(
        *(text(piece, system_fingerprint="fp_1") for piece in ("One", " two")),
        finish(system_fingerprint="fp_1"),
        DONE,
    ),
    "usage": body(text("One", usage=None), finish("length", usage=None), chunk(usage=usage(3, 1, 4)), DONE),
}
"""Streams that openai-python was fed with, and that break nothing."""

BREAKING: list[Row] = [
    row("OL-01 SSE-40", "another content type", *PLAIN, head=HTML),
    row("OL-01 SSE-40", "another status", *PLAIN, head=ResponseHead(status=206, headers=EVENTS.headers)),
    row("OL-01 SSE-27b", "an id", b"id: 7\n" + body(text("Hi")), finish(), DONE),
    row("OL-01", "an event field", b"event: x\n" + body(text("Hi")), finish(), DONE),
    row("OL-02", "no terminator", text("Hi"), finish()),
    row("OL-02 OL-05", "a cut before the finish", text("Hi"), end="reset"),
    row("OL-02", "nothing at all"),
    row("OL-02", "a second terminator", *PLAIN, DONE),
    row("OL-02", "a chunk after the terminator", *PLAIN, text("more")),
    row("OL-02", "more than the terminator", text("Hi"), finish(), "[DONE]x"),
    row("OL-03", "no JSON", text("Hi"), '{"a":', finish(), DONE),
    row("OL-03", "an array", text("Hi"), "[1]", finish(), DONE),
    *[
        row("OL-03", f"no {key}", text("Hi", **{key: ...}), finish(), DONE)
        for key in ("id", "object", "created", "model")
    ],
    row("OL-03", "no choices", text("Hi"), chunk(choices=...), finish(), DONE),
    row("OL-03", "the object of chat", text("Hi", object="chat.completion.chunk"), finish(), DONE),
    row("OL-03", "a number as text", text(5), finish(), DONE),
    row("OL-03", "null as text", text(None), finish(), DONE),
    row("OL-03", "a delta in place of a text", chunk(entry(..., delta={"content": "Hi"})), finish(), DONE),
    row("OL-03", "no index", text("Hi", ...), finish(), DONE),
    row("OL-03", "a text as usage", text("Hi", usage="x"), finish(), DONE),
    row("OL-04", "another id", text("Hi", id="d"), finish(), DONE),
    row("OL-04", "another time", text("Hi"), finish(created=2), DONE),
    row("OL-05", "no finish reason", text("Hi"), DONE),
    row("OL-05", "one of two choices without a finish reason", text("A"), text("B", 1), finish(), DONE),
    row("OL-05", "an unknown finish reason", text("Hi"), finish("eos_token"), DONE),
    row("OL-05", "a finish reason of chat", text("Hi"), finish("tool_calls"), DONE),
    row("OL-05b OL-06", "a finish reason twice", text("Hi"), finish(), finish("length"), DONE),
    row("OL-05b OL-06", "text after the finish reason", text("Hi"), finish(), text("more"), DONE),
    row("OL-05b", "an empty chunk after the finish reason", text("Hi"), finish(), text(""), DONE),
    row("OL-07", "an echo of another prompt", *PLAIN, request=asked(echo=True)),
    row(
        "OL-07",
        "the echo of one of two prompts",
        text("one a"),
        text("b", 1),
        finish(),
        finish(index=1),
        DONE,
        request=asked(prompt=["one", "two"], echo=True),
    ),
    row("OL-02 OL-05 OL-07", "another prompt before a cut", text("Hi"), request=asked(echo=True)),
    row("OL-08", "an index past n", text("Hi"), finish(), finish(index=1), DONE, request=asked()),
    row("OL-08", "a negative index", text("Hi", -1), finish(index=-1), DONE),
    row("OL-08", "one choice of four", *PLAIN, request=asked(n=2, prompt=["a", "b"])),
    row("OL-08", "no choice", DONE, request=asked()),
    row("OL-09", "no usage chunk", *PLAIN, request=USAGE_ASKED),
    row("OL-09", "usage beside the finish", text("Hi"), finish(usage=usage()), DONE, request=USAGE_ASKED),
    row("OL-09", "usage in two chunks", text("Hi", usage=usage()), finish(), PRICED, DONE, request=USAGE_ASKED),
    row("OL-09b", "usage unasked", text("Hi"), finish(), PRICED, DONE, request=asked()),
    row(
        "OL-10",
        "arrays of two lengths",
        logged("Hi", tokens=["Hi"], token_logprobs=[-0.1, -0.2]),
        finish(),
        DONE,
    ),
    row(
        "OL-10",
        "offsets that decrease",
        logged("Hi", tokens=["Hi"], text_offset=[5]),
        logged(" you", tokens=[" you"], text_offset=[2]),
        finish(),
        DONE,
    ),
    row(
        "OL-10b",
        "more likeliest tokens than asked for",
        logged("Hi", tokens=["Hi"], top_logprobs=[{"Hi": -0.1, "Ho": -1, "Ha": -2}]),
        finish(),
        DONE,
        request=asked(logprobs=1),
    ),
    row("OL-11", "an error that is a text", text("Hi"), {"error": "bad"}),
    row("OL-11", "an error with a number as code", {"error": {"message": "m", "code": 500}}),
    row("OL-11", "an error in a chunk", text("Hi", error={"message": "m"})),
    row("OL-02 OL-05 OL-11", "a flat error", text("Hi"), {"object": "error", "message": "bad"}),
    row("OL-12", "a stream of the best of three, told once", *PLAIN, request=asked(best_of=3)),
]

KEEPING: list[Row] = [
    row("OL-01", "the right head", *PLAIN, head=EVENTS),
    row("OL-01 OL-02 OL-12", "an answer in one piece", b"{}", head=JSON, request={"stream": False, "best_of": 3}),
    row("OL-02 OL-03 OL-04 OL-05 OL-05b OL-06 OL-08 OL-09b OL-12", "a plain answer", *PLAIN, request=asked(best_of=1)),
    row("OL-03", "keys that nobody knows", chunk(entry("Hi", stop_reason=None), token_ids=[1]), finish(), DONE),
    row("OL-03", "no logprobs and no fingerprint", chunk(entry("Hi", logprobs=...)), finish(), DONE),
    row("OL-05b", "an empty finish reason and none", text("Hi", 0, ""), text("Hi", 0, ...), finish(), DONE),
    row("OL-05 OL-06", "the last text beside the finish reason", text("Hi", 0, "content_filter"), DONE),
    row("OL-07", "an echo in two pieces", text("Sa"), text("y Hi"), finish(), DONE, request=asked(echo=True)),
    row("OL-07", "the echo of tokens is not known", *PLAIN, request=asked(echo=True, prompt=[1, 2])),
    row(
        "OL-07 OL-08",
        "two prompts, two choices of each, mixed",
        *(text(prompt + "!", index) for index, prompt in ((3, "b"), (0, "a"), (2, "b"), (1, "a"))),
        *(finish(index=index) for index in range(4)),
        DONE,
        request=asked(prompt=["a", "b"], n=2, echo=True),
    ),
    row(
        "OL-09 OL-13",
        "usage as asked for, null before",
        text("Hi", usage=None),
        finish(),
        PRICED,
        DONE,
        request=USAGE_ASKED,
    ),
    row("OL-09", "no usage before an error", text("Hi"), ERROR, request=USAGE_ASKED),
    row(
        "OL-10 OL-10b",
        "logprobs as asked for",
        logged("Hi", tokens=["Hi"], token_logprobs=[None], text_offset=[3], top_logprobs=[{"Hi": -0.1, "Ho": -1}]),
        logged(" you", tokens=[" you"], token_logprobs=[-1], text_offset=[5], top_logprobs=[None]),
        finish(),
        DONE,
        request=asked(logprobs=1),
    ),
    row("OL-10", "logprobs in the shape of chat", logged("Hi", content=[{"token": "Hi"}]), finish(), DONE),
    row("OL-11", "an error, then the terminator", text("Hi"), ERROR, DONE),
    row("OL-11", "an error that is null", text("Hi", error=None), finish(), DONE),
]

MESSAGES: list[tuple[str, bytes, Message]] = [
    (
        "example min",
        EXAMPLES["min"],
        Message(choices=(Choice(index=0, text="One two", finish_reason="stop"),), ended="terminal"),
    ),
    (
        "example usage",
        EXAMPLES["usage"],
        Message(
            choices=(Choice(index=0, text="One", finish_reason="length"),),
            usage=Usage(input=3, output=1, total=4),
            ended="terminal",
        ),
    ),
    (
        "choices that mix",
        body(chunk(entry("b", index=1), entry("a")), text("c"), finish(index=1)),
        Message(
            choices=(Choice(index=0, text="ac"), Choice(index=1, text="b", finish_reason="stop")),
            ended="clean",
        ),
    ),
    (
        "nothing after an error",
        body(text("a"), ERROR, text("b"), DONE),
        Message(choices=(Choice(index=0, text="a"),), ended="error", error=StreamError(message="m", type="t")),
    ),
    (
        "pieces that are no text",
        body(text("a"), text(5), text(None), text("b"), DONE),
        Message(choices=(Choice(index=0, text="ab"),), ended="terminal"),
    ),
    (
        "text after the finish reason",
        body(text("a"), finish("length"), text("b"), DONE),
        Message(choices=(Choice(index=0, text="ab", finish_reason="length"),), ended="terminal"),
    ),
    ("a terminator only", body(DONE), Message(ended="terminal")),
]

PATHS: list[Path] = [
    (),
    *((key,) for key in ("id", "object", "created", "model", "choices", "usage", "error", "system_fingerprint")),
    ("choices", 0),
    *(("choices", 0, key) for key in ("index", "text", "finish_reason", "logprobs")),
    *(("choices", 0, "logprobs", key) for key in ("tokens", "token_logprobs", "top_logprobs", "text_offset")),
    ("choices", 0, "logprobs", "top_logprobs", 0),
    ("choices", 0, "logprobs", "text_offset", 0),
]
"""Places of a chunk where hostile tests put any value."""

WHOLE: dict[tuple[str, str], Any] = {
    ("openai-completions", "chunk"): chunk(
        entry(
            "Hi",
            "stop",
            logprobs={"text_offset": [0], "token_logprobs": [-0.5, None], "tokens": ["Hi"], "top_logprobs": [{}, None]},
        ),
        usage=usage(prompt_tokens_details={}, completion_tokens_details={}),
        system_fingerprint="fp",
    ),
    ("openai-completions", "error"): {"error": {"message": "m", "type": "t", "param": None, "code": None}},
}
"""A whole event of each schema."""

TABLE = Table(
    rules=openai_completions.RULES,
    counts={"MUST": (9, 6, 2, 1), "SHOULD": (7, 0, 0, 0), "MAY": (1, 1, 0, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    paths=PATHS,
)
