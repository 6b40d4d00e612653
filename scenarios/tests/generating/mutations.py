"""Damage to a valid stream: an event lost, said twice, out of its place; a field lost or of another type; a cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import attrs

from streamproof_scenarios.model import Case

from .drawing import judged

Json = Any
Path = tuple[str | int, ...]
Kind = Literal["drop", "repeat", "swap", "lose", "retype", "cut"]


@attrs.frozen
class Frame:
    """The bytes of one event, and what its data is."""

    raw: bytes
    data: str

    @property
    def json(self) -> Json:
        """Its data as JSON; None where it is none."""
        try:
            return json.loads(self.data)
        except ValueError:
            return None

    def saying(self, value: Json) -> Frame:
        """The same event with other JSON."""
        data = json.dumps(value, separators=(",", ":"))
        return Frame(self.raw.replace(self.data.encode(), data.encode(), 1), data)


@attrs.frozen(kw_only=True)
class Mutation:
    """One damage, and the stream that it leaves."""

    kind: Kind
    at: int
    """The event; of a cut the number of bytes that are left."""
    path: Path = ()
    before: Json = None
    after: Json = None
    frames: tuple[Frame, ...] = ()
    body: bytes

    def __str__(self) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        change = f" {self.before!r} to {self.after!r}" if self.kind == "retype" else ""
        return f"{self.kind} {self.at}{where}{change}"


def frames_of(case: Case, body: bytes) -> tuple[Frame, ...]:
    """The events of a body; what stands between them, comments, is left out."""
    return tuple(Frame(body[event.start : event.end], event.data) for event in judged(case, body).events)


def numbered(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """The events with their sequence numbers, where they have any, put right: a server that errs counts as it errs."""
    found = []
    for frame in frames:
        value = frame.json
        is_numbered = isinstance(value, dict) and "sequence_number" in value
        found.append(frame.saying({**value, "sequence_number": len(found)}) if is_numbered else frame)
    return tuple(found)


def joined(frames: tuple[Frame, ...]) -> bytes:
    return b"".join(frame.raw for frame in frames)


def of_events(frames: tuple[Frame, ...]) -> Iterator[Mutation]:
    """Each event dropped, repeated, and swapped with the next one where that is another."""

    def mutation(kind: Kind, at: int, *changed: Frame) -> Mutation:
        changed = numbered(changed)
        return Mutation(kind=kind, at=at, frames=changed, body=joined(changed))

    for at, frame in enumerate(frames):
        yield mutation("drop", at, *frames[:at], *frames[at + 1 :])
        yield mutation("repeat", at, *frames[: at + 1], *frames[at:])
        if at + 1 < len(frames) and frame.data != frames[at + 1].data:
            yield mutation("swap", at, *frames[:at], frames[at + 1], frame, *frames[at + 2 :])


def cuts(frames: tuple[Frame, ...], places: Iterator[int]) -> Iterator[Mutation]:
    """The body broken off after so many bytes."""
    body = joined(frames)
    for place in places:
        yield Mutation(kind="cut", at=place, body=body[:place])


def of_fields(frames: tuple[Frame, ...], at: int) -> Iterator[Mutation]:
    """Each field of an event lost, and each value of it made one of another type."""
    value = frames[at].json
    if not isinstance(value, dict):
        return
    for path, before in fields(value):
        if isinstance(path[-1], str):
            yield _changed(frames, at, "lose", path, before, None)
        for after in others(before):
            yield _changed(frames, at, "retype", path, before, after)


def fields(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every place below a value, and what is there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key), item
        yield from fields(item, (*path, key))


def others(value: Json) -> Iterator[Json]:
    """A value of each other type."""
    return (other for other in (None, True, 7, "x", [], {}) if kind_of(other) != kind_of(value))


def kind_of(value: Json) -> type:
    return int if isinstance(value, float) else type(value)


def _changed(frames: tuple[Frame, ...], at: int, kind: Kind, path: Path, before: Json, after: Json) -> Mutation:
    value = json.loads(frames[at].data)
    place = value
    for step in path[:-1]:
        place = place[step]
    if kind == "lose":
        del place[path[-1]]
    else:
        place[path[-1]] = after
    changed = (*frames[:at], frames[at].saying(value), *frames[at + 1 :])
    return Mutation(kind=kind, at=at, path=path, before=before, after=after, frames=changed, body=joined(changed))
