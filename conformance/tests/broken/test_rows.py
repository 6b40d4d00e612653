"""What the broken clients fail, as it stands in `fails.yaml`: no fault and no expectation without the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from streamproof.linting.matrix import jobs_for
from streamproof.pages.disagreements_page import asked_by, questions
from streamproof.running.job import jobs_of
from streamproof.subjects.broken.rows import REFERENCE, Row, known_cases, merged, read_rows, write_rows
from streamproof.subjects.broken.table import FAULTS
from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.model import Reading, Scenario

ROWS = read_rows()
SCENARIOS = tuple(Catalogue.load())

CHECKS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"silent-truncation", "wrong-text", "deltas-differ"}),
    "reasoning": frozenset({"silent-truncation", "wrong-text", "deltas-differ"}),
    "refusal": frozenset({"silent-truncation", "wrong-text", "deltas-differ"}),
    "choices": frozenset({"silent-truncation", "wrong-text", "invented-finish", "wrong-tools"}),
    "tool_calls": frozenset({"wrong-tools", "unfinished-call"}),
    "function_call": frozenset({"wrong-tools"}),
    "finish_reason": frozenset({"invented-finish", "silent-truncation"}),
    "usage": frozenset({"wrong-usage"}),
    "error_status": frozenset({"swallowed-error"}),
    "error_says": frozenset({"swallowed-error"}),
    "requests_max": frozenset({"resent"}),
    "wait_min_s": frozenset({"early-retry"}),
    "left_within_s": frozenset({"held-connection", "hang"}),
    "result_within_s": frozenset({"hang", "slow", "late"}),
    "cost_linear": frozenset({"slow", "hang"}),
}
"""The checks that look at what a key of `expect` states."""


NOT_PLAYED = {"transport/brotli": "the reference client, which all broken ones are made of, offers gzip alone"}
"""Scenarios that no broken client is asked to play."""

KNOWN_OTHERWISE = {
    ("transport/gzip-without-its-name", "noticed"): "by the first two bytes, as sniffing libraries do",
    ("ollama-chat/tool-call-in-two-lines", "one call"): "by id and index, which no document says are to be compared",
    ("openai-responses/delta-after-its-item", "over"): "the item that is done is the whole of it",
    ("openai-responses/type-only-in-the-event-field", "by the event field"): "a client of EventSource",
    ("tools/function-call-without-name", "empty name"): "openai-python joins what names there are",
    ("workers-ai/legacy-tool-call-in-pieces", "joined"): "what clients of chat completions do with pieces",
    (
        "endings/call-reason-broken",
        "kept back",
    ): "what keeps a cut call back after a clean end, and stops at the reason",
    ("endings/call-reason-stalls", "kept back"): "the same",
}
"""Readings that no broken client gives and no thread tells of, with who does."""


def checks_of(scenario: Scenario) -> set[str]:
    """The checks that some broken client fails in a scenario, in whatever case."""
    return BY_SCENARIO[scenario.id]


def _by_scenario() -> dict[str, set[str]]:
    scenario_of = {job.case.id: job.case.scenario.id for job in jobs_of(SCENARIOS, ("as-written",))}
    found: dict[str, set[str]] = defaultdict(set)
    for name, row in ROWS.items():
        if name != REFERENCE:
            for case, checks in row.fails.items():
                found[scenario_of[case]] |= checks
    return found


BY_SCENARIO = _by_scenario()


def stated(scenario: Scenario) -> Iterator[str]:
    """The keys that a scenario states outright; of several readings a client is judged by the nearest."""
    if len(scenario.readings) == 1:
        reading = scenario.readings[0]
        yield from (key for key in CHECKS if key in reading.stated or _is_given(reading, key))


def _is_given(reading: Reading, key: str) -> bool:
    return key in {"error_status", "error_says", "wait_min_s", "result_within_s"} and getattr(reading, key) is not None


def test_every_client_has_a_row_and_every_row_a_client() -> None:
    assert set(ROWS) == {REFERENCE, *FAULTS}


def test_what_rows_name_is_there() -> None:
    named = {case for row in ROWS.values() for case in (*row.fails, *row.reads)}
    assert named - known_cases() == set()


def test_the_reference_client_fails_nothing() -> None:
    assert ROWS[REFERENCE].fails == {}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_fails_a_case_or_gives_another_reading(name: str) -> None:
    assert ROWS[name].fails or ROWS[name].reads


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_for_each_thing_that_is_expected_some_client_fails_it(scenario: Scenario) -> None:
    assert bool(checks_of(scenario)) != (scenario.id in NOT_PLAYED)
    if scenario.id in NOT_PLAYED:
        return
    missing = [key for key in stated(scenario) if not CHECKS[key] & checks_of(scenario)]
    assert missing == []


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if one.readings], ids=lambda scenario: scenario.id)
def test_each_reading_is_given_by_a_client_or_known_from_a_thread(scenario: Scenario) -> None:
    names = {reading.name for reading in scenario.readings if reading.name}
    # That a client may refuse what is off the format needs nobody who does.
    refusing = {reading.name for reading in scenario.readings if set(reading.outcome) <= {"error", "incomplete"}}
    known = {name for id_, name in KNOWN_OTHERWISE if id_ == scenario.id}
    cases = {job.case.id for job in jobs_of([scenario], ("as-written",))}
    given = {reading for row in ROWS.values() for case, reading in row.reads.items() if case in cases}
    assert given <= names
    if not set(scenario.refs) - set(RULES):
        assert names - given - refusing - known == set()


def test_a_question_is_asked_by_scenarios_and_rests_on_sources() -> None:
    for question in questions():
        assert asked_by(question, SCENARIOS), question["question"]
        for pattern in question["scenarios"]:
            assert asked_by({"scenarios": [pattern]}, SCENARIOS), pattern
        assert len(question["positions"]) > 1
        assert all(one["sources"] for one in question["positions"])


def test_a_fault_about_one_dialect_is_played_in_it_and_any_other_in_the_first() -> None:
    jobs = list(jobs_of(SCENARIOS, ("as-written",)))
    assert {job.case.dialect for job in jobs_for(FAULTS["plan-dropped"], jobs)} == {"cohere-v2"}
    once = [job.case.scenario.id for job in jobs_for(FAULTS["only-lf"], jobs) if not job.case.variant]
    assert len(once) == len(set(once))


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    row = Row(
        fails={
            "framing/comments@openai-chat": frozenset({"spurious-error"}),
            "transport/cut-between-events@openai-chat[end=fin]": frozenset({"hang", "slow"}),
        },
        reads={"errors/error-null": "an error"},
    )
    write_rows(tmp_path / "rows.yaml", {"only-lf": row, "plan-dropped": Row()})
    assert read_rows(tmp_path / "rows.yaml") == {"only-lf": row, "plan-dropped": Row()}


def test_what_is_played_again_replaces_what_was_said_of_it() -> None:
    old = {"only-lf": Row(fails={"a": frozenset({"hang"}), "b": frozenset({"slow"})}, reads={"c": "x"})}
    new = Row(fails={"c": frozenset({"late"})})
    assert merged(old, "only-lf", new, {"a", "c"})["only-lf"] == Row(
        fails={"b": frozenset({"slow"}), "c": frozenset({"late"})}
    )
