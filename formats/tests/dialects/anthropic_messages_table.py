"""Streams of anthropic-messages: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

import json
from typing import Any

from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import anthropic_messages

from .openai_chat_table import EVENTS, JSON, row
from .table import Path, Row, Table

TOOL = {"name": "f", "input_schema": {"type": "object"}}
ASKED = {
    "model": "m",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "x"}],
    "stream": True,
    "tools": [TOOL],
}
EAGER = ASKED | {"tools": [TOOL | {"eager_input_streaming": True}]}
UNNAMED = object()


def event(kind: Any, name: Any = None, **fields: Any) -> bytes:
    """One event; a field given as ... is left out, and `name` is its `event:` line where that is not its type."""
    whole = {"type": kind, **fields}
    data = json.dumps({key: value for key, value in whole.items() if value is not ...}, separators=(",", ":"))
    line = b"" if name is UNNAMED else f"event: {kind if name is None else name}\n".encode()
    return line + b"data: " + data.encode() + b"\n\n"


def start(**fields: Any) -> bytes:
    """A message_start; `fields` are those of its message."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 1},
        **fields,
    }
    return event("message_start", message={key: value for key, value in message.items() if value is not ...})


def begin(index: Any, kind: Any, **fields: Any) -> bytes:
    """A content_block_start; `fields` are those of its block."""
    block = {"type": kind, **fields}
    return event(
        "content_block_start",
        index=index,
        content_block={key: value for key, value in block.items() if value is not ...},
    )


def delta(index: Any, kind: Any, **fields: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def say(text: Any, index: Any = 0) -> bytes:
    return delta(index, "text_delta", text=text)


def sign(index: int = 0, signature: Any = "c2ln") -> bytes:
    return delta(index, "signature_delta", signature=signature)


def think(text: Any, index: int = 0) -> bytes:
    return delta(index, "thinking_delta", thinking=text)


def piece(text: Any, index: int = 0) -> bytes:
    return delta(index, "input_json_delta", partial_json=text)


def stop(index: Any = 0) -> bytes:
    return event("content_block_stop", index=index)


def text(content: str = "Hi", index: int = 0) -> bytes:
    """A whole text block."""
    return begin(index, "text", text="") + say(content, index) + stop(index)


def tool(*pieces: str, index: int = 0, call: str = "toolu_1", name: str = "f", kind: str = "tool_use") -> bytes:
    """A whole block of a tool call."""
    inner = b"".join(piece(part, index) for part in pieces)
    return begin(index, kind, id=call, name=name, input={}) + inner + stop(index)


def finish(reason: Any = "end_turn", output: Any = 5, sequence: Any = None, **usage: Any) -> bytes:
    return event(
        "message_delta",
        delta={"stop_reason": reason, "stop_sequence": sequence},
        usage={key: value for key, value in {"output_tokens": output, **usage}.items() if value is not ...},
    )


END = event("message_stop")
PING = event("ping")
ERROR = event("error", error={"type": "overloaded_error", "message": "Overloaded"}, request_id="req_1")
DONE = b"data: [DONE]\n\n"
UNKNOWN = event("vertex_event", usage={"input_tokens": 9})
OPEN = begin(0, "text", text="")
PLAIN = (start(), text(), finish(), END)


def lines(stream: bytes) -> bytes:
    """The same without its `event:` lines."""
    return b"".join(line for line in stream.splitlines(keepends=True) if not line.startswith(b"event:"))


BREAKING: list[Row] = [
    row("SSE-40", "another status", *PLAIN, head=ResponseHead(status=206, headers=EVENTS.headers)),
    # AM-01: names
    row("AM-01", "no event lines at all", *map(lines, PLAIN)),
    row("AM-01", "one event without a name", start(), lines(text()), finish(), END),
    row("AM-01", "a name that is not the type", *PLAIN[:3], event("message_stop", "ping")),
    row("AM-01 AM-01", "two names that are not the type", start(), event("ping", "a"), event("ping", "b"), *PLAIN[1:]),
    row("AM-01", "a ping without a type", start(), b"event: ping\ndata: {}\n\n", *PLAIN[1:]),
    row("AM-01", "a type that is a number", start(), event(5, "ping"), *PLAIN[1:]),
    row("AM-01 AM-18", "no JSON", start(), text(), finish(), b"event: message_stop\ndata: {\n\n"),
    row("AM-01", "empty data", start(), b"event: ping\ndata: \n\n", *PLAIN[1:]),
    row("AM-01", "an array", start(), b"event: x\ndata: []\n\n", *PLAIN[1:]),
    row("AM-01 SSE-26", "two events in one", start(), b"event: ping\ndata: {}\ndata: {}\n\n", *PLAIN[1:]),
    # AM-02, AM-03: the start
    row("AM-02", "no message_start", text(), finish(), END),
    row("AM-02", "a message_start twice", start(), start(), text(), finish(), END),
    row("AM-02", "a message_start at the end", start(), text(), finish(), start(), END),
    row("AM-02 AM-02", "a late message_start", text(), start(), finish(), END),
    row("AM-02", "a message_delta first", finish(), END),
    row("AM-02 AM-13", "nothing but a message_stop", END),
    row("AM-03", "content in the start", start(content=[{"type": "text", "text": "Hi"}]), text(), finish(), END),
    row("AM-03", "content null", start(content=None), text(), finish(), END),
    row("AM-03", "no content", start(content=...), text(), finish(), END),
    row("AM-03", "a stop_reason in the start", start(stop_reason="end_turn"), text(), finish(), END),
    row("AM-03b", "a stop_sequence in the start", start(stop_sequence="x"), text(), finish(), END),
    # AM-04 .. AM-07: blocks
    row("AM-04", "a block that never stops", start(), OPEN, say("Hi"), finish(), END),
    row("AM-04 AM-13", "a block that never stops, and no message_delta", start(), OPEN, say("Hi"), END),
    row(
        "AM-04 AM-04 AM-06", "two that never stop", start(), OPEN, say("a"), begin(1, "text", text=""), finish(), END
    ),
    row("AM-05", "a first index of 1", start(), text(index=1), finish(), END),
    row("AM-05", "a gap", start(), text(), text(index=2), finish(), END),
    row("AM-05", "an index twice", start(), text(), text(), finish(), END),
    row("AM-05", "a negative index", start(), text(index=-1), finish(), END),
    row("AM-05", "an index of a thousand million", start(), text(index=10**9), finish(), END),
    row(
        "AM-06",
        "blocks that overlap",
        start(),
        OPEN,
        say("a"),
        begin(1, "text", text=""),
        say("b", 1),
        say("c"),
        stop(),
        stop(1),
        finish(),
        END,
    ),
    row("AM-07", "a delta without a start", start(), say("Hi"), finish(), END),
    row("AM-07", "a delta of a block that has stopped", start(), text(), say("x"), finish(), END),
    row("AM-07", "a delta of another block", start(), OPEN, say("Hi"), say("x", 1), stop(), finish(), END),
    row("AM-07", "a stop twice", start(), text(), stop(), finish(), END),
    # AM-08 .. AM-12: deltas
    row("AM-08", "a text without a delta", start(), OPEN, stop(), finish(), END),
    row("AM-08", "a tool_use without a delta", start(), tool(), finish("tool_use"), END),
    row("AM-08 AM-12", "a thinking without a delta", start(), begin(0, "thinking", thinking="", signature=""), stop(),
        finish(), END),
    row("AM-09", "input in a text", start(), OPEN, piece("{}"), stop(), finish(), END),
    row("AM-09", "text in a tool_use", start(), begin(0, "tool_use", id="a", name="f", input={}), say("x"), stop(),
        finish("tool_use"), END),
    row("AM-09", "a signature in a text", start(), OPEN, say("Hi"), sign(), stop(), finish(), END),
    row("AM-09", "text in a thinking", start(), begin(0, "thinking", thinking="", signature=""), say("x"), sign(),
        stop(), finish(), END),
    row("AM-09b", "text in a server_tool_use", start(),
        begin(0, "server_tool_use", id="a", name="web_search", input={}), say("x"), stop(), finish(), END),
    row("AM-10", "a text that starts with some", start(), begin(0, "text", text="H"), say("i"), stop(), finish(), END),
    row("AM-10", "thinking that starts with some", start(), begin(0, "thinking", thinking="h", signature=""), think("m"),
        sign(), stop(), finish(), END),
    row("AM-10", "a tool that starts with input", start(), begin(0, "tool_use", id="a", name="f", input={"a": 1}),
        piece(""), stop(), finish("tool_use"), END),
    row("AM-11", "input that is no JSON", start(), tool('{"a":'), finish("tool_use"), END, request=ASKED),
    row("AM-11", "input that is an array", start(), tool("[]"), finish("tool_use"), END, request=ASKED),
    row("AM-11", "two objects in one input", start(), tool("{}", "{}"), finish("tool_use"), END, request=ASKED),
    row("AM-11", "input of the server's tool that is no JSON", start(), tool("{", kind="server_tool_use"), finish(), END,
        request=ASKED),
    row("AM-12", "thinking without a signature", start(), begin(0, "thinking", thinking="", signature=""), think("hm"),
        stop(), finish(), END),
    row("AM-12", "a signature in two pieces", start(), begin(0, "thinking", thinking="", signature=""), think("hm"),
        sign(signature="Er"), sign(signature="UB"), stop(), finish(), END),
    row("AM-12", "thinking after the signature", start(), begin(0, "thinking", thinking="", signature=""), sign(),
        think("hm"), think("m"), stop(), finish(), END),
    # AM-13 .. AM-18: the end
    row("AM-13", "no message_delta", start(), text(), END),
    row("AM-13 AM-18", "a cut inside a block", start(), OPEN, say("Hi"), end="reset"),
    row("AM-13 AM-18", "silence", start(), text(), end="timeout"),
    row("AM-13 AM-18", "nothing at all"),
    row("AM-14", "a stop_reason that is null", start(), text(), finish(None), END),
    row("AM-14", "a stop_reason that is empty", start(), text(), finish(""), END),
    row("AM-14", "a last message_delta without one", start(), text(), finish(), finish(None, 6), END),
    row("AM-14", "a delta without one", start(), text(), event("message_delta", delta={}, usage={"output_tokens": 5}), END),
    row("AM-14 AM-18", "a cut before the last message_delta", start(), text(), finish(None)),
    row("AM-15", "a count that falls", start(), text(), finish(None, 20), finish(output=10), END),
    row("AM-15 AM-15", "a count that falls twice", start(), text(), finish(output=9), finish(output=8), finish(output=7),
        END),
    row("AM-15b", "a count below the first", start(usage={"input_tokens": 5, "output_tokens": 9}), text(), finish(), END),
    row("AM-16", "a stop sequence unsaid", start(), text(), finish("stop_sequence"), END),
    row("AM-16b", "a stop sequence with another reason", start(), text(), finish("end_turn", sequence="x"), END),
    row("AM-17", "a tool_use without one", start(), text(), finish("tool_use"), END),
    row("AM-18", "no message_stop", start(), text(), finish()),
    row("AM-18", "a message_stop twice", *PLAIN, END),
    row("AM-18", "a text after the end", *PLAIN, begin(1, "text", text="")),
    row("AM-18", "an error after the end", *PLAIN, ERROR),
    row("AM-18", "an event of a type unknown after the end", *PLAIN, UNKNOWN),
    row("AM-18b", "a ping after the end", *PLAIN, PING),
    row("AM-22", "[DONE] after the end", *PLAIN, DONE),
    row("AM-18 AM-22", "[DONE] in place of the end", *PLAIN[:3], DONE),
    row("AM-22", "[DONE] after an error", start(), ERROR, DONE),
    row("AM-23 AM-23 AM-23", "a block after the message_delta", start(), text(), finish(), text(index=1), END),
    # AM-24 .. AM-29: fields
    row("AM-24", "an id twice", start(), tool("{}"), tool("{}", index=1), finish("tool_use"), END),
    row("AM-24", "an empty name", start(), tool("{}", name=""), finish("tool_use"), END),
    *[
        row("AM-25", f"a tool_use without {key}", start(),
            begin(0, "tool_use", **{"id": "a", "name": "f", "input": {}, key: ...}), piece("{}"), stop(),
            finish("tool_use"), END)
        for key in ("id", "name", "input")
    ],
    *[
        row("AM-25", f"a thinking without {key}", start(),
            begin(0, "thinking", **{"thinking": "", "signature": "", key: ...}), sign(), stop(), finish(), END)
        for key in ("thinking", "signature")
    ],
    row("AM-25", "a text without text", start(), begin(0, "text"), say("Hi"), stop(), finish(), END),
    row("AM-25", "a text with null", start(), begin(0, "text", text=None), say("Hi"), stop(), finish(), END),
    row("AM-25", "a redacted_thinking without data", start(), begin(0, "redacted_thinking"), stop(), finish(), END),
    row("AM-25", "a text_delta without text", start(), OPEN, delta(0, "text_delta"), stop(), finish(), END),
    row("AM-25", "a text_delta with a number", start(), OPEN, say(5), stop(), finish(), END),
    row("AM-25", "input that is an object", start(), begin(0, "tool_use", id="a", name="f", input={}), piece({"a": 1}),
        stop(), finish("tool_use"), END),
    *[row("AM-25", f"a message without {key}", start(**{key: ...}), *PLAIN[1:]) for key in ("id", "role", "model", "type")],
    row("AM-25", "another role", start(role="user"), *PLAIN[1:]),
    row("AM-25", "no message", event("message_start"), *PLAIN[1:]),
    row("AM-25", "a delta without an index", start(), OPEN, say("a"), say("b", ...), stop(), finish(), END),
    row("AM-25", "a start without an index", start(), begin(..., "text", text=""), finish(), END),
    row("AM-25", "a text as index", start(), OPEN, say("a"), say("b", "0"), stop(), finish(), END),
    row("AM-25", "a block without a type", start(), event("content_block_start", index=0, content_block={}), stop(),
        finish(), END),
    row("AM-25", "no delta", start(), OPEN, say("a"), event("content_block_delta", index=0), stop(), finish(), END),
    row("AM-14 AM-25", "a message_delta without delta", start(), text(),
        event("message_delta", usage={"output_tokens": 5}), END),
    row("AM-25", "an error without a type", start(), event("error", error={"message": "bad"})),
    row("AM-25", "an error that is a text", start(), event("error", error="bad")),
    row("AM-27", "no usage in the start", start(usage=...), *PLAIN[1:]),
    row("AM-27", "usage null in the start", start(usage=None), *PLAIN[1:]),
    row("AM-27", "no input_tokens", start(usage={"output_tokens": 1}), *PLAIN[1:]),
    row("AM-27", "no usage in the message_delta", start(), text(),
        event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}), END),
    row("AM-27", "no output_tokens", start(), text(), finish(output=...), END),
    row("AM-01 AM-29", "an error without a name", start(), OPEN, say("Hi"), lines(ERROR)),
    row("AM-01 AM-29", "an error under another name", start(), event("error", "ping", error={"type": "t", "message": "m"})),
    row("AM-01", "an error that is no JSON", start(), b"event: error\ndata: Overloaded\n\n"),
    row("AM-01", "an error in the shape of OpenAI", start(),
        b'event: error\ndata: {"error":{"message":"m","type":"t"}}\n\n'),
]  # fmt: skip

KEEPING: list[Row] = [
    row(
        "AM-01 AM-02 AM-03 AM-03b AM-04 AM-05 AM-06 AM-07 AM-08 AM-09 AM-10 AM-13 AM-14 AM-18 AM-25 AM-27",
        "a plain answer",
        *PLAIN,
        head=EVENTS,
    ),
    row("AM-13 AM-18", "an answer in one piece, as it was asked for", b"{}", head=JSON, request=ASKED | {"stream": False}),
    row("AM-13", "an empty answer", start(), finish(), END),
    row("AM-03b AM-14", "a start that leaves out what is null", start(stop_reason=..., stop_sequence=...), *PLAIN[1:]),
    row("AM-02 AM-18b AM-19", "pings anywhere", PING, start(), PING, OPEN, PING, say("Hi"), stop(), PING, finish(), PING, END),
    row("AM-02 AM-18 AM-21", "events of types unknown anywhere", UNKNOWN, start(), OPEN, UNKNOWN, say("Hi"), stop(), finish(),
        UNKNOWN, END),
    row("AM-02 AM-29 AM-25", "an error first", ERROR),
    row("AM-04 AM-13 AM-18 AM-20 AM-29", "an error inside a block", start(), OPEN, say("Hi"), ERROR),
    row("AM-18", "a ping after an error", start(), ERROR, PING),
    row("AM-08 AM-28", "blocks that come whole", start(), begin(0, "redacted_thinking", data="x"), stop(),
        begin(1, "fallback"), stop(1), begin(2, "web_search_tool_result", tool_use_id="a", content=[]), stop(2),
        finish(), END),
    row("AM-09 AM-09b AM-26", "deltas of types unknown, in blocks known and unknown", start(), OPEN, delta(0, "new_delta", x=1),
        stop(), begin(1, "new_block", x=1), delta(1, "text_delta", text="x"), stop(1), finish(), END),
    row("AM-09", "citations in a text", start(), OPEN, say("Hi"),
        delta(0, "citations_delta", citation={"type": "page_location"}), stop(), finish(), END),
    row("AM-09b AM-11", "a call of the server's tool", start(),
        tool('{"query":', '"x"}', kind="server_tool_use", name="web_search"), text(index=1), finish(), END,
        request=ASKED),
    row("AM-11 AM-17 AM-24", "two calls in pieces", start(), text(), tool("", '{"a":', "1}", index=1),
        tool("", index=2, call="toolu_2"), finish("tool_use"), END, request=ASKED),
    *[
        row("AM-11 AM-17", f"an input cut short by {reason}", start(), tool('{"a":'), finish(reason), END, request=ASKED)
        for reason in ("max_tokens", "model_context_window_exceeded", "refusal")
    ],
    row("AM-11", "an input of a tool that streams eagerly", start(), tool('{"a":'), finish("tool_use"), END,
        request=EAGER),
    row("AM-11", "an input of a tool that may stream eagerly", start(), tool('{"a":'), finish("tool_use"), END),
    row("AM-12", "thinking with its signature", start(), begin(0, "thinking", thinking="", signature=""), think("h"),
        think("m"), sign(), stop(), text(index=1), finish(), END),
    row("AM-12 AM-08", "thinking that is omitted", start(), begin(0, "thinking", thinking="", signature=""), sign(),
        stop(), text(index=1), finish(), END),
    row("AM-12", "thinking that is omitted, with an empty piece", start(),
        begin(0, "thinking", thinking="", signature=""), think(""), sign(), stop(), text(index=1), finish(), END),
    row("AM-14 AM-15 AM-15b AM-27", "running totals", start(), text(), finish(None, 2, input_tokens=7),
        finish(None, 2), finish(output=9, input_tokens=7, cache_read_input_tokens=0), END),
    row("AM-16 AM-16b", "a stop sequence", start(), text(), finish("stop_sequence", sequence="END"), END),
    row("AM-14", "a stop_reason that is new", start(), text(), finish("compaction"), END),
    row("AM-18 AM-22", "nothing after the end", *PLAIN),
    row("AM-23 AM-17", "all blocks before the message_delta", start(), text(), tool("{}", index=1), finish("tool_use"), END),
    row("AM-25 AM-26", "fields that are new", start(x=1, stop_details=None, container=None), begin(0, "text", text="", x=1),
        say("Hi"), stop(), finish(), END),
]  # fmt: skip
"""As BREAKING, with the rules that the stream keeps in the first place: none of these breaks any."""


def _beginning(**usage: Any) -> bytes:
    counts = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "service_tier": "standard"}
    return start(
        id="msg_x1", model="claude-opus-5-5", usage={"input_tokens": 12, "output_tokens": 1, **counts, **usage}
    )


EXAMPLES: dict[str, bytes] = {
    "min": b"".join(
        (_beginning(), OPEN, PING, say("Hi"), say(" there"), stop(), finish(), END),
    ),
    "tool": b"".join(
        (
            _beginning(output_tokens_details=None),
            begin(0, "thinking", thinking="", signature=""),
            think("Need weather."),
            sign(),
            stop(),
            text("Checking.", 1),
            begin(2, "tool_use", id="toolu_x1", name="get_weather", input={}),
            piece("", 2),
            piece('{"city": ', 2),
            PING,
            piece('"Oslo"}', 2),
            stop(2),
            finish("tool_use", 40),
            END,
        )
    ),
    "error": b"".join((_beginning(), OPEN, say("Hi"), ERROR)),
}
"""Streams that break nothing, the request unknown."""

_INNER: dict[str, tuple[str, ...]] = {
    "message": ("id", "content", "stop_reason", "usage", "model"),
    "content_block": ("type", "text", "thinking", "input", "id", "name"),
    "delta": ("type", "text", "partial_json", "signature", "stop_reason", "stop_sequence"),
    "usage": ("output_tokens", "input_tokens"),
    "error": ("message", "type"),
}
PATHS: list[Path] = [
    (),
    ("type",),
    ("index",),
    ("message", "content", 0),
    ("message", "usage", "output_tokens"),
    *((key,) for key in _INNER),
    *((key, inner) for key, inners in _INNER.items() for inner in inners),
]

TABLE = Table(
    rules=anthropic_messages.RULES,
    counts={"MUST": (20, 17, 2, 1), "SHOULD": (11, 2, 0, 0), "MAY": (5, 5, 0, 0)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    paths=PATHS,
)
