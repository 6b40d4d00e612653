"""A case with its fills made smaller: what costs time in proportion must then take that much less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from streamproof_scenarios.model import Block, Case, Fill, Payload, Raw, Reading, Repeat, Step, Word


def scaled(case: Case, divisor: int) -> Case:
    """The same case, each fill (and what is expected of it) divided in bytes; no fill becomes empty."""
    answers = tuple(
        attrs.evolve(answer, steps=tuple(_step(step, divisor) for step in answer.steps)) for answer in case.answers
    )
    readings = tuple(_reading(reading, divisor) for reading in case.scenario.readings)
    return attrs.evolve(case, answers=answers, scenario=attrs.evolve(case.scenario, readings=readings))


def _step(step: Step, divisor: int) -> Step:
    match step:
        case Word() | Payload() | Raw():
            return attrs.evolve(step, value=_value(step.value, divisor))
        case Block():
            lines = [line if isinstance(line, str) else _line(line, divisor) for line in step.lines]
            return attrs.evolve(step, lines=tuple(lines))
        case Repeat():
            return attrs.evolve(step, steps=tuple(_step(inner, divisor) for inner in step.steps))
        case _:
            return step


def _line(line: Word | Payload, divisor: int) -> Word | Payload:
    return attrs.evolve(line, value=_value(line.value, divisor))


def _reading(reading: Reading, divisor: int) -> Reading:
    return attrs.evolve(
        reading,
        text=_value(reading.text, divisor),
        reasoning=_value(reading.reasoning, divisor),
        refusal=_value(reading.refusal, divisor),
        tool_calls=_value(reading.tool_calls, divisor),
        function_call=_value(reading.function_call, divisor),
        choices=_value(reading.choices, divisor),
    )


def _value(value: Any, divisor: int) -> Any:
    match value:
        case Fill(fill=fill, bytes=size):
            return Fill(fill, max(len(fill.encode()), size // divisor))
        case Mapping():
            return {key: _value(item, divisor) for key, item in value.items()}
        case tuple():
            return tuple(_value(item, divisor) for item in value)
        case _:
            return value
