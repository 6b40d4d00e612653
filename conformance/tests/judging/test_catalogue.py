"""The catalogue is judged the same wherever its streams are split, and says by hand what it expects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from streamproof.judging.sent import body_end, head_of
from streamproof_formats.judge import BASE_LAYER, Judge, Judgement
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.model import Case, Reading
from streamproof_scenarios.plan import AnswerPlan

BOOK = Catalogue.load()
LARGE = 8 << 10
"""A longer body is split at sampled places."""
NAME = 7
"""So many places at the start of a line lie in or just behind the longest name of a field, its colon and its blank."""
DECODER_STRIDE, MACHINE_STRIDE = 11, 29
"""Besides the places where a split could tell, every so many are tried: a line is kept until its end, whatever it says.

Machines are given whole events, so that they could tell splits apart only at the ends of lines.
"""


@cache
def answers_of(scenario: str) -> tuple[tuple[Case, AnswerPlan, bytes], ...]:
    """The different streams of a scenario; what is compressed or endless is left to the tests of the decoder."""
    found: dict[tuple[str, bytes, object], tuple[Case, AnswerPlan, bytes]] = {}
    for case in (case for case in BOOK.cases if case.scenario.id == scenario):
        for answer in compile_case(case).answers:
            if answer.encoding is None:
                body = answer.body(4 << 20)
                found.setdefault((case.dialect, body, answer.ending.kind), (case, answer, body))
    return tuple(found.values())


def judged(case: Case, answer: AnswerPlan, *pieces: bytes, dialect: str | None = None) -> Judgement:
    judge = Judge(dialect or case.dialect, request=dict(case.request), head=head_of(answer))
    for piece in pieces:
        judge.receive_data(piece)
    return judge.close(body_end(answer, sum(map(len, pieces))))


def sampled(body: bytes) -> Iterator[int]:
    step = max(1, len(body) // 24)
    yield from range(1, len(body), step)


def telling(body: bytes, *, name: int, stride: int, phase: int) -> Iterator[int]:
    """The first `name` places of each line; around CR and LF; inside characters; of all others every `stride`-th."""
    line = 0
    for place in range(1, len(body)):
        before, behind = body[place - 1], body[place]
        if before in b"\r\n":
            line = place
        is_at_a_line_end = before in b"\r\n" or behind in b"\r\n"
        if is_at_a_line_end or place - line <= name or before > 127 < behind or (place + phase) % stride == 0:
            yield place


SCENARIOS = [scenario.id for scenario in BOOK]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_events_are_the_same_wherever_a_stream_is_split(scenario: str) -> None:
    phase = SCENARIOS.index(scenario)
    bodies = {(body, answer.ending.kind): (case, answer) for case, answer, body in answers_of(scenario)}
    for (body, _), (case, answer) in bodies.items():
        whole = judged(case, answer, body, dialect=BASE_LAYER)
        places = telling(body, name=NAME, stride=DECODER_STRIDE, phase=phase)
        for place in places if len(body) <= LARGE else sampled(body):
            assert judged(case, answer, body[:place], body[place:], dialect=BASE_LAYER) == whole, (case.id, place)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_message_and_findings_are_the_same_wherever_a_stream_is_split(scenario: str) -> None:
    phase = SCENARIOS.index(scenario)
    for case, answer, body in answers_of(scenario):
        whole = judged(case, answer, body)
        places = telling(body, name=0, stride=MACHINE_STRIDE, phase=phase)
        for place in places if len(body) <= LARGE else sampled(body):
            assert judged(case, answer, body[:place], body[place:]) == whole, (case.id, place)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_message_and_findings_are_the_same_byte_by_byte(scenario: str) -> None:
    for case, answer, body in answers_of(scenario):
        if len(body) <= LARGE:
            pieces = [body[place : place + 1] for place in range(len(body))]
            assert judged(case, answer, *pieces) == judged(case, answer, body), case.id


# Not circular: what is derived from our own machine is checked against what people wrote down.


def stated(reading: Reading, *names: str) -> bool:
    entries = reading.choices or ()
    return any(name in reading.stated or any(name in entry for entry in entries) for name in names)


def scenarios_that_state(*names: str) -> int:
    return sum(any(stated(reading, *names) for reading in scenario.readings) for scenario in BOOK)


@pytest.mark.parametrize(
    ("names", "least"),
    [
        (("text", "refusal"), 120),
        (("finish_reason", "tool_calls", "function_call"), 45),
        (("tool_calls",), 25),
        (("usage",), 5),
        (("error_says", "error_status"), 10),
        (("outcome",), 150),
    ],
)
def test_files_say_by_hand(names: tuple[str, ...], least: int) -> None:
    assert scenarios_that_state(*names) >= least


def test_no_whole_stream_is_expected_by_derivation_alone() -> None:
    silent = [scenario.id for scenario in BOOK if not scenario.readings]
    assert len(silent) <= 10, silent
