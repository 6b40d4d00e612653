"""`streamproof list`: the scenarios."""

from __future__ import annotations

import json
from typing import Any

import click

from streamproof.commands import scenes
from streamproof.commands.options import selecting
from streamproof_scenarios.cases import cases
from streamproof_scenarios.model import Scenario


@click.command("list")
@click.argument("patterns", nargs=-1)
@selecting
@click.option("--format", "output", type=click.Choice(["console", "json"]), default="console", help="What is printed.")
def list_(patterns: tuple[str, ...], select: tuple[str, ...], scenarios: tuple[str, ...], output: str) -> None:
    """List scenarios: id, dialects, force and title."""
    book = scenes.catalogue(scenarios)
    found = scenes.scenarios(book, patterns, select)
    if output == "json":
        click.echo(json.dumps([_row(scenario) for scenario in found], indent=1))
        return
    width = max(len(scenario.id) for scenario in found)
    for scenario in found:
        click.echo(f"{scenario.id:{width}}  {scenario.force:10}  {','.join(scenario.dialects):24}  {scenario.title}")
    click.echo(f"{len(found)} scenarios", err=True)


def _row(scenario: Scenario) -> dict[str, Any]:
    requires = sorted({name for case in cases(scenario) for name in case.requires})
    return {
        "id": scenario.id,
        "title": scenario.title,
        "dialects": list(scenario.dialects),
        "force": scenario.force,
        "refs": list(scenario.refs),
        "requires": requires,
        "path": scenario.path,
    }
