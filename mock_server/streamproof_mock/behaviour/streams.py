"""Streams of JSON events as plans, written by the compiler that writes the scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.compiler import compile_answer
from streamproof_scenarios.model import Answer, Case, Payload, Scenario, Step
from streamproof_scenarios.plan import AnswerPlan


def event_stream(dialect: str, request: Mapping[str, Any], events: Iterable[Any]) -> AnswerPlan:
    """The events, one write each, and the dialect's terminator where it says nothing else.

    An event is JSON, under the name that the dialect gives it.
    """
    steps: list[Step] = [Payload(kind="event", value=event) for event in events]
    if (terminator := DIALECTS[dialect].terminator) is not None:
        steps.append(Payload(kind="data", value=terminator))
    scenario = Scenario(id="well-behaved", title="The well-behaved endpoint", dialects=(dialect,))
    answer = Answer(steps=tuple(steps))
    case = Case(
        id=scenario.id,
        scenario=scenario,
        dialect=dialect,
        variant={},
        answers=(answer,),
        request=request,
        breaks=(),
        requires=(),
        deliveries=(),
    )
    return compile_answer(answer, case)
