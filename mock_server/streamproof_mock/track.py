"""A sheet while it is played: where it is, and the next beat."""

from __future__ import annotations

from streamproof_mock.journal import Exchange
from streamproof_mock.ledger import note, note_body
from streamproof_mock.sheet import Piece, Sheet
from streamproof_mock.wire import Wire


class Track:
    """One sheet on one wire."""

    __slots__ = ("_at", "_beats", "_exchange", "_pieces", "_wire", "pause_s", "rest")

    def __init__(self, sheet: Sheet, exchange: Exchange, wire: Wire) -> None:
        self._pieces = sheet.pieces
        self._beats = sheet.beats
        self._exchange = exchange
        self._wire = wire
        self._at = 0
        self.pause_s = 0.0
        """The silence before the next beat."""
        self.rest: Piece | None = None
        """What the socket had no room for: it goes before anything else."""

    @property
    def is_over(self) -> bool:
        """True when no beat is left."""
        return self._at == len(self._beats)

    def step(self) -> float | None:
        """Sends what is due until the next pause, and says how long that is; None at the end, or when `rest` is set.

        Raises Gone.
        """
        beats, exchange, wire = self._beats, self._exchange, self._wire
        for at in range(self._at, len(beats)):
            beat = beats[at]
            send = beat.send
            count = wire.write_now(send) if send else 0
            self._at = at + 1
            self.pause_s = beat.pause_s
            if count < len(send):
                piece = self._pieces[at]
                note(exchange, piece, count)
                self.rest = piece.after(count)
                return None
            exchange.wire_written += count
            if beat.body:
                note_body(exchange, beat.body)
            if beat.pause_s:
                return beat.pause_s
        return None
