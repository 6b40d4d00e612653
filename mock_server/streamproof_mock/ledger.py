"""What a write and an end leave in the journal."""

from __future__ import annotations

from time import perf_counter_ns

from streamproof_mock.journal import Exchange
from streamproof_mock.sheet import Piece
from streamproof_mock.wire import Line


def note(exchange: Exchange, piece: Piece, written: int) -> None:
    """Enters that so many bytes of a piece have just been written."""
    exchange.wire_written += written
    body = min(max(written - len(piece.prefix), 0), len(piece.data))
    if body:
        note_body(exchange, body)


def note_body(exchange: Exchange, body: int) -> None:
    """Enters that so many bytes of the body have just been written."""
    now_ns = perf_counter_ns()
    exchange.body_written += body
    exchange.last_byte_ns = now_ns
    if exchange.first_byte_ns is None:
        exchange.first_byte_ns = now_ns
    exchange.writes.append((now_ns, body))


def sample(exchange: Exchange, line: Line) -> None:
    """Enters what the client has of what was written."""
    undelivered, unread = line.outstanding()
    if undelivered is not None:
        exchange.delivered = max(exchange.wire_written - undelivered, 0)
    if unread is not None:
        exchange.read = max(exchange.wire_written - unread, 0)
