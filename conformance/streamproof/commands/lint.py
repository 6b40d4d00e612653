"""`streamproof lint`: are the scenarios what they say?"""

from __future__ import annotations

import os
from collections.abc import Sequence

import attrs
import click
import trio

from streamproof.adapters.spec import built_in
from streamproof.commands import scenes
from streamproof.commands.options import selecting
from streamproof.errors import FAILED
from streamproof.linting.faults import unfailed
from streamproof.linting.streams import lint_streams
from streamproof.running.job import Job, jobs_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_formats.rules import RULES
from streamproof_mock.server import serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.model import Scenario


@click.command()
@click.argument("patterns", nargs=-1)
@selecting
@click.option("--static", is_flag=True, help="Judge the streams only; do not play them to the reference client.")
@click.option("--quick", is_flag=True, help="Do not try whether a broken client fails each scenario.")
@click.option("-v", "--verbose", is_flag=True, help="Also list rules that no scenario breaks, and what is not played.")
def lint(
    patterns: tuple[str, ...],
    select: tuple[str, ...],
    scenarios: tuple[str, ...],
    static: bool,
    quick: bool,
    verbose: bool,
) -> None:
    """Check scenario files: each loads, breaks exactly what it says, is met by the reference client and can be failed.

    PATTERNS are ids as elsewhere, or paths of scenario files.
    """
    paths, names = scenes.files(patterns)
    found = scenes.of_files(paths, scenarios)
    if names or not paths:
        found += scenes.scenarios(scenes.catalogue(scenarios), names, select)
    checked = lint_streams(found)
    for problem in checked.problems:
        click.echo(str(problem))
    played = _Played() if static else trio.run(_play, found, quick)
    for result in played.failures:
        said = result.reason or (result.findings[0].message if result.findings else result.verdict)
        click.echo(
            f"{result.path}:{result.line or 1}: {result.case}: the reference client gets {result.verdict}: {said}"
        )
    if verbose:
        _coverage(checked.broken)
        for case_id, reason in checked.unplayable:
            click.echo(f"note: {case_id} is not played: {reason}")
    for job in played.unfailed:
        mark = job.case.scenario.stream_mark
        click.echo(
            f"{job.case.scenario.path}:{mark.line if mark else 1}: {job.case.id}: no broken client fails it; "
            "say in expect what a wrong client would not do, or leave the scenario out"
        )
    wrong = len(checked.problems) + len(played.failures) + len(played.unfailed)
    click.echo(f"{len(found)} scenarios, {wrong} problems", err=True)
    if wrong:
        raise SystemExit(FAILED)


@attrs.frozen(kw_only=True)
class _Played:
    """What playing the scenarios came to."""

    failures: tuple[CaseResult, ...] = ()
    """What the reference client does not pass; a skip is no failure of the scenario."""
    unfailed: tuple[Job, ...] = ()
    """What no broken client fails, of what the reference client passes."""


async def _play(found: Sequence[Scenario], quick: bool) -> _Played:
    results: dict[str, CaseResult] = {}
    jobs = list(jobs_of(found, ()))
    processes = min(4, os.cpu_count() or 1)
    async with serving() as server:
        runner = Runner(
            server, built_in("reference"), Subject(name="reference", arguments=()), Settings(jobs=processes)
        )

        def tell(result: CaseResult) -> None:
            worse = results.get(result.case)
            if worse is None or worse.verdict == "pass":
                results[result.case] = result

        await runner.run(jobs, tell)
        passed = {job.case.id: job for job in reversed(jobs) if results[job.case.id].verdict == "pass"}
        left = [] if quick else await unfailed(server, passed.values(), processes=processes)
    failures = sorted(
        (r for r in results.values() if r.verdict not in {"pass", "skip"}), key=lambda result: result.case
    )
    return _Played(failures=tuple(failures), unfailed=tuple(left))


def _coverage(broken: frozenset[str]) -> None:
    for rule in RULES.values():
        if rule.binds == "server" and rule.level.value != "MAY" and rule.unshowable is None and rule.id not in broken:
            click.echo(f"note: no scenario breaks {rule.id}: {rule.text}")
