"""What one choice of an answer says: drawn first, then told in steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from streamproof_formats.message import Choice, FunctionCall, ToolCall
from streamproof_scenarios.generating import texts
from streamproof_scenarios.generating.abilities import Abilities
from streamproof_scenarios.generating.draw import Draw

MOST_SEGMENTS: Final = 5


@attrs.frozen(kw_only=True)
class Segment:
    """Pieces of one kind that come one after the other."""

    word: str
    """The word of the language that says them."""
    pieces: tuple[str, ...]
    id: str = ""
    name: str = ""
    kind: str = "function"
    """Of a call: `function`, `custom`, or `older` for a shape that a dialect had before."""

    @property
    def text(self) -> str:
        """The pieces joined."""
        return "".join(self.pieces)


@attrs.frozen(kw_only=True)
class Turn:
    """All that one choice says."""

    index: int
    segments: tuple[Segment, ...]
    reason: str
    finish: str | None
    """The reason as the stream gives it: None where it gives none."""

    @property
    def calls(self) -> tuple[Segment, ...]:
        """The tools that it calls."""
        return tuple(segment for segment in self.segments if segment.word == "tool")

    @property
    def choice(self) -> Choice:
        """What a conforming client makes of it; a text that is empty is as none."""

        def said(word: str) -> str | None:
            return "".join(segment.text for segment in self.segments if segment.word == word) or None

        functions = [segment for segment in self.segments if segment.word == "function"]
        return Choice(
            index=self.index,
            text=said("text"),
            reasoning=said("reasoning"),
            refusal=said("refusal"),
            finish_reason=self.finish,
            tool_calls=tuple(
                ToolCall(id=segment.id or None, name=segment.name, arguments=segment.text)
                for segment in self.segments
                if segment.word == "tool"
            ),
            function_call=FunctionCall(name=functions[0].name, arguments=functions[0].text) if functions else None,
        )


def turn(draw: Draw, abilities: Abilities, index: int, *, calls: bool = True) -> Turn:
    """One choice; without `calls` it makes none."""
    segments = list(_segments(draw, abilities, calls=calls))
    last = segments[-1].word if segments else ""
    is_cut = draw.chance(25)
    if is_cut and last == "tool" and abilities.keeps_cut_arguments and draw.chance(50):
        segments[-1] = _cut(draw, segments[-1])
    reason = _reason(draw, abilities, segments, is_cut=is_cut)
    return Turn(
        index=index, segments=tuple(segments), reason=reason, finish=None if reason in abilities.unsaid else reason
    )


def _segments(draw: Draw, abilities: Abilities, *, calls: bool) -> Iterator[Segment]:
    made = 0
    kind = draw.choice(abilities.call_kinds)
    for word in _words(draw, abilities):
        if word not in ("tool", "function"):
            yield Segment(word=word, pieces=texts.pieces(draw, texts.long_text(draw)))
        elif calls:
            most = 1 if word == "function" or abilities.is_free else abilities.most_calls
            for _ in range(draw.integer(1, most)):
                yield _call(draw, word, made, "function" if word == "function" else kind)
                made += 1


def _words(draw: Draw, abilities: Abilities) -> Iterator[str]:
    if abilities.is_free:
        words = [word for slot in abilities.slots for word in slot]
        for _ in range(draw.integer(0, MOST_SEGMENTS)):
            yield draw.choice(words)
        return
    for slot in abilities.slots:
        place = draw.integer(0, len(slot))
        if place:
            yield slot[place - 1]


def _call(draw: Draw, word: str, number: int, kind: str) -> Segment:
    # The input of a custom tool is any text.
    text = texts.long_text(draw) if kind == "custom" else texts.arguments(draw)
    return Segment(
        word=word,
        id="" if kind == "older" else texts.identifier(draw, number),
        name=texts.name(draw),
        kind=kind,
        pieces=(text,) if kind == "older" else texts.pieces(draw, text),
    )


def _cut(draw: Draw, call: Segment) -> Segment:
    """The call broken off within its arguments."""
    return attrs.evolve(call, pieces=texts.pieces(draw, call.text[: draw.integer(0, len(call.text))]))


def _reason(draw: Draw, abilities: Abilities, segments: list[Segment], *, is_cut: bool) -> str:
    if is_cut:
        return draw.choice(abilities.cut)
    called = next((segment.word for segment in segments if segment.word in abilities.called), None)
    return draw.choice(abilities.whole if called is None else abilities.called[called])
