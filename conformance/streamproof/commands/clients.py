"""`streamproof clients`: the clients at hand, setting them up, the table of their results."""

from __future__ import annotations

import os
from pathlib import Path

import click
import trio

from streamproof import __version__
from streamproof.adapters.client_file import FILE_NAME, load_client_file
from streamproof.adapters.finding import GALLERY, find_client, gallery
from streamproof.adapters.needs import find_missing
from streamproof.adapters.spec import BUILT_IN, ClientSpec, built_in
from streamproof.errors import StreamproofError
from streamproof.gallery.setting_up import needs_setup, set_up
from streamproof.gallery.table import Row, table
from streamproof.running.job import jobs_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_mock.server import serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue


@click.group(invoke_without_command=True)
@click.pass_context
def clients(context: click.Context) -> None:
    """List the clients at hand: ours, and the folders below clients/."""
    if context.invoked_subcommand is None:
        for spec in _all():
            state = "" if not needs_setup(spec) else f"   (streamproof clients setup {spec.name})"
            click.echo(f"{spec.label:32} {spec.about}{state}")


@clients.command("setup")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every client whose programs are on this machine.")
def setup(names: tuple[str, ...], everything: bool) -> None:
    """Set clients up: run the setup commands of their client.yaml."""
    if everything == bool(names):
        raise StreamproofError("expected the names of clients, or --all")
    specs = _all() if everything else [find_client(name) for name in names]
    for spec in {spec.name: spec for spec in specs}.values():
        missing = trio.run(find_missing, spec)
        if missing is not None and needs_setup(spec) and "not set up" not in missing.reason:
            click.echo(f"{spec.name}: left out, {missing.reason}")
        elif needs_setup(spec):
            click.echo(f"{spec.name}: setting up")
            set_up(spec)


@clients.command("results")
@click.option("-o", "--output", default="docs/results.md", metavar="FILE", show_default=True)
def results(output: str) -> None:
    """Run every client against the catalogue and write the table of results."""
    page = trio.run(_results)
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text(page, "utf-8")
    click.echo(f"wrote {output}")


def _all() -> list[ClientSpec]:
    found = []
    for name in gallery():
        if name in BUILT_IN:
            found.append(built_in(name))
        else:
            found += load_client_file(Path(GALLERY) / name / FILE_NAME)
    return found


async def _results() -> str:
    book = Catalogue.load()
    jobs = list(jobs_of(book.scenarios, ()))
    rows = []
    async with serving() as server:
        for spec in _all():
            missing = await find_missing(spec)
            if missing is not None:
                click.echo(f"{spec.label}: not run, {missing.reason}")
                rows.append(Row(spec=spec, missing=missing.reason))
                continue
            cases: list[CaseResult] = []
            subject = Subject(name=spec.label, arguments=("--client", spec.label))
            settings = Settings(jobs=min(4, os.cpu_count() or 1))
            hello = await Runner(server, spec, subject, settings).run(jobs, cases.append)
            cases.sort(key=lambda case: case.case)
            rows.append(Row(spec=spec, hello=hello, cases=tuple(cases)))
            click.echo(f"{spec.label}: {len(cases)} cases")
    return table(rows, version=__version__, scenarios=len(book.scenarios), command="streamproof clients results")
