"""Can a scenario be failed?  Broken clients play it until one of them does."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from streamproof.adapters.spec import broken_client
from streamproof.running.job import Job
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof.subjects.broken.fault import EVERYWHERE, Fault
from streamproof.subjects.broken.rows import failing_names
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
    """The jobs that no broken client fails.  Who is known to fail a case is tried first, then the blunt ones."""
    left = {job.case.id: job for job in jobs}
    likely = {case: likely_for(job) for case, job in left.items()}
    tried: set[tuple[str, str]] = set()

    def tell(result: CaseResult) -> None:
        if result.verdict in FAILED:
            left.pop(result.case, None)

    async def play(fault: Fault, worth: list[Job]) -> None:
        tried.update((fault.name, job.case.id) for job in worth)
        if worth:
            await played_with(server, fault, worth, tell, processes=processes)

    while left:
        # Whoever fails most of what is left comes next, so that most cases are played once.
        hopes = Counter(name for case in left for name in likely[case] if (name, case) not in tried)
        if not hopes:
            break
        name, _ = hopes.most_common(1)[0]
        await play(FAULTS[name], [job for case, job in left.items() if name in likely[case]])
    for fault in (*(FAULTS[name] for name in BLUNT), *FAULTS.values()):
        worth = worth_playing(fault, left.values())
        await play(fault, [job for job in worth if (fault.name, job.case.id) not in tried])
    return list(left.values())


def likely_for(job: Job) -> frozenset[str]:
    """The faults that are known to fail this case, or else another case of its scenario."""
    whole = job.case.scenario.id
    own = _known().get(job.case.id, frozenset()) | _known().get(whole, frozenset())
    found = own or _known_of_scenarios().get(whole, frozenset())
    return frozenset(name for name in found if FAULTS[name].dialect in {None, job.case.dialect})


@cache
def _known() -> Mapping[str, frozenset[str]]:
    return failing_names()


@cache
def _known_of_scenarios() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for case, names in _known().items():
        found[re.split(r"[@\[]", case, maxsplit=1)[0]] |= names
    return {scenario: frozenset(names) for scenario, names in found.items()}
