"""Markdown for the summary of a CI job: the verdict first, a table of failures, their anatomy folded."""

from __future__ import annotations

import html
import string
from collections.abc import Sequence
from typing import Final

from streamproof_reports.document import CaseResult, Run
from streamproof_reports.failure import (
    DescribeRule,
    Group,
    also,
    blocks_text,
    failure_blocks,
    gist,
    headline,
    no_rules,
    same_failures,
)
from streamproof_reports.order import in_order
from streamproof_reports.summary import (
    FAILING,
    UNJUDGED,
    ending_text,
    outcome_text,
    skip_counts,
    totals_text,
    verdict_counts,
)
from streamproof_reports.text import counted, shorten, visible

LIMIT: Final = 900_000
"""Bytes.  GitHub refuses a step summary above 1 MiB -- "Workflow commands", "Step isolation and limits", 2026-11."""

_CELL: Final = 240
_RESERVE: Final = 400
_HARMLESS: Final = "-/,();'\"+=%?"
"""Punctuation that means nothing inside of a line: it stays, so that the raw text can be read."""

_PUNCTUATION: Final = str.maketrans({char: f"&#{ord(char)};" for char in string.punctuation if char not in _HARMLESS})


def cell(text: str, limit: int = _CELL) -> str:
    """Text as code that is safe in a table.

    Punctuation that could mean something stands as character references, which Markdown takes for text; code is never
    read for mentions or links.
    """
    return f"<code>{shorten(visible(text), limit).translate(_PUNCTUATION)}</code>" if text else ""


def _row(case: CaseResult, others: Sequence[CaseResult], *, has_clients: bool) -> str:
    more = f" and {len(others)} more" if others else ""
    cells = [
        case.verdict.replace("_", " "),
        cell(case.case),
        *([cell(case.client or "")] if has_clients else []),
        cell(case.delivery or "") + more,
        cell(gist(case)),
    ]
    return f"| {' | '.join(cells)} |\n"


def _details(case: CaseResult, others: Sequence[CaseResult], describe: DescribeRule) -> str:
    same = f"{also(others)}\n\n" if others else ""
    anatomy = html.escape(same + blocks_text(failure_blocks(case, describe)), quote=False)
    summary = f"{case.verdict.replace('_', ' ')} {cell(headline(case))}"
    return f"<details><summary>{summary}</summary>\n\n<pre>\n{anatomy}\n</pre>\n\n</details>\n\n"


class _Page:
    """Text that is never longer than its limit; what did not fit is counted."""

    def __init__(self, limit: int) -> None:
        self._left = limit - _RESERVE
        self._parts: list[str] = []
        self.cut: dict[str, int] = {}

    def add(self, part: str, kind: str = "line") -> bool:
        size = len(part.encode())
        # Once something of a kind was left out, the rest of it is too: the order stays whole.
        if size > self._left or kind in self.cut:
            self.cut[kind] = self.cut.get(kind, 0) + 1
            return False
        self._left -= size
        self._parts.append(part)
        return True

    def text(self) -> str:
        cut = ""
        if self.cut:
            parts = ", ".join(counted(number, kind) for kind, number in self.cut.items())
            cut = f"\nCut to the size that a summary may have; left out: {parts}. The other reports hold all.\n"
        return "".join(self._parts) + cut


def _table(page: _Page, title: str, groups: Sequence[Group], kind: str, *, has_clients: bool) -> None:
    rows = [_row(case, others, has_clients=has_clients) for case, others in groups]
    if not rows:
        return
    columns = ["verdict", "case", *(["client"] if has_clients else []), "delivery", "what"]
    page.add(f"### {title}\n\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n")
    for row in rows:
        page.add(row, kind)
    page.add("\n")


def markdown(run: Run, describe: DescribeRule = no_rules, *, limit: int = LIMIT) -> str:
    """The run as Markdown of at most `limit` bytes in UTF-8; it says so where something was cut."""
    page = _Page(limit)
    cases = in_order(run.cases)
    failures = same_failures(case for case in cases if case.verdict in FAILING | UNJUDGED)
    warnings = same_failures(case for case in cases if case.verdict == "warn")
    has_clients = len({case.client for case in cases}) > 1
    took = f" in {run.footer.duration_s:.1f} s" if run.footer else ""
    page.add(f"## streamproof: {outcome_text(run)}\n\n{totals_text(verdict_counts(run.cases))}{took}\n\n")
    if (ending := ending_text(run)) is not None:
        page.add(f"**{ending}**\n\n")
    for problem in run.problems[:20]:
        page.add(f"- {cell(problem)}\n")
    for subject in run.header.subjects[:20]:
        page.add(f"- {cell(subject)}\n")
    page.add("\n")
    _table(page, "Failures", failures, "row", has_clients=has_clients)
    for case, others in failures:
        page.add(_details(case, others, describe), "detail")
    _table(page, "Warnings", warnings, "warning", has_clients=has_clients)
    skips = skip_counts(run.cases)
    if skips:
        told = ", ".join(f"{cell(name)} ({number:,})" for name, number in list(skips.items())[:50])
        page.add(f"Skipped, for want of: {told}\n")
    return page.text()
