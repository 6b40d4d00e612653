"""`streamproof schema NAME`: the JSON Schemas of what goes in and out."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from typing import Final

import click

SCHEMAS: Final[Mapping[str, tuple[str, str]]] = {
    "scenario": ("streamproof_scenarios", "schema/scenario.schema.json"),
    "adapter": ("streamproof", "adapters/schema/adapter.schema.json"),
    "run": ("streamproof_reports", "schema/run.schema.json"),
}
"""Name to package and file."""


@click.command()
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def schema(name: str) -> None:
    """Print a JSON Schema: of scenario files, of the adapter protocol, of the result document."""
    package, path = SCHEMAS[name]
    click.echo(importlib.resources.files(package).joinpath(path).read_text("utf-8"), nl=False)
