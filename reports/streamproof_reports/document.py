"""The result document: a header, a line per case, a footer.  All reports are written from these values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import attrs

Verdict = Literal["pass", "warn", "fail", "skip", "xfail", "xpass", "flaky", "adapter_error", "harness_error"]
"""Never merged; a skip never counts as a pass."""

VERDICTS: tuple[Verdict, ...] = (
    "pass", "warn", "fail", "skip", "xfail", "xpass", "flaky", "adapter_error", "harness_error",
)  # fmt: skip

Lane = Literal["server", "client"]

RunKind = Literal["client", "endpoint", "demo"]


@attrs.frozen(kw_only=True)
class CaseFinding:
    """One thing wrong in one case."""

    check: str
    """Name of the check of a client, or `rule` for a rule broken by an endpoint."""
    rule: str | None
    level: str | None
    basis: str | None
    message: str
    expected: Any = None
    actual: Any = None
    event: int | None = None
    start: int | None = None
    end: int | None = None
    line: int | None = None
    """Line of the scenario file, from 1."""


@attrs.frozen(kw_only=True)
class WireEvent:
    """One mark on the timeline of a case.  `at_ms` counts from the start of the case."""

    at_ms: float
    lane: Lane
    kind: str
    """`request`, `write`, `end`, `left`; `delta`, `item`, `event`, `result`."""
    text: str
    """Short, for a person: the bytes written or what was said, cut to some 200 characters."""


@attrs.frozen(kw_only=True)
class CaseResult:
    """One case: a scenario in a delivery with a client, or a probe of an endpoint."""

    case: str
    scenario: str | None
    probe: str | None = None
    title: str
    about: str | None = None
    """Why the scenario or probe exists."""
    dialect: str
    delivery: str | None
    client: str | None
    verdict: Verdict
    reading: str | None = None
    """Name of the reading that held, where documents leave several open."""
    reason: str | None = None
    """Why it was skipped, is expected to fail, could not be judged."""
    missing: tuple[str, ...] = ()
    """The capabilities for want of which it was skipped."""
    findings: tuple[CaseFinding, ...] = ()
    notes: tuple[str, ...] = ()
    duration_s: float = 0.0
    hash: str | None = None
    path: str | None = None
    """The scenario file, as shown to the user."""
    line: int | None = None
    """Line in that file where the stream (or the step that matters) begins."""
    refs: tuple[str, ...] = ()
    sent: str | None = None
    """The bytes around the place, base64; at most 4 KiB."""
    sent_from: int = 0
    """Offset of `sent` in the body."""
    sent_total: int = 0
    """Bytes of the whole body."""
    expected: Any = None
    """What should have been said, as the message's JSON."""
    actual: Any = None
    """What was said."""
    timeline: tuple[WireEvent, ...] = ()
    stderr: str | None = None
    """The last lines of the client's standard error."""
    reproduce: tuple[str, ...] = ()
    """Commands, the shortest first."""


@attrs.frozen(kw_only=True)
class Header:
    """The first line: what ran."""

    format: int = 1
    streamproof: str
    command: tuple[str, ...]
    """As typed; keys never stand on a command line."""
    started: str
    """ISO 8601, UTC."""
    kind: RunKind
    subjects: tuple[str, ...]
    """Clients with version and runtime, or the endpoint's URL."""
    planned: int
    """Cases that will be reported."""
    seed: int | None = None


@attrs.frozen(kw_only=True)
class Footer:
    """The last line: a document without one broke off."""

    counts: dict[str, int]
    """Verdict to number; verdicts that did not occur are left out."""
    skipped_for: dict[str, int]
    """Missing capability to number of cases."""
    duration_s: float
    interrupted: bool = False
    exit_code: int = 0
    totals: dict[str, int] = attrs.field(factory=dict)
    """Figures of the whole run: `plays`, `boundaries_asked`, `boundaries_kept`."""


@attrs.frozen(kw_only=True)
class Run:
    """A whole run: what all writers write from."""

    header: Header
    cases: tuple[CaseResult, ...] = ()
    footer: Footer | None = None
    """None when the run broke off before its end."""
    problems: tuple[str, ...] = ()
    """What could not be read, or does not add up, one sentence each."""


class Reporter(Protocol):
    """Takes a run as it happens: `started` once, `case` for each, `finished` once."""

    def started(self, header: Header) -> None:
        """The run begins."""

    def case(self, result: CaseResult) -> None:
        """One case was judged."""

    def finished(self, footer: Footer, cases: Sequence[CaseResult]) -> None:
        """The run is over, be it by its end or by an interrupt."""
