"""A sweep: one case of many plays, told in one result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from streamproof_reports.document import CaseResult

NAMED: Final = 12
"""Places that a message names."""


def sweep_finding(results: Sequence[tuple[str, CaseResult]]) -> CaseResult:
    """The worst result, its message saying how many of the plays failed and which.

    `results` are pairs of the play's name (`at:88`) and its result; there is at least one.
    """
    order = ("fail", "warn", "pass")
    worst = min((result for _, result in results), key=lambda result: order.index(result.verdict))
    if worst.verdict == "pass":
        return worst
    places = [name for name, result in results if result.verdict == worst.verdict]
    named = ", ".join(places[:NAMED]) + (", ..." if len(places) > NAMED else "")
    lead = f"{len(places)} of {len(results)} plays: "
    first, *rest = worst.findings
    told = attrs.evolve(first, message=f"{lead}{first.message} ({named})")
    return attrs.evolve(worst, findings=(told, *rest))
