"""What is due of a case: what it sends, what a client must make of that, and how long all of it may take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Final, Self

import attrs

from streamproof.judging.expectation import Expectation, expectations
from streamproof.judging.sent import Sent, read_answer
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import AwaitDelivered, Pause, Plan

AWAIT_S: Final = 2.0
"""How long `await: delivered` waits at most: a client that is late must not look like one that hangs."""
SETTLE_S: Final = 0.5
"""How long after the client's result the server may take to end its answer by itself."""
_LOOKED_AT: Final = 1_000
"""Operations of an endless answer whose waits are counted."""
_LEFT_EARLY: Final = 256 << 10
_LONGEST: Final = 64 << 20


@attrs.define(eq=False, slots=False)
class Due:
    """The same for each play and each delivery of a case, since no delivery changes a byte."""

    case: Case
    sent: tuple[Sent, ...]
    """Every answer as the machine reads it."""
    waits_s: float
    """The waits that it asks for, all answers together; an endless one counts its first 1,000 operations."""
    is_awaited: bool
    """True where the server waits for the client to hand on what came."""
    _readings: dict[tuple[int, int], tuple[Expectation, ...]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, case: Case, plan: Plan) -> Self:
        """What is due, by any plan of the case."""
        # A stream that is meant to be left early may be endless: its beginning is enough to judge by.
        limit = _LEFT_EARLY if case.scenario.client.stop_after is not None else _LONGEST
        sent = tuple(read_answer(case, answer, limit=limit) for answer in plan.answers)
        waits_s, is_awaited = waits_of(plan)
        return cls(case, sent, waits_s, is_awaited)

    def answers(self, first: int) -> Sequence[Sent]:
        """The answers to a run whose first request gets the answer number `first`."""
        return self.sent[first:] or self.sent[-1:]

    def readings(self, first: int = 0, answered: int = 0) -> tuple[Expectation, ...]:
        """The readings of a run that begins at answer `first` and whose last request got the one `answered` later."""
        key = (first, answered)
        if key not in self._readings:
            self._readings[key] = expectations(self.case, self.answers(first), answered)
        return self._readings[key]

    def limit_s(self, timeout_s: float) -> float:
        """The limit of one run, `timeout_s` being what a client may take where nobody waits."""
        return timeout_s + self.waits_s + self._retry_s

    @cached_property
    def _retry_s(self) -> float:
        return max(reading.wait_max_s or 0.0 for reading in self.readings())

    @cached_property
    def settle_s(self) -> float:
        """How long to look on after the result."""
        held = [reading.left_within_s for reading in self.readings() if reading.left_within_s is not None]
        return settle_limit_s(max(held, default=None))

    @cached_property
    def is_cost_asked(self) -> bool:
        """True where the client's time for the stream is to be judged."""
        return any(reading.cost_linear for reading in self.readings())


def waits_of(plan: Plan) -> tuple[float, bool]:
    """The waits of a plan in seconds, and whether any is for the client to hand on."""
    total, is_awaited = 0.0, False
    for answer in plan.answers:
        total += answer.delay_s
        for number, operation in enumerate(answer.operations()):
            if isinstance(operation, Pause):
                total += operation.delay_s
            elif isinstance(operation, AwaitDelivered):
                total += AWAIT_S
                is_awaited = True
            if number > _LOOKED_AT:
                is_awaited = True  # nobody knows what follows
                break
    return total, is_awaited


def settle_limit_s(left_within_s: float | None) -> float:
    """How long to look on after the result: until the client must have left, and a little more."""
    return SETTLE_S if left_within_s is None else math.ceil((left_within_s + 0.25) * 4) / 4
