"""A badge: the JSON that the shields endpoint takes."""

from __future__ import annotations

from typing import Any

from streamproof_reports.document import Run
from streamproof_reports.summary import FAILING, UNJUDGED, is_whole, verdict_counts


def _color(counts: dict[str, int], *, whole: bool) -> str:
    if counts.keys() & FAILING:
        return "red"
    if counts.keys() & UNJUDGED or not whole or not counts.keys() - {"skip"}:
        return "lightgrey"
    if counts.keys() & {"warn", "xfail"}:
        return "yellow"
    return "brightgreen"


def badge(run: Run) -> dict[str, Any]:
    """`161 of 164 pass, 4 skipped`: what was skipped is in neither number, and is told."""
    counts = verdict_counts(run.cases)
    skipped = counts.get("skip", 0)
    message = f"{counts.get('pass', 0)} of {len(run.cases) - skipped} pass"
    if skipped:
        message += f", {skipped} skipped"
    whole = is_whole(run)
    if not whole:
        message += ", not whole"
    return {"schemaVersion": 1, "label": "streamproof", "message": message, "color": _color(counts, whole=whole)}
