"""What a person sees: a bar while it runs, failures at once in one line, their anatomy at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final, Literal

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from streamproof_reports.document import CaseResult, Footer, Header, Run, Verdict
from streamproof_reports.failure import (
    BlockName,
    DescribeRule,
    Group,
    also,
    failure_blocks,
    gist,
    headline,
    no_rules,
    same_failures,
)
from streamproof_reports.line import Line, Tone
from streamproof_reports.order import in_order
from streamproof_reports.summary import FAILING, UNJUDGED, ending_text, skip_counts, totals_text, verdict_counts
from streamproof_reports.text import counted, visible, visible_lines

Color = Literal["auto", "always", "never"]

WORDS: Final[dict[Verdict, tuple[str, str]]] = {
    "pass": ("PASS", "green"),
    "warn": ("WARN", "yellow"),
    "fail": ("FAIL", "bold red"),
    "skip": ("SKIP", "dim"),
    "xfail": ("XFAIL", "yellow"),
    "xpass": ("XPASS", "bold red"),
    "flaky": ("FLAKY", "bold red"),
    "adapter_error": ("ADAPTER ERROR", "bold magenta"),
    "harness_error": ("HARNESS ERROR", "bold magenta"),
}
"""Verdict to the word and the style in which it is shown."""

_STYLES: Final[dict[Tone, str]] = {
    "plain": "",
    "strong": "bold",
    "faint": "dim",
    "good": "green",
    "bad": "red",
    "mark": "bold yellow",
}

HEARTBEAT_S: Final = 30.0
_REFRESH_S: Final = 0.1
_DETAILED: Final = 10
_AT_ONCE: Final = 10
"""Failures that are told as they happen: the end lists all."""
_ROWS: Final = 8
_STDERR_LINES: Final = 10
_WARNINGS: Final = 10
_LISTED: Final = 50
_INDENT: Final = 15
_NARROWEST: Final = 60
_PIPED: Final = 160
"""Columns of a line that stands for a case, where no screen says how many there are."""


def make_console(stream: IO[str], color: Color = "auto", environ: Mapping[str, str] | None = None) -> Console:
    """A console that colours as asked: by `color`, else NO_COLOR, else FORCE_COLOR, else when it is a terminal."""
    values = environ or {}
    is_terminal = stream.isatty() and values.get("TERM") != "dumb"
    if color == "auto":
        colored = not values.get("NO_COLOR") and (bool(values.get("FORCE_COLOR")) or is_terminal)
    else:
        colored = color == "always"
    return Console(
        file=stream,
        force_terminal=is_terminal,
        color_system="standard" if colored else None,
        no_color=not colored,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=True,
        legacy_windows=False,
        _environ=values,
    )


class ConsoleReporter:
    """Tells a run to a person as it happens.

    `verbosity`: -1 shows only failures in one line and the totals, 1 also lists what passed and was skipped, 2 also
    shows all bytes and the timeline of failures.  `clock` gives seconds; `tick` may be called at any time.
    """

    def __init__(
        self,
        console: Console,
        *,
        verbosity: int = 0,
        describe_rule: DescribeRule = no_rules,
        clock: Callable[[], float] = time.monotonic,
        report: str | None = None,
    ) -> None:
        """`report` is the path of the written report, told in the last line."""
        self._console = console
        self._verbosity = verbosity
        self._describe = describe_rule
        self._clock = clock
        self._report = report
        self._counts: Counter[Verdict] = Counter()
        self._header: Header | None = None
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._told_s = 0.0

    # --- The three events

    def started(self, header: Header) -> None:
        """Says what will run, and begins the bar."""
        self._header = header
        self._told_s = self._clock()
        if self._verbosity < 0:
            return
        self._say(Text(f"streamproof {visible(header.streamproof)}", "bold"))
        for subject in header.subjects:
            self._say(Text(f"  {visible(subject)}"))
        # A run that goes on until its time is over plans no number of cases.
        facts = [counted(header.planned, "case")] if header.planned else []
        facts += [] if header.seed is None else [f"seed {header.seed}"]
        self._say(Text(f"  {', '.join(facts)}", "dim"))
        if header.planned and self._console.is_terminal:
            self._begin_bar(header.planned)

    def case(self, result: CaseResult) -> None:
        """Counts a case, and tells at once what failed."""
        self._counts[result.verdict] += 1
        failures = sum(self._counts[verdict] for verdict in FAILING | UNJUDGED)
        is_failure = result.verdict in FAILING | UNJUDGED
        if self._verbosity != 0 or failures <= _AT_ONCE:
            if is_failure or self._verbosity >= 1:
                self._say(self._case_line(result))
        elif is_failure and failures == _AT_ONCE + 1:
            self._say(Text("... more failures: all of them are listed at the end", "dim"))
        self.tick()

    def tick(self) -> None:
        """Redraws the bar, or gives a sign of life every 30 seconds where there is no terminal."""
        now_s = self._clock()
        if self._progress is not None and self._task is not None:
            if now_s - self._told_s >= _REFRESH_S:
                self._told_s = now_s
                self._progress.update(self._task, completed=self._counts.total(), description=self._standing())
                self._progress.refresh()
        elif now_s - self._told_s >= HEARTBEAT_S and self._verbosity >= 0:
            self._told_s = now_s
            planned = self._header.planned if self._header else 0
            of = f" of {planned:,}" if planned else ""
            self._say(Text(f"... {self._counts.total():,}{of}, {self._standing()}", "dim"))

    def finished(self, footer: Footer | None, cases: Sequence[CaseResult]) -> None:
        """Shows the anatomy of each failure, what warned, what was skipped and why, and the totals.

        Without a footer it is a recorded run that broke off.
        """
        self._end_bar()
        ordered = in_order(cases)
        if self._verbosity >= 0:
            self._details([case for case in ordered if case.verdict in FAILING | UNJUDGED])
            self._warnings([case for case in ordered if case.verdict == "warn"])
            self._skips(ordered)
        self._totals(ordered, footer)

    def problems(self, problems: Sequence[str]) -> None:
        """Shows what could not be read of a recorded run."""
        for problem in problems:
            self._say(Text(f"problem: {visible(problem)}", "bold yellow"))

    def abandoned(self) -> None:
        """Takes the bar off the screen, where a run ends by an exception."""
        self._end_bar()

    # --- The bar

    def _begin_bar(self, planned: int) -> None:
        self._progress = Progress(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=True,
            get_time=self._clock,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(self._standing(), total=planned)
        self._progress.start()

    def _end_bar(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _standing(self) -> str:
        failed = sum(self._counts[verdict] for verdict in FAILING)
        unjudged = sum(self._counts[verdict] for verdict in UNJUDGED)
        return f"{failed} failed" + (f", {unjudged} could not be judged" if unjudged else "")

    # --- Lines

    def _say(self, text: Text | str = "") -> None:
        line = text if isinstance(text, Text) else Text(text)
        # A job's output is read for commands: "::" first in a line, or "##[" anywhere (GitHub, "Workflow commands").
        if line.plain.lstrip().startswith("::"):
            indent = len(line.plain) - len(line.plain.lstrip())
            line = line[:indent] + Text(r"\x3a") + line[indent + 1 :]
        if "##[" in line.plain:
            line = Text(r"##\x5b").join(line.split("##["))
        self._console.print(line, soft_wrap=True)

    @property
    def _columns(self) -> int:
        """How wide a line may be."""
        return max(self._console.width, _NARROWEST) if self._console.is_terminal else _PIPED

    def _case_line(self, case: CaseResult, more: str = "") -> Text:
        """One line, cut where it would not fit, so that each line is one case."""
        word, style = WORDS[case.verdict]
        text = Text.assemble((f"{word:<5}", style), " ", self._short_name(case))
        if case.verdict == "pass":
            text.append(f"  {visible(case.reading)}" if case.reading else "", "dim")
        else:
            text.append(f"  {gist(case)}")
        room = self._columns - cell_len(more)
        if text.cell_len > room:
            text.truncate(room - 3)
            text.append("...")
        return text.append(more, "dim")

    def _short_name(self, case: CaseResult) -> str:
        """What a case is called in a list: without what goes without saying."""
        has_others = self._header is None or len(self._header.subjects) != 1
        delivery = None if case.delivery == "as-written" else case.delivery
        return headline(attrs.evolve(case, delivery=delivery, client=case.client if has_others else None))

    def _details(self, failures: Sequence[CaseResult]) -> None:
        groups = same_failures(failures)
        bound = len(groups) if self._verbosity >= 1 else _DETAILED
        for case, others in groups[:bound]:
            self._detail(case, others)
        self._list(groups[bound:], "more failure", _LISTED)
        if len(groups) > bound:
            self._say(Text("-v shows all of them in full, and so does the report", "dim"))

    def _list(self, groups: Sequence[Group], noun: str, limit: int) -> None:
        """The cases in one line each, the first `limit` of them."""
        if not groups:
            return
        self._say()
        self._say(Text(f"{counted(len(groups), noun)}:", "bold"))
        for case, others in groups[:limit]:
            more = f" (+{counted(len(others), 'case')} alike)" if others else ""
            self._say(self._case_line(case, more))
        if len(groups) > limit:
            self._say(Text(f"and {len(groups) - limit:,} more", "dim"))

    def _detail(self, case: CaseResult, others: Sequence[CaseResult]) -> None:
        word, style = WORDS[case.verdict]
        mark = f"  {visible(case.hash)}" if case.hash else ""
        heading = Text.assemble((word, style), " ", (headline(case), "bold"))
        facts = f"  {case.duration_s:.2f} s{mark}"
        self._say()
        if heading.cell_len + len(facts) <= self._columns:
            self._say(heading.append(facts, "dim"))
        else:
            self._say(heading)
            self._say(Text(facts, "dim"))
        if (same := also(others)) is not None:
            self._say(Text(f"  {same}", "dim"))
        is_whole = self._verbosity >= 2
        blocks = failure_blocks(
            case,
            self._describe,
            rows=1_000 if is_whole else _ROWS,
            width=self._columns - _INDENT,
            as_hex=is_whole,
        )
        for block in blocks:
            for number, line in enumerate(block.lines):
                self._block_line(block.name, block.label if number == 0 else "", line)
        self._stderr(case)
        if is_whole:
            self._timeline(case)

    def _block_line(self, name: BlockName, label: str, line: Line) -> None:
        text = Text(line.text, _STYLES[line.tone])
        # What is to be copied, and what stands above a pointer, stays on its line; sentences are wrapped.
        is_free = name in ("where", "rule", "said") or line.tone == "faint" or (name == "sent" and label)
        is_sentence = is_free and line.tone != "mark" and " " in line.text
        parts = self._wrapped(text, _INDENT) if is_sentence else [text]
        for number, part in enumerate(parts):
            self._say(Text.assemble((f"  {'' if number else label:<13}", "dim"), part))

    def _wrapped(self, text: Text, indent: int) -> Sequence[Text]:
        """A sentence in the lines that a screen has room for; whole where there is no screen."""
        if not self._console.is_terminal:
            return [text]
        lines = list(text.wrap(self._console, self._columns - indent))
        for line in lines:
            line.rstrip()
        return lines

    def _stderr(self, case: CaseResult) -> None:
        for number, line in enumerate(visible_lines(case.stderr or "", _STDERR_LINES)):
            self._say(Text(f"  {'stderr' if number == 0 else '':<13}| {line}", "dim"))

    def _timeline(self, case: CaseResult) -> None:
        for number, event in enumerate(case.timeline):
            label = "timeline" if number == 0 else ""
            kind = visible(f"{event.lane} {event.kind}")
            self._say(Text(f"  {label:<13}{event.at_ms:>9.1f} ms  {kind:<15}  {visible(event.text)}", "dim"))

    def _warnings(self, cases: Sequence[CaseResult]) -> None:
        self._list(same_failures(cases), "warning", len(cases) if self._verbosity >= 1 else _WARNINGS)

    def _skips(self, cases: Sequence[CaseResult]) -> None:
        skips = skip_counts(cases)
        if skips:
            self._say()
            told = ", ".join(f"{visible(name)} ({number:,})" for name, number in skips.items())
            for number, line in enumerate(self._wrapped(Text(f"skipped, for want of: {told}", "dim"), 2)):
                self._say(Text.assemble("  " if number else "", line))

    def _totals(self, cases: Sequence[CaseResult], footer: Footer | None) -> None:
        if self._verbosity >= 0:
            self._say()
        counts = verdict_counts(cases)
        bad = any(verdict in counts for verdict in FAILING | UNJUDGED)
        ending = None
        if self._header is not None:
            ending = ending_text(Run(header=self._header, cases=tuple(cases), footer=footer))
        style = "bold red" if bad or ending else "bold green"
        took = f"  in {footer.duration_s:.1f} s" if footer else ""
        self._say(Text.assemble((totals_text(counts), style), (took, "dim")))
        if ending is not None:
            self._say(Text(ending, "bold red"))
        if self._report is not None:
            self._say(Text(f"report: {visible(self._report)}"))
        first = next((case for case in cases if case.verdict in FAILING | UNJUDGED and case.reproduce), None)
        if first is not None:
            self._say(Text(f"reproduce the first failure: {visible(first.reproduce[0])}"))


def replay_console(run: Run, reporter: ConsoleReporter) -> None:
    """Tells a recorded run as if it happened now, its problems at the end."""
    reporter.started(run.header)
    for case in run.cases:
        reporter.case(case)
    reporter.finished(run.footer, run.cases)
    reporter.problems(run.problems)
