"""`streamproof report RUN..`: write reports from recorded runs, without running again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from streamproof.commands.output import describe_rule
from streamproof.errors import StreamproofError
from streamproof_reports.console import ConsoleReporter, make_console, replay_console
from streamproof_reports.formats import FORMATS, render
from streamproof_reports.jsonl import read_run


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN..")
@click.option("--format", "name", type=click.Choice(list(FORMATS)), default="console", help="What to write.")
@click.option("-o", "--output", metavar="FILE", help="Where to write; standard output without it.")
@click.option("-v", "--verbose", count=True, help="Also list what passed; twice: all bytes of failures.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours on the console.")
def report(runs: tuple[str, ...], name: str, output: str | None, verbose: int, color: Any) -> None:
    """Show a recorded run, or write a report from it.

    RUN is a document of a run, such as streamproof-report/run.jsonl.
    """
    for path in runs:
        try:
            run = read_run(Path(path))
        except OSError as error:
            raise StreamproofError(f"{path}: cannot be read: {error.strerror}") from error
        if name == "console":
            console = make_console(sys.stdout, color, os.environ)
            replay_console(run, ConsoleReporter(console, verbosity=verbose, describe_rule=describe_rule))
            continue
        data = render(run, name, describe_rule)
        if output is None:
            sys.stdout.buffer.write(data)
        else:
            Path(output).write_bytes(data)
