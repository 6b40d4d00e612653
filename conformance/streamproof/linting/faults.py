"""Can a scenario be failed?  Broken clients play it until one of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from streamproof.adapters.spec import broken_client
from streamproof.running.job import Job
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof.subjects.broken.fault import EVERYWHERE, Fault
from streamproof.subjects.broken.table import FAULTS
from streamproof_mock.server import MockServer
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import pattern_of

BLUNT: Final = ("asks-twice", "any-answer-is-a-stream", "anything-is-an-answer", "any-end-is-good", "text-dropped")
"""Faults that hardly a scenario misses."""
FAILED: Final = frozenset({"fail", "warn"})
"""Verdicts of a case that a client did not meet; a quirk only warns."""


def worth_playing(fault: Fault, jobs: Iterable[Job]) -> list[Job]:
    """The jobs that a fault may show itself in."""
    if fault.played == EVERYWHERE:
        return list(jobs)
    patterns = [pattern_of(text) for text in fault.played]
    return [job for job in jobs if any(pattern.fullmatch(job.case.scenario.id) for pattern in patterns)]


async def played_with(
    server: MockServer, fault: Fault, jobs: Sequence[Job], tell: Callable[[CaseResult], None], *, processes: int
) -> None:
    """Plays jobs with one broken client and tells of each result."""
    settings = Settings(jobs=processes, confirms=False, timeout_s=3.0)
    subject = Subject(name=fault.name, arguments=())
    await Runner(server, broken_client(fault.name), subject, settings).run(jobs, tell)


async def unfailed(server: MockServer, jobs: Iterable[Job], *, processes: int) -> list[Job]:
    """The jobs that no broken client fails.  Faults that most scenarios notice are tried first."""
    left = {job.case.id: job for job in jobs}

    def tell(result: CaseResult) -> None:
        if result.verdict in FAILED:
            left.pop(result.case, None)

    for fault in (*(FAULTS[name] for name in BLUNT), *FAULTS.values()):
        worth = worth_playing(fault, left.values())
        if worth:
            await played_with(server, fault, worth, tell, processes=processes)
    return list(left.values())
