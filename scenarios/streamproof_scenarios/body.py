"""The body of an answer: steps in, pieces of bytes out, before encoding and delivery."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json import dumps
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
from streamproof_scenarios.track import Cut, Item, Loop, Piece
from streamproof_scenarios.words.speaker import Saying, Speaker, Unsayable

_EOL: Final = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


def json_text(value: Any, *, ascii: bool = False) -> str:  # noqa: A002 - the key has this name
    """Compact JSON, characters beyond ASCII as they are unless `ascii` asks for escapes."""
    return dumps(value, separators=(",", ":"), ensure_ascii=ascii)


def filled(value: Any) -> Any:
    """The value with each fill written out."""
    if isinstance(value, Fill):
        return value.text
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return value


@attrs.frozen
class Body:
    """Writes the steps of one answer in one dialect."""

    answer: Answer
    speaker: Speaker
    path: str
    encoded: bool
    """True when the bytes are compressed afterwards: places are left to be resolved then."""

    def items(self) -> tuple[Item, ...]:
        """The whole body.  Raises ScenarioError at the first step that cannot be written."""
        return tuple(self._steps(self.answer.steps, 0))

    def _steps(self, steps: Iterable[Step], number: int) -> Iterator[Item]:
        for step in steps:
            if isinstance(step, Repeat):
                inner = tuple(self._steps(step.steps, number + 1))
                if inner and step.times:
                    yield Loop(times=step.times, items=inner)
                number += 1 + len(flat(step.steps))
                continue
            if isinstance(step, Barrier):
                yield _STOPS[step.kind] if step.kind != "pause" else Pause(step.delay_s)
            else:
                yield from self._piece(step, number)
            number += 1

    def _piece(self, step: Word | Payload | Block | Raw, number: int) -> Iterator[Item]:
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
                return b"".join(self._event(saying, step.modifiers) for saying in self._sayings(step))
            case Block():
                fields = b"".join(self._block_line(item) for item in step.lines)
                return self._closed(fields, step.modifiers.unclosed)
            case Raw(kind="comment"):
                colon = ":" if not self.answer.space else ": "
                text = str(filled(step.value))
                fields = self._lines((colon + line).encode() if line else b":" for line in _LINE_END.split(text))
                return self._closed(fields, step.modifiers.unclosed)
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
                return (Saying(json=value),)
            case "data":
                return (Saying(text=value),)

    def _event(self, saying: Saying, modifiers: Modifiers) -> bytes:
        before = self._lines(line.encode() for line in self.answer.before)
        return self._closed(self._fields(saying, modifiers, before), modifiers.unclosed)

    def _fields(self, saying: Saying, modifiers: Modifiers, head: bytes) -> bytes:
        """The head and the lines of an event, the blank line left off: only a negative `break` counts it."""
        name = saying.name if modifiers.name is False else modifiers.name
        if name is not None:
            head += self._lines([self._field("event", name)])
        text = saying.text if saying.text is not None else json_text(saying.json, ascii=modifiers.ascii)
        fields = head + self._lines(self._field("data", line) for line in _LINE_END.split(text))
        label, eol = self._field("data", ""), _EOL[self.answer.eol]
        for offset in reversed(offsets(fields + eol, modifiers.breaks)):
            if not len(head) + len(label) <= offset <= len(fields) - len(eol):
                raise ValueError(f"break at {offset} is outside of the data of the event; write a place in it")
            fields = fields[:offset] + eol + label + fields[offset:]
        return fields

    def _block_line(self, item: str | Word | Payload) -> bytes:
        if isinstance(item, str):
            return self._lines([item.encode()])
        return b"".join(self._fields(saying, item.modifiers, b"") for saying in self._sayings(item))

    def _field(self, name: str, value: str) -> bytes:
        return f"{name}:{' ' if self.answer.space else ''}{value}".encode()

    def _lines(self, lines: Iterable[bytes]) -> bytes:
        eol = _EOL[self.answer.eol]
        return b"".join(line + eol for line in lines)

    def _closed(self, fields: bytes, unclosed: int) -> bytes:
        """The lines with their blank line, or with line ends left off."""
        eol = _EOL[self.answer.eol]
        return fields + eol if not unclosed else fields.removesuffix(eol) if unclosed > 1 else fields


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
