"""What a player waits for between two writes: that a boundary is read, that what was read is handed on."""

from __future__ import annotations

import trio

from streamproof_mock.journal import Exchange
from streamproof_mock.performer import AwaitHook, Bounds
from streamproof_mock.wire import Wire


class Barriers:
    """The barriers of one answer, each counted in its exchange."""

    __slots__ = ("_bounds", "_exchange", "_on_await", "_wire")

    def __init__(self, wire: Wire, exchange: Exchange, bounds: Bounds, on_await: AwaitHook | None) -> None:
        self._wire = wire
        self._exchange = exchange
        self._bounds = bounds
        self._on_await = on_await

    async def boundary(self) -> None:
        """Waits until the client has read all that was written: a promised boundary."""
        exchange = self._exchange
        exchange.boundaries_asked += 1
        if self._wire.is_all_read():
            exchange.way = "asked"
            exchange.boundaries_kept += 1
            return
        exchange.way = "asked" if self._wire.can_ask else "waited"
        is_kept: bool | None = None
        try:
            is_kept = await self._wire.wait_read(self._bounds.boundary_s)
        finally:
            if is_kept is None:
                # The client left, or has its result and reads no more: nothing follows that could run together.
                exchange.boundaries_asked -= 1
        if is_kept:
            exchange.boundaries_kept += 1

    async def delivered(self) -> None:
        """Waits until the client has handed on all that was written; has read it, where nobody can tell."""
        is_delivered = False
        if self._on_await is None:
            is_delivered = await self._wire.wait_read(self._bounds.await_s)
        else:
            with trio.move_on_after(self._bounds.await_s):
                is_delivered = await self._on_await(self._exchange)
        if not is_delivered:
            self._exchange.late += 1
