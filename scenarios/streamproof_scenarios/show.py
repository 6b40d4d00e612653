"""What each step of an answer became: rows for `streamproof show`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import attrs

from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.language.values import encodes
from streamproof_scenarios.model import Answer, Barrier, Block, Case, Fill, Modifiers, Payload, Raw, Repeat, Step, Word
from streamproof_scenarios.plan import AnswerPlan, Write
from streamproof_scenarios.script import script_of
from streamproof_scenarios.track import Flat, Piece
from streamproof_scenarios.writers import json_text

OPERATIONS_LIMIT: Final = 10_000
DATA_LIMIT: Final = 4096


@attrs.frozen(kw_only=True)
class Row:
    """One step of one answer."""

    answer: int
    """Number of the answer, from 0."""
    step: int
    """Number of the step as in a plan, from 0; steps inside a repeat have their own."""
    depth: int
    """How many repeats it stands in."""
    line: int | None
    """Line of the scenario file, from 1."""
    source: str
    """The step as one would write it."""
    offset: int | None
    """Where its bytes begin in the body, the first time; None where it writes none."""
    size: int
    """Bytes that it wrote, all repeats together."""
    writes: tuple[tuple[int, bool], ...]
    """Its writes, bytes and whether the boundary after them is promised; those of all repeats, as far as counted."""
    data: bytes
    """The bytes of the first time, before any encoding, at most 4 KiB."""


def rows(case: Case, delivery: str = "as-written") -> tuple[Row, ...]:
    """What each step became under one delivery; raises what `compile_case` raises.

    A write that holds bytes of several steps counts for the last of them.  Of an endless stream the first 10,000
    operations are counted.
    """
    plan = compile_case(case, delivery)
    return tuple(
        row
        for number, (answer, compiled) in enumerate(zip(case.answers, plan.answers, strict=True))
        for row in _rows(
            number, answer, compiled, _bytes(script_of(answer, case, encoded=answer.encoding is not None).first())
        )
    )


def _bytes(track: Iterator[Flat]) -> dict[int, bytes]:
    """What each step writes the first time, before encoding."""
    found: dict[int, bytes] = {}
    for item in track:
        if isinstance(item, Piece):
            found[item.step] = found.get(item.step, b"") + item.data
    return found


@attrs.define
class _Written:
    offset: int | None = None
    size: int = 0
    writes: list[tuple[int, bool]] = attrs.field(factory=list)


def _rows(number: int, answer: Answer, plan: AnswerPlan, data: dict[int, bytes]) -> Iterator[Row]:
    written: dict[int, _Written] = {}
    offset = 0
    for operation in islice(plan.operations(), OPERATIONS_LIMIT):
        if isinstance(operation, Write):
            entry = written.setdefault(operation.step, _Written(offset=offset))
            entry.size += len(operation.data)
            entry.writes.append((len(operation.data), operation.promised))
            offset += len(operation.data)
    for place, (depth, step) in enumerate(_nested(answer.steps, 0)):
        entry = written.get(place, _Written())
        yield Row(
            answer=number,
            step=place,
            depth=depth,
            line=step.mark.line if step.mark else None,
            source=source(step),
            offset=entry.offset,
            size=entry.size,
            writes=tuple(entry.writes),
            data=data.get(place, b"")[:DATA_LIMIT],
        )


def _nested(steps: tuple[Step, ...], depth: int) -> Iterator[tuple[int, Step]]:
    for step in steps:
        yield depth, step
        if isinstance(step, Repeat):
            yield from _nested(step.steps, depth + 1)


def source(step: Step) -> str:
    """A step in the language, on one line."""
    match step:
        case Word(word=word, value=None):
            return _beside(word, step.modifiers)
        case Word(word=word, value=value):
            return _beside(f"{word}: {_json(value)}", step.modifiers)
        case Payload(kind=kind, value=value):
            return _beside(f"{kind}: {_json(value)}", step.modifiers)
        case Block(lines=lines):
            inner = ", ".join(_json(line) if isinstance(line, str) else f"{{{source(line)}}}" for line in lines)
            return _beside(f"block: [{inner}]", step.modifiers)
        case Raw(kind=kind, value=value):
            return _beside(f"{kind}: {_json(step.source if step.source is not None else value)}", step.modifiers)
        case Repeat(times=times):
            return f"repeat: {times} times"
        case Barrier(kind="pause", delay_s=delay_s):
            return f"pause: {delay_s:g}s"
        case Barrier(kind=kind):
            return {"await": "await: delivered", "goaway": "goaway: graceful"}.get(kind, kind)


def _json(value: Any) -> str:
    if isinstance(value, Fill):
        return f"{{fill: {json_text(value.fill)}, bytes: {value.bytes}}}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_json(item)}" for key, item in value.items()) + "}"
    text = json_text(value)
    return text if encodes(text) else json_text(value, ascii=True)


_NAMES: Final = (
    ("choice", "choice"), ("name", "name"), ("ascii", "ascii"), ("cut", "cut"), ("break", "breaks"), ("keep", "keep"),
    ("unclosed", "unclosed"),
)  # fmt: skip
_USUAL: Final = Modifiers()


def _beside(text: str, modifiers: Modifiers) -> str:
    stated = [
        f"{name}: {_json(list(value) if isinstance(value, tuple) and len(value) > 1 else _only(value))}"
        for name, field in _NAMES
        if (value := getattr(modifiers, field)) != getattr(_USUAL, field)
    ]
    return ", ".join([text, *stated])


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
