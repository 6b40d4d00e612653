"""What a client under test is asked to do, and what it said: the values between the driver and a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

ReportKind = Literal["event", "item", "delta"]
Reports = Literal["events", "items", "message"]
Ended = Literal["result", "hang", "crash", "fault"]

REPORTS: Final[tuple[Reports, ...]] = ("events", "items", "message")

CAPABILITIES: Final = (
    "finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "refusal", "function_call", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel", "http2", "tls",
)  # fmt: skip
"""The closed list; a missing one skips the scenarios that need it."""


@attrs.frozen
class Report:
    """One thing that the client handed out, as it happened.

    `at_ns` is `time.perf_counter_ns` when the line was read.  `data`: of an `item` the chunk as the client gave it;
    of an `event` the keys `event`, `data`, `last_event_id`; of a `delta` `choice` and `text`, `reasoning` or `refusal`.
    """

    at_ns: int
    kind: ReportKind
    data: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Hello:
    """How a client introduced itself."""

    client: str
    version: str = ""
    language: str = ""
    runtime: str = ""
    dialects: tuple[str, ...]
    reports: Reports
    capabilities: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class RunRequest:
    """One run, without its id, which the process gives it."""

    dialect: str
    base_url: str
    """What the dialect's official SDK takes."""
    url: str
    """The whole address of the call."""
    api_key: str
    request: Mapping[str, Any]
    """The whole documented body."""
    client: str | None = None
    """The same name is the same client object; None is a new one."""
    idle_timeout_s: float | None = None
    max_retries: int | None = None
    stop: Mapping[str, Any] | None = None
    """`{"after": 2, "how": "break"}`: leave after that many reports."""
    ca_file: str | None = None


@attrs.frozen(kw_only=True)
class Said:
    """All that came of one run.

    `result` is the protocol's message without `type` and `id`.  `ended`: `hang` is past the deadline, `crash` a process
    that ended before its result, `fault` a breach of the protocol or the adapter's own error.
    """

    reports: tuple[Report, ...] = ()
    result: Mapping[str, Any] | None = None
    ended: Ended
    fault: str | None = None
    """Why there is no result, in words."""
    exit_code: int | None = None
    """Set where the process ended by itself; negative for the number of a signal."""
    stderr: str = ""
    """The end of what was written to standard error during the run."""
    started_ns: int
    ended_ns: int
