"""What a stream of ollama-chat adds up to, judged line by line or handed over as items."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof_formats.dialects import machine
from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage
from streamproof_formats.response import BodyEnd

from .ollama_chat_table import BYE, ERROR, EXAMPLES, HI, WEATHER, call, compact, last, line, lines, say
from .openai_chat_table import JSON
from .streams import judged, rules

USAGE = Usage(input=9, output=3)


def whole(**fields: Any) -> Message:
    return Message(
        choices=(Choice(index=0, **{"text": "", "finish_reason": "stop", **fields}),), usage=USAGE, ended="terminal"
    )


CALL = ToolCall(id=None, name="get_weather", arguments='{"city":"Oslo"}')
MESSAGES: list[tuple[str, bytes, BodyEnd, Message]] = [
    ("an answer", EXAMPLES["min"], "clean", whole(text="Hi there")),
    ("thinking and a call", EXAMPLES["tool"], "clean",
        whole(reasoning="Need weather.", tool_calls=(ToolCall(id="call_a1", name="get_weather", arguments='{"city":"Oslo"}'),))),
    ("an error", EXAMPLES["error"], "clean",
        Message(choices=(Choice(index=0, text="Hi"),), error=StreamError(message=ERROR["error"]), ended="error")),
    ("an error of an object", lines(HI, {"error": {"message": "m", "code": 5}}), "clean",
        Message(choices=(Choice(index=0, text="Hi"),), error=StreamError(message="m", code="5"), ended="error")),
    ("nothing", b"", "clean", Message(ended="clean")),
    ("no last line", lines(HI), "clean", Message(choices=(Choice(index=0, text="Hi"),), ended="clean")),
    ("a cut", lines(HI), "reset", Message(choices=(Choice(index=0, text="Hi"),), ended="cut")),
    ("silence", lines(HI), "timeout", Message(choices=(Choice(index=0, text="Hi"),), ended="stalled")),
    ("all on the last line",
        lines(line({"role": "assistant", "content": "Hi", "thinking": "hm", "tool_calls": [WEATHER]}, True, done_reason="stop")),
        "clean",
        Message(choices=(Choice(index=0, text="Hi", reasoning="hm", finish_reason="stop", tool_calls=(CALL,)),), ended="terminal")),
    ("calls keep their order and their likes", lines(say(tool_calls=[WEATHER]), say(tool_calls=[WEATHER, call("g", [])]), BYE), "clean",
        whole(tool_calls=(CALL, CALL, ToolCall(id=None, name="g", arguments="[]")))),
    ("text after the end is not read", lines(HI, BYE, HI), "clean", whole(text="Hi")),
    ("no reason", lines(HI, last(reason="")), "clean", whole(text="Hi", finish_reason=None)),
    ("a last line without its end", lines(HI, BYE)[:-1], "clean", whole(text="Hi")),
    ("a last line that is cut off", lines(HI, say("lo"))[:-3], "fin", Message(choices=(Choice(index=0, text="Hi"),), ended="cut")),
    ("what is no text adds none", lines(HI, say(5), say(None, thinking=5), BYE), "clean", whole(text="Hi")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stream", "end", "message"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_lines_add_up_to_a_message(name: str, stream: bytes, end: BodyEnd, message: Message) -> None:
    assert judged("ollama-chat", stream, end=end).message == message


@pytest.mark.parametrize("name", EXAMPLES)
def test_items_add_up_to_the_same(name: str) -> None:
    taker = machine("ollama-chat", request=None)
    for text in EXAMPLES[name].decode().splitlines():
        taker.receive_item(json.loads(text))
    assert taker.message == judged("ollama-chat", EXAMPLES[name]).message


DONE_LINE = compact(last("Hi")).encode()
WHOLE_ANSWERS: list[tuple[str, bytes, BodyEnd, list[str], str]] = [
    ("a whole answer", DONE_LINE, "clean", [], "terminal"),
    ("with a line end", DONE_LINE + b"\n", "clean", [], "terminal"),
    ("an error", compact(ERROR).encode(), "clean", ["OM-16"], "error"),
    ("an object that is not done", compact(HI).encode(), "clean", ["OM-03"], "clean"),
    ("a stream under the type of an answer", lines(HI, last()), "clean", ["ND-05", "OM-01"], "error"),
    ("no JSON", b"Hi", "clean", ["ND-05", "OM-01"], "error"),
    ("a list", b"[]", "clean", ["OM-03"], "clean"),
    ("a cut answer", DONE_LINE[:-9], "fin", ["SSE-48"], "cut"),
]


@pytest.mark.parametrize(
    ("name", "body", "end", "broken", "ended"), WHOLE_ANSWERS, ids=[row[0] for row in WHOLE_ANSWERS]
)
def test_an_answer_that_calls_itself_json_is_a_whole_one_where_the_request_is_not_known(
    name: str, body: bytes, end: BodyEnd, broken: list[str], ended: str
) -> None:
    judgement = judged("ollama-chat", body, head=JSON, end=end)
    assert [rules(judgement), judgement.message and judgement.message.ended] == [broken, ended]
    if name == "a whole answer":
        assert judgement.message == whole(text="Hi")
    streams = judged("ollama-chat", body, head=JSON, end=end, request={"model": "m", "messages": [{}], "stream": True})
    assert "ND-05" in rules(streams)
