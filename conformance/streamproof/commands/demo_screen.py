"""What `demo` shows: who played, what came of it, three failures explained, the rest in a line each: one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from streamproof_reports.document import CaseResult, Footer, Header
from streamproof_reports.failure import BlockName, DescribeRule, failure_blocks, gist, headline, same_failures
from streamproof_reports.line import Tone
from streamproof_reports.summary import FAILING, UNJUDGED, totals_text, verdict_counts
from streamproof_reports.text import counted, shorten, visible

EXPLAINED: Final = 3
"""Failures that are shown in five blocks."""
NAMED: Final = 8
"""Failures that get a line."""
WIDTH: Final = 110
LINES: Final[dict[BlockName, int]] = {"where": 2, "rule": 2, "sent": 3, "said": 3, "reproduce": 1}
"""Lines of each block: the report has them all."""

_STYLES: Final[dict[Tone, str]] = {
    "plain": "", "strong": "bold", "faint": "dim", "good": "green", "bad": "red", "mark": "bold yellow",
}  # fmt: skip


class DemoScreen:
    """Tells the run of a demo.  `players` are the names in the results with what they are, in order of play."""

    def __init__(
        self,
        console: Console,
        players: Sequence[tuple[str | None, str]],
        first: Sequence[str],
        *,
        describe_rule: DescribeRule,
        report: str,
    ) -> None:
        """`first` are the cases whose failures are explained before all others; None is the endpoint's name."""
        self._console, self._players, self._first = console, players, first
        self._describe, self._report = describe_rule, report

    def started(self, header: Header) -> None:
        """Says what will be played."""
        self._say(Text(f"streamproof {visible(header.streamproof)} demo, on this machine alone, without a key", "bold"))
        self._say(Text(f"{counted(header.planned, 'case')}: a good client, a naive one, and an endpoint", "dim"))

    def case(self, result: CaseResult) -> None:
        """Nothing: a demo is short."""

    def finished(self, footer: Footer | None, cases: Sequence[CaseResult]) -> None:
        """The counts of each player, three failures explained, the others named, the report."""
        self._say()
        for name, about in self._players:
            own = [case for case in cases if case.client == name]
            bad = any(case.verdict in FAILING | UNJUDGED for case in own)
            style = "bold red" if bad else "bold green"
            label = f"  {name or 'endpoint':<10} {about:<44}"
            self._say(Text.assemble(label, (totals_text(verdict_counts(own)), style)))
        groups = [group[0] for group in same_failures(sorted(self._failed(cases), key=self._rank))]
        for case in groups[:EXPLAINED]:
            self._explain(case)
        self._others(groups[EXPLAINED:])
        took = "" if footer is None else f" in {footer.duration_s:.1f} s"
        self._say()
        self._say(
            Text(f"{counted(len(cases), 'case')}{took}; everything, byte by byte: {visible(self._report)}", "bold")
        )

    def _failed(self, cases: Sequence[CaseResult]) -> list[CaseResult]:
        return [case for case in cases if case.verdict in FAILING | UNJUDGED]

    def _rank(self, case: CaseResult) -> tuple[int, str]:
        return (self._first.index(case.case) if case.case in self._first else len(self._first), case.case)

    def _explain(self, case: CaseResult) -> None:
        self._say()
        self._say(Text.assemble(("FAIL", "bold red"), " ", (headline(case), "bold")))
        for block in failure_blocks(case, self._describe, rows=2, limit=1):
            for number, line in enumerate(block.lines[: LINES[block.name]]):
                label = block.label if number == 0 else ""
                self._say(Text.assemble((f"  {label:<13}", "dim"), (self._cut(line.text), _STYLES[line.tone])))

    def _others(self, cases: Sequence[CaseResult]) -> None:
        if cases:
            self._say()
        for case in cases[:NAMED]:
            self._say(Text.assemble(("FAIL", "bold red"), f" {visible(case.case)}  {self._cut(gist(case), 70)}"))
        if len(cases) > NAMED:
            self._say(Text(f"and {counted(len(cases) - NAMED, 'more failure')}, in the report", "dim"))

    def _cut(self, text: str, width: int = WIDTH) -> str:
        # A command that is cut short is of no use.
        return text if text.startswith("streamproof ") else shorten(text, width)

    def _say(self, text: Text | str = "") -> None:
        self._console.print(text if isinstance(text, Text) else Text(text), soft_wrap=True)
