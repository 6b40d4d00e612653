"""What clients of each kind report, brought into one form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof.adapters.said import CAPABILITIES, Hello, Report, Said
from streamproof.judging.checks import run_checks
from streamproof.judging.expectation import Expectation
from streamproof.judging.observed import Observed, SaidCall, observe
from streamproof.judging.sent import read_answer
from streamproof_scenarios.cases import cases
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import AnswerPlan, Write

SSE = (("content-type", "text/event-stream"),)


def case(dialect: str = "openai-chat") -> Case:
    text = f"title: t\ndialect: {dialect}\nstream: {{steps: [text: Hello, done]}}\n"
    return cases(loads(text, path="by/hand.yaml", id="by/hand"))[0]


def hello(reports: Any, without: str = "") -> Hello:
    return Hello(
        client="c", dialects=("openai-chat",), reports=reports, capabilities=frozenset(CAPABILITIES) - {without}
    )


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def said(kind: Any, *reports: Any, ended: Any = "result", **result: Any) -> Said:
    told = tuple(Report(number, kind, data) for number, data in enumerate(reports))
    return Said(reports=told, result=result if ended == "result" else None, ended=ended, started_ns=0, ended_ns=9)


def event(data: Any) -> dict[str, Any]:
    return {"event": "message", "data": data if isinstance(data, str) else json.dumps(data), "last_event_id": ""}


def seen(reports: Any, said_: Said, without: str = "", dialect: str = "openai-chat") -> Observed:
    return observe(case(dialect), hello(reports, without), said_, [])


WHOLE = [chunk("Hel"), chunk("lo"), chunk(None, "stop")]

OUTCOMES: dict[str, tuple[str, Said, str | None]] = {
    "events to the terminal": ("events", said("event", *map(event, [*WHOLE, "[DONE]"])), "complete"),
    "events without the terminal": ("events", said("event", *map(event, WHOLE)), "incomplete"),
    "events with an error": ("events", said("event", event({"error": {"message": "no"}})), "error"),
    "events, then a thrown error": ("events", said("event", event(WHOLE[0]), error={"message": "lost"}), "error"),
    "items with a finish reason": ("items", said("item", *WHOLE), "complete"),
    "items without a finish reason": ("items", said("item", *WHOLE[:2]), "incomplete"),
    "no items": ("items", said("item"), "incomplete"),
    "items, then a thrown error": ("items", said("item", WHOLE[0], error={"message": "lost"}), "error"),
    "items, left early": ("items", said("item", WHOLE[0], stopped=True), "stopped"),
    "a message with a finish reason": ("message", said("delta", choices=[{"index": 0, "text": "Hi", "finish_reason": "stop"}]), "complete"),
    "a message without one": ("message", said("delta", choices=[{"index": 0, "text": "Hi"}]), "incomplete"),
    "a message with an empty one": ("message", said("delta", choices=[{"index": 0, "text": "Hi", "finish_reason": ""}]), "incomplete"),
    "a message, one of its choices without one": ("message", said("delta", choices=[{"index": 0, "finish_reason": "stop"}, {"index": 1}]), "incomplete"),
    "no choices": ("message", said("delta", choices=[]), "incomplete"),
    "a hang": ("message", said("delta", ended="hang"), None),
    "a crash": ("message", said("delta", ended="crash"), None),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome_of(name: str) -> None:
    reports, said_, outcome = OUTCOMES[name]
    assert seen(reports, said_).outcome == outcome


@pytest.mark.parametrize(
    ("without", "dialect"), [("finish_reason", "openai-chat"), ("", "workers-ai")], ids=["the client", "the dialect"]
)
def test_a_finish_reason_is_not_missed_where_there_is_none_in(without: str, dialect: str) -> None:
    assert seen("message", said("delta", choices=[{"index": 0, "text": "Hi"}]), without, dialect).outcome == "complete"


BODY = b'data: {"a":\ndata: 1}\n\nevent: ping\ndata: x\n\ndata: [DONE]\n\ndata: cut off'

EXACT: list[tuple[list[tuple[str, str]], bool]] = [
    ([("message", '{"a":\n1}'), ("ping", "x"), ("message", "[DONE]")], True),
    ([("", '{"a":\n1}'), ("ping", "x"), ("", "[DONE]")], True),
    ([("message", '{"a":\n1}'), ("ping", "x")], False),
    ([("message", '{"a":1}'), ("ping", "x"), ("message", "[DONE]")], False),
    ([("message", '{"a":\n1}'), ("message", "x"), ("message", "[DONE]")], False),
    ([("message", '{"a":\n1}'), ("ping", "x"), ("message", "[DONE]"), ("message", "cut off")], False),
]


@pytest.mark.parametrize(("events", "exact"), EXACT)
def test_events_are_exact_when_they_are_those_of_the_standard(events: list[tuple[str, str]], exact: bool) -> None:
    sent = read_answer(case(), AnswerPlan(headers=SSE, operations=lambda: iter([Write(BODY)])))
    told = said("event", *({"event": name, "data": data, "last_event_id": ""} for name, data in events))
    assert observe(case(), hello("events"), told, [], sent=sent).is_exact == exact
    assert not observe(case(), hello("items"), told, [], sent=sent).is_exact


NUMBER = chunk(5)  # type: ignore[arg-type]

ITEMS: list[tuple[list[dict[str, Any]], bool]] = [
    ([WHOLE[0], NUMBER, WHOLE[2]], True),
    ([{**WHOLE[0], "own": 1}, NUMBER, WHOLE[2]], True),  # an SDK adds keys of its own
    ([WHOLE[0], chunk("5"), WHOLE[2]], False),
    ([WHOLE[0], chunk(None), WHOLE[2]], False),
    ([WHOLE[0], NUMBER], False),
    ([WHOLE[0], NUMBER, WHOLE[2], WHOLE[2]], False),
]


@pytest.mark.parametrize(("items", "exact"), ITEMS)
def test_items_are_exact_when_they_hold_all_that_was_sent(items: list[dict[str, Any]], exact: bool) -> None:
    body = "".join(f"data: {json.dumps(item)}\n\n" for item in (WHOLE[0], NUMBER, WHOLE[2])) + "data: [DONE]\n\n"
    sent = read_answer(case(), AnswerPlan(headers=SSE, operations=lambda: iter([Write(body.encode())])))
    assert observe(case(), hello("items"), said("item", *items), [], sent=sent).is_exact == exact


def test_no_events_of_a_refusal_are_no_exact_answer() -> None:
    sent = read_answer(case(), AnswerPlan(status=500, headers=SSE, operations=lambda: iter([Write(b"{}")])))
    assert not observe(case(), hello("events"), said("event"), [], sent=sent).is_exact


@pytest.mark.parametrize("reports", ["events", "items"])
def test_what_is_handed_out_piece_by_piece_is_assembled(reports: Any) -> None:
    usage = chunk(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
    pieces = [*WHOLE, {**usage, "choices": []}]
    told = said("item", *pieces) if reports == "items" else said("event", *map(event, [*pieces, "[DONE]"]))
    found = seen(reports, told)
    assert found.choices[0].text == "Hello"
    assert found.choices[0].finish_reason == "stop"
    assert found.usage == {"input": 3, "output": 2, "total": 5}


def test_tool_calls_of_items_are_joined() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}
    rest = {"index": 0, "function": {"arguments": "1}"}}
    pieces = [
        {**chunk(), "choices": [{"index": 0, "delta": {"tool_calls": [item]}, "finish_reason": None}]}
        for item in (call, rest)
    ]
    assert seen("items", said("item", *pieces)).choices[0].tool_calls == (SaidCall(id="c", name="f", raw='{"a":1}'),)


COHERE_END = {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}


@pytest.mark.parametrize(
    ("events", "outcome"),
    [([COHERE_END, "[DONE]"], "complete"), ([COHERE_END, "]"], "complete"), (["[DONE]", COHERE_END], "error")],
)
def test_what_is_no_json_counts_until_the_terminal(events: list[Any], outcome: str) -> None:
    assert seen("events", said("event", *map(event, events)), dialect="cohere-v2").outcome == outcome


DELTAS = ({"choice": 0, "text": "Hel"}, {"choice": 0, "text": "lo"}, {"choice": 1, "reasoning": "hm"})


@pytest.mark.parametrize("ended", ["crash", "hang"])
def test_text_that_came_before_a_crash_or_hang_is_kept(ended: Any) -> None:
    found = seen("message", said("delta", *DELTAS, ended=ended))
    assert (found.choices[0].text, found.choices[1].reasoning) == ("Hello", "hm")


@pytest.mark.parametrize("result", [{"error": {"message": "lost"}}, {"stopped": True, "choices": []}])
def test_text_that_was_handed_out_before_an_error_or_stop_counts(result: dict[str, Any]) -> None:
    assert seen("message", said("delta", *DELTAS, **result)).choices[0].text == "Hello"


def test_what_the_client_says_at_last_stands_over_its_deltas() -> None:
    found = seen("message", said("delta", *DELTAS, choices=[{"index": 0, "text": "Hi", "finish_reason": "stop"}]))
    assert found.choices[0].text == "Hi"
    assert found.deltas == {0: {"text": "Hello"}, 1: {"reasoning": "hm"}}


def test_an_error_is_known_by_its_parts() -> None:
    error = {"type": "APIError", "message": "no", "status": 500, "code": 7, "phase": "open", "raised": "thrown"}
    found = seen("message", said("delta", error=error)).error
    assert found is not None
    assert (found.type, found.message, found.status, found.code) == ("APIError", "no", 500, "7")


@pytest.mark.parametrize(
    ("sent", "printed", "newline", "right"),
    [
        ("Hello", "Hello", "", True),
        ("Hello", "Hello", "\n", True),  # print() adds it
        ("Hello\n", "Hello", "\n", True),  # and here it is the text's own
        ("Hello\n", "Hello", "\r\n", False),
        ("Hello\n", "Hello\n", "\n", True),
        ("Hello\n", "Hello", "", False),
    ],
)
def test_the_last_line_end_of_a_printed_text_counts_for_what_was_sent(
    sent: str, printed: str, newline: str, right: bool
) -> None:
    choice = {"index": 0, "text": printed, "finish_reason": None}
    observed = observe(
        case(),
        Hello(client="c", dialects=("openai-chat",), reports="message"),
        said("delta", choices=[choice], final_newline=newline),
        [],
    )
    expected = Expectation(
        name=None, outcomes=frozenset({"complete"}), choices={0: {"text": sent}}, all_choices=True, requests_min=0
    )
    assert (run_checks("openai-chat", expected, observed) == []) == right
