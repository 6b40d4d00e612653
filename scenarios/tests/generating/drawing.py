"""Hypothesis as what draws: a stream that fails is made smaller, choice by choice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from streamproof_formats.judge import Judge, Judgement
from streamproof_formats.message import Choice, Message
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.generating import Generated, generate
from streamproof_scenarios.generating.draw import HAZARDS
from streamproof_scenarios.model import Case

T = TypeVar("T")

TEXTS = st.lists(
    st.one_of(st.sampled_from(HAZARDS), st.characters(exclude_categories=["Cs"]), st.characters(codec="ascii"))
)


def bounded(examples: int) -> settings:
    """So many examples, the same ones in every run."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=slow)


class Drawn:
    """A Draw whose choices Hypothesis makes."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def choice(self, options: Sequence[T]) -> T:
        return options[self.integer(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        return self.integer(0, 99) >= 100 - percent

    def text(self, most: int) -> str:
        return "".join(self._draw(TEXTS)[:most])


@st.composite
def streams(draw: Any, dialect: str) -> Generated:
    return generate(dialect, Drawn(draw))


def case_of(generated: Generated) -> Case:
    [case] = cases(generated.scenario("generated/example"))
    return case


def body_of(case: Case) -> bytes:
    return compile_case(case).answer(0).body()


def judged(case: Case, *pieces: bytes, end: Any = "clean") -> Judgement:
    """What strict judgement makes of a body, the request known."""
    judge = Judge(case.dialect, request=case.request)
    for piece in pieces:
        judge.receive_data(piece)
    return judge.close(end)


def plain(message: Message | None, dialect: str) -> Message:
    """The message as what was said has it: empty texts as none, arguments that were never text as they read."""
    assert message is not None
    return attrs.evolve(message, choices=tuple(_plain(choice, dialect) for choice in message.choices))


def _plain(choice: Choice, dialect: str) -> Choice:
    calls = choice.tool_calls
    if dialect in ("gemini", "ollama-chat"):
        calls = tuple(
            attrs.evolve(call, arguments=json.dumps(json.loads(call.arguments), sort_keys=True)) for call in calls
        )
    return attrs.evolve(
        choice,
        text=choice.text or None,
        reasoning=choice.reasoning or None,
        refusal=choice.refusal or None,
        tool_calls=calls,
    )
