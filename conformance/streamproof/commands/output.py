"""Where a run is told: the console, the result document on disk, the reports made from it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import attrs
import click

from streamproof import __version__
from streamproof.commands.options import RunOptions
from streamproof.errors import UNJUDGED, StreamproofError
from streamproof_formats.rules import RULES
from streamproof_reports.console import ConsoleReporter, make_console
from streamproof_reports.document import CaseResult, Header, Reporter, Run
from streamproof_reports.failure import RuleText
from streamproof_reports.formats import FORMATS, write
from streamproof_reports.jsonl import JsonlWriter
from streamproof_reports.summary import check_json, exit_code, footer_of

DOCUMENT = "run.jsonl"
SECRET_OPTIONS = frozenset({"--header", "--api-key"})
"""Options whose values may hold a key."""


def describe_rule(rule_id: str) -> RuleText | None:
    """A rule's text and source for a report; None for an id that is no rule."""
    rule = RULES.get(rule_id)
    if rule is None:
        return None
    return RuleText(
        title=rule.text,
        strength=rule.strength,
        document=rule.source.document,
        section=rule.source.section,
        url=rule.source.url,
    )


def without_secrets(words: Sequence[str]) -> list[str]:
    """A command line as it may be kept: the values of headers and keys in it are masked."""
    kept: list[str] = []
    for word in words:
        option, equals, value = word.partition("=")
        if kept and kept[-1] in SECRET_OPTIONS:
            kept.append(_masked(word))
        elif equals and option in SECRET_OPTIONS:
            kept.append(f"{option}={_masked(value)}")
        else:
            kept.append(word)
    return kept


def _masked(value: str) -> str:
    name, colon, _ = value.partition(":")
    return f"{name}: ***" if colon else "***"


class Output:
    """A run as it is told.  Leaving the block writes the footer and the reports, whatever happened inside."""

    def __init__(
        self,
        options: RunOptions,
        kind: Literal["client", "endpoint", "demo"],
        subjects: Sequence[str],
        planned: int,
        *,
        console: Callable[[RunOptions, str], Reporter] | None = None,
    ) -> None:
        """`console` makes, of the options and the path of the report, what tells a person of the run."""
        self._options = options
        self._started_s = time.monotonic()
        self.cases: list[CaseResult] = []
        self.totals: dict[str, int] = {}
        self.interrupted = False
        self._header = Header(
            streamproof=__version__,
            command=("streamproof", *without_secrets(sys.argv[1:])),
            started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            kind=kind,
            subjects=tuple(subjects),
            planned=planned,
            seed=options.seed,
        )
        self._document = _create(options.report_dir / DOCUMENT)
        report = str(options.report_dir / _shown_report(options))
        self.console: Reporter = (console or _console)(options, report)
        self._silent = options.as_json

    def __enter__(self) -> Self:
        self._document.started(self._header)
        if not self._silent:
            self.console.started(self._header)
        return self

    def case(self, result: CaseResult) -> None:
        """Takes a result: it is on disk at once."""
        self.cases.append(result)
        self._document.case(result)
        if not self._silent:
            self.console.case(result)

    @property
    def exit_code(self) -> int:
        """What the process should exit with, by what was told so far."""
        return exit_code(self.cases, self.interrupted)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.interrupted = self.interrupted or kind is not None
        duration_s = round(time.monotonic() - self._started_s, 3)
        footer = footer_of(self.cases, duration_s=duration_s, interrupted=self.interrupted, totals=self.totals)
        if isinstance(error, Exception):
            # Not the user's doing: the run broke off because something could not go on.
            footer = attrs.evolve(footer, exit_code=getattr(error, "exit_code", UNJUDGED))
        self._document.finished(footer, self.cases)
        self._document.close()
        run = Run(header=self._header, cases=tuple(self.cases), footer=footer)
        if self._silent:
            click.echo(json.dumps(check_json(run)))
        else:
            self.console.finished(footer, self.cases)
        for name in self._options.report:
            if name != "jsonl":
                _write(run, name, self._options.report_dir)


def _console(options: RunOptions, report: str) -> ConsoleReporter:
    return ConsoleReporter(
        make_console(sys.stdout, options.color, os.environ),  # type: ignore[arg-type]
        verbosity=options.verbosity,
        describe_rule=describe_rule,
        report=report,
    )


def _write(run: Run, name: str, folder: Path) -> None:
    try:
        write(run, name, folder, describe_rule)
    except OSError as error:
        raise StreamproofError(f"{folder}: the report {name} cannot be written: {error.strerror}") from error


def _create(path: Path) -> JsonlWriter:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            shutil.copyfile(path, path.with_name("previous.jsonl"))
        return JsonlWriter.create(path)
    except OSError as error:
        raise StreamproofError(f"{path}: the report cannot be written: {error.strerror}", "--report-dir DIR") from error


def _shown_report(options: RunOptions) -> str:
    return FORMATS["html"].file if "html" in options.report else DOCUMENT
