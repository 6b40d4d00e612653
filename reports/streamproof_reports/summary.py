"""What a run adds up to: counts, the line of totals, the exit code, the JSON that `check --format json` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from streamproof_reports.document import VERDICTS, CaseFinding, CaseResult, Footer, Run, Verdict
from streamproof_reports.text import counted

_TOTALS: Final[tuple[tuple[Verdict, str, str, bool], ...]] = (
    ("pass", "passed", "passed", True),
    ("fail", "failed", "failed", True),
    ("flaky", "flaky", "flaky", False),
    ("xpass", "passed against expectation", "passed against expectation", False),
    ("warn", "warned", "warned", False),
    ("xfail", "known to fail", "known to fail", False),
    ("skip", "skipped", "skipped", True),
    ("adapter_error", "adapter error", "adapter errors", False),
    ("harness_error", "harness error", "harness errors", False),
)
"""Verdict, words for one and for several, shown at zero.  The order of the line of totals."""

FAILING: Final[frozenset[Verdict]] = frozenset({"fail", "xpass", "flaky"})
"""Verdicts that make a run fail.  Flaky cases that are known have another verdict."""

UNJUDGED: Final[frozenset[Verdict]] = frozenset({"adapter_error", "harness_error"})
"""Verdicts that say nothing about the client."""


def verdict_counts(cases: Iterable[CaseResult]) -> dict[str, int]:
    """Verdict to number, in the order of `VERDICTS`; what did not occur is left out."""
    found = Counter(case.verdict for case in cases)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


def skip_counts(cases: Iterable[CaseResult]) -> dict[str, int]:
    """Missing capability to number of cases; a case that lacks two counts under both.

    A case that was skipped for something else counts under its reason.
    """
    found: Counter[str] = Counter()
    for case in cases:
        if case.verdict == "skip":
            found.update(case.missing or (case.reason or "no reason given",))
    return dict(sorted(found.items()))


def exit_code(cases: Iterable[CaseResult], interrupted: bool) -> int:
    """130 when interrupted, else 1 if anything fails, else 3 if anything could not be judged, else 0."""
    if interrupted:
        return 130
    verdicts = {case.verdict for case in cases}
    if verdicts & FAILING:
        return 1
    return 3 if verdicts & UNJUDGED else 0


def footer_of(
    cases: Sequence[CaseResult], *, duration_s: float, interrupted: bool = False, totals: dict[str, int] | None = None
) -> Footer:
    """The footer that these cases add up to."""
    return Footer(
        counts=verdict_counts(cases),
        skipped_for=skip_counts(cases),
        duration_s=duration_s,
        interrupted=interrupted,
        exit_code=exit_code(cases, interrupted),
        totals=totals or {},
    )


def totals_text(counts: dict[str, int]) -> str:
    """`168 cases: 161 passed, 3 failed, 4 skipped`: the numbers add up to the first one."""
    parts = [
        f"{number:,} {one if number == 1 else several}"
        for verdict, one, several, always in _TOTALS
        if (number := counts.get(verdict, 0)) or always
    ]
    return f"{counted(sum(counts.values()), 'case')}: {', '.join(parts)}"


def ending_text(run: Run) -> str | None:
    """Why the run is not whole, in one sentence; None when it is."""
    of_planned = f"{len(run.cases):,} of {counted(run.header.planned, 'planned case')}"
    if run.footer is None:
        return f"the run broke off: {of_planned} reported"
    if run.footer.interrupted:
        return f"the run was interrupted: {of_planned} reported"
    if len(run.cases) < run.header.planned:
        return f"the run is not whole: {of_planned} reported"
    return None


def is_whole(run: Run) -> bool:
    """Whether the run came to its end and every line of it could be read."""
    return ending_text(run) is None and not run.problems


def outcome_text(run: Run) -> str:
    """The verdict on the whole run, in words; what was not judged never conforms."""
    verdicts = {case.verdict for case in run.cases}
    if verdicts & FAILING:
        return "does not conform"
    if verdicts & UNJUDGED:
        return "could not be judged in full"
    if not is_whole(run):
        return "not judged to the end"
    if not verdicts - {"skip"}:
        return "nothing was judged"
    if "xfail" in verdicts:
        return "conforms but for known failures"
    return "conforms, with warnings" if "warn" in verdicts else "conforms"


def _finding_json(finding: CaseFinding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "rule": finding.rule,
        "level": finding.level,
        "basis": finding.basis,
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
    }


def _case_json(case: CaseResult) -> dict[str, Any]:
    played = {"scenario": case.scenario} if case.probe is None else {"probe": case.probe}
    return {
        "case": case.case,
        **played,
        "dialect": case.dialect,
        "delivery": case.delivery,
        "client": case.client,
        "verdict": case.verdict,
        "reading": case.reading,
        "reason": case.reason,
        "findings": [_finding_json(finding) for finding in case.findings],
    }


def check_json(run: Run) -> dict[str, Any]:
    """The one object that `check client|endpoint|gateway --format json` prints.  Counts come from the cases."""
    return {
        "counts": verdict_counts(run.cases),
        "skipped_for": skip_counts(run.cases),
        "cases": [_case_json(case) for case in run.cases],
    }
