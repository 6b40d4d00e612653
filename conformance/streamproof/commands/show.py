"""`streamproof show ID`: what each step of a scenario became."""

from __future__ import annotations

import click

from streamproof.commands import scenes
from streamproof.commands.options import one_delivery, own_scenarios
from streamproof.judging.expectation import derive
from streamproof.judging.sent import read_answer
from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import case_hash, compile_case
from streamproof_scenarios.model import Case
from streamproof_scenarios.problem import NotPlayable
from streamproof_scenarios.show import Row, rows

SHOWN = 300


@click.command()
@click.argument("patterns", nargs=-1, required=True, metavar="ID..")
@own_scenarios
@click.option(
    "--delivery", default="as-written", callback=one_delivery, metavar="NAME", help="How the bytes are cut into writes."
)
def show(patterns: tuple[str, ...], scenarios: tuple[str, ...], delivery: str) -> None:
    """Show scenarios: the bytes that each step became, what the stream breaks, what a client must make of it."""
    book = scenes.catalogue(scenarios)
    for scenario in scenes.scenarios(book, patterns, ()):
        click.echo(f"{scenario.id}: {scenario.title}")
        click.echo(f"  {scenario.path}   force {scenario.force}   refs {', '.join(scenario.refs) or 'none'}")
        if scenario.about:
            click.echo(f"  {scenario.about}")
        for case in cases(scenario):
            _case(case, delivery)


def _row(row: Row) -> None:
    indent = "  " * row.depth
    place = "" if row.offset is None else f"{row.offset:>6}  {_sizes(row.writes)}"
    click.echo(f"  {row.line or '':>4}  {indent}{row.source}")
    if row.data:
        text = repr(row.data)[2:-1]
        click.echo(f"        {place}  {text if len(text) <= SHOWN else text[:SHOWN] + '...'}")


def _sizes(writes: tuple[tuple[int, bool], ...]) -> str:
    """The writes of a step: their sizes, `|` behind those whose boundary is promised."""
    told = " ".join(f"{size}{'|' if promised else ''}" for size, promised in writes[:8])
    return f"[{told}{' ...' if len(writes) > 8 else ''}]"


def _case(case: Case, delivery: str) -> None:
    click.echo(f"\n{case.id}   hash {case_hash(case.id, delivery)}   requires {', '.join(case.requires) or 'nothing'}")
    if case.dialect not in DIALECTS:
        click.echo(f"  not played: the mock server does not speak {case.dialect} yet")
        return
    try:
        plan = compile_case(case, delivery)
        for row in rows(case, delivery):
            _row(row)
    except NotPlayable as error:
        click.echo(f"  not played: {error}")
        return
    sent = [read_answer(case, answer) for answer in plan.answers]
    breaks = sorted({finding.rule for item in sent for finding in item.findings})
    click.echo(f"  breaks     {', '.join(breaks) or 'nothing'}")
    expected = derive(case, sent, len(sent) - 1)
    how = "stated in the file" if case.scenario.readings else "derived"
    click.echo(f"  expected   {' or '.join(sorted(expected.outcomes))} ({how})")
    for index, fields in sorted(expected.choices.items()):
        said = {name: value for name, value in fields.items() if value and name != "index"}
        click.echo(f"             choice {index}: {said}"[:400])
