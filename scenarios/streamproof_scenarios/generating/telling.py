"""Tells turns in the steps of the scenario language, and puts between them whatever the documents allow there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from streamproof_scenarios.generating import texts
from streamproof_scenarios.generating.abilities import ABILITIES, Abilities
from streamproof_scenarios.generating.asides import ASIDES, CALLS, PRELUDES, RICH, SHARED
from streamproof_scenarios.generating.draw import Draw
from streamproof_scenarios.generating.logprobs import LOGGED, Piece
from streamproof_scenarios.generating.logprobs import are_asked as logprobs_are_asked
from streamproof_scenarios.generating.turns import Segment, Turn

Step = dict[str, Any] | str
"""A step as a scenario file has it."""

_COMMENTS: Final = (
    "",
    "keep-alive",
    "OPENROUTER PROCESSING",
    "data: none",
    "\ufeff",
    "你好",
    "two\nlines",
    "long " * 500,
)
_BETWEEN: Final = ("\n", "\n\n\n", "x-field: 1\n\n", "x-field\n")
"""Lines between events that mean nothing: blank ones, and fields that nobody knows."""


def told(
    draw: Draw, dialect: str, turns: tuple[Turn, ...], usage: Mapping[str, int] | None, asked: Mapping[str, Any]
) -> list[Step]:
    """The steps of a whole answer to a request."""
    abilities = ABILITIES[dialect]
    teller = _Teller(draw=draw, dialect=dialect, asked=asked)
    steps = list(_merged(draw, [list(teller.turn(turn)) for turn in turns]))
    if dialect in SHARED:
        steps = list(_shared(draw, dialect, steps))
    if usage is not None:
        place = len(steps) if abilities.usage_after_finish else draw.integer(0, _first_finish(steps))
        steps.insert(place, {"usage": dict(usage)})
    steps.append("done")
    return list(_commented(draw, steps)) if abilities.comments else steps


@attrs.frozen(kw_only=True)
class _Teller:
    """Tells the choices of one answer."""

    draw: Draw
    dialect: str
    asked: Mapping[str, Any]

    def turn(self, turn: Turn) -> Iterator[Step]:
        """The steps of one choice."""
        draw, dialect = self.draw, self.dialect
        at: dict[str, Any] = {"choice": turn.index} if turn.index else {}
        yield {"role": "assistant", **at}
        if dialect in PRELUDES and draw.chance(15):
            yield from PRELUDES[dialect](draw)
        calls = 0
        for segment in turn.segments:
            for step in self._segment(segment, calls, turn.index):
                yield {**step, **at}
                if draw.chance(8) and dialect in ASIDES:
                    yield {**ASIDES[dialect](draw, turn.index), **at}
            calls += segment.word == "tool"
        yield {"finish": turn.reason, **at}

    def _segment(self, segment: Segment, number: int, index: int) -> Iterator[dict[str, Any]]:
        """The steps of one kind; `number` is that of a call."""
        match segment:
            case Segment(word="tool", kind=kind) if (self.dialect, kind) in CALLS:
                yield from CALLS[self.dialect, kind](segment, number, index)
            case Segment(word="tool"):
                yield from _of_call(self.draw, ABILITIES[self.dialect], segment, {"index": number})
            case Segment(word="function"):
                opening: dict[str, Any] = {"name": segment.name}
                for piece in segment.pieces:
                    yield {"function": {**opening, "arguments": piece}}
                    opening = {}
            case Segment(word="text" | "refusal") if self.dialect in LOGGED and logprobs_are_asked(self.asked):
                yield from self._logged(segment, index)
            case Segment(word=word):
                for place, piece in enumerate(segment.pieces):
                    if word == "text" and place and self.dialect in RICH and self.draw.chance(20):
                        yield RICH[self.dialect](self.draw, index, piece)
                    else:
                        yield {word: piece}

    def _logged(self, segment: Segment, index: int) -> Iterator[dict[str, Any]]:
        most = self.asked["logprobs" if self.dialect == "openai-completions" else "top_logprobs"]
        offset = 0
        for text in segment.pieces:
            piece = Piece(index=index, word=segment.word, text=text, offset=offset)
            yield LOGGED[self.dialect](self.draw, most, piece)
            offset += len(text)


def _of_call(draw: Draw, abilities: Abilities, segment: Segment, at: dict[str, Any]) -> Iterator[dict[str, Any]]:
    opening: dict[str, Any] = {**at, "id": segment.id, "name": segment.name}
    if segment.kind != "function":
        opening["type"] = segment.kind
    if abilities.calls == "whole":
        yield {"tool": {**opening, "arguments": segment.text}}
        return
    if draw.chance(40):
        yield {"tool": opening}
        opening = at
    for piece in segment.pieces:
        yield {"tool": {**opening, "arguments": piece}}
        opening = at


def _shared(draw: Draw, dialect: str, steps: list[Step]) -> Iterator[Step]:
    """The steps, here and there texts of two choices in one chunk."""
    rest = list(steps)
    while rest:
        first, second = rest[0], rest[1] if len(rest) > 1 else ""
        if _is_text(first) and _is_text(second) and _choice(first) != _choice(second) and draw.chance(30):
            yield SHARED[dialect]([(_choice(step), _text(step)) for step in (first, second)])
            del rest[:2]
        else:
            yield rest.pop(0)


def _is_text(step: Step) -> bool:
    return isinstance(step, dict) and "text" in step


def _choice(step: Step) -> int:
    return int(step.get("choice", 0)) if isinstance(step, dict) else 0


def _text(step: Step) -> str:
    return str(step["text"]) if isinstance(step, dict) else ""


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
    """The steps, here and there between them what every decoder has to pass over."""
    for step in steps:
        if draw.chance(5):
            comment: dict[str, Any] = {"comment": draw.choice(_COMMENTS)}
            # Without its blank line it is a line of the event that follows.
            yield {**comment, "unclosed": 1} if draw.chance(30) else comment
        if draw.chance(3):
            yield {"raw": draw.choice(_BETWEEN)}
        yield step


def escaped(draw: Draw, steps: Iterable[Step], *, at_once: bool) -> list[Step]:
    """The steps, with escapes where the rules want them and here and there besides.

    `at_once`: what one step says is written by later steps too, so that one that wants escapes makes all have them.
    """
    found = list(steps)
    wanting = [not _is_beside(step) and texts.wants_escapes(step) for step in found]
    everywhere = (at_once and any(wanting)) or draw.chance(5)
    return [_with_escapes(step) if everywhere or wants else step for step, wants in zip(found, wanting, strict=True)]


def _with_escapes(step: Step) -> Step:
    if isinstance(step, str):
        return {step: None, "ascii": True}
    return step if _is_beside(step) else {**step, "ascii": True}


def _is_beside(step: Step) -> bool:
    """True for what is no event."""
    return "comment" in step or "raw" in step
