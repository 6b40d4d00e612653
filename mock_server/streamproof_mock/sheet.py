"""A sheet: all that a plain answer says on an HTTP/1 connection, framed once, with its pauses.  Values only."""

from __future__ import annotations

from typing import Final

import attrs

from streamproof_mock.framing import LAST_CHUNK, RequestFacts, chunk_prefix, framed
from streamproof_scenarios.plan import AnswerPlan, Pause, Write

PIECES_LIMIT: Final = 4096
SIZE_LIMIT: Final = 1024 * 1024
"""Pieces and bytes of a sheet at most."""
AT_ONCE_LIMIT: Final = 256
"""Pieces without a pause between them at most: they are written without letting anybody else run."""
SHORTEST_S: Final = 0.001
LONGEST_S: Final = 1.0
"""Pauses that a sheet may have; a stream's own task sleeps the others."""
_SHEETS_KEPT: Final = 128


@attrs.frozen
class Piece:
    """What one send takes: bytes of the body with the framing around them."""

    prefix: bytes
    data: bytes
    suffix: bytes

    @property
    def whole(self) -> bytes:
        """The bytes as they are sent."""
        return self.prefix + self.data + self.suffix

    def after(self, count: int) -> Piece:
        """What is left once `count` bytes were sent."""
        left = max(count - len(self.prefix), 0)
        return Piece(self.prefix[count:], self.data[left:], self.suffix[max(left - len(self.data), 0) :])


@attrs.frozen
class Beat:
    """A piece as it is sent, and the silence after it."""

    send: bytes
    body: int
    """Bytes of the body among them."""
    pause_s: float


@attrs.frozen(kw_only=True)
class Sheet:
    """One answer, send by send."""

    status: int
    pieces: tuple[Piece, ...]
    beats: tuple[Beat, ...]
    """Each piece as it is sent."""
    closes: bool = False
    """The connection ends with it."""

    @property
    def is_paced(self) -> bool:
        """True when there is a pause in it."""
        return any(beat.pause_s for beat in self.beats)


def sheet_of(plan: AnswerPlan, request: RequestFacts) -> Sheet | None:
    """The sheet of a plan; None where the plan wants more than bytes and pauses, or more than a sheet may have."""
    ending = plan.ending
    if plan.delay_s or ending.kind not in {"clean", "fin"} or ending.is_headless or plan.http != "h1":
        return None
    parts = _parts(plan)
    if parts is None:
        return None
    body = sum(len(data) for data, _ in parts)
    length = body if plan.content_length is None else plan.content_length
    head = framed(plan, request, length=length)
    closes = head.closes or ending.kind == "fin"
    lies = plan.framing == "length" and length != body
    if head.bodiless or (lies and not closes) or (closes and any(pause_s for _, pause_s in parts)):
        return None
    pieces = [_piece(data, is_chunked=head.chunked) for data, _ in parts]
    pieces[0] = attrs.evolve(pieces[0], prefix=head.head + pieces[0].prefix)
    if head.chunked and ending.kind == "clean":
        pieces[-1] = attrs.evolve(pieces[-1], suffix=pieces[-1].suffix + LAST_CHUNK)
    beats = tuple(
        Beat(piece.whole, len(piece.data), pause_s) for piece, (_, pause_s) in zip(pieces, parts, strict=True)
    )
    return Sheet(status=plan.status, pieces=tuple(pieces), beats=beats, closes=closes)


def _piece(data: bytes, *, is_chunked: bool) -> Piece:
    # An empty chunk would end the body.
    return Piece(chunk_prefix(len(data)), data, b"\r\n") if is_chunked and data else Piece(b"", data, b"")


def _parts(plan: AnswerPlan) -> list[tuple[bytes, float]] | None:
    """What is sent at once, each with the pause after it.  The first goes with the head, the last ends the body."""
    parts: list[tuple[bytes, float]] = []
    size = run = 0
    for operation in plan.operations():
        match operation:
            case Write(promised=False):
                size += len(operation.data)
                run += 1
                if operation.data:
                    parts.append((operation.data, 0.0))
            case Pause() if SHORTEST_S <= operation.delay_s <= LONGEST_S:
                data, before_s = parts.pop() if parts else (b"", 0.0)
                parts.append((data, before_s + operation.delay_s))
                run = 0
            case _:
                return None
        if len(parts) > PIECES_LIMIT or size > SIZE_LIMIT or run > AT_ONCE_LIMIT:
            return None
    if not parts or parts[-1][1]:
        parts.append((b"", 0.0))
    return parts


class Sheets:
    """The sheets of the plans that were asked for lately, each made once for each kind of request."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, RequestFacts], tuple[AnswerPlan, Sheet | None]] = {}

    def of(self, plan: AnswerPlan, request: RequestFacts) -> Sheet | None:
        """What `sheet_of` makes of a plan; None, too, where the plan's operations raise."""
        # A plan is found by its identity: comparing its headers and operations would cost more than the write.
        key = (id(plan), request)
        found = self._found.get(key)
        if found is None or found[0] is not plan:
            try:
                found = (plan, sheet_of(plan, request))
            except Exception:  # noqa: BLE001  the operations are the author's: the long way tells what they raise
                found = (plan, None)
            if len(self._found) >= _SHEETS_KEPT:
                self._found.clear()
            self._found[key] = found
        return found[1]
