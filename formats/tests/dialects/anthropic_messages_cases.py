"""What streams of anthropic-messages add up to."""

from __future__ import annotations

from typing import Any

from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage

from .anthropic_messages_table import (
    DONE,
    END,
    ERROR,
    EXAMPLES,
    OPEN,
    PING,
    PLAIN,
    UNKNOWN,
    begin,
    delta,
    event,
    finish,
    lines,
    piece,
    say,
    sign,
    start,
    stop,
    text,
    think,
    tool,
)
from .streams import body

TOOL = begin(0, "tool_use", id="toolu_1", name="f", input={})
THINKING = begin(0, "thinking", thinking="", signature="")
COUNTED = Usage(input=5, output=5)
BEGUN = Usage(input=5, output=1)


def one(finish_reason: str | None = "end_turn", **fields: Any) -> tuple[Choice, ...]:
    return (Choice(index=0, finish_reason=finish_reason, **fields),)


def terminal(usage: Usage | None = COUNTED, **fields: Any) -> Message:
    return Message(ended="terminal", choices=one(**fields), usage=usage)


def called(arguments: str, **fields: Any) -> tuple[ToolCall, ...]:
    return (ToolCall(**{"id": "toolu_1", "name": "f", "arguments": arguments, **fields}),)


CASES: list[tuple[str, bytes, Message]] = [
    ("example min", EXAMPLES["min"], terminal(Usage(input=12, output=5), text="Hi there")),
    (
        "example tool",
        EXAMPLES["tool"],
        terminal(
            Usage(input=12, output=40),
            finish_reason="tool_use",
            text="Checking.",
            reasoning="Need weather.",
            tool_calls=(ToolCall(id="toolu_x1", name="get_weather", arguments='{"city": "Oslo"}'),),
        ),
    ),
    (
        "example error",
        EXAMPLES["error"],
        Message(
            choices=one(None, text="Hi"),
            usage=Usage(input=12, output=1),
            error=StreamError(message="Overloaded", type="overloaded_error"),
            ended="error",
        ),
    ),
    ("nothing", b"", Message(ended="clean")),
    ("pings only", body(PING, PING), Message(ended="clean")),
    ("no block", body(start(), finish(), END), terminal()),
    ("empty text is not absent text", body(start(), OPEN, stop(), finish(), END), terminal(text="")),
    ("the text of all blocks, in order", body(start(), text("a"), text("b", 1), finish(), END), terminal(text="ab")),
    (
        "deltas go to the block of their index",
        body(
            start(), OPEN, say("a"), begin(1, "text", text=""), say("c", 1), say("b"), stop(), stop(1), finish(), END
        ),
        terminal(text="abc"),
    ),
    ("a text in the start", body(start(), begin(0, "text", text="H"), say("i"), stop(), finish(), END), terminal(text="Hi")),
    (
        "thinking, its signature in two pieces",
        body(start(), THINKING, think("hm"), sign(), sign(), stop(), finish(), END),
        terminal(reasoning="hm"),
    ),
    (
        "thinking that is omitted",
        body(start(), THINKING, sign(), stop(), text(index=1), finish(), END),
        terminal(text="Hi", reasoning=""),
    ),
    (
        "thinking that is redacted is not shown",
        body(start(), begin(0, "redacted_thinking", data="x"), stop(), text(index=1), finish(), END),
        terminal(text="Hi"),
    ),
    (
        "blocks and deltas of types unknown",
        body(start(), OPEN, delta(0, "new", text="x"), say("Hi"), stop(), begin(1, "new", text="x"),
             delta(1, "text_delta", text="x"), stop(1), UNKNOWN, finish(), END),
        terminal(text="Hi"),
    ),
    ("a delta that fits no block", body(start(), OPEN, piece("{}"), say("Hi"), stop(), finish(), END), terminal(text="Hi")),
    ("a delta of a block that was not started", body(start(), say("a"), text(), finish(), END), terminal(text="Hi")),
    ("text after the message_delta", body(start(), text("a"), finish(), text("b", 1), END), terminal(text="ab")),
    (
        "input in pieces",
        body(start(), tool("", '{"a":', "1}"), finish("tool_use"), END),
        terminal(finish_reason="tool_use", tool_calls=called('{"a":1}')),
    ),
    (
        "no input",
        body(start(), tool(), tool("", index=1, call="toolu_2"), finish("tool_use"), END),
        terminal(finish_reason="tool_use", tool_calls=called("") + called("", id="toolu_2")),
    ),
    (
        "an input in the start, and no pieces",
        body(start(), begin(0, "tool_use", id="toolu_1", name="f", input={"a": 1}), stop(), finish("tool_use"), END),
        terminal(finish_reason="tool_use", tool_calls=called('{"a":1}')),
    ),
    (
        "an input in the start, and pieces",
        body(start(), begin(0, "tool_use", id="toolu_1", name="f", input={"a": 1}), piece("{}"), stop(),
             finish("tool_use"), END),
        terminal(finish_reason="tool_use", tool_calls=called("{}")),
    ),
    (
        "an input that the limit cut",
        body(start(), tool('{"a":'), finish("max_tokens"), END),
        terminal(finish_reason="max_tokens", tool_calls=called('{"a":')),
    ),
    (
        "a call of the server's tool is no call of a client",
        body(start(), tool("{}", kind="server_tool_use"), finish(), END),
        terminal(),
    ),
    (
        "a call that is open",
        body(start(), TOOL, piece('{"a":')),
        Message(choices=one(None, tool_calls=called('{"a":', complete=False)), usage=BEGUN, ended="clean"),
    ),
    (
        "a call that has stopped",
        body(start(), tool("{}")),
        Message(choices=one(None, tool_calls=called("{}")), usage=BEGUN, ended="clean"),
    ),
    (
        "a call whose stop is missing, of an answer that is over",
        body(start(), TOOL, piece("{}"), finish("tool_use"), END),
        terminal(finish_reason="tool_use", tool_calls=called("{}")),
    ),
    (
        "counts replace each other",
        body(start(), text(), finish(None, 20, input_tokens=27), finish(output=47), END),
        terminal(Usage(input=27, output=47), text="Hi"),
    ),
    (
        "counts that are null or absent change nothing",
        body(start(), text(), finish(output=..., input_tokens=None), END),
        terminal(BEGUN, text="Hi"),
    ),
    ("no counts", body(start(usage=None), text(), event("message_delta", delta={"stop_reason": "end_turn"}), END),
     terminal(None, text="Hi")),
    ("the last stop_reason", body(start(), text(), finish("max_tokens"), finish(), END), terminal(text="Hi")),
    ("a stop_reason that stays", body(start(), text(), finish(), finish(None), END), terminal(text="Hi")),
    ("no message_stop", body(start(), text(), finish()), Message(choices=one(text="Hi"), usage=COUNTED, ended="clean")),
    ("[DONE] is no end", body(start(), text(), finish(), DONE), Message(choices=one(text="Hi"), usage=COUNTED, ended="clean")),
    ("nothing is added after the end", body(*PLAIN, text(" more", 1), finish("max_tokens", 9)), terminal(text="Hi")),
    (
        "nothing is added after an error",
        body(start(), OPEN, say("Hi"), ERROR, say(" more"), stop(), finish(), END),
        Message(
            choices=one(None, text="Hi"),
            usage=BEGUN,
            ended="error",
            error=StreamError(message="Overloaded", type="overloaded_error"),
        ),
    ),
    ("an error first", ERROR, Message(ended="error", error=StreamError(message="Overloaded", type="overloaded_error"))),
    ("an error without a name", lines(ERROR),
     Message(ended="error", error=StreamError(message="Overloaded", type="overloaded_error"))),
    ("an error that is a text", event("error", error="bad"), Message(ended="error", error=StreamError(message="bad"))),
    ("an error without its object", event("error", message="bad"),
     Message(ended="error", error=StreamError(message="bad"))),
    ("no names at all", body(*map(lines, PLAIN)), terminal(text="Hi")),
    ("a type counts, not the name beside it",
     body(start(), OPEN, event("content_block_delta", "ping", index=0, delta={"type": "text_delta", "text": "Hi"}), stop(),
          finish(), END),
     terminal(text="Hi")),
    ("a second message_start", body(start(), text(), start(usage={"input_tokens": 99, "output_tokens": 99}), finish(), END),
     terminal(text="Hi")),
]  # fmt: skip

NAMED_ONLY: list[tuple[str, bytes, Message]] = [
    ("a name alone, where the data has no type",
     body(start(), text(), finish(), b"event: message_stop\ndata: {}\n\n"), terminal(text="Hi")),
    ("an error that is no JSON", b"event: error\ndata: Overloaded\n\n",
     Message(ended="error", error=StreamError(message="Overloaded"))),
    ("an end that cannot be read is none", body(start(), text(), finish(), b"event: message_stop\ndata: {\n\n"),
     Message(choices=one(text="Hi"), usage=COUNTED, ended="clean")),
]  # fmt: skip
"""Streams of which only the events tell all: an SDK hands out no names."""
