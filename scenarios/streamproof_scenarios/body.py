"""The body of an answer: steps in, pieces of bytes out, before encoding and delivery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, assert_never

import attrs

from streamproof_scenarios.model import (
    Answer,
    Barrier,
    Block,
    Fill,
    Mark,
    Modifiers,
    Payload,
    Place,
    Raw,
    Repeat,
    Step,
    Word,
    flat,
)
from streamproof_scenarios.places import offsets
from streamproof_scenarios.plan import AwaitDelivered, Goaway, Pause
from streamproof_scenarios.problem import Problem, ScenarioError
from streamproof_scenarios.track import Cut, Flat, Item, Loop, Piece
from streamproof_scenarios.words.speaker import Saying, Speaker, Unsayable
from streamproof_scenarios.writers import Line, Writer, json_text


def filled(value: Any) -> Any:
    """The value with each fill written out."""
    if isinstance(value, Fill):
        return value.text
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return value


@attrs.frozen(kw_only=True)
class Body:
    """Writes the steps of one answer in one dialect, in one pass over them."""

    answer: Answer
    speaker: Speaker
    writer: Writer
    path: str
    encoded: bool
    """True when the bytes are compressed afterwards: places are left to be resolved then."""

    def items(self) -> tuple[Item, ...]:
        """The whole body, each repeat once: for a speaker that keeps no state.

        Raises ScenarioError at the first step that cannot be written.
        """
        return tuple(self._items(self.answer.steps, 0))

    def walk(self, turns: int | None = None) -> Iterator[Flat]:
        """The whole body, step by step, each repeat turn by turn: at most `turns` times where that is given.

        Raises ScenarioError at the first step that cannot be written.
        """
        for step, place in _told(self.answer.steps, 0, turns):
            yield from self._step(step, place)

    def first(self, most: int) -> Iterator[Flat]:
        """Of each step what it writes the first time, among the first `most` steps of a walk."""
        seen: set[int] = set()
        for step, place in islice(_told(self.answer.steps, 0, None), most):
            items = tuple(self._step(step, place))
            if place not in seen:
                seen.add(place)
                yield from items

    def _items(self, steps: Iterable[Step], number: int) -> Iterator[Item]:
        for step, place in _numbered(steps, number):
            if isinstance(step, Repeat):
                inner = tuple(self._items(step.steps, place + 1))
                if inner and step.times:
                    yield Loop(times=step.times, items=inner)
            else:
                yield from self._step(step, place)

    def _step(self, step: Word | Payload | Block | Raw | Barrier, number: int) -> Iterator[Flat]:
        if isinstance(step, Barrier):
            yield _STOPS[step.kind] if step.kind != "pause" else Pause(step.delay_s)
        else:
            yield from self._piece(step, number)

    def _piece(self, step: Word | Payload | Block | Raw, number: int) -> Iterator[Piece | Cut]:
        try:
            data = self.step_bytes(step)
            self._check_places(data, step.modifiers)
            if self.encoded:
                if data:
                    yield Piece(
                        data=data, step=number, cut=step.modifiers.cut, keep=step.modifiers.keep, mark=step.mark
                    )
                return
            yield from cut_up(data, number, step.modifiers.cut, step.modifiers.keep)
        except (Unsayable, ValueError) as error:
            self._stop(step.mark, str(error))

    def _check_places(self, data: bytes, modifiers: Modifiers) -> None:
        """What can be told of places before they are sought."""
        if not modifiers.cut and modifiers.keep is None:
            return
        if not data:
            raise ValueError("the step writes nothing in this dialect, so no place is in it; take another step")
        if self.encoded and self.answer.flush == "never":
            raise ValueError("with flush: never a step has no bytes of its own to cut; write flush: each")
        if self.encoded and any(isinstance(place, str) for place in (*modifiers.cut, modifiers.keep)):
            raise ValueError("in an encoded body a place must be a byte offset, counted after encoding")

    def _stop(self, mark: Mark | None, text: str) -> None:
        raise ScenarioError([Problem(self.path, mark, text)]) from None

    def step_bytes(self, step: Word | Payload | Block | Raw) -> bytes:
        """What one step writes, before `cut` and `keep`.  Raises Unsayable or ValueError in words."""
        match step:
            case Word(word="error") if self.answer.status >= 400:
                _only(step.modifiers, "a body that reports an HTTP error")
                body = self.speaker.failure(filled(step.value), self.answer.status)
                return json_text(body, ascii=step.modifiers.ascii).encode()
            case Word() | Payload():
                return b"".join(self.writer.event(saying, step.modifiers) for saying in self._sayings(step))
            case Block():
                return self._block(step)
            case Raw(kind="comment"):
                return self.writer.comment(str(filled(step.value)), step.modifiers)
            case Raw(kind="json"):
                return json_text(step.value, ascii=step.modifiers.ascii).encode()
            case Raw(value=bytes() as data):
                return data
            case Raw():
                return str(filled(step.value)).encode()
            case _:
                assert_never(step)

    def _sayings(self, step: Word | Payload) -> tuple[Saying, ...]:
        value, choice = filled(step.value), step.modifiers.choice
        if isinstance(step, Word):
            return self.speaker.say(step.word, value, choice)
        match step.kind:
            case "chunk":
                return (self.speaker.chunk(value, choice),)
            case "event":
                return (self.speaker.event(value),)
            case "data":
                return (Saying(text=value),)

    def _block(self, step: Block) -> bytes:
        """One event, and before it those that its first step needs: the start of a block, of an item, of a part."""
        ahead = b""
        lines: list[Line] = []
        has_data = False
        for item in step.lines:
            if isinstance(item, str):
                lines.append(item)
                continue
            sayings = self._sayings(item)
            if len(sayings) > 1:
                if has_data:
                    raise ValueError(
                        f"expected steps of one event behind the first of a block, found one of {len(sayings)}; "
                        "write what it needs before the block"
                    )
                alike = Modifiers(ascii=item.modifiers.ascii)
                ahead = b"".join(self.writer.event(saying, alike) for saying in sayings[:-1])
            lines += [(saying, item.modifiers) for saying in sayings[-1:]]
            has_data = True
        return ahead + self.writer.block(lines, step.modifiers)


def _numbered(steps: Iterable[Step], number: int) -> Iterator[tuple[Step, int]]:
    """The steps with their numbers: those inside a repeat are counted after it."""
    for step in steps:
        yield step, number
        number += 1 + (len(flat(step.steps)) if isinstance(step, Repeat) else 0)


def _told(
    steps: tuple[Step, ...], number: int, turns: int | None
) -> Iterator[tuple[Word | Payload | Block | Raw | Barrier, int]]:
    """The steps in the order in which they are told, repeats turn by turn, with their numbers."""
    for step, place in _numbered(steps, number):
        if isinstance(step, Repeat):
            for _ in range(step.times if turns is None else min(step.times, turns)):
                yield from _told(step.steps, place + 1, turns)
        else:
            yield step, place


_STOPS: Final[dict[str, Cut | AwaitDelivered | Goaway]] = {
    "cut": Cut(),
    "await": AwaitDelivered(),
    "goaway": Goaway(),
}


def cut_up(data: bytes, number: int, cut: tuple[Place, ...], keep: Place | None) -> Iterator[Piece | Cut]:
    """The bytes of a step with what is not kept left off, in pieces.  Raises ValueError in words."""
    if keep is not None:
        data = data[: offsets(data, (keep,))[0]]
    last = 0
    for offset in offsets(data, cut):
        if offset > last:
            yield Piece(data=data[last:offset], step=number)
        yield Cut()
        last = offset
    if data[last:]:
        yield Piece(data=data[last:], step=number)


def _only(modifiers: Modifiers, what: str) -> None:
    named = (("break", modifiers.breaks), ("unclosed", modifiers.unclosed), ("name", modifiers.name is not False))
    for name, stated in named:
        if stated:
            raise ValueError(f"{what} has no lines; leave {name} away")
