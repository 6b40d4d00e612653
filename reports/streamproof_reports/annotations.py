"""Annotations of a pull request, as the workflow commands that GitHub reads from a job's output."""

from __future__ import annotations

from typing import Final

from streamproof_reports.document import CaseResult, Run
from streamproof_reports.failure import gist, headline, place, same_failures
from streamproof_reports.order import in_order
from streamproof_reports.summary import FAILING, UNJUDGED, ending_text
from streamproof_reports.text import counted, visible

MOST: Final = 10
"""GitHub shows ten errors of a step -- "Usage limits for annotations"."""


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def _error(case: CaseResult) -> str:
    path, line = place(case)
    properties = [f"file={_property(path)}"] if path else []
    if path and line is not None:
        properties.append(f"line={line}")
    properties.append(f"title={_property(headline(case))}")
    lines = [gist(case), *(f"reproduce: {visible(command)}" for command in case.reproduce[:1])]
    return f"::error {','.join(properties)}::{_data(chr(10).join(lines))}\n"


def annotation_lines(run: Run) -> str:
    """At most ten errors, each of one failure in all its deliveries; then one line that counts the rest."""
    failures = same_failures(case for case in in_order(run.cases) if case.verdict in FAILING | UNJUDGED)
    commands = [_error(case) for case, _ in failures]
    if (ending := ending_text(run)) is not None:
        commands.insert(0, f"::error title=streamproof::{_data(ending)}\n")
    shown = commands[:MOST]
    if len(commands) > MOST:
        shown.append(f"::notice title=streamproof::and {counted(len(commands) - MOST, 'more failure')}\n")
    return "".join(shown)
