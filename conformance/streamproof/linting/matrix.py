"""Plays broken clients over the catalogue: which cases each fails, and how it reads the open questions.

`python -m streamproof.linting.matrix [FAULT ..]` plays these, or all, and writes their rows into `fails.yaml`;
`--scenarios PATTERN` plays these scenarios only and leaves alone what the rows say of others.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import trio

from streamproof.adapters.spec import broken_client, built_in
from streamproof.linting.faults import FAILED, worth_playing
from streamproof.running.job import Job, jobs_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof.subjects.broken.fault import Fault
from streamproof.subjects.broken.rows import FILE, REFERENCE, Row, known_cases, merged, read_rows, write_rows
from streamproof.subjects.broken.table import FAULTS
from streamproof_mock.server import MockServer, serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue, pattern_of
from streamproof_scenarios.framing import framing_of

ONCE_MORE: Final = 12
"""Failures up to this many are all played once more: a busy machine makes some of its own."""
DOUBTFUL: Final = frozenset({"hang", "late", "slow", "early-retry"})
"""Checks that look at the time: what fails one of them is always played once more."""
WAITING: Final = tuple(
    map(pattern_of, ("lifecycle/**", "errors/http-429-*", "framing/line-of-2-mb", "endings/*-stalls"))
)
"""Scenarios that take seconds."""


def jobs_for(fault: Fault, jobs: Iterable[Job]) -> list[Job]:
    """The jobs that a fault is played in: each scenario in its first dialect, or all of the dialect that it is about.

    A scenario that waits costs seconds, so only faults that it may show meet it.  A fault that goes by what one read
    brings is played where the server decides that.
    """
    return [
        job
        for job in worth_playing(fault, jobs)
        if job.case.dialect == (fault.dialect or job.case.scenario.dialects[0])
        and (fault.meets_waiting or not _waits(job))
        and not (fault.is_timed and _reads_are_chance(job))
    ]


def _waits(job: Job) -> bool:
    return any(pattern.fullmatch(job.case.scenario.id) for pattern in WAITING)


def _reads_are_chance(job: Job) -> bool:
    """True unless the reference client hands on chunk by chunk what it reads, however many one read brings."""
    return any(framing_of(answer) != "chunked" or answer.encoding is not None for answer in job.case.answers)


async def play_rows(
    names: Sequence[str], jobs: Sequence[Job], tell: Callable[[str, Row], None], *, processes: int
) -> None:
    """Plays these clients over these jobs and tells of each row as it is there."""
    async with serving() as server:
        usual = await played(server, REFERENCE, jobs, processes)
        firsts = {job.case.id for job in jobs if job.case.dialect == job.case.scenario.dialects[0]}
        for name in names:
            if name == REFERENCE:
                reads = {case: one for case, one in usual.reads.items() if case in firsts}
                tell(name, Row(fails=usual.fails, reads=reads))
                continue
            row = await played(server, name, jobs_for(FAULTS[name], jobs), processes)
            other = {
                case: one for case, one in row.reads.items() if case not in row.fails and usual.reads.get(case) != one
            }
            tell(name, Row(fails=row.fails, reads=other))


async def played(server: MockServer, name: str, jobs: Sequence[Job], processes: int, *, kept: Row | None = None) -> Row:
    """What a broken client, or the reference client, fails of these jobs, and all readings that it gives.

    What is doubted is played once more, slowly: all that differs from `kept`, if there is such a row.
    """
    row = await _round(server, name, jobs, processes=processes, timeout_s=4.0)
    doubted = _doubtful(row) if kept is None else _differing(row, kept)
    if not doubted:
        return row
    again = [job for job in jobs if job.case.id in doubted]
    sure = await _round(server, name, again, processes=1, timeout_s=10.0)
    return Row(
        fails={case: checks for case, checks in row.fails.items() if case not in doubted} | dict(sure.fails),
        reads={**row.reads, **sure.reads},
    )


def _doubtful(row: Row) -> set[str]:
    return {case for case, checks in row.fails.items() if len(row.fails) <= ONCE_MORE or checks & DOUBTFUL}


def _differing(row: Row, kept: Row) -> set[str]:
    """The cases that were not failed, or not read, as it is kept of them."""
    failed = {case for case in row.fails.keys() | kept.fails.keys() if row.fails.get(case) != kept.fails.get(case)}
    return failed | {case for case, reading in kept.reads.items() if row.reads.get(case) != reading}


async def _round(server: MockServer, name: str, jobs: Sequence[Job], *, processes: int, timeout_s: float) -> Row:
    fails: dict[str, frozenset[str]] = {}
    reads: dict[str, str] = {}

    def tell(result: CaseResult) -> None:
        if result.verdict in FAILED:
            checks = {finding.check for finding in result.findings if finding.check}
            fails[result.case] = fails.get(result.case, frozenset()) | checks
        if result.reading:
            reads[result.case] = result.reading

    spec = built_in(name) if name == REFERENCE else broken_client(name)
    settings = Settings(jobs=processes, confirms=False, timeout_s=timeout_s)
    await Runner(server, spec, Subject(name=name, arguments=()), settings).run(jobs, tell)
    return Row(fails=fails, reads=reads)


def main() -> None:
    """Plays clients and writes what came of it."""
    parser = argparse.ArgumentParser(prog="python -m streamproof.linting.matrix", description=__doc__)
    parser.add_argument("clients", nargs="*", default=[REFERENCE, *FAULTS])
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--scenarios", action="append", default=[])
    options = parser.parse_args()
    patterns = [pattern_of(text) for text in options.scenarios]
    jobs = [
        job
        for job in jobs_of(Catalogue.load().scenarios, ())
        if not patterns or any(pattern.fullmatch(job.case.scenario.id) for pattern in patterns)
    ]
    cases, known = {job.case.id for job in jobs}, known_cases()

    def tell(name: str, row: Row) -> None:
        old = read_rows(options.file) if options.file.is_file() else {}
        gone = {case for one in old.values() for case in (*one.fails, *one.reads)} - known
        write_rows(options.file, merged(old, name, row, cases | gone))
        print(f"{name}: fails {len(row.fails)}, reads {len(row.reads)} otherwise", flush=True)

    trio.run(lambda: play_rows(options.clients, jobs, tell, processes=min(4, os.cpu_count() or 1)))


if __name__ == "__main__":
    main()
