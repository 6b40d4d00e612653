"""JUnit XML: a suite for each folder of scenarios, a test for each case; failures, errors and skips kept apart."""

from __future__ import annotations

import io
from typing import Any, Final

import junitparser

from streamproof_reports.document import CaseResult, Run
from streamproof_reports.failure import (
    DescribeRule,
    blocks_text,
    failure_blocks,
    gist,
    headline,
    no_rules,
    rule_ids,
)
from streamproof_reports.order import in_order
from streamproof_reports.summary import FAILING, UNJUDGED, ending_text
from streamproof_reports.text import visible, visible_lines

_STDERR_LINES: Final = 200
_ROWS: Final = 32

_XML: Final[Any] = junitparser
"""The library is typed in part only, and says that it is typed."""


def folder(case: CaseResult) -> str:
    """The folder of the scenario or probe; the dialect where it lies in none."""
    name = case.scenario or case.probe or case.case
    return name.rpartition("/")[0] or case.dialect


def _properties(case: CaseResult) -> Any:
    """What a dashboard may sort by."""
    values = [
        ("verdict", case.verdict),
        ("dialect", case.dialect),
        *([("delivery", case.delivery)] if case.delivery else []),
        *([("client", case.client)] if case.client else []),
        *([("reading", case.reading)] if case.reading else []),
        *([("hash", case.hash)] if case.hash else []),
        *(("rule", rule) for rule in rule_ids(case)),
        *(("reproduce", command) for command in case.reproduce[:1]),
    ]
    properties = _XML.Properties()
    for name, value in values:
        properties.add_property(_XML.Property(name, visible(value)))
    return properties


def _result(case: CaseResult) -> Any:
    """A failure, an error, a skip, or None for what passed."""
    # XML 1.0 (section 2.2) has no control characters and no surrogates, not even escaped: all text is made visible.
    if case.verdict in FAILING:
        return _XML.Failure(gist(case), case.verdict)
    if case.verdict in UNJUDGED:
        return _XML.Error(gist(case), case.verdict)
    if case.verdict == "skip":
        wanted = f"for want of {', '.join(case.missing)}" if case.missing else case.reason or "no reason was given"
        return _XML.Skipped(visible(wanted), "skip")
    if case.verdict == "xfail":
        return _XML.Skipped(f"known to fail: {gist(case)}", "xfail")
    return None


def _test(case: CaseResult, describe: DescribeRule) -> Any:
    test = _XML.TestCase(headline(case), visible(folder(case).replace("/", ".")), round(case.duration_s, 3))
    test.append(_properties(case))
    anatomy = blocks_text(failure_blocks(case, describe, rows=_ROWS))
    result = _result(case)
    if result is not None:
        if not isinstance(result, _XML.Skipped):
            result.text = anatomy
        test.append(result)
    elif case.verdict == "warn":
        test.system_out = f"WARN {gist(case)}\n\n{anatomy}"
    if case.stderr and case.verdict != "pass":
        test.system_err = "\n".join(visible_lines(case.stderr, _STDERR_LINES))
    return test


def _unfinished(run: Run) -> Any:
    """An error that stands for what is missing: a run that broke off must not look like one that passed."""
    faults = [*([ending] if (ending := ending_text(run)) else []), *run.problems]
    if not faults:
        return None
    test = _XML.TestCase("the run is whole", "streamproof")
    error = _XML.Error(visible(faults[0]), "run")
    error.text = "\n".join(visible(fault) for fault in faults)
    test.append(error)
    suite = _XML.TestSuite("streamproof")
    suite.add_testcases([test])
    return suite


def junit(run: Run, describe: DescribeRule = no_rules) -> bytes:
    """The run as JUnit XML in UTF-8."""
    folders: dict[str, list[Any]] = {}
    for case in in_order(run.cases):
        folders.setdefault(folder(case), []).append(_test(case, describe))
    document = _XML.JUnitXml("streamproof")
    for name, tests in folders.items():
        suite = _XML.TestSuite(visible(name))
        suite.timestamp = visible(run.header.started)
        suite.add_testcases(tests)
        document.add_testsuite(suite)
    if (unfinished := _unfinished(run)) is not None:
        document.add_testsuite(unfinished)
    document.update_statistics()
    written = io.BytesIO()
    document.write(written, pretty=True)
    return written.getvalue()
