"""One client and what it got from the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

from streamproof.adapters.said import Hello
from streamproof.adapters.spec import ClientSpec
from streamproof.gallery.failures import Failures
from streamproof.running.known import KnownList, read_known
from streamproof_reports.document import CaseResult, Verdict

KNOWN_FLAKY: Final = "known-flaky.txt"
"""Beside client.yaml, in the format of `--known-flaky`: cases that fare differently from run to run."""

WRONG: Final[frozenset[Verdict]] = frozenset({"fail", "warn", "flaky", "adapter_error", "harness_error"})
"""The verdicts that somebody has to look into."""


@attrs.frozen(kw_only=True)
class Row:
    """One client and its cases, sorted; `missing` says why it could not run."""

    spec: ClientSpec
    hello: Hello | None = None
    cases: tuple[CaseResult, ...] = ()
    missing: str | None = None
    failures: Failures = attrs.field(factory=Failures)
    flaky: KnownList = attrs.field(factory=KnownList)

    @property
    def wrong(self) -> tuple[CaseResult, ...]:
        """The cases to look into."""
        return tuple(case for case in self.cases if self.verdict_of(case) in WRONG)

    @property
    def unexplained(self) -> tuple[CaseResult, ...]:
        """Those of them that no line of failures.md names."""
        return tuple(case for case in self.wrong if not self.failures.explain(case.case))

    def verdict_of(self, case: CaseResult) -> Verdict:
        """Its verdict: `flaky` for a case known to be so, whatever became of it this time."""
        return "flaky" if case.verdict != "skip" and self.is_known_flaky(case) else case.verdict

    def is_known_flaky(self, case: CaseResult) -> bool:
        """True if the client's list names the case."""
        return self.flaky.line_of(case.case, case.delivery) is not None


def known_flaky(spec: ClientSpec) -> KnownList:
    """The client's own list of flaky cases; empty where it has none."""
    path = Path(spec.cwd or "", KNOWN_FLAKY)
    return read_known(str(path)) if spec.cwd is not None and path.is_file() else KnownList()
