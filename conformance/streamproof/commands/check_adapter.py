"""`streamproof check adapter -- CMD`: does an adapter speak the protocol?"""

from __future__ import annotations

import json
from typing import Any

import click
import trio

from streamproof.adapters.check import check_adapter as checks_of
from streamproof.adapters.finding import find_client
from streamproof.adapters.spec import ClientSpec, command_client
from streamproof.commands.options import Words
from streamproof.errors import FAILED, StreamproofError


@click.command("adapter")
@click.option("--client", "name", metavar="NAME|PATH", help="An entry of clients/, or a client.yaml.")
@click.option("--format", "output", type=click.Choice(["console", "json"]), default="console", help="What is printed.")
@click.pass_obj
def check_adapter(words: Words, /, name: str | None, output: str) -> None:
    """Check that an adapter speaks the protocol; a wrong line is named.

    The adapter's command stands behind `--`.  See docs/adapters.md for the protocol.
    """
    results = trio.run(checks_of, _spec(words, name))
    if output == "json":
        rows: list[dict[str, Any]] = [{"check": r.name, "ok": r.ok, "detail": r.detail} for r in results]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for result in results:
            click.echo(
                f"{'ok  ' if result.ok else 'FAIL'}  {result.name}" + (f": {result.detail}" if result.detail else "")
            )
    if not all(result.ok for result in results):
        raise SystemExit(FAILED)


def _spec(words: Words, name: str | None) -> ClientSpec:
    if bool(words.command) == (name is not None):
        raise StreamproofError("expected one adapter", "give its command behind `--`, or --client NAME")
    return find_client(name) if name is not None else command_client(words.command)
