"""Streams that mean harm: they are judged, in bounds, and never make the machine fail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof_formats.dialects import machine
from streamproof_formats.dialects.breaches import MOST
from streamproof_formats.dialects.openai_chat.assembler import MOST_CALLS, MOST_CHOICES
from streamproof_formats.judge import judge
from streamproof_formats.sse import Event

from .streams import DONE, asked, body, chunk, entry, finish, role, rules, say, text, tool

DEEP = 200_000
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    5,
    1.5,
    1e308,
    10**30,
    "",
    "x",
    "\ud800",
    [],
    [None],
    [[]],
    [{}],
    {},
    {"a": 1},
    {"error": 1},
]

CHAT_PATHS: list[tuple[str | int, ...]] = [
    (),
    ("id",),
    ("object",),
    ("created",),
    ("model",),
    ("system_fingerprint",),
    ("service_tier",),
    ("obfuscation",),
    ("moderation",),
    ("moderation", "input"),
    ("error",),
    ("error", "message"),
    ("error", "code"),
    ("usage",),
    ("usage", "total_tokens"),
    ("usage", "prompt_tokens"),
    ("usage", "prompt_tokens_details"),
    ("choices",),
    ("choices", 0),
    ("choices", 0, "index"),
    ("choices", 0, "finish_reason"),
    ("choices", 0, "delta"),
    ("choices", 0, "delta", "role"),
    ("choices", 0, "delta", "content"),
    ("choices", 0, "delta", "refusal"),
    ("choices", 0, "delta", "reasoning"),
    ("choices", 0, "delta", "reasoning_content"),
    ("choices", 0, "delta", "audio"),
    ("choices", 0, "delta", "function_call"),
    ("choices", 0, "delta", "function_call", "name"),
    ("choices", 0, "delta", "function_call", "arguments"),
    ("choices", 0, "delta", "tool_calls"),
    ("choices", 0, "delta", "tool_calls", 0),
    ("choices", 0, "delta", "tool_calls", 0, "index"),
    ("choices", 0, "delta", "tool_calls", 0, "id"),
    ("choices", 0, "delta", "tool_calls", 0, "type"),
    ("choices", 0, "delta", "tool_calls", 0, "function"),
    ("choices", 0, "delta", "tool_calls", 0, "function", "name"),
    ("choices", 0, "delta", "tool_calls", 0, "function", "arguments"),
    ("choices", 0, "logprobs"),
    ("choices", 0, "logprobs", "content"),
    ("choices", 0, "logprobs", "content", 0),
    ("choices", 0, "logprobs", "content", 0, "token"),
    ("choices", 0, "logprobs", "content", 0, "bytes"),
    ("choices", 0, "logprobs", "content", 0, "top_logprobs"),
]
WORKERS_PATHS: list[tuple[str | int, ...]] = [
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
ANTHROPIC_PATHS: list[tuple[str | int, ...]] = [
    (),
    ("type",),
    ("index",),
    ("message",),
    ("message", "content"),
    ("message", "content", 0),
    ("message", "stop_reason"),
    ("message", "usage"),
    ("message", "usage", "output_tokens"),
    ("content_block",),
    ("content_block", "type"),
    ("content_block", "text"),
    ("content_block", "input"),
    ("content_block", "id"),
    ("content_block", "name"),
    ("delta",),
    ("delta", "type"),
    ("delta", "text"),
    ("delta", "partial_json"),
    ("delta", "signature"),
    ("delta", "stop_reason"),
    ("delta", "stop_sequence"),
    ("usage",),
    ("usage", "output_tokens"),
    ("usage", "input_tokens"),
    ("error",),
    ("error", "message"),
    ("error", "type"),
]
ANTHROPIC_KINDS = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta")
BLOCKS = ("text", "thinking", "tool_use", "server_tool_use", "redacted_thinking", "x")
REQUESTS: list[Any] = [
    None,
    5,
    asked(
        n=2,
        stop=["x"],
        logprobs=True,
        top_logprobs=0,
        tool_choice={"type": "function", "function": {"name": "f"}},
        parallel_tool_calls=False,
        max_tokens=1,
        service_tier="auto",
        stream_options={"include_usage": True, "include_obfuscation": False},
    ),
    {
        "n": "x",
        "stop": {},
        "tool_choice": [],
        "stream_options": 5,
        "logprobs": 1,
        "max_tokens": None,
        "function_call": 1,
    },
]


def with_value(path: tuple[str | int, ...], value: Any) -> Any:
    """JSON that holds the value at the path, and on the way what the path needs."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    return [with_value(rest, value)] if isinstance(step, int) else {step: with_value(rest, value)}


@pytest.mark.parametrize(("dialect", "paths"), [("openai-chat", CHAT_PATHS), ("workers-ai", WORKERS_PATHS)])
@pytest.mark.parametrize("request_body", REQUESTS, ids=["unknown", "number", "full", "odd"])
def test_any_value_at_any_place_is_judged(dialect: str, paths: list[tuple[str | int, ...]], request_body: Any) -> None:
    for path in paths:
        for value in VALUES:
            stream = [with_value(path, value)] * 2
            judging, taking = (machine(dialect, request=request_body, profile="azure") for _ in range(2))
            findings = []
            for number, item in enumerate([*stream, DONE]):
                data = item if item is DONE else json.dumps(item)
                findings += judging.receive(Event("message", data, "", number, number + 1), number)
            findings += judging.close("clean", None)
            for item in stream:
                taking.receive_item(item)
            for machine_ in (judging, taking):
                assert machine_.message.ended in ("terminal", "error", "open")
            for finding in findings:
                finding.message.encode()
                assert len(finding.message) < 400


@pytest.mark.parametrize("request_body", [None, {"tools": [5, {}]}, {"tools": 5}], ids=["unknown", "odd", "odder"])
def test_any_value_at_any_place_of_an_event_of_anthropic_is_judged(request_body: Any) -> None:
    for path in ANTHROPIC_PATHS:
        for value in VALUES:
            judging = machine("anthropic-messages", request=request_body, profile="llama-cpp")
            findings = []
            odd = with_value(path, value)
            stream = [
                *(
                    {"type": "content_block_start", "index": n, "content_block": {"type": b}}
                    for n, b in enumerate(BLOCKS)
                ),
                odd,
                *(
                    {"type": kind, **odd}
                    for kind in (*ANTHROPIC_KINDS, "message_stop", "error")
                    if isinstance(odd, dict)
                ),
            ]
            for number, item in enumerate(stream):
                kind = item.get("type") if isinstance(item, dict) else None
                event = Event(kind if isinstance(kind, str) else "message", json.dumps(item), "", number, number + 1)
                findings += judging.receive(event, number)
            findings += judging.close("clean", None)
            taking = machine("anthropic-messages", request=request_body)
            for item in stream:
                taking.receive_item(item)
            for machine_ in (judging, taking):
                assert machine_.message.ended in ("terminal", "error", "open", "clean")
            for finding in findings:
                finding.message.encode()
                assert len(finding.message) < 400


@pytest.mark.parametrize(
    ("name", "stream", "broken"),
    [
        ("nested too deeply", body(role(), '{"a":' * DEEP, finish(), DONE), ["OC-02"]),
        ("nested too deeply, and whole", body(role(), "[" * DEEP + "]" * DEEP, finish(), DONE), ["OC-02"]),
        ("nested deeply as content", body(role(), text(json.loads("[" * 400 + "]" * 400)), finish(), DONE), ["OC-12b"]),
        ("nested deeply under an unknown key", body(role(x=json.loads("[" * 400 + "]" * 400)), finish(), DONE), []),
        ("an integer past 64 bit", body(role(created=2**70), finish(created=2**70), DONE), []),
        (
            "an integer of 5000 digits",
            body(role(), '{"x":' + "1" * 5000 + "," + json.dumps(text("Hi"))[1:], finish(), DONE),
            [],
        ),
        ("a key twice, the last counts", body(role(), '{"id":"d",' + json.dumps(text("Hi"))[1:], finish(), DONE), []),
        ("NaN", body(role(), json.dumps(text("x", y=float("nan"))), finish(), DONE), ["OC-02"]),
        (
            "a control character in a text",
            body(role(), json.dumps(text("a")).replace('"a"', '"\x01"'), finish(), DONE),
            ["OC-02"],
        ),
        ("lone surrogates", body(role(), text("\ud800"), finish(), DONE), []),
        ("a lone surrogate in a finding", body(role(), finish("\ud800"), DONE), ["OC-06"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_odd_json_is_judged_as_what_it_is(name: str, stream: bytes, broken: list[str]) -> None:
    judgement = judge(stream, "openai-chat")
    assert rules(judgement) == broken
    for finding in judgement.findings:
        finding.message.encode()


def test_very_many_choices_are_kept_within_bounds() -> None:
    taker = machine("openai-chat", request=None)
    entries = [entry({"content": "x"}, index=index) for index in range(20_000)]
    data = json.dumps(chunk(*entries))
    findings = list(taker.receive(Event("message", data, "", 0, len(data)), 0))
    assert len(taker.message.choices) == MOST_CHOICES
    assert {finding.rule for finding in findings} == {"OC-10", "OC-17"}
    assert len(findings) == 2 * MOST


def test_very_many_calls_are_kept_within_bounds() -> None:
    taker = machine("openai-chat", request=None)
    pieces = [{"index": index, "id": str(index)} for index in range(20_000)]
    data = json.dumps(say({"tool_calls": pieces}))
    findings = list(taker.receive(Event("message", data, "", 0, len(data)), 0))
    assert len(taker.message.choices[0].tool_calls) == MOST_CALLS
    assert "OC-22" in {finding.rule for finding in findings}


def test_many_ids_under_one_index_are_kept_within_bounds() -> None:
    taker = machine("openai-chat", request=None)
    for number in range(3 * MOST_CALLS):
        taker.receive_item(tool(0, str(number), "f", "{}"))
    assert len(taker.message.choices[0].tool_calls) == MOST_CALLS


def test_a_tool_index_of_a_thousand_million_makes_no_list_of_that_length() -> None:
    judgement = judge(body(role(), tool(10**9, "a", "f", "{}"), finish("tool_calls"), DONE), "openai-chat")
    assert judgement.message is not None
    assert len(judgement.message.choices[0].tool_calls) == 1
    assert rules(judgement) == ["OC-22"]
