"""Streams that mean harm: they are judged, in bounds, and never make the machine fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from streamproof_formats.dialects import DIALECTS, machine
from streamproof_formats.dialects.breaches import MOST as MOST_TOLD
from streamproof_formats.dialects.openai_chat.assembler import MOST_CHOICES
from streamproof_formats.judge import judge
from streamproof_formats.sse import Event

from .streams import DONE, asked, body, chunk, entry, finish, role, rules, text, tool
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
    assert len(set(map(id, findings))) == 2 * MOST_TOLD


MOST = 1024
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
BARE = {"name": "f", "arguments": {}}
PLACE = {"output_index": 0, "item_id": "msg_0"}
PART = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
ITEM = {"type": "message", "status": "in_progress", "role": "assistant", "content": []}
CANDIDATE = {"content": {"parts": [{"text": "x"}], "role": "model"}}

TOO_MANY: list[tuple[str, str, str, Callable[[int], Any]]] = [
    ("openai-chat", "tool calls", "1024 tool calls", lambda n: tool(n, f"c{n}", "f", "{}")),
    ("openai-chat", "ids under one index", "1024 tool calls", lambda n: tool(0, f"c{n}", "f", "{}")),
    ("openai-completions", "choices", "1024 choices", lambda n: {"choices": [{"index": n, "text": "x"}]}),
    ("mistral", "choices", "1024 choices", lambda n: {"choices": [{"index": n, "delta": {"content": "x"}}]}),
    ("mistral", "tool calls", "1024 tool calls",
     lambda n: {"choices": [{"index": 0, "delta": {"tool_calls": [{**CALL, "id": f"c{n}", "index": n}]}}]}),
    ("workers-ai", "tool calls", "1024 tool calls", lambda n: {"tool_calls": [{**CALL, "id": f"c{n}", "index": n}]}),
    ("workers-ai", "older tool calls", "1024 tool calls", lambda _: {"response": "", "tool_calls": [BARE]}),
    ("gemini", "candidates", "128 candidates", lambda n: {"candidates": [{**CANDIDATE, "index": n}]}),
    ("gemini", "calls", "1024 tool calls",
     lambda n: {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {}, "id": str(n)}}]}}]}),
    ("ollama-chat", "tool calls", "1024 tool calls",
     lambda n: {"message": {"role": "assistant", "content": "", "tool_calls": [{"id": str(n), "function": BARE}]}}),
    ("anthropic-messages", "blocks", "1024 content blocks",
     lambda n: {"type": "content_block_start", "index": n, "content_block": {"type": "text", "text": ""}}),
    ("cohere-v2", "tool calls", "1024 tool calls",
     lambda n: {"type": "tool-call-start", "index": n, "delta": {"message": {"tool_calls": {**CALL, "id": f"c{n}"}}}}),
    ("openai-responses", "items", "1024 output items",
     lambda n: {"type": "response.output_item.added", "output_index": n, "item": {**ITEM, "id": f"m{n}"}}),
    ("openai-responses", "parts", "1024 parts",
     lambda n: {"type": "response.content_part.added", **PLACE, "content_index": n, "part": PART}),
]  # fmt: skip


def written(dialect: str, value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n" if DIALECTS[dialect].framing == "ndjson" else body(value)


@pytest.mark.parametrize(
    ("dialect", "says", "one"),
    [(dialect, says, one) for dialect, _, says, one in TOO_MANY],
    ids=[f"{dialect}: {name}" for dialect, name, _, _ in TOO_MANY],
)
def test_more_of_a_thing_than_is_kept_ends_the_judgement_and_is_told(
    dialect: str, says: str, one: Callable[[int], Any]
) -> None:
    judgement = judge(b"".join(written(dialect, one(number)) for number in range(3 * MOST)), dialect)
    assert judgement.problem is not None
    assert f"the stream has more than {says}" in judgement.problem
    assert judgement.message is not None
    for choice in judgement.message.choices:
        assert len(choice.tool_calls) <= MOST
    few = judge(b"".join(written(dialect, one(number)) for number in range(100)), dialect)
    assert few.problem is None


def test_a_tool_index_of_a_thousand_million_makes_no_list_of_that_length() -> None:
    judgement = judge(body(role(), tool(10**9, "a", "f", "{}"), finish("tool_calls"), DONE), "openai-chat")
    assert judgement.message is not None
    assert len(judgement.message.choices[0].tool_calls) == 1
    assert rules(judgement) == ["OC-22"]
