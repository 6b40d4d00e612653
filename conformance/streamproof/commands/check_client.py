"""`streamproof check client`: scenarios against a client."""

from __future__ import annotations

import difflib
import os
import secrets
from collections.abc import Sequence
from typing import Any, Final

import attrs
import click
import trio

from streamproof.adapters.finding import find_client
from streamproof.adapters.needs import find_missing
from streamproof.adapters.process import open_client
from streamproof.adapters.said import CAPABILITIES, Hello
from streamproof.adapters.spec import ClientSpec, Kind, command_client, python_client
from streamproof.commands import scenes
from streamproof.commands.options import RunOptions, Words, run_options, running, together
from streamproof.commands.output import DOCUMENT, Output
from streamproof.errors import CannotJudge, StreamproofError
from streamproof.running.job import Job, jobs_of
from streamproof.running.known import read_known
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.server import serving
from streamproof_scenarios.catalogue import Catalogue

SEEDS: Final = 1_000_000
"""Seeds are drawn below this number: they are to be typed again."""


def _capabilities(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))
    for name in names:
        if name not in CAPABILITIES:
            near = difflib.get_close_matches(name, CAPABILITIES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(CAPABILITIES)}"
            raise click.BadParameter(f"expected capabilities, found {name!r}; {hint}")
    return names


_NAMING = (
    click.option(
        "--client", "name", metavar="NAME|PATH", help="reference, naive, an entry of clients/, or a client.yaml."
    ),
    click.option("--python", "function", metavar="MODULE:FUNCTION", help="A Python function that yields the text."),
    click.option(
        "--plain", is_flag=True, help="The command behind -- prints the text; {url} and {base_url} are filled in."
    ),
    click.option(
        "--one-shot", is_flag=True, help="The command behind -- prints one result line, a fresh process per case."
    ),
    click.option(
        "--capabilities",
        callback=_capabilities,
        metavar="NAME,..",
        help=f"What it can beside text, with --plain, --one-shot, --python: {', '.join(CAPABILITIES)}.",
    ),
)
naming = together(_NAMING)
"""The options that name a client, beside `--dialect`."""


@click.command("client", context_settings={"ignore_unknown_options": False})
@click.argument("patterns", nargs=-1)
@naming
@click.option(
    "--dialect",
    multiple=True,
    type=click.Choice(list(DIALECTS)),
    help="What the client speaks (default openai-chat).  With --plain, --one-shot, --python; others say it themselves.",
)
@running
@click.pass_obj
def check_client(words: Words, /, patterns: tuple[str, ...], **given: Any) -> None:
    """Play scenarios to a client and judge what it makes of them.

    The client is a command behind `--` (an adapter, see docs/adapters.md), or --client, or --python.
    PATTERNS choose scenarios by id: `*` one segment, `**` many, a folder all below it.
    """
    options = with_seed(run_options(given))
    spec, subject = client_of(words, given)
    book = scenes.catalogue(options.scenarios)
    jobs = _jobs(book, patterns, options)
    settings = settings_of(options, book)
    trio.run(_run, options, spec, repeated(subject, given), jobs, settings)


def with_seed(options: RunOptions) -> RunOptions:
    """With a drawn seed where a random delivery is asked for and none is given; a report tells it."""
    if options.seed is not None or "random" not in options.delivery:
        return options
    return attrs.evolve(options, seed=secrets.randbelow(SEEDS))


def repeated(subject: Subject, given: dict[str, Any]) -> Subject:
    """With what was given on the command line and changes verdicts: a command that reproduces one gives it too."""
    return attrs.evolve(subject, options=weighing(given), folders=tuple(given["scenarios"]))


def weighing(given: dict[str, Any]) -> tuple[str, ...]:
    """The options on the command line that change verdicts."""
    strict = ("--strict",) if given["strict"] else ()
    timeout = ("--timeout", f"{given['timeout']:g}") if given["timeout"] else ()
    return (*strict, *timeout)


def client_of(words: Words, given: dict[str, Any]) -> tuple[ClientSpec, Subject]:
    """The one client that was named, in whichever of the four ways."""
    ways = [bool(words.command), given["name"] is not None, given["function"] is not None]
    if sum(ways) != 1:
        found = "none" if not any(ways) else "several"
        raise StreamproofError(
            f"expected one client, found {found}",
            "name it with --client NAME, --python MODULE:FUNCTION, or as a command behind `--`",
        )
    if (given["plain"] or given["one_shot"]) and not words.command:
        raise StreamproofError("--plain and --one-shot need a command behind `--`")
    if given["plain"] and given["one_shot"]:
        raise StreamproofError("--plain and --one-shot contradict each other", "give one of them")
    dialects, capabilities = tuple(given["dialect"]), given["capabilities"]
    kind: Kind = "plain" if given["plain"] else "one-shot" if given["one_shot"] else "long-lived"
    if (dialects or capabilities) and kind == "long-lived" and given["function"] is None:
        raise StreamproofError(
            "--dialect and --capabilities are for --plain, --one-shot and --python",
            "a long-lived adapter says both in its hello",
        )
    if given["name"] is not None:
        return find_client(given["name"]), Subject(name=given["name"], arguments=("--client", given["name"]))
    told = [word for name in dialects for word in ("--dialect", name)]
    told += ["--capabilities", ",".join(capabilities)] if capabilities else []
    if given["function"] is not None:
        spec = python_client(given["function"], dialects, capabilities)
        return spec, Subject(name=given["function"], arguments=(*told, "--python", given["function"]))
    flags = [] if kind == "long-lived" else [f"--{kind}"]
    spec = command_client(words.command, kind, dialects, capabilities)
    return spec, Subject(name=" ".join(words.command), arguments=(*told, *flags, "--", *words.command))


def _jobs(book: Catalogue, patterns: Sequence[str], options: RunOptions) -> list[Job]:
    wanted = scenes.Selection(
        patterns=tuple(patterns),
        select=options.select,
        delivery=_seeded(options),
        shard=options.shard,
        last_run=options.report_dir / DOCUMENT if options.last_failed else None,
    )
    return scenes.jobs(book, wanted)


def _seeded(options: RunOptions) -> tuple[str, ...]:
    """`random` without a number takes the run's seed."""
    seed = options.seed
    return tuple(f"random:{seed}" if name == "random" else name for name in options.delivery)


def settings_of(options: RunOptions, book: Catalogue) -> Settings:
    """The runner's settings, the known lists read and held against the whole catalogue."""
    failing, flaky = read_known(options.known_failing), read_known(options.known_flaky)
    if failing.lines or flaky.lines:
        every = [job.case.id for job in jobs_of(book.scenarios, ("as-written",))]
        failing.check(every)
        flaky.check(every)
    return Settings(
        timeout_s=options.timeout_s,
        jobs=options.jobs or min(8, os.cpu_count() or 1),
        strict=options.strict,
        pinned=options.pinned,
        known_failing=failing,
        known_flaky=flaky,
    )


def label(spec: ClientSpec, hello: Hello) -> str:
    """A client as a report names it."""
    return f"{spec.label}: {hello.client} {hello.version} ({hello.runtime or hello.language})"


async def hello_of(spec: ClientSpec) -> Hello:
    """Starts the client once to learn who it is; raises `CannotJudge` if it does not start."""
    missing = await find_missing(spec)
    if missing is not None:
        raise CannotJudge(f"{spec.label} cannot run here: {missing.reason}")
    async with open_client(spec) as client:
        return client.hello


async def _run(options: RunOptions, spec: ClientSpec, subject: Subject, jobs: list[Job], settings: Settings) -> None:
    hello = await hello_of(spec)
    subject = attrs.evolve(subject, name=spec.label)
    with Output(options, "client", (label(spec, hello),), len(jobs)) as output:
        async with serving() as server:
            runner = Runner(server, spec, subject, settings)
            try:
                await runner.run(jobs, output.case, within_s=options.max_time_s)
            finally:
                output.totals = attrs.asdict(runner.totals)
    raise SystemExit(output.exit_code)
