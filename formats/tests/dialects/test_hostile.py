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
from .tables import TABLES

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
        prompt=["x", [1], None],
        echo=True,
        best_of=2,
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
        "prompt": 5,
        "echo": 1,
        "best_of": "2",
    },
]


def with_value(path: tuple[str | int, ...], value: Any) -> Any:
    """JSON that holds the value at the path, and on the way what the path needs."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    return [with_value(rest, value)] if isinstance(step, int) else {step: with_value(rest, value)}


@pytest.mark.parametrize("dialect", TABLES)
@pytest.mark.parametrize("request_body", REQUESTS, ids=["unknown", "number", "full", "odd"])
def test_any_value_at_any_place_is_judged(dialect: str, request_body: Any) -> None:
    for path in TABLES[dialect].paths:
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
    # The first choices lack their role; past what a request may ask for, and past what is kept, their index is wrong.
    assert len(findings) == MOST_CHOICES + (20_000 - 128)
    assert len(set(map(id, findings))) == 2 * MOST


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
