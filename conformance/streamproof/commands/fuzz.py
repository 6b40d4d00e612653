"""`streamproof fuzz -- CMD`: new streams that keep every rule, until the client fails one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import click
import trio

from streamproof.adapters.said import Hello
from streamproof.adapters.spec import ClientSpec
from streamproof.commands import scenes
from streamproof.commands.check_client import SEEDS, client_of, hello_of, label, naming, repeated, settings_of, weighing
from streamproof.commands.options import RunOptions, Words, judging, run_options
from streamproof.commands.output import Output
from streamproof.errors import CannotJudge, StreamproofError
from streamproof.fuzzing.fuzzer import Fuzzer, Wanted
from streamproof.running.result import Subject
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.server import serving

RUNS: Final = 100
FOLDER: Final = "streamproof-fuzz"


@click.command()
@naming
@click.option(
    "--dialect",
    multiple=True,
    type=click.Choice(list(DIALECTS)),
    help="The dialects of the streams (default: all that the client says it speaks; openai-chat for one that cannot say).",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Streams to draw (default {RUNS}, or as many as --max-time leaves time for).",
)
@click.option("--max-time", type=click.FloatRange(min=0.1), metavar="S", help="Draw no more after this many seconds.")
@click.option(
    "-o",
    "--output",
    "folder",
    default=FOLDER,
    show_default=True,
    metavar="FOLDER",
    help="Where scenarios of what fails are written.",
)
@judging
@click.pass_obj
def fuzz(words: Words, /, runs: int | None, folder: str, **given: Any) -> None:
    """Put new streams, each of which keeps every rule, to a client in deliveries of all kinds.

    The client is named as for `check client`.  A stream that it fails is made smaller and written as a scenario file.
    The same --seed draws the same streams; without one a seed is drawn and printed.
    """
    options = run_options(given)
    seed = secrets.randbelow(SEEDS) if options.seed is None else options.seed
    if seed < 0:
        raise StreamproofError(f"--seed: expected a number from 0, found {seed}")
    options = attrs.evolve(options, seed=seed)
    dialects = tuple(dict.fromkeys(given["dialect"]))
    says_itself = not (given["plain"] or given["one_shot"] or given["function"])
    spec, subject = client_of(words, {**given, "dialect": ()} if says_itself else given)
    told = [word for name in dialects for word in ("--dialect", name)] if says_itself else []
    again = ("streamproof", "fuzz", *told, *weighing(given), *subject.arguments)
    subject = repeated(subject, {**given, "scenarios": (folder,)})
    limit = runs or (None if options.max_time_s is not None else RUNS)
    wanted = Wanted(
        dialects=dialects, seed=seed, runs=limit, within_s=options.max_time_s, folder=Path(folder), again=again
    )
    trio.run(_fuzz, options, spec, subject, wanted)


async def _fuzz(options: RunOptions, spec: ClientSpec, subject: Subject, wanted: Wanted) -> None:
    hello = await hello_of(spec)
    wanted = attrs.evolve(wanted, dialects=_spoken(hello, wanted.dialects))
    subject = attrs.evolve(subject, name=spec.label)
    settings = settings_of(options, scenes.catalogue(()))
    with Output(options, "client", (label(spec, hello),), 0) as output:
        async with serving() as server:
            fuzzer = Fuzzer(server, spec, subject, settings, hello=hello, wanted=wanted)
            try:
                await fuzzer.run(output.case)
            finally:
                output.totals = attrs.asdict(fuzzer.runner.totals)
    for path in fuzzer.written:
        click.echo(f"wrote {path}", err=True)
    raise SystemExit(output.exit_code)


def _spoken(hello: Hello, asked: Sequence[str]) -> Sequence[str]:
    """The dialects to draw streams of: those asked for, else all that the client speaks."""
    known = [name for name in hello.dialects if name in DIALECTS]
    if not known:
        raise CannotJudge(f"the client speaks none of {', '.join(DIALECTS)}")
    for name in asked:
        if name not in known:
            raise StreamproofError(f"--dialect {name}: the client does not speak it", f"it speaks {', '.join(known)}")
    return asked or known
