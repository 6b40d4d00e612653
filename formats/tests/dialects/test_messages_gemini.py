"""What a stream of gemini adds up to, judged event by event or handed over as items."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof_formats.dialects import finish_reason, machine, read_error
from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage
from streamproof_formats.response import BodyEnd

from .gemini_table import BLOCK, BYE, EXAMPLES, HI, call, called, candidate, chunk, counts, error, finish, say
from .streams import body, judged

USAGE = Usage(input=4, output=2, total=6)
FIRST = Usage(input=4, total=4)


def whole(**fields: Any) -> Message:
    return Message(
        choices=(Choice(index=0, **{"text": "", "finish_reason": "STOP", **fields}),), usage=USAGE, ended="terminal"
    )


def part(ended: Any, **fields: Any) -> Message:
    return Message(choices=(Choice(index=0, text="Hi"),), usage=FIRST, ended=ended, **fields)


PIECES = [
    called(call("f", ..., willContinue=True)),
    called(call(..., ..., partialArgs=[{"jsonPath": "$.city", "stringValue": "Os"}], willContinue=True)),
    called(
        call(
            ...,
            ...,
            partialArgs=[{"jsonPath": "$.city", "stringValue": "lo"}, {"jsonPath": "$.a.b", "boolValue": True}],
        )
    ),
]
MESSAGES: list[tuple[str, bytes, BodyEnd, Message]] = [
    ("an answer", EXAMPLES["min"], "clean", whole(text="Hi there")),
    ("a thought and a call", EXAMPLES["tool"], "clean",
        whole(reasoning="I should look it up.", tool_calls=(ToolCall(id="fc-1", name="get_weather", arguments='{"city":"Oslo"}'),))),
    ("a block", EXAMPLES["blocked"], "clean", Message(usage=FIRST, ended="terminal")),
    ("a block that is cut", body(BLOCK), "fin", Message(usage=FIRST, ended="cut")),
    ("nothing", b"", "clean", Message(ended="clean")),
    ("no reason", body(HI), "clean", part("clean")),
    ("a cut", body(HI), "reset", part("cut")),
    ("a cut after the reason", body(HI, BYE), "fin",
        Message(choices=(Choice(index=0, text="Hi", finish_reason="STOP"),), usage=USAGE, ended="cut")),
    ("silence", body(HI), "timeout", part("stalled")),
    ("an error", body(HI, error()), "clean", part("error", error=StreamError(message="m", code="503", type="UNAVAILABLE"))),
    ("an error behind another key", body(HI, {"responseId": "r", **error()}), "clean",
        part("error", error=StreamError(message="m", code="503", type="UNAVAILABLE"))),
    ("text after an error is not read", body(HI, error(), HI), "clean",
        part("error", error=StreamError(message="m", code="503", type="UNAVAILABLE"))),
    ("counts that are absent take nothing back", body(HI, BYE, say("!", usageMetadata=...)), "clean", whole(text="Hi!")),
    ("candidates in turns", body(chunk(candidate({"text": "b"}, index=1), candidate({"text": "a"}, index=...)), finish(index=1), finish("MAX_TOKENS")), "clean",
        Message(choices=(Choice(index=0, text="a", finish_reason="MAX_TOKENS"), Choice(index=1, text="b", finish_reason="STOP")), usage=USAGE, ended="terminal")),
    ("an empty reason is none", body(HI, finish("FINISH_REASON_UNSPECIFIED", usageMetadata=counts())), "clean", part("clean")),
    ("a call in pieces", body(*PIECES, BYE), "clean",
        whole(tool_calls=(ToolCall(id=None, name="f", arguments='{"city":"Oslo","a":{"b":true}}'),))),
    ("a call whose rest is missing", body(*PIECES[:2], BYE), "clean",
        whole(tool_calls=(ToolCall(id=None, name="f", arguments='{"city":"Os"}', complete=False),))),
    ("two calls of one name", body(called(call(args=...), call()), BYE), "clean",
        whole(tool_calls=(ToolCall(id=None, name="f", arguments="{}"),) * 2)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stream", "end", "message"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_chunks_add_up_to_a_message(name: str, stream: bytes, end: BodyEnd, message: Message) -> None:
    assert judged("gemini", stream, end=end).message == message


def test_items_with_the_names_of_an_sdk_add_up_to_the_same() -> None:
    taker = machine("gemini", request=None)
    args = {"snake_case": {"also_here": 1}}
    taker.receive_item(
        {
            "candidates": [
                {"content": {"parts": [{"function_call": {"name": "f", "args": args}}]}, "finish_reason": "STOP"}
            ]
        }
    )
    taker.receive_item(
        {"usage_metadata": {"prompt_token_count": 4, "candidates_token_count": 2, "total_token_count": 6}}
    )
    [choice] = taker.message.choices
    assert choice.finish_reason == "STOP"
    assert choice.tool_calls[0].arguments == '{"snake_case":{"also_here":1}}'
    assert taker.message.usage == USAGE


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}', StreamError(message="m", code="400", type="INVALID_ARGUMENT", status=400)),
        (b'[{"error":{"code":400,"message":"m","status":"X"}}]', StreamError(message="m", code="400", type="X", status=400)),
        (b"[]", StreamError(message="[]", status=400)),
        (b'{"error":"m"}', StreamError(message="m", status=400)),
    ],
)  # fmt: skip
def test_the_error_of_an_answer_is_read(content: bytes, expected: StreamError) -> None:
    assert read_error("gemini", 400, content) == expected


def test_reasons_are_compared_in_lower_case() -> None:
    assert {finish_reason("gemini", said) for said in ("STOP", "stop", "end_turn")} == {"stop"}
    assert {finish_reason("gemini", said) for said in ("MAX_TOKENS", "length", "max-tokens")} == {"max_tokens"}
