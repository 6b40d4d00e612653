"""A sweep: one case of many plays, told in one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from streamproof_reports.document import CaseFinding, CaseResult

NAMED: Final = 12
"""Places that a message names."""
MOST_HANGS: Final = 3
"""A sweep ends after this many plays without a result: each costs the whole time limit, and they tell the same."""

DOES: Final[Mapping[str, tuple[str, str]]] = {
    "silent-truncation": ("lose", "text"),
    "swallowed-error": ("hide", "the error"),
    "unfinished-call": ("pass", "half a call off as whole"),
    "invented-finish": ("change", "the finish reason"),
    "wrong-text": ("change", "the text"),
    "wrong-tools": ("change", "the tool calls"),
    "resent": ("make", "it send the request again"),
    "hang": ("make", "it hang"),
    "crash": ("crash", "it"),
    "spurious-error": ("make", "it refuse the stream"),
    "deltas-differ": ("make", "the deltas differ from the text"),
    "held-connection": ("make", "it hold the connection"),
    "early-retry": ("make", "it ask again too early"),
    "late": ("make", "it late"),
    "wrong-usage": ("change", "the usage"),
    "slow": ("make", "it slow"),
    "bad-request": ("get", "a bad request"),
}
"""What a cut does where a check fails: verb and object, the client being `it`."""
_OUTCOMES: Final = frozenset({"complete", "incomplete"})
_ORDER: Final = ("fail", "warn", "pass")


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


def sweep_result(results: Sequence[tuple[str, CaseResult]], planned: int, *, cut_short: str = "") -> CaseResult:
    """One result for all plays: the worst one, with one finding for each check that failed in any of them.

    `results` are pairs of the play's name (`at:88`) and its result; there is at least one.  A play that could not be
    judged is the result of the whole sweep.  `cut_short` says why not all that were planned are there, where it was not
    `is_enough` that ended it: then a sweep without a failure could not be judged.
    """
    if results[-1][1].verdict not in _ORDER:
        return results[-1][1]
    worst = min((result for _, result in results), key=lambda result: _ORDER.index(result.verdict))
    readings = list(dict.fromkeys(result.reading for _, result in results if result.reading))
    if len(readings) > 1:
        note = f"the reading depends on where the stream is split: {', '.join(readings)}"
        worst = attrs.evolve(worst, notes=(*worst.notes, note))
    left = planned - len(results)
    if left and worst.verdict != "fail" and cut_short:
        reason = f"{len(results):,} of {planned:,} cuts were played: {cut_short}"
        return attrs.evolve(worst, verdict="harness_error", reason=reason)
    if left:
        note = f"stopped with {left:,} of {planned:,} cuts left: {cut_short or 'the rest would tell the same'}"
        worst = attrs.evolve(worst, notes=(*worst.notes, note))
    return attrs.evolve(worst, findings=_findings(worst, results))


def failed_plays(results: Sequence[tuple[str, CaseResult]]) -> tuple[str, ...]:
    """The names of the first plays that failed: those that are played once more."""
    return tuple(name for name, result in results if result.verdict == "fail")[:NAMED]


def _findings(worst: CaseResult, results: Sequence[tuple[str, CaseResult]]) -> tuple[CaseFinding, ...]:
    """One finding for each check, those of the worst play first."""
    found: dict[str, CaseFinding] = {}
    for finding in worst.findings:
        found.setdefault(finding.check, finding)
    places: dict[str, list[str]] = {}
    for name, result in results:
        for finding in result.findings:
            found.setdefault(finding.check, finding)
            if name not in (named := places.setdefault(finding.check, [])):
                named.append(name)
    return tuple(
        attrs.evolve(finding, message=f"{_told(finding, places[check], len(results))}: {finding.message}")
        for check, finding in found.items()
    )


def _told(finding: CaseFinding, places: Sequence[str], played: int) -> str:
    """`12 of 1,914 cuts lose text: offsets 88, 412, ...`."""
    verb, object_ = DOES.get(finding.check, ("fail", finding.check))
    if finding.check == "silent-truncation" and finding.actual in _OUTCOMES:
        # Not what came was lost, but that more was to come.
        verb, object_ = ("hide", "that the stream is broken")
    if len(places) == 1:
        verb += "es" if verb.endswith(("sh", "ss")) else "s"
    offsets = [name.removeprefix("at:") for name in places[:NAMED]]
    more = ", ..." if len(places) > NAMED else ""
    noun = "offset" if len(places) == 1 else "offsets"
    return f"{len(places):,} of {played:,} cuts {verb} {object_}: {noun} {', '.join(offsets)}{more}"
