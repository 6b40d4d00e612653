"""Figures: medians, ratios, percentiles, the search for a limit, targets and whether they are met.  Values only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final, Literal

import attrs

Sense = Literal["at least", "at most"]
Met = Literal["goal", "must", "short of the goal", "no", "not measured"]

_SIGNIFICANT: Final = 3


@attrs.frozen(kw_only=True)
class Target:
    """One line of what must be reached: a bound that must hold, and a goal beyond it."""

    what: str
    unit: str
    sense: Sense
    must: float | None = None
    """None where there is only a goal."""
    goal: float | None = None

    def met(self, measured: float | None) -> Met:
        """The best of the bounds that the figure reaches; None is no figure."""
        if measured is None or math.isnan(measured):
            return "not measured"
        if self.goal is not None and self._reaches(measured, self.goal):
            return "goal"
        if self.must is None:
            return "short of the goal"
        return "must" if self._reaches(measured, self.must) else "no"

    def _reaches(self, measured: float, bound: float) -> bool:
        return measured >= bound if self.sense == "at least" else measured <= bound


@attrs.frozen(kw_only=True)
class Outcome:
    """A target and what was measured."""

    target: Target
    measured: float | None
    note: str = ""


def ratios(base: Sequence[float], others: Sequence[float]) -> list[float]:
    """How many times smaller each figure is than that of `base` in the same round; rounds without a figure fall out.

    What slows the machine for a while slows both halves of a round, so ratios are steadier than figures.
    """
    return [one / other for one, other in zip(base, others, strict=True) if one > 0 and other > 0]


def middle(figures: Sequence[float]) -> float | None:
    """The median, None of nothing."""
    return median(figures) if figures else None


def spread(figures: Sequence[float]) -> str:
    """`lowest to highest`, for a reader to see how steady the rounds were."""
    return f"{shown(min(figures))} to {shown(max(figures))}" if figures else "-"


def shown(figure: float | None, unit: str = "") -> str:
    """A figure with three significant digits, thousands apart; a whole number as it is; `-` for none."""
    if figure is None or math.isnan(figure):
        return "-"
    if figure == round(figure) and (figure == 0 or abs(figure) >= 10):
        text = f"{round(figure):,}"
    else:
        digits = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(abs(figure))))
        text = f"{round(figure, digits):,.{digits}f}" if digits else f"{round(figure):,}"
    return f"{text} {unit}".strip()


def times(ratio: float | None) -> str:
    """A ratio: `12.3x`."""
    return "-" if ratio is None or math.isnan(ratio) else f"{shown(ratio)}x"


def percentile(histogram: Sequence[int], share: float) -> int | None:
    """The first bucket at or below which `share` (0 to 1) of all counts lie; None of an empty histogram."""
    total = sum(histogram)
    if total == 0:
        return None
    wanted, seen = math.ceil(total * share), 0
    for bucket, count in enumerate(histogram):
        seen += count
        if seen >= wanted and seen > 0:
            return bucket
    return len(histogram) - 1


def highest(steps: Sequence[int], start: int, holds: Callable[[int], bool]) -> int | None:
    """The highest step that holds before the first that does not, climbing from `start` or, if that fails, going down.

    `steps` ascend.  None where not even the lowest holds.  Each step is tried once at most.
    """
    at = min(range(len(steps)), key=lambda number: abs(steps[number] - start))
    if holds(steps[at]):
        while at + 1 < len(steps) and holds(steps[at + 1]):
            at += 1
        return steps[at]
    while at > 0:
        at -= 1
        if holds(steps[at]):
            return steps[at]
    return None


def slope(counts: Sequence[float], figures: Sequence[float]) -> float:
    """Growth of a figure for each further one of what is counted: the line of least squares through the points."""
    mean_x, mean_y = sum(counts) / len(counts), sum(figures) / len(figures)
    over = sum((x - mean_x) * (y - mean_y) for x, y in zip(counts, figures, strict=True))
    return over / sum((x - mean_x) ** 2 for x in counts)


def turned(names: Sequence[str], by: int) -> list[str]:
    """The names in turned order, so that in each round another one goes first."""
    by %= len(names) or 1
    return [*names[by:], *names[:by]]
