"""Tells turns in the steps of the scenario language, and puts between them whatever the documents allow there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from streamproof_scenarios.generating import texts
from streamproof_scenarios.generating.abilities import ABILITIES, Abilities
from streamproof_scenarios.generating.asides import ASIDES, RICH
from streamproof_scenarios.generating.draw import Draw
from streamproof_scenarios.generating.turns import Segment, Turn

Step = dict[str, Any] | str
"""A step as a scenario file has it."""

_COMMENTS: Final = ("", "keep-alive", "OPENROUTER PROCESSING", "data: none", "\ufeff", "你好")


def told(
    draw: Draw, dialect: str, abilities: Abilities, turns: tuple[Turn, ...], usage: Mapping[str, int] | None
) -> list[Step]:
    """The steps of a whole answer."""
    steps = list(_merged(draw, [list(_of_turn(draw, dialect, turn)) for turn in turns]))
    if usage is not None:
        place = len(steps) if abilities.usage_after_finish else draw.integer(0, _first_finish(steps))
        steps.insert(place, {"usage": dict(usage)})
    steps.append("done")
    return list(_commented(draw, steps)) if abilities.comments else steps


def _of_turn(draw: Draw, dialect: str, turn: Turn) -> Iterator[Step]:
    at: dict[str, Any] = {"choice": turn.index} if turn.index else {}
    yield {"role": "assistant", **at}
    calls = 0
    for segment in turn.segments:
        number = calls
        calls += segment.word == "tool"
        for step in _of_segment(draw, dialect, segment, number, turn.index):
            yield {**step, **at}
            if draw.chance(8) and dialect in ASIDES:
                yield {**ASIDES[dialect](draw, turn.index), **at}
    yield {"finish": turn.reason, **at}


def _of_segment(draw: Draw, dialect: str, segment: Segment, number: int, index: int) -> Iterator[dict[str, Any]]:
    match segment.word:
        case "tool":
            yield from _of_call(draw, ABILITIES[dialect], segment, {"index": number})
        case "function":
            opening: dict[str, Any] = {"name": segment.name, "arguments": ""}
            for piece in segment.pieces:
                yield {"function": {**opening, "arguments": piece}}
                opening = {}
        case word:
            for place, piece in enumerate(segment.pieces):
                if word == "text" and place and dialect in RICH and draw.chance(20):
                    yield RICH[dialect](draw, index, piece)
                else:
                    yield {word: piece}


def _of_call(draw: Draw, abilities: Abilities, segment: Segment, at: dict[str, Any]) -> Iterator[dict[str, Any]]:
    opening: dict[str, Any] = {**at, "id": segment.id, "name": segment.name}
    if abilities.calls == "whole":
        yield {"tool": {**opening, "arguments": segment.text}}
        return
    if draw.chance(40):
        yield {"tool": opening}
        opening = at
    for piece in segment.pieces:
        yield {"tool": {**opening, "arguments": piece}}
        opening = at


def _merged(draw: Draw, queues: list[list[Step]]) -> Iterator[Step]:
    """The steps of all choices, mixed; a choice begins once those before it have begun."""
    begun = 0
    while any(queues):
        ready = [number for number in range(min(begun + 1, len(queues))) if queues[number]]
        number = draw.choice(ready)
        begun = max(begun, number + 1)
        yield queues[number].pop(0)


def _first_finish(steps: list[Step]) -> int:
    return next((place for place, step in enumerate(steps) if "finish" in step), len(steps))


def _commented(draw: Draw, steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if draw.chance(5):
            yield {"comment": draw.choice(_COMMENTS)}
        yield step


def escaped(draw: Draw, steps: Iterable[Step], *, at_once: bool) -> list[Step]:
    """The steps, with escapes where the rules want them and here and there besides.

    `at_once`: what one step says is written by later steps too, so that one that wants escapes makes all have them.
    """
    found = list(steps)
    wanting = [isinstance(step, dict) and "comment" not in step and texts.wants_escapes(step) for step in found]
    everywhere = (at_once and any(wanting)) or draw.chance(5)
    return [_with_escapes(step) if everywhere or wants else step for step, wants in zip(found, wanting, strict=True)]


def _with_escapes(step: Step) -> Step:
    if isinstance(step, str):
        return {step: None, "ascii": True}
    return step if "comment" in step else {**step, "ascii": True}
