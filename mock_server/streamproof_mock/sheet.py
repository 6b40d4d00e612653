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


def sheet_of(plan: AnswerPlan, request: RequestFacts) -> Sheet | None:
    """The sheet of a plan; None where the plan wants more than bytes, or has more of them than a sheet may."""
    if plan.delay_s or plan.ending.kind != "clean" or plan.http != "h1":
        return None
    parts = _parts(plan)
    if parts is None:
        return None
    body = sum(map(len, parts))
    length = body if plan.content_length is None else plan.content_length
    head = framed(plan, request, length=length)
    if head.closes or head.bodiless or (plan.framing == "length" and length != body):
        return None
    pieces = [
        Piece(chunk_prefix(len(part)), part, b"\r\n") if head.chunked else Piece(b"", part, b"") for part in parts
    ]
    pieces = pieces or [Piece(b"", b"", b"")]
    pieces[0] = attrs.evolve(pieces[0], prefix=head.head + pieces[0].prefix)
    if head.chunked:
        pieces[-1] = attrs.evolve(pieces[-1], suffix=pieces[-1].suffix + LAST_CHUNK)
    sends = tuple(piece.whole for piece in pieces)
    return Sheet(status=plan.status, pieces=tuple(pieces), sends=sends)


def _parts(plan: AnswerPlan) -> list[bytes] | None:
    parts: list[bytes] = []
    size = 0
    for operation in plan.operations():
        if not isinstance(operation, Write) or operation.promised:
            return None
        size += len(operation.data)
        if len(parts) == PIECES_LIMIT or size > SIZE_LIMIT:
            return None
        if operation.data:  # an empty chunk would end the body
            parts.append(operation.data)
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
