"""`streamproof clients`: the clients at hand, setting them up, the table of their results."""

from __future__ import annotations

from pathlib import Path

import click
import trio

from streamproof import __version__
from streamproof.adapters.client_file import FILE_NAME, load_client_file
from streamproof.adapters.finding import GALLERY, find_client, gallery
from streamproof.adapters.needs import find_missing
from streamproof.adapters.spec import BUILT_IN, ClientSpec, built_in
from streamproof.errors import StreamproofError
from streamproof.gallery.playing import play_catalogue
from streamproof.gallery.row import Row
from streamproof.gallery.setting_up import needs_setup, set_up
from streamproof.gallery.table import table
from streamproof.gallery.verdicts import write_verdicts
from streamproof.running.job import Job, jobs_of
from streamproof_mock.server import serving
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
@click.option("--verdicts", is_flag=True, help="Also write clients/NAME/verdicts.txt, which the tests hold clients to.")
def results(output: str, verdicts: bool) -> None:
    """Run every client against the catalogue and write the page of results."""
    book = Catalogue.load()
    rows = trio.run(_rows, list(jobs_of(book.scenarios, ())))
    command = "streamproof clients results"
    page = table(rows, version=__version__, scenarios=len(book.scenarios), command=command)
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text(page, "utf-8")
    for path in (Path(output), *(write_verdicts(rows) if verdicts else ())):
        click.echo(f"wrote {path}")


def _all() -> list[ClientSpec]:
    found = []
    for name in gallery():
        if name in BUILT_IN:
            found.append(built_in(name))
        else:
            found += load_client_file(Path(GALLERY) / name / FILE_NAME)
    return found


async def _rows(jobs: list[Job]) -> list[Row]:
    """What each real client gets, and the reference as a control; the naive client is no one's."""
    rows = []
    async with serving() as server:
        for spec in _all():
            if spec.name == "naive":
                continue
            row = await play_catalogue(server, spec, jobs)
            click.echo(
                f"{spec.label}: {len(row.cases)} cases" if row.missing is None else f"{spec.label}: {row.missing}"
            )
            rows.append(row)
    return rows
