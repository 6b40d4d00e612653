"""`streamproof lint`: are the scenarios what they say?"""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
import trio

from streamproof.adapters.spec import built_in
from streamproof.commands import scenes
from streamproof.commands.options import selecting
from streamproof.errors import FAILED
from streamproof.linting.streams import lint_streams
from streamproof.running.job import jobs_of
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
@click.option("-v", "--verbose", is_flag=True, help="Also list rules that no scenario breaks, and what is not played.")
def lint(
    patterns: tuple[str, ...], select: tuple[str, ...], scenarios: tuple[str, ...], static: bool, verbose: bool
) -> None:
    """Check scenario files: each loads, breaks exactly what it says, and the reference client meets it."""
    book = scenes.catalogue(scenarios)
    found = scenes.scenarios(book, patterns, select)
    checked = lint_streams(found)
    for problem in checked.problems:
        click.echo(str(problem))
    failures = [] if static else trio.run(_reference, found)
    for result in failures:
        said = result.reason or (result.findings[0].message if result.findings else result.verdict)
        click.echo(
            f"{result.path}:{result.line or 1}: {result.case}: the reference client gets {result.verdict}: {said}"
        )
    if verbose:
        _coverage(checked.broken)
        for case_id, reason in checked.unplayable:
            click.echo(f"note: {case_id} is not played: {reason}")
    wrong = len(checked.problems) + len(failures)
    click.echo(f"{len(found)} scenarios, {wrong} problems", err=True)
    if wrong:
        raise SystemExit(FAILED)


async def _reference(found: Sequence[Scenario]) -> list[CaseResult]:
    """What the reference client does not pass; a skip is no failure of the scenario."""
    results: list[CaseResult] = []
    async with serving() as server:
        settings = Settings(jobs=min(4, os.cpu_count() or 1))
        runner = Runner(server, built_in("reference"), Subject(name="reference", arguments=()), settings)
        await runner.run(list(jobs_of(found, ())), results.append)
    return sorted((r for r in results if r.verdict not in {"pass", "skip"}), key=lambda result: result.case)


def _coverage(broken: frozenset[str]) -> None:
    for rule in RULES.values():
        if rule.binds == "server" and rule.level.value != "MAY" and rule.unshowable is None and rule.id not in broken:
            click.echo(f"note: no scenario breaks {rule.id}: {rule.text}")
