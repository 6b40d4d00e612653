"""What the well-behaved endpoint is made to suffer: a latency, and faults by lot, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import attrs

from streamproof_mock.behaviour.chaos import Chaos, disturbed
from streamproof_mock.behaviour.latency import Latency, paced
from streamproof_scenarios.plan import AnswerPlan

Playable = Callable[[AnswerPlan], bool]


def always(_: AnswerPlan) -> bool:
    """True of every answer."""
    return True


@attrs.frozen(kw_only=True)
class Temper:
    """How the endpoint is not quite itself."""

    latency: Latency | None = None
    chaos: Chaos | None = None
    seed: int = 0

    def applied(
        self, answer: AnswerPlan, dialect: str, number: int, *, playable: Playable = always
    ) -> tuple[AnswerPlan, str | None]:
        """The answer to the endpoint's request `number`, counting from 0, and what was done to it by lot, in words.

        What is drawn depends on the seed and the number alone, not on what other requests drew.  A fault that is not
        `playable` on the connection that the request came by is left undone, and the words say so.
        """
        note = None
        if self.latency is not None:
            answer = paced(answer, dialect, self.latency, self._draw("latency", number))
        if self.chaos is not None and answer.status < 400:
            draw = self._draw("chaos", number)
            fault = self.chaos.drawn(draw)
            if fault is not None:
                faulty, what = disturbed(answer, fault, dialect, draw)
                if playable(faulty):
                    answer = faulty
                else:
                    what = f"no {fault}, which this connection has no means for"
                note = f"{what} (by lot: seed {self.seed}, request {number})"
        return answer, note

    def _draw(self, what: str, number: int) -> Random:
        return Random(f"{self.seed} {what} {number}")  # noqa: S311 - a lot that can be drawn again
