"""`streamproof inspect FILE`: judge a recorded body, or a whole recorded HTTP answer."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import click

from streamproof.errors import FAILED, OK, StreamproofError
from streamproof.judging.recorded import MAX_KEPT, Recorded, judge_answer, judge_body, passing_profiles, worth
from streamproof.judging.tables import BASES
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.finding import Finding
from streamproof_formats.message import Choice, Message
from streamproof_formats.profiles import PROFILES
from streamproof_formats.rules import RULES
from streamproof_reports.text import counted, visible

PIECE: Final = 1 << 16
SHOWN: Final = 40
"""Findings that the console shows."""


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--dialect", required=True, type=click.Choice(["sse", *DIALECTS]), help="sse stops at events.")
@click.option("--http", "whole", is_flag=True, help="FILE is a whole raw response as it came off the socket.")
@click.option("--request", metavar="FILE", help="The request body that was sent: rules that depend on it are judged.")
@click.option("--profile", default="strict", type=click.Choice(list(PROFILES)), help="Deviations to allow.")
@click.option("--strict", is_flag=True, help="Every warning is a failure.")
@click.option("--format", "output", type=click.Choice(["console", "json"]), default="console")
def inspect(file: str, dialect: str, whole: bool, request: str | None, profile: str, strict: bool, output: str) -> None:
    """Judge a recorded stream: its events, the message they add up to, the rules it breaks.

    Exit code 0 for pass and warn, 1 for fail.
    """
    sent = None if request is None else _request(request)
    judge = judge_answer if whole else judge_body
    pieces = _Kept(_pieces(file))
    recorded = judge(pieces, dialect, request=sent, profile=profile)
    verdict = worth(recorded.findings, problem=recorded.problem is not None, strict=strict)
    if output == "json":
        click.echo(json.dumps(as_json(recorded, dialect, verdict, whole=whole)))
        raise SystemExit(FAILED if verdict == "fail" else OK)
    _print(recorded, dialect, has_request=sent is not None)
    if not whole and pieces.start.startswith(b"HTTP/1."):
        click.echo("  this looks like a whole HTTP answer: judge it as one with --http")
    if profile == "strict" and recorded.problem is None and pieces.are_whole:
        names = passing_profiles(
            recorded.findings,
            dialect,
            lambda name: judge(pieces.kept, dialect, request=sent, profile=name).findings,
        )
        if names:
            click.echo(f"  no rule fails under the profile {' or '.join(names)}: choose it with --profile")
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


def _request(file: str) -> dict[str, Any]:
    try:
        body = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise StreamproofError(f"--request {file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StreamproofError(f"--request {file}: expected the JSON body that was sent: {error}") from error
    if not isinstance(body, dict):
        raise StreamproofError(f"--request {file}: expected a JSON object, found {type(body).__name__}")
    return body


def as_json(recorded: Recorded, dialect: str, verdict: str, *, whole: bool) -> dict[str, Any]:
    """The object that `--format json` prints."""
    head, judgement = recorded.head, recorded.judgement
    http = None
    if whole:
        http = {
            "status": head.status if head else None,
            "headers": [list(pair) for pair in head.headers] if head else [],
            "framing": head.framing if head else None,
            "end": recorded.end,
        }
    return {
        "dialect": dialect,
        "http": http,
        "events": [attrs.asdict(event) for event in judgement.events],
        "message": None if judgement.message is None else message_json(judgement.message),
        "findings": [attrs.asdict(finding) for finding in recorded.findings],
        "verdict": verdict,
        **({"problem": recorded.problem} if recorded.problem else {}),
    }


def message_json(message: Message) -> dict[str, Any]:
    """A message in the shape of the interface."""
    return {
        "choices": [_choice(choice) for choice in message.choices],
        "usage": None if message.usage is None else attrs.asdict(message.usage),
        "error": None if message.error is None else attrs.asdict(message.error),
        "ended": message.ended,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "index": choice.index,
        "text": choice.text,
        "reasoning": choice.reasoning,
        "refusal": choice.refusal,
        "finish_reason": choice.finish_reason,
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in choice.tool_calls],
        "function_call": None if choice.function_call is None else attrs.asdict(choice.function_call),
    }


def _print(recorded: Recorded, dialect: str, *, has_request: bool) -> None:
    judgement = recorded.judgement
    if recorded.head is not None:
        click.echo(f"HTTP {recorded.head.status}, framing {recorded.head.framing}, body ended {recorded.end}")
    click.echo(f"{dialect}: {counted(len(judgement.events), 'event')}, {counted(len(recorded.body), 'byte')}")
    if judgement.message is not None:
        _print_message(judgement.message)
    if recorded.problem:
        click.echo(f"  fail  {visible(recorded.problem)}")
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
    worths = {rule: BASES[RULES[rule].basis, RULES[rule].level] for rule in (f.rule for f in recorded.findings)}
    for value in ("fail", "warn"):
        rules = [rule for rule, found in worths.items() if found == value]
        if rules and verdict != "pass":
            return f"{verdict}: {', '.join(rules)}   (what a rule says: streamproof explain {rules[0]})"
    return verdict


def _print_message(message: Message) -> None:
    click.echo(f"  ended: {message.ended}")
    for choice in message.choices:
        for name, value in _choice(choice).items():
            if value and name != "index":
                click.echo(f"  choice {choice.index} {name}: {json.dumps(value, ensure_ascii=True)[:300]}")
    if message.usage is not None:
        click.echo(f"  usage: {json.dumps(attrs.asdict(message.usage))}")
    if message.error is not None:
        click.echo(f"  error: {json.dumps({k: v for k, v in attrs.asdict(message.error).items() if v is not None})}")
