"""What is particular to anthropic-messages: its ends, its profiles, its requests, its bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof_formats.dialects import DIALECTS, finish_reason, machine, read_error, validate_request
from streamproof_formats.dialects.anthropic_messages.machine import MOST_BLOCKS
from streamproof_formats.dialects.schema_book import validate
from streamproof_formats.message import Message, StreamError
from streamproof_formats.sse import Event

from .anthropic_messages_cases import NAMED_ONLY
from .anthropic_messages_table import (
    ASKED,
    DONE,
    END,
    ERROR,
    EXAMPLES,
    OPEN,
    PATHS,
    PLAIN,
    TOOL,
    begin,
    finish,
    piece,
    say,
    sign,
    start,
    stop,
    text,
    think,
)
from .streams import body, judged, rules
from .test_hostile import VALUES, with_value

DIALECT = "anthropic-messages"


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_break_nothing(name: str) -> None:
    assert judged(DIALECT, EXAMPLES[name]).findings == ()


@pytest.mark.parametrize(
    ("name", "stream", "expected"), NAMED_ONLY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_name_says_what_the_data_does_not(name: str, stream: bytes, expected: Message) -> None:
    assert judged(DIALECT, stream).message == expected


@pytest.mark.parametrize(
    ("end", "ended"),
    [("clean", "clean"), ("fin", "cut"), ("reset", "cut"), ("bad-framing", "cut"), ("timeout", "stalled")],
)
def test_the_end_of_the_body_counts_unless_the_stream_ended_before_it(end: Any, ended: str) -> None:
    for stream, expected in (
        (b"", ended),
        (DONE, ended),
        (END, "terminal"),
        (ERROR + END, "error"),
        (END + ERROR, "terminal"),
    ):
        message = judged(DIALECT, stream, end=end).message
        assert message is not None
        assert message.ended == expected


# All blocks stop at the end; the starts lack what the types require.
LLAMA = body(
    start(usage={"input_tokens": 5, "output_tokens": 0}),
    begin(0, "thinking", thinking=""),
    think("hm"),
    begin(1, "text", text=""),
    say("Hi", 1),
    begin(2, "tool_use", id="a", name="f"),
    piece("{}", 2),
    sign(signature=""),
    stop(0),
    stop(1),
    stop(2),
    finish("tool_use"),
    END,
)


def test_llama_cpp_passes_under_its_profile_only() -> None:
    assert rules(judged(DIALECT, LLAMA)) == ["AM-06", "AM-06", "AM-25", "AM-25"]
    assert judged(DIALECT, LLAMA, profile="llama-cpp").findings == ()


@pytest.mark.parametrize(
    ("profile", "stream", "broken"),
    [
        ("llama-cpp", body(start(), begin(0, "tool_use", id="a", input={}), piece("{}"), stop(), finish("tool_use"), END),
         ["AM-25"]),
        ("llama-cpp", body(start(), begin(0, "tool_use", id="a", name="f", input=""), piece("{}"), stop(),
                           finish("tool_use"), END), ["AM-25"]),
        ("llama-cpp", body(start(), OPEN, say("Hi"), finish(), END), ["AM-04"]),
        *((name, body(*PLAIN[:-1]), ["AM-18"]) for name in ("llama-cpp", "ollama-v1", "vllm", "litellm", "requesty")),
        ("openrouter", body(*PLAIN, DONE), ["AM-22"]),
    ],
)  # fmt: skip
def test_a_profile_allows_no_more_than_its_servers_do(profile: str, stream: bytes, broken: list[str]) -> None:
    assert rules(judged(DIALECT, stream, profile=profile)) == broken


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            b'{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"req_1"}',
            StreamError(message="m", type="overloaded_error", status=529),
        ),
        (b'{"type":"error","error":"m"}', StreamError(message="m", status=529)),
        (b"<html>", StreamError(message="<html>", status=529)),
        (b"[]", StreamError(message="[]", status=529)),
    ],
)
def test_the_error_of_an_answer_is_read(content: bytes, error: StreamError) -> None:
    assert read_error(DIALECT, 529, content) == error


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "end_turn"),
        ("end-turn", "end_turn"),
        ("endTurn", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("stop_sequence", "stop_sequence"),
        ("refusal", "refusal"),
        ("", None),
    ],
)
def test_finish_reasons_are_compared_in_the_dialects_spelling(said: str, reason: str | None) -> None:
    assert finish_reason(DIALECT, said) == reason


GOOD: list[Any] = [
    DIALECTS[DIALECT].request,
    ASKED,
    ASKED | {"stream": False, "max_tokens": 0, "temperature": 1, "top_k": 5, "stop_sequences": ["x"]},
    ASKED | {"system": "x", "metadata": {"user_id": None}, "x_unknown": {"a": 1}},
    ASKED | {"system": [{"type": "text", "text": "x"}], "thinking": {"type": "enabled", "budget_tokens": 1024}},
    ASKED | {"thinking": {"type": "adaptive", "display": "omitted"}},
    ASKED | {"tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True}},
    ASKED
    | {"tools": [TOOL | {"type": "custom", "eager_input_streaming": True}, {"type": "bash_20250124", "name": "bash"}]},
    ASKED
    | {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "x"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
        ]
    },
]

BAD: list[tuple[Any, list[str]]] = [
    ([], ["$: expected object, found array"]),
    (
        {},
        [
            "$.model: expected string, found nothing",
            "$.max_tokens: expected integer, found nothing",
            "$.messages: expected array, found nothing",
        ],
    ),
    (ASKED | {"max_tokens": -1}, ["$.max_tokens: expected at least 0, found integer -1"]),
    (ASKED | {"messages": []}, ["$.messages: expected an array of at least 1, found array"]),
    (
        ASKED | {"messages": [{"role": "tool", "content": "x"}]},
        ['$.messages[0].role: expected "user", "assistant" or "system", found string "tool"'],
    ),
    (ASKED | {"messages": [{"role": "user"}]}, ["$.messages[0].content: expected a value, found nothing"]),
    (ASKED | {"tools": [{"name": "f"}]}, ["$.tools[0].input_schema: expected object, found nothing"]),
    (ASKED | {"tool_choice": {"type": "tool"}}, ["$.tool_choice.name: expected string, found nothing"]),
    (ASKED | {"tool_choice": "auto"}, ['$.tool_choice: expected object, found string "auto"']),
    (ASKED | {"thinking": {"type": "enabled"}}, ["$.thinking.budget_tokens: expected integer, found nothing"]),
    (ASKED | {"stream": "yes"}, ['$.stream: expected boolean, found string "yes"']),
]


@pytest.mark.parametrize("request_body", GOOD)
def test_a_documented_request_has_no_fault(request_body: Any) -> None:
    assert validate_request(DIALECT, dict(request_body)) == []


@pytest.mark.parametrize(("request_body", "told"), BAD)
def test_what_is_wrong_with_a_request_is_told(request_body: Any, told: list[str]) -> None:
    assert validate_request(DIALECT, request_body) == told


ANSWER: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
        {"type": "new", "x": 1},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("http-error", {"type": "error", "error": {"type": "api_error", "message": "m"}}, {"error": {"message": "m"}}),
        ("response", ANSWER, ANSWER | {"content": [{"type": "text"}]}),
        ("response", ANSWER, ANSWER | {"stop_reason": None}),
    ],
)
def test_whole_answers_and_errors_have_schemas(name: str, good: Any, bad: Any) -> None:
    assert validate(DIALECT, name, good) == []
    assert validate(DIALECT, name, bad) != []


KINDS = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta")
BLOCKS = ("text", "thinking", "tool_use", "server_tool_use", "redacted_thinking", "x")


@pytest.mark.parametrize("request_body", [None, {"tools": [5, {}]}, {"tools": 5}], ids=["unknown", "odd", "odder"])
def test_any_value_at_any_place_of_any_event_is_judged(request_body: Any) -> None:
    for path in PATHS:
        for value in VALUES:
            odd = with_value(path, value)
            stream = [
                *(
                    {"type": "content_block_start", "index": index, "content_block": {"type": kind}}
                    for index, kind in enumerate(BLOCKS)
                ),
                odd,
                *({"type": kind, **odd} for kind in (*KINDS, "message_stop", "error") if isinstance(odd, dict)),
            ]
            judging, taking = (machine(DIALECT, request=request_body, profile="llama-cpp") for _ in range(2))
            findings = []
            for number, item in enumerate(stream):
                kind = item.get("type") if isinstance(item, dict) else None
                name = kind if isinstance(kind, str) else "message"
                findings += judging.receive(Event(name, json.dumps(item), "", number, number + 1), number)
                taking.receive_item(item)
            findings += judging.close("clean", None)
            assert judging.message.ended in ("terminal", "error", "clean")
            assert taking.message.ended in ("terminal", "error", "open")
            for finding in findings:
                finding.message.encode()
                assert len(finding.message) < 400


def test_more_blocks_than_are_kept_break_no_rule() -> None:
    stream = body(start(), *(text("x", index) for index in range(MOST_BLOCKS + 5)), finish(), END)
    judgement = judged(DIALECT, stream)
    assert judgement.findings == ()
    assert judgement.problem == f"the stream has more than {MOST_BLOCKS} content blocks, and no more are kept"
