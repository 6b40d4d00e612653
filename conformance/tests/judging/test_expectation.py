"""What a client must make of a stream: the tables of DESIGN, section 7, and what a file's `expect` lays over them."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof.judging.expectation import UNSTATED, Expectation, derive, expectations
from streamproof.judging.sent import read_answer
from streamproof.judging.tables import BASES, CHECKS, DERIVED, FORCES
from streamproof_formats.message import Usage
from streamproof_formats.rule import Basis, Level
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case

# The tables of DESIGN, section 7, row by row.

STREAMS: dict[str, tuple[set[str], str]] = {
    "terminal": ({"complete"}, "never"),
    "error": ({"error"}, "before-a-body-byte"),
    "refused": ({"error"}, "free"),
    "clean": ({"error", "incomplete"}, "before-a-body-byte"),
    "cut": ({"error", "incomplete"}, "before-a-body-byte"),
    "stalled": ({"error", "incomplete"}, "before-a-body-byte"),
    "open": ({"error", "incomplete"}, "before-a-body-byte"),
    "stopped": ({"stopped"}, "never"),
}

WORST_FIRST = [
    "silent-truncation", "swallowed-error", "unfinished-call", "invented-finish", "wrong-text", "wrong-tools", "resent",
    "hang", "crash", "spurious-error", "deltas-differ", "held-connection", "early-retry", "late", "wrong-usage", "slow",
    "bad-request",
]  # fmt: skip
ONLY_WARN = {"late", "slow", "bad-request"}
FAIL_WHEN_OPEN = {*WORST_FIRST[:4], "hang", "crash"}


def test_streams_ask_for_the_outcomes_of_the_design() -> None:
    assert {name: (set(row.outcomes), row.resending) for name, row in DERIVED.items()} == STREAMS


def test_checks_are_those_of_the_design_worst_first() -> None:
    assert list(CHECKS) == WORST_FIRST
    assert {name for name, check in CHECKS.items() if check.worst == "warn"} == ONLY_WARN
    assert {name for name, check in CHECKS.items() if check.fails_when_open} == FAIL_WHEN_OPEN


def test_forces_are_those_of_the_design() -> None:
    assert FORCES == {"must": "fail", "documented": "fail", "quirk": "warn", "open": "reading"}


def test_bases_are_those_of_the_design() -> None:
    for basis in Basis:
        firm = basis.value in {"DOC", "TYPE", "CLIENT"}
        assert BASES[basis, Level.MUST] == ("fail" if firm else "warn")
        assert BASES[basis, Level.SHOULD] == "warn"
        assert BASES[basis, Level.MAY] == "note"


# What is derived from streams

START = "{role: assistant}, {text: Hel}"


def case_of(stream: str, more: str = "", dialect: str = "openai-chat") -> Case:
    text = f"title: t\ndialect: {dialect}\nstream: {stream}\n{more}"
    (case,) = cases(loads(text, path="by/hand.yaml", id="by/hand"))
    return case


def derived(stream: str, more: str = "", dialect: str = "openai-chat", answered: int = 0) -> Expectation:
    case = case_of(stream, more, dialect)
    return derive(case, [read_answer(case, answer) for answer in compile_case(case).answers], answered)


def stated(stream: str, expect: str, more: str = "") -> tuple[Expectation, ...]:
    case = case_of(stream, f"expect: {expect}\n{more}")
    return expectations(case, [read_answer(case, answer) for answer in compile_case(case).answers], 0)


ENDED: dict[str, tuple[str, set[str], int | None]] = {
    "by its terminal": (f"{{steps: [{START}, finish: stop, done]}}", {"complete"}, 1),
    "by an error event": (f"{{steps: [{START}, error: {{message: no}}]}}", {"error"}, 1),
    "by a status": ("{status: 500, steps: [error: {message: no}]}", {"error"}, None),
    "under another content type": (f"{{headers: {{content-type: text/html}}, steps: [{START}]}}", {"error"}, None),
    "cleanly without a terminal": (f"{{steps: [{START}]}}", {"error", "incomplete"}, 1),
    "cut by a FIN": (f"{{steps: [{START}], end: fin}}", {"error", "incomplete"}, 1),
    "cut by a reset": (f"{{steps: [{START}], end: reset}}", {"error", "incomplete"}, 1),
    "in silence": (f"{{steps: [{START}], end: stall}}", {"error", "incomplete"}, 1),
    "before any byte": ("{steps: [], end: fin}", {"error", "incomplete"}, None),
    "by its terminal, without a finish reason": (f"{{steps: [{START}, done]}}", {"complete", "incomplete"}, 1),
    "by its terminal, without a choice": ("{steps: [done]}", {"complete", "incomplete"}, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDED)
def test_stream_that_ends(name: str) -> None:
    stream, outcomes, requests = ENDED[name]
    found = derived(stream)
    assert found.outcomes == outcomes
    assert found.requests_max == requests


def test_a_dialect_without_finish_reasons_is_complete_without_one() -> None:
    assert derived("{steps: [text: Hi, done]}", dialect="workers-ai").outcomes == {"complete"}


def test_all_fields_are_as_assembled() -> None:
    stream = "{steps: [role: assistant, reasoning: hm, text: Hel, text: lo, finish: length, usage: {input: 3, output: 2}, done]}"
    found = derived(stream, "request: {stream_options: {include_usage: true}}")
    assert found.choices[0] == {
        "index": 0, "text": "Hello", "reasoning": "hm", "refusal": None, "finish_reason": "length", "tool_calls": (),
        "function_call": None,
    }  # fmt: skip
    assert found.usage == Usage(input=3, output=2, total=5)
    assert found.all_choices


def test_usage_of_an_unfinished_stream_is_not_compared() -> None:
    assert derived(f"{{steps: [{START}]}}").usage == UNSTATED


def test_a_stop_wants_a_prefix_one_request_and_an_end_of_the_connection() -> None:
    found = derived(f"{{steps: [{START}, finish: stop, done]}}", "client: {stop: {after: 1, how: break}}")
    assert (found.outcomes, found.text_is_prefix, found.left_within_s, found.requests_max) == ({"stopped"}, True, 1, 1)


def test_status_and_words_of_a_refusal_are_known() -> None:
    found = derived("{status: 401, steps: [error: {message: The key is not valid}]}")
    assert (found.error_status, found.error_sent) == (401, True)


def test_an_error_in_the_stream_has_no_status() -> None:
    assert derived(f"{{steps: [{START}, error: {{message: no, code: 400}}]}}").error_status is None


def test_a_success_is_no_status_of_an_error() -> None:
    found = derived("{headers: {content-type: application/json}, steps: [raw: '{}']}")
    assert (found.error_status, found.error_sent) == (None, True)


ANSWERS = f"[{{status: 429, steps: [error: {{message: slow}}]}}, {{steps: [{START}, finish: stop, done]}}]"


@pytest.mark.parametrize(("answered", "outcomes"), [(0, {"error"}), (1, {"complete"}), (5, {"complete"})])
def test_the_last_answer_that_came_is_what_counts(answered: int, outcomes: set[str]) -> None:
    found = derived(ANSWERS, answered=answered)
    assert found.outcomes == outcomes
    # A refusal may be answered by another request; the whole answer after it ends that.
    assert found.requests_max == 2


# What a file states

CUT = f"{{steps: [{START}], end: fin}}"
WHOLE = f"{{steps: [{START}, finish: stop, done]}}"


def test_one_mapping_is_laid_over_what_is_derived() -> None:
    (found,) = stated(WHOLE, "{text: Hello}")
    assert found.outcomes == {"complete"}
    assert found.choices[0]["text"] == "Hello"
    assert found.choices[0]["finish_reason"] == "stop"
    assert found.usage is None


def test_an_outcome_of_another_kind_takes_nothing_over() -> None:
    (found,) = stated(CUT, "{outcome: complete, text: Hello}")
    assert found.choices == {0: {"text": "Hello"}}
    assert found.usage == UNSTATED
    assert not found.all_choices


def test_readings_of_a_list_stand_for_themselves() -> None:
    first, second = stated(WHOLE, "[{as: read, outcome: complete, text: Hel}, {as: refused, outcome: error}]")
    assert (first.name, first.choices, first.usage) == ("read", {0: {"text": "Hel"}}, UNSTATED)
    assert (second.name, second.choices, second.outcomes) == ("refused", {}, {"error"})
    assert first.requests_max == second.requests_max == 1


def test_complete_without_a_finish_reason_may_look_incomplete() -> None:
    stream = f"{{steps: [{START}, done]}}"
    assert stated(stream, "{outcome: complete}")[0].outcomes == {"complete", "incomplete"}
    assert stated(stream, "{outcome: complete, finish_reason: stop}")[0].outcomes == {"complete"}
    assert stated(WHOLE, "{outcome: complete}")[0].outcomes == {"complete"}


def test_unfinished_calls_are_known_as_they_were_sent() -> None:
    stream = "{steps: [role: assistant, tool: {index: 0, id: c, name: f, arguments: '{\"a'}], end: fin}"
    for expect in ("{tool_calls: unfinished}", "[{as: one, outcome: error, tool_calls: unfinished}]"):
        (found,) = stated(stream, expect)
        assert found.unfinished_calls
        assert [call.arguments for call in found.cut_calls[0]] == ['{"a']
        assert "tool_calls" not in found.choices[0]


@pytest.mark.parametrize(
    ("requests", "least", "most"), [("2", 2, 2), ("0", 0, 0), ("{min: 2}", 2, None), ("{max: 3}", 1, 3)]
)
def test_requests_are_a_number_or_bounds(requests: str, least: int, most: int | None) -> None:
    (found,) = stated(CUT, f"{{requests: {requests}}}")
    assert (found.requests_min, found.requests_max) == (least, most)


FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a wait": ("{wait_s: {min: 1, max: 5}}", {"wait_min_s": 1, "wait_max_s": 5}),
    "leaving": ("{left_within_s: 2}", {"left_within_s": 2}),
    "the result": ("{result_within_s: 3}", {"result_within_s": 3}),
    "the cost": ("{cost: linear}", {"cost_linear": True}),
    "connections": ("{notes: [connections]}", {"notes": ("connections",)}),
    "an error": ("{error: {status: 500, says: no}}", {"error_status": 500, "error_says": "no"}),
    "part of the usage": ("{usage: {input: 3}}", {"usage": Usage(input=3)}),
    "no usage": ("{usage: null}", {"usage": None}),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_a_file_states(name: str) -> None:
    expect, fields = FIELDS[name]
    (found,) = stated(WHOLE, expect)
    assert {key: getattr(found, key) for key in fields} == fields


def test_choices_have_their_place_or_their_index() -> None:
    (found,) = stated(WHOLE, "{choices: [{text: a}, {index: 3, text: d}]}")
    assert {index: fields["text"] for index, fields in found.choices.items()} == {0: "a", 3: "d"}


def test_a_fill_is_compared_as_its_text() -> None:
    assert stated(WHOLE, "{text: {fill: ab, bytes: 5}}")[0].choices[0]["text"] == "ababa"
