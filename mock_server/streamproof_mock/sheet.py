"""A sheet: all that an answer without silences says on an HTTP/1 connection, framed once.  Values only."""

from __future__ import annotations

from typing import Final

import attrs

from streamproof_mock.framing import LAST_CHUNK, RequestFacts, chunk_prefix, framed
from streamproof_scenarios.plan import AnswerPlan, Write

PIECES_LIMIT: Final = 256
SIZE_LIMIT: Final = 256 * 1024
"""Pieces and bytes of a sheet at most: it is written without letting anybody else run."""
_SHEETS_KEPT: Final = 256


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


@attrs.frozen(kw_only=True)
class Sheet:
    """One answer, send by send."""

    status: int
    pieces: tuple[Piece, ...]
    sends: tuple[bytes, ...]
    """Each piece as it is sent."""
    size: int
    body: int
    """Bytes in all, and those of the body among them."""


def sheet_of(plan: AnswerPlan, request: RequestFacts) -> Sheet | None:
    """The sheet of a plan; None where the plan wants more than bytes, or has more of them than a sheet may."""
    if plan.delay_s or plan.ending.kind != "clean" or plan.http != "h1":
        return None
    head = framed(plan, request, length=plan.content_length)
    if head.closes or head.bodiless:
        return None
    pieces = _pieces(plan, is_chunked=head.chunked)
    if pieces is None:
        return None
    body = sum(len(piece.data) for piece in pieces)
    if plan.framing == "length" and plan.content_length != body:
        return None
    pieces = pieces or [Piece(b"", b"", b"")]
    pieces[0] = attrs.evolve(pieces[0], prefix=head.head + pieces[0].prefix)
    if head.chunked:
        pieces[-1] = attrs.evolve(pieces[-1], suffix=pieces[-1].suffix + LAST_CHUNK)
    sends = tuple(piece.whole for piece in pieces)
    return Sheet(status=plan.status, pieces=tuple(pieces), sends=sends, size=sum(map(len, sends)), body=body)


def _pieces(plan: AnswerPlan, *, is_chunked: bool) -> list[Piece] | None:
    pieces: list[Piece] = []
    size = 0
    for operation in plan.operations():
        if not isinstance(operation, Write) or operation.promised:
            return None
        if not operation.data:
            continue  # an empty chunk would end the body
        size += len(operation.data)
        if len(pieces) == PIECES_LIMIT or size > SIZE_LIMIT:
            return None
        pieces.append(
            Piece(chunk_prefix(len(operation.data)), operation.data, b"\r\n")
            if is_chunked
            else Piece(b"", operation.data, b"")
        )
    return pieces


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
