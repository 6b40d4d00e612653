"""Options that several commands share, in one place so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from streamproof.config import REPORTS, load_config
from streamproof.errors import StreamproofError
from streamproof_scenarios.delivery import delivery_of, delivery_problem

F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen(kw_only=True)
class Words:
    """What stood behind `--` on the command line: the command of a client."""

    command: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class RunOptions:
    """Options of a run, the project's file already taken in."""

    select: tuple[str, ...]
    last_failed: bool
    scenarios: tuple[str, ...]
    known_failing: str | None
    known_flaky: str | None
    delivery: tuple[str, ...]
    jobs: int | None
    shard: tuple[int, int] | None
    strict: bool
    seed: int | None
    timeout_s: float
    max_time_s: float | None
    report: tuple[str, ...]
    report_dir: Path
    as_json: bool
    verbosity: int
    color: str
    pinned: str | None


def _shard(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    part, _, whole = value.partition("/")
    if not (part.isdigit() and whole.isdigit() and 1 <= int(part) <= int(whole)):
        raise click.BadParameter(f"expected I/N with 1 <= I <= N, found {value!r}")
    return int(part), int(whole)


def _deliveries(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if name != "random" and (problem := delivery_problem(name)):
            raise click.BadParameter(f"{name!r}: {problem}")
    return value


def _folders(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """The folders of the project's file, then those given."""
    return tuple(dict.fromkeys((*load_config(Path.cwd()).scenarios, *value)))


own_scenarios = click.option(
    "--scenarios",
    multiple=True,
    callback=_folders,
    metavar="DIR",
    help="A folder of your own scenarios, beside the shipped ones.",
)


def one_delivery(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A delivery that is one play: what a server, or a look at the bytes, can be given."""
    try:
        if delivery_of(value).kind != "every-split":
            return value
        problem = "'every-split' is a sweep of many plays; give one of them, at:N"
    except ValueError as error:
        problem = str(error)
    raise click.BadParameter(problem)


def _reports(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name for item in value for name in item.split(",") if name)
    for name in names:
        if name not in REPORTS:
            raise click.BadParameter(f"expected one of {', '.join(REPORTS)}, found {name!r}")
    return names


_SELECTING = (
    click.option("--select", multiple=True, metavar="KEY:VALUE", help="rule:OC-07, force:must, ref:owner/repo#1, case:HASH, dialect:NAME."),
    own_scenarios,
)  # fmt: skip

_RUNNING = (
    click.option("--last-failed", is_flag=True, help="Only the cases that failed, or could not be judged, in the last run."),
    click.option("--known-failing", metavar="FILE", help="Cases that are known to fail: a pattern a line, a delivery behind it if only that."),
    click.option("--known-flaky", metavar="FILE", help="Cases that are known to be flaky, in the same form."),
    click.option("--delivery", multiple=True, callback=_deliveries, metavar="NAME", help="as-written, whole, per-event, bytewise, size:N, at:N, inside-utf8, inside-crlf, every-split, random:SEED, or all."),
    click.option("--shard", callback=_shard, metavar="I/N", help="Only the Ith of N parts of the cases."),
    click.option("--max-time", type=click.FloatRange(min=0.1), metavar="S", help="Stop after this many seconds; what was not reached could not be judged (exit code 3)."),
)  # fmt: skip

_JUDGING = (
    click.option("--jobs", type=click.IntRange(1, 64), help="Client processes at a time (default: the number of cores)."),
    click.option("--strict", is_flag=True, help="Every warning is a failure."),
    click.option("--seed", type=int, help="Seed of the random deliveries."),
    click.option("--timeout", type=click.FloatRange(min=0.1), metavar="S", help="Seconds for one run beside the waits of its stream (default 10)."),
    click.option("--report", multiple=True, callback=_reports, metavar="FORMAT", help=f"Also write a report: {', '.join(REPORTS)}."),
    click.option("--report-dir", default="streamproof-report", metavar="DIR", help="Where reports go."),
    click.option("--format", "output", type=click.Choice(["console", "json"]), default="console", help="What is printed."),
    click.option("-v", "--verbose", count=True, help="Also list what passed; twice: all bytes of failures."),
    click.option("-q", "--quiet", is_flag=True, help="Only failures, one line each, and the totals."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours on the console."),
)  # fmt: skip


def together(options: tuple[Callable[[F], F], ...]) -> Callable[[F], F]:
    """One decorator of several, which are listed in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


selecting = together(_SELECTING)
"""`--select` and `--scenarios`."""
running = together((*_SELECTING, *_RUNNING, *_JUDGING))
"""All options of a run of scenarios."""
judging = together(_JUDGING)
"""Options of any run."""


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """The options of a run: the command line over the project's file over the defaults."""
    config = load_config(Path.cwd())
    if given.get("verbose") and given.get("quiet"):
        raise StreamproofError("-v and -q contradict each other", "give one of them")
    return RunOptions(
        select=tuple(given.get("select", ())),
        last_failed=bool(given.get("last_failed")),
        scenarios=tuple(given.get("scenarios", ())),
        known_failing=given.get("known_failing") or config.known_failing,
        known_flaky=given.get("known_flaky") or config.known_flaky,
        delivery=tuple(given.get("delivery") or config.delivery),
        jobs=given.get("jobs") or config.jobs,
        shard=given.get("shard"),
        strict=bool(given.get("strict") or config.strict),
        seed=given.get("seed"),
        timeout_s=given.get("timeout") or config.timeout or 10.0,
        max_time_s=given.get("max_time"),
        report=tuple(given.get("report") or config.report),
        report_dir=Path(given.get("report_dir") or "streamproof-report"),
        as_json=given.get("output") == "json",
        verbosity=-1 if given.get("quiet") else int(given.get("verbose") or 0),
        color=str(given.get("color") or "auto"),
        pinned=config.catalogue,
    )
