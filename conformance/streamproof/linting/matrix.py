"""What each broken client fails and how it reads the open questions: played, written to a file, read again.

`python -m streamproof.linting.matrix FILE [FAULT ..]` plays these faults, or all, and writes their rows into the file.
`--scenarios PATTERN` plays these scenarios only and leaves the rest of the rows as it was.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import trio
import yaml

from streamproof.adapters.spec import broken_client, built_in
from streamproof.linting.faults import FAILED, worth_playing
from streamproof.running.job import Job, jobs_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof.subjects.broken.fault import Fault
from streamproof.subjects.broken.table import FAULTS
from streamproof_mock.server import MockServer, serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue, pattern_of

REFERENCE: Final = "reference"
ONCE_MORE: Final = 40
"""Failures up to this many are all played once more: a busy machine makes some of its own."""
DOUBTFUL: Final = frozenset({"hang", "late", "slow", "early-retry"})
"""Checks that look at the time: what fails one of them is always played once more."""

WAITING: Final = tuple(
    map(pattern_of, ("lifecycle/**", "errors/http-429-*", "framing/line-of-2-mb", "endings/*-stalls"))
)
"""Scenarios that take seconds."""


@attrs.frozen(kw_only=True)
class Row:
    """What one broken client did."""

    fails: Mapping[str, frozenset[str]] = attrs.field(factory=dict)
    """The checks that it failed, by case."""
    reads: Mapping[str, str] = attrs.field(factory=dict)
    """The reading that it gave, by case, where the reference client gives another."""


async def played(
    server: MockServer, name: str, jobs: Sequence[Job], *, processes: int
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """What a broken client, or the reference client, fails of these jobs, and its readings."""
    fails, readings = await _round(server, name, jobs, processes=processes, timeout_s=4.0)
    doubted = {case for case, checks in fails.items() if len(fails) <= ONCE_MORE or checks & DOUBTFUL}
    if doubted:
        again = [job for job in jobs if job.case.id in doubted]
        sure, read = await _round(server, name, again, processes=1, timeout_s=10.0)
        fails = {case: checks for case, checks in fails.items() if case not in doubted} | sure
        readings |= read
    return fails, readings


async def _round(
    server: MockServer, name: str, jobs: Sequence[Job], *, processes: int, timeout_s: float
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    fails: dict[str, frozenset[str]] = {}
    readings: dict[str, str] = {}

    def tell(result: CaseResult) -> None:
        if result.verdict in FAILED:
            checks = {finding.check for finding in result.findings if finding.check}
            fails[result.case] = fails.get(result.case, frozenset()) | checks
        if result.reading:
            readings[result.case] = result.reading

    spec = built_in(name) if name == REFERENCE else broken_client(name)
    settings = Settings(jobs=processes, confirms=False, timeout_s=timeout_s)
    await Runner(server, spec, Subject(name=name, arguments=()), settings).run(jobs, tell)
    return fails, readings


def jobs_for(fault: Fault, jobs: Iterable[Job]) -> list[Job]:
    """The jobs that a fault is played in: scenarios that wait cost seconds, so few faults meet them, in one dialect."""
    return [
        job
        for job in worth_playing(fault, jobs)
        if not _waits(job) or (fault.meets_waiting and job.case.dialect == job.case.scenario.dialects[0])
    ]


def _waits(job: Job) -> bool:
    return any(pattern.fullmatch(job.case.scenario.id) for pattern in WAITING)


async def play_rows(
    names: Iterable[str], jobs: Sequence[Job], tell: Callable[[str, Row], None], *, processes: int
) -> None:
    """Plays these faults over these jobs and tells of each row as it is there."""
    async with serving() as server:
        _, usual = await played(server, REFERENCE, jobs, processes=processes)
        for name in names:
            fails, readings = await played(server, name, jobs_for(FAULTS[name], jobs), processes=processes)
            other = {case: one for case, one in readings.items() if case not in fails and usual.get(case) != one}
            tell(name, Row(fails=fails, reads=other))


def read_rows(path: Path) -> dict[str, Row]:
    """The rows of a file that `write_rows` wrote."""
    cases = _cases_by_scenario()

    def spread(names: Iterable[str]) -> Iterable[str]:
        for name in names:
            yield from cases.get(name, (name,))

    rows = {}
    for fault, said in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
        fails: dict[str, set[str]] = defaultdict(set)
        for check, names in (said.get("fails") or {}).items():
            for case in spread(names):
                fails[case].add(check)
        reads = {case: reading for reading, names in (said.get("reads") or {}).items() for case in spread(names)}
        rows[fault] = Row(fails={case: frozenset(checks) for case, checks in fails.items()}, reads=reads)
    return rows


def write_rows(path: Path, rows: Mapping[str, Row]) -> None:
    """Writes rows, a scenario of which every case is meant by its name alone."""
    parts = [
        "# What each broken client fails, by check, and which readings it gives that the reference client does not.\n"
    ]
    for fault in FAULTS:
        row = rows.get(fault)
        if row is None:
            continue
        parts.append(f"\n{fault}:\n")
        by_check: dict[str, set[str]] = defaultdict(set)
        for case, checks in row.fails.items():
            for check in checks:
                by_check[check].add(case)
        by_reading: dict[str, set[str]] = defaultdict(set)
        for case, reading in row.reads.items():
            by_reading[reading].add(case)
        for key, found in (("fails", by_check), ("reads", by_reading)):
            if found:
                parts.append(f"  {key}:\n")
            for name in sorted(found):
                parts.append(f"    {name}:\n")
                parts += [f"      - {_quoted(one)}\n" for one in _gathered(found[name])]
        if not row.fails and not row.reads:
            parts.append("  {}\n")
    path.write_text("".join(parts), encoding="utf-8")


def _quoted(name: str) -> str:
    return f'"{name}"' if "[" in name else name


def _cases_by_scenario() -> dict[str, list[str]]:
    cases: dict[str, list[str]] = defaultdict(list)
    for job in jobs_of(Catalogue.load().scenarios, ("as-written",)):
        cases[job.case.scenario.id].append(job.case.id)
    return cases


def _gathered(names: Collection[str]) -> list[str]:
    found = set(names)
    for scenario, cases in _cases_by_scenario().items():
        if found.issuperset(cases):
            found.difference_update(cases)
            found.add(scenario)
    return sorted(found)


def merged(old: Mapping[str, Row], new: Mapping[str, Row], played_cases: Collection[str]) -> dict[str, Row]:
    """The old rows with what was played anew in place of what they say of these cases."""
    rows = {fault: row for fault, row in old.items() if fault in FAULTS}
    for fault, row in new.items():
        before = rows.get(fault, Row())
        rows[fault] = Row(
            fails={case: c for case, c in before.fails.items() if case not in played_cases} | dict(row.fails),
            reads={case: r for case, r in before.reads.items() if case not in played_cases} | dict(row.reads),
        )
    return rows


def main() -> None:
    """Plays faults and writes what came of it."""
    parser = argparse.ArgumentParser(prog="python -m streamproof.linting.matrix", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("faults", nargs="*", default=list(FAULTS))
    parser.add_argument("--scenarios", action="append", default=[])
    options = parser.parse_args()
    patterns = [pattern_of(text) for text in options.scenarios]
    jobs = [
        job
        for job in jobs_of(Catalogue.load().scenarios, ())
        if not patterns or any(pattern.fullmatch(job.case.scenario.id) for pattern in patterns)
    ]
    known = {case for cases in _cases_by_scenario().values() for case in cases}
    cases = {job.case.id for job in jobs}

    def tell(fault: str, row: Row) -> None:
        old = read_rows(options.file) if options.file.is_file() else {}
        gone = {case for one in old.values() for case in (*one.fails, *one.reads)} - known
        write_rows(options.file, merged(old, {fault: row}, cases | gone))
        print(f"{fault}: fails {len(row.fails)}, reads {len(row.reads)} otherwise", flush=True)

    trio.run(lambda: play_rows(options.faults, jobs, tell, processes=min(4, os.cpu_count() or 1)))


if __name__ == "__main__":
    main()
