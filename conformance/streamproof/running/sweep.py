"""A sweep: one case of many plays, told in one result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from streamproof_reports.document import CaseResult

NAMED: Final = 12
"""Places that a message names."""
MOST_HANGS: Final = 3
"""A sweep ends after this many plays without a result: each costs the whole time limit, and they tell the same."""


def is_enough(results: Sequence[tuple[str, CaseResult]]) -> bool:
    """True when the last play was the last one needed: it could not be judged, or with it too many hung."""
    if not results:
        return False
    last = results[-1][1]
    if last.verdict not in {"pass", "warn", "fail"}:
        return True
    # Asked after each of thousands of plays: only one more hang can make them too many.
    return _hung(last) and sum(_hung(result) for _, result in results) >= MOST_HANGS


def _hung(result: CaseResult) -> bool:
    return any(finding.check == "hang" for finding in result.findings)


def sweep_result(results: Sequence[tuple[str, CaseResult]], planned: int) -> CaseResult:
    """The worst result, its first message saying how many of the plays failed and which.

    `results` are pairs of the play's name (`at:88`) and its result; there is at least one.  A play that could not be
    judged is the result of the whole sweep.
    """
    order = ("fail", "warn", "pass")
    if results[-1][1].verdict not in order:
        return results[-1][1]
    worst = min((result for _, result in results), key=lambda result: order.index(result.verdict))
    readings = list(dict.fromkeys(result.reading for _, result in results if result.reading))
    if len(readings) > 1:
        note = f"the reading depends on where the stream is split: {', '.join(readings)}"
        worst = attrs.evolve(worst, notes=(*worst.notes, note))
    if worst.verdict == "pass":
        return worst
    places = [name for name, result in results if result.verdict == worst.verdict]
    named = ", ".join(places[:NAMED]) + (", ..." if len(places) > NAMED else "")
    left = "" if len(results) == planned else f"; stopped with {planned - len(results)} left"
    lead = f"{len(places)} of {len(results)} plays: "
    first, *rest = worst.findings
    told = attrs.evolve(first, message=f"{lead}{first.message} ({named}{left})")
    return attrs.evolve(worst, findings=(told, *rest))
