"""What streams add up to: the message that a conforming client must hand out."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from streamproof_formats.dialects import machine
from streamproof_formats.message import Choice, FunctionCall, Message, StreamError, ToolCall, Usage

from . import anthropic_messages_cases, cohere_v2_table, examples, mistral_table, openai_completions_table
from .openai_chat_table import ERROR, PLAIN, TYPELESS
from .streams import DONE, body, call, chunk, entry, finish, function, judged, role, say, text, tool, usage


def one(**fields: Any) -> tuple[Choice, ...]:
    return (Choice(index=0, **fields),)


def calls(*called: tuple[str | None, str | None, str], complete: bool = True) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(id=i, name=n, arguments=a, complete=complete) for i, n, a in called)


def terminal(**fields: Any) -> Message:
    return Message(ended="terminal", **fields)


OPENAI_CHAT: list[tuple[str, bytes, Message]] = [
    (
        "example min",
        examples.OPENAI_CHAT["min"],
        terminal(choices=one(text="Hi there", finish_reason="stop"), usage=Usage(input=9, output=2, total=11)),
    ),
    (
        "example tool",
        examples.OPENAI_CHAT["tool"],
        terminal(
            choices=one(
                finish_reason="tool_calls",
                tool_calls=calls(("call_a1", "get_weather", '{"city":"Oslo"}'), ("call_b2", "get_time", "{}")),
            )
        ),
    ),
    (
        "example function_call",
        examples.OPENAI_CHAT["function_call"],
        terminal(
            choices=one(
                finish_reason="function_call",
                function_call=FunctionCall(name="get_weather", arguments='{"city":"Oslo"}'),
            )
        ),
    ),
    (
        "example n2",
        examples.OPENAI_CHAT["n2"],
        terminal(
            choices=(
                Choice(index=0, text="Aa", finish_reason="length"),
                Choice(index=1, text="B", finish_reason="stop"),
            )
        ),
    ),
    (
        "example logprobs-refusal",
        examples.OPENAI_CHAT["logprobs-refusal"],
        terminal(choices=one(refusal="No", finish_reason="stop")),
    ),
    (
        "example error",
        examples.OPENAI_CHAT["error"],
        Message(
            choices=one(text="Hi"),
            ended="error",
            error=StreamError(message="The server had an error.", type="server_error"),
        ),
    ),
    ("example azure", examples.PROFILED["azure"], terminal(choices=one(text="Hi", finish_reason="stop"))),
    (
        "example openrouter",
        examples.PROFILED["openrouter"],
        Message(
            choices=one(text="Hi"), ended="error", error=StreamError(message="Upstream went away", code="server_error")
        ),
    ),
    ("nothing", b"", Message(ended="clean")),
    ("a terminator only", body(DONE), terminal()),
    (
        "empty text is not absent text",
        body(role(), finish(), DONE),
        terminal(choices=one(text="", finish_reason="stop")),
    ),
    (
        "no text at all",
        body(say({"role": "assistant", "content": None}), finish(), DONE),
        terminal(choices=one(finish_reason="stop")),
    ),
    (
        "a stream without a terminator",
        body(role(), text("Hi"), finish()),
        Message(choices=one(text="Hi", finish_reason="stop"), ended="clean"),
    ),
    (
        "nothing is added after the terminator",
        body(*PLAIN, text(" more"), finish("length")),
        terminal(choices=one(text="Hi", finish_reason="stop")),
    ),
    (
        "nothing is added after an error",
        body(role(), text("Hi"), ERROR, text(" more"), finish(), DONE),
        Message(choices=one(text="Hi"), ended="error", error=StreamError(message="m", type="t")),
    ),
    ("an error that is a text", body({"error": "bad"}), Message(ended="error", error=StreamError(message="bad"))),
    (
        "an error with a number as code",
        body({"error": {"message": "m", "code": 503, "param": "n"}}),
        Message(ended="error", error=StreamError(message="m", code="503", param="n")),
    ),
    ("an error of an odd kind", body({"error": [1]}), Message(ended="error", error=StreamError(message=None))),
    (
        "an error that is null",
        body(role(), text("Hi", error=None), finish(), DONE),
        terminal(choices=one(text="Hi", finish_reason="stop")),
    ),
    (
        "text after the finish",
        body(role(), text("Hel"), finish(), text("lo"), DONE),
        terminal(choices=one(text="Hello", finish_reason="stop")),
    ),
    (
        "the last text beside the finish",
        body(role(), text("Hel"), say({"content": "lo"}, "stop"), DONE),
        terminal(choices=one(text="Hello", finish_reason="stop")),
    ),
    (
        "the last finish counts",
        body(role(), finish("length"), finish("stop"), DONE),
        terminal(choices=one(text="", finish_reason="stop")),
    ),
    ("an empty finish is none", body(role(), say({"content": "Hi"}, ""), DONE), terminal(choices=one(text="Hi"))),
    (
        "an unknown finish is kept",
        body(role(), finish("eos"), DONE),
        terminal(choices=one(text="", finish_reason="eos")),
    ),
    (
        "repeated pieces",
        body(role(), text("ha"), text("ha"), text(" "), text("ha"), finish(), DONE),
        terminal(choices=one(text="haha ha", finish_reason="stop")),
    ),
    (
        "pieces that are no text",
        body(role(), text("a"), text(5), text(None), text(["x"]), text("b"), finish(), DONE),
        terminal(choices=one(text="ab", finish_reason="stop")),
    ),
    (
        "broken JSON between pieces",
        body(role(), text("a"), '{"choices":', text("b"), finish(), DONE),
        terminal(choices=one(text="ab", finish_reason="stop")),
    ),
    (
        "lone surrogates",
        body(role(), text("\ud83d"), text("\ude00"), finish(), DONE),
        terminal(choices=one(text="\ud83d\ude00", finish_reason="stop")),
    ),
    (
        "reasoning under its older name",
        body(role(), say({"reasoning_content": "h"}), say({"reasoning_content": "m"}), finish(), DONE),
        terminal(choices=one(text="", reasoning="hm", finish_reason="stop")),
    ),
    (
        "reasoning under both names",
        body(role(), say({"reasoning_content": "hm", "reasoning": "hm"}), finish(), DONE),
        terminal(choices=one(text="", reasoning="hm", finish_reason="stop")),
    ),
    (
        "reasoning, one name of the two empty",
        body(role(), say({"reasoning_content": "", "reasoning": "hm"}), finish(), DONE),
        terminal(choices=one(text="", reasoning="hm", finish_reason="stop")),
    ),
    (
        "obfuscation is no text",
        body(role(obfuscation="x"), text("Hi", obfuscation="y"), finish(), DONE),
        terminal(choices=one(text="Hi", finish_reason="stop")),
    ),
    (
        "choices in one chunk, out of order",
        body(chunk(entry({"content": "b"}, index=1), entry({"content": "a"}))),
        Message(choices=(Choice(index=0, text="a"), Choice(index=1, text="b")), ended="clean"),
    ),
    (
        "a choice without an index stands in its place",
        body(chunk(entry({"content": "a"}, index=...), entry({"content": "b"}, index=None))),
        Message(choices=(Choice(index=0, text="a"), Choice(index=1, text="b")), ended="clean"),
    ),
    (
        "an index of a thousand million",
        body(text("x", 10**9)),
        Message(choices=(Choice(index=10**9, text="x"),), ended="clean"),
    ),
    (
        "the last usage counts",
        body(chunk(usage=usage(1, 1, 2)), chunk(usage=usage(1, 4, 5)), chunk(usage=None), DONE),
        terminal(usage=Usage(input=1, output=4, total=5)),
    ),
    ("usage of odd kinds", body(chunk(usage=usage("1", 2.5, True)), DONE), terminal(usage=Usage())),
    # tool calls
    (
        "a call that the stream left open",
        body(role(), tool(0, "a", "f", '{"c')),
        Message(choices=one(text="", tool_calls=calls(("a", "f", '{"c'), complete=False)), ended="clean"),
    ),
    (
        "a call that an error left open",
        body(role(), tool(0, "a", "f", '{"c'), ERROR, DONE),
        Message(
            choices=one(text="", tool_calls=calls(("a", "f", '{"c'), complete=False)),
            ended="error",
            error=StreamError(message="m", type="t"),
        ),
    ),
    (
        "a call that the terminator left open",
        body(role(), tool(0, "a", "f", '{"c'), DONE),
        terminal(choices=one(text="", tool_calls=calls(("a", "f", '{"c'), complete=False))),
    ),
    (
        "a call that the length cut",
        body(role(), tool(0, "a", "f", '{"c'), finish("length"), DONE),
        terminal(choices=one(text="", finish_reason="length", tool_calls=calls(("a", "f", '{"c')))),
    ),
    (
        "calls that mix",
        body(call(0, "f", "{"), call(1, "g", "["), tool(0, arguments="}"), tool(1, arguments="]")),
        Message(
            choices=one(tool_calls=calls(("call_0", "f", "{}"), ("call_1", "g", "[]"), complete=False)), ended="clean"
        ),
    ),
    (
        "calls of one index with two ids",
        body(call(0, "f", "{}"), tool(0, "b", "g", "["), tool(0, arguments="]"), finish()),
        Message(
            choices=one(tool_calls=calls(("call_0", "f", "{}"), ("b", "g", "[]")), finish_reason="stop"), ended="clean"
        ),
    ),
    (
        "an id in every delta",
        body(tool(0, "a", "f", "{"), tool(0, "a", "f", "}"), finish()),
        Message(choices=one(tool_calls=calls(("a", "f", "{}")), finish_reason="stop"), ended="clean"),
    ),
    (
        "a name in pieces",
        body(tool(0, "a", "edit_ex", ""), tool(0, name="isting", arguments="{}"), finish()),
        Message(choices=one(tool_calls=calls(("a", "edit_existing", "{}")), finish_reason="stop"), ended="clean"),
    ),
    (
        "calls without an index, told apart by id",
        body(tool(..., "a", "f", "{"), tool(..., arguments="}"), tool(None, "b", "g", "[]"), finish()),
        Message(choices=one(tool_calls=calls(("a", "f", "{}"), ("b", "g", "[]")), finish_reason="stop"), ended="clean"),
    ),
    (
        "calls without an index and an id, told apart by name",
        body(tool(..., name="f", arguments="{}"), tool(..., name="g", arguments="[]"), finish()),
        Message(
            choices=one(tool_calls=calls((None, "f", "{}"), (None, "g", "[]")), finish_reason="stop"), ended="clean"
        ),
    ),
    (
        "indexes that start at 4",
        body(call(4, "f"), call(1, "g"), finish()),
        Message(
            choices=one(tool_calls=calls(("call_4", "f", "{}"), ("call_1", "g", "{}")), finish_reason="stop"),
            ended="clean",
        ),
    ),
    (
        "nulls in later deltas",
        body(call(0, arguments="{"), tool(0, None, None, "}", None), finish()),
        Message(choices=one(tool_calls=calls(("call_0", "f", "{}")), finish_reason="stop"), ended="clean"),
    ),
    (
        "arguments that are no text",
        body(call(0, arguments={"a": 1}), finish()),
        Message(choices=one(tool_calls=calls(("call_0", "f", "")), finish_reason="stop"), ended="clean"),
    ),
    (
        "no pieces at all",
        body(role(), say({"tool_calls": [], "content": "Hi"}), finish()),
        Message(choices=one(text="Hi", finish_reason="stop"), ended="clean"),
    ),
    (
        "a custom tool",
        body(
            say({"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]}),
            say({"tool_calls": [{"index": 0, "custom": {"input": "y"}}]}),
            finish(),
        ),
        Message(choices=one(tool_calls=calls(("a", "f", "xy")), finish_reason="stop"), ended="clean"),
    ),
    (
        "a call without a type",
        body(TYPELESS, finish()),
        Message(choices=one(tool_calls=calls(("a", "f", "{}")), finish_reason="stop"), ended="clean"),
    ),
    (
        "a function call whose name is repeated",
        body(function(name="f", arguments="{"), function(name="f", arguments="}"), finish()),
        Message(choices=one(function_call=FunctionCall(name="f", arguments="{}"), finish_reason="stop"), ended="clean"),
    ),
]

WORKERS_AI: list[tuple[str, bytes, Message]] = [
    (
        "example min",
        examples.WORKERS_AI["min"],
        terminal(choices=one(text="Hi there"), usage=Usage(input=9, output=2, total=11)),
    ),
    (
        "example tool",
        examples.WORKERS_AI["tool"],
        terminal(
            choices=one(
                text="", finish_reason="tool_calls", tool_calls=calls(("call_a1", "get_weather", '{"city":"Oslo"}'))
            ),
            usage=Usage(input=20, output=8, total=28),
        ),
    ),
    (
        "example tool-legacy",
        examples.WORKERS_AI["tool-legacy"],
        terminal(
            choices=one(text="", tool_calls=calls((None, "get_weather", '{"city":"Oslo"}'))),
            usage=Usage(input=20, output=8, total=28),
        ),
    ),
    ("nothing", b"", Message(ended="clean")),
    (
        "padding and null are no text",
        body({"response": "Hel", "p": "x"}, {"response": None}, {"response": "lo"}, DONE),
        terminal(choices=one(text="Hello")),
    ),
    (
        "a number is no text",
        body({"response": "a"}, {"response": 5}, {"response": "b"}, DONE),
        terminal(choices=one(text="ab")),
    ),
    (
        "nothing is added after the terminator",
        body({"response": "a"}, DONE, {"response": "b"}),
        terminal(choices=one(text="a")),
    ),
    (
        "an error",
        body({"response": "a"}, {"error": {"message": "bad", "code": 5}}, {"response": "b"}, DONE),
        Message(choices=one(text="a"), ended="error", error=StreamError(message="bad", code="5")),
    ),
    (
        "an error in Cloudflare's envelope",
        body({"response": "a"}, {"errors": [{"code": 3040, "message": "full"}]}),
        Message(choices=one(text="a"), ended="error", error=StreamError(message="full", code="3040")),
    ),
    (
        "errors that are none",
        body({"response": "a", "errors": []}, {"response": "b", "error": None}, DONE),
        terminal(choices=one(text="ab")),
    ),
    (
        "an open call",
        body({"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}}]}),
        Message(choices=one(tool_calls=calls(("a", "f", "{"), complete=False)), ended="clean"),
    ),
    (
        "a call closed by an entry of nulls",
        body(
            {"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"tool_calls": [{"id": None, "type": None, "function": {"name": None, "arguments": ""}}]},
        ),
        Message(choices=one(tool_calls=calls(("a", "f", "{}"))), ended="clean"),
    ),
    (
        "pieces of a call in the older shape",
        body({"tool_calls": [{"name": "f", "arguments": '{"a"'}]}, {"tool_calls": [{"arguments": ":1}"}]}, DONE),
        terminal(choices=one(tool_calls=calls((None, "f", '{"a":1}')))),
    ),
    (
        "calls without an index are told apart by id",
        body(
            {"tool_calls": [{"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}} for i in "ab"]},
            DONE,
        ),
        terminal(choices=one(tool_calls=calls(("a", "f", "{}"), ("b", "f", "{}")))),
    ),
]

CASES = [
    pytest.param(dialect, stream, expected, id=f"{dialect}: {name}")
    for dialect, table in (
        ("openai-chat", OPENAI_CHAT),
        ("anthropic-messages", anthropic_messages_cases.CASES),
        ("openai-completions", openai_completions_table.MESSAGES),
        ("workers-ai", WORKERS_AI),
        ("mistral", mistral_table.MESSAGES),
        ("cohere-v2", cohere_v2_table.MESSAGES),
    )
    for name, stream, expected in table
]


@pytest.mark.parametrize(("dialect", "stream", "expected"), CASES)
def test_a_stream_adds_up_to_its_message(dialect: str, stream: bytes, expected: Message) -> None:
    assert judged(dialect, stream).message == expected


@pytest.mark.parametrize(("dialect", "stream", "expected"), CASES)
def test_items_add_up_to_the_same_message_as_their_stream(dialect: str, stream: bytes, expected: Message) -> None:
    taker = machine(dialect, request=None)
    for item in items_of(stream):
        taker.receive_item(item)
    assert open_ended(taker.message) == open_ended(expected)


def open_ended(message: Message) -> Message:
    """The message without what only the end of its stream tells."""
    choices = tuple(
        attrs.evolve(choice, tool_calls=tuple(attrs.evolve(call, complete=False) for call in choice.tool_calls))
        for choice in message.choices
    )
    return attrs.evolve(message, choices=choices, ended="open")


def items_of(stream: bytes) -> list[Any]:
    """What an SDK would hand out of a stream: its chunks up to the terminator."""
    items: list[Any] = []
    for event in judged("sse", stream).events:
        if event.data == DONE:
            break
        try:
            items.append(json.loads(event.data))
        except ValueError:
            items.append(None)
    return items


@pytest.mark.parametrize(
    ("end", "ended"),
    [("clean", "clean"), ("fin", "cut"), ("reset", "cut"), ("bad-framing", "cut"), ("timeout", "stalled")],
)
@pytest.mark.parametrize("dialect", ["openai-chat", "openai-completions", "workers-ai", "mistral"])
def test_the_end_of_the_body_counts_unless_the_stream_ended_before_it(dialect: str, end: Any, ended: str) -> None:
    for events, expected in (((), ended), ((DONE,), "terminal"), (({"error": {"message": "m"}}, DONE), "error")):
        message = judged(dialect, body(*events), end=end).message
        assert message is not None
        assert message.ended == expected


def test_a_message_can_be_asked_for_at_any_time() -> None:
    taker = machine("openai-chat", request=None)
    seen = []
    for item in (role(), text("a"), text("b"), finish()):
        taker.receive_item(item)
        seen.append((taker.message.choices[0].text, taker.message.choices[0].finish_reason, taker.message.ended))
    assert seen == [("", None, "open"), ("a", None, "open"), ("ab", None, "open"), ("ab", "stop", "open")]
