"""`streamproof inspect FILE`: judge a recorded body, or a whole recorded HTTP answer."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import click

from streamproof.commands.inspect_json import choice_json, pieces_of
from streamproof.commands.request_file import read_request
from streamproof.errors import FAILED, OK, StreamproofError
from streamproof.judging.recorded import (
    MAX_KEPT,
    Limits,
    Recorded,
    judge_answer,
    judge_body,
    passing_profiles,
    worth,
)
from streamproof.judging.tables import BASES
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.finding import Finding
from streamproof_formats.judge import DEFAULT_EVENTS
from streamproof_formats.message import Message
from streamproof_formats.profiles import PROFILES
from streamproof_formats.rules import RULES
from streamproof_reports.text import counted, visible

PIECE: Final = 1 << 16
SHOWN: Final = 40
"""Findings that the console shows."""
MAX_CHOICES: Final = 16
"""Choices that the console shows."""

_SIZE: Final = re.compile(r"([0-9]{1,15})([kKmMgG]?)i?[bB]?")
_SHIFTS: Final = {"": 0, "k": 10, "m": 20, "g": 30}


def _size(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    """The bytes that a text names: `1048576`, `64k`, `64M`, `1G`."""
    found = _SIZE.fullmatch(value)
    if found is None or int(found[1]) == 0:
        raise click.BadParameter(f"expected a number of bytes such as 1048576, 64k, 64M or 1G, found {value!r}")
    return int(found[1]) << _SHIFTS[found[2].lower()]


_LIMITS: Final = (
    ("--max-size", "256M", "Bytes of the recording that are read."),
    ("--max-decoded", "64M", "Bytes that a body with a Content-Encoding may decode to."),
    ("--max-line", "64M", "Bytes of one line."),
    ("--max-event", "32M", "Bytes of the data of one event."),
)
"""Options that bound what is read: name, default, help."""


def _with_limits(command: Callable[..., None]) -> Callable[..., None]:
    for name, default, text in reversed(_LIMITS):
        option = click.option(name, default=default, show_default=True, metavar="SIZE", callback=_size, help=text)
        command = option(command)
    return command


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--dialect", required=True, type=click.Choice(["sse", *DIALECTS]), help="sse stops at events.")
@click.option("--http", "whole", is_flag=True, help="FILE is a whole raw response as it came off the socket.")
@click.option("--request", metavar="FILE", help="The request body that was sent: rules that depend on it are judged.")
@click.option("--profile", default="strict", type=click.Choice(list(PROFILES)), help="Deviations to allow.")
@click.option("--strict", is_flag=True, help="Every warning is a failure.")
@click.option("--format", "output", type=click.Choice(["console", "json"]), default="console")
@click.option(
    "--max-events",
    type=click.IntRange(min=0),
    default=DEFAULT_EVENTS,
    show_default=True,
    metavar="N",
    help="Events that --format json prints; all are judged.",
)
@_with_limits
def inspect(
    file: str, dialect: str, whole: bool, request: str | None, profile: str, strict: bool, output: str, **limits: int
) -> None:
    """Judge a recorded stream: its events, the message they add up to, the rules it breaks.

    Exit code 0 for pass and warn, 1 for fail.
    """
    sent = read_request(request)
    bounds = Limits(
        line=limits["max_line"],
        event=limits["max_event"],
        size=limits["max_size"],
        decoded=limits["max_decoded"],
        events=limits["max_events"] if output == "json" else 0,
        body=0,
        may_be_array=True,
    )
    judge = partial(judge_answer if whole else judge_body, dialect=dialect, request=sent)
    pieces = _Kept(_pieces(file))
    recorded = judge(pieces, profile=profile, limits=bounds)
    verdict = worth(recorded.findings, problem=recorded.problem is not None, strict=strict)
    passes_under = None
    if profile == "strict" and verdict != "pass" and recorded.problem is None and pieces.are_whole:
        without_events = attrs.evolve(bounds, events=0)
        passes_under = passing_profiles(
            recorded.findings,
            dialect,
            lambda name: judge(pieces.kept, profile=name, limits=without_events).findings,
            strict=strict,
        )
    if output == "json":
        for piece in pieces_of(recorded, dialect, verdict, whole=whole, passes_under=passes_under):
            click.echo(piece, nl=False)
        raise SystemExit(FAILED if verdict == "fail" else OK)
    _print(recorded, dialect, has_request=sent is not None)
    if not whole and pieces.start.startswith(b"HTTP/1."):
        click.echo("  this looks like a whole HTTP answer: judge it as one with --http")
    if passes_under:
        click.echo(f"  no rule {verdict}s under the profile {' or '.join(passes_under)}: choose it with --profile")
    click.echo(_conclusion(recorded, verdict))
    raise SystemExit(FAILED if verdict == "fail" else OK)


class _Kept:
    """Pieces that are read once and, up to 64 MiB of them, kept to be judged again."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.kept: list[bytes] = []
        self.are_whole = True
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._size += len(piece)
            self.are_whole = self._size <= MAX_KEPT
            if self.are_whole:
                self.kept.append(piece)
            yield piece

    @property
    def start(self) -> bytes:
        """The first bytes."""
        return self.kept[0] if self.kept else b""


def _pieces(file: str) -> Iterator[bytes]:
    try:
        with contextlib.nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece
    except OSError as error:
        raise StreamproofError(f"{file}: cannot be read: {error.strerror}", "give a file, or - for stdin") from error


def _print(recorded: Recorded, dialect: str, *, has_request: bool) -> None:
    judgement = recorded.judgement
    if recorded.head is not None:
        click.echo(f"HTTP {recorded.head.status}, framing {recorded.head.framing}, body ended {recorded.end}")
    click.echo(f"{dialect}: {counted(judgement.event_count, 'event')}, {counted(recorded.size, 'byte')}")
    if judgement.message is not None:
        _print_message(judgement.message)
    if recorded.problem:
        click.echo(f"  fail  {visible(recorded.problem)}")
        if judgement.problem is not None:
            click.echo(
                f"        what follows was not judged ({', '.join(name for name, _, _ in _LIMITS)} set the limits)"
            )
    for finding in judgement.findings[:SHOWN]:
        click.echo(_line(finding))
    if len(judgement.findings) > SHOWN:
        click.echo(f"  and {len(judgement.findings) - SHOWN} more findings (--format json has them all)")
    if not has_request and judgement.message is not None:
        click.echo("  rules that depend on the request were not judged: give it with --request FILE")


def _line(finding: Finding) -> str:
    rule = RULES[finding.rule]
    place = [] if finding.event is None else [f"event {finding.event}"]
    place += [] if finding.start is None else [f"bytes {finding.start}-{finding.end}"]
    at = f" ({', '.join(place)})" if place else ""
    value = BASES[rule.basis, rule.level]
    return f"  {value}  {finding.rule:7} {rule.strength:10} {finding.basis:6} {visible(finding.message)}{at}"


def _conclusion(recorded: Recorded, verdict: str) -> str:
    """The verdict, and what decided it."""
    if recorded.problem is not None:
        return f"{verdict}: it was not judged to its end"
    worths = {rule: BASES[RULES[rule].basis, RULES[rule].level] for rule in (f.rule for f in recorded.findings)}
    for value in ("fail", "warn"):
        rules = [rule for rule, found in worths.items() if found == value]
        if rules and verdict != "pass":
            return f"{verdict}: {', '.join(rules)}   (what a rule says: streamproof explain {rules[0]})"
    return verdict


def _print_message(message: Message) -> None:
    click.echo(f"  ended: {message.ended}")
    for choice in message.choices[:MAX_CHOICES]:
        for name, value in choice_json(choice).items():
            if value and name != "index":
                click.echo(f"  choice {choice.index} {name}: {_start_of(value)}")
    if len(message.choices) > MAX_CHOICES:
        click.echo(f"  and {len(message.choices) - MAX_CHOICES} more choices (--format json has them all)")
    if message.usage is not None:
        click.echo(f"  usage: {json.dumps(attrs.asdict(message.usage))}")
    if message.error is not None:
        click.echo(f"  error: {json.dumps({k: v for k, v in attrs.asdict(message.error).items() if v is not None})}")


def _start_of(value: Any) -> str:
    """The start of a value, in JSON."""
    cut = value[:300] if isinstance(value, str | list) else value
    return json.dumps(cut, ensure_ascii=True)[:300]
