"""HTTP/1.1 on a connection that nobody else reads: for requests that are understood without Hypercorn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter_ns
from typing import Final, Self

import trio

from streamproof_mock.wire.muffled import Connections, Muffled
from streamproof_mock.wire.wire import Departure, OnDeparture, Wire

_RECEIVED_AT_ONCE: Final = 1 << 16
_AHEAD_LIMIT: Final = 1 << 18
"""Bytes that a client may say ahead: what follows stays in the socket until the answer is over."""


class DirectWire(Wire):
    """A plain connection while one request is answered, and read on for the client's leave."""

    def __init__(self, stream: Muffled, shared: Connections, nursery: trio.Nursery) -> None:
        super().__init__(stream, shared)
        self._nursery = nursery
        self._closes = False
        self.ahead = bytearray()
        """What the client has said since its request."""
        self.is_left = False
        """True once the client has said all that it will."""

    @classmethod
    @asynccontextmanager
    async def reading(cls, stream: Muffled, shared: Connections) -> AsyncIterator[Self]:
        """The wire for one answer; the client is listened to until the block is left."""
        async with trio.open_nursery() as nursery:
            yield cls(stream, shared, nursery)
            nursery.cancel_scope.cancel()

    async def begin(self, status: int, *, close: bool) -> None:  # noqa: ARG002  there is nobody to tell
        """Takes the answer in hand; with `close` its `finish` closes the connection."""
        self._closes = close

    async def finish(self) -> None:
        """Closes the connection, or leaves it for the next request."""
        if self._closes:
            self.fin()
        self._closed = True

    async def watch(self, on_departure: OnDeparture) -> None:
        """Calls back at once with how and when the client leaves.  The request's body must be read."""
        self._nursery.start_soon(self._read, on_departure)

    async def _read(self, on_departure: OnDeparture) -> None:
        departure: Departure | None = None
        try:
            while data := await self._stream.inner.receive_some(_RECEIVED_AT_ONCE):
                self.ahead += data
                if len(self.ahead) > _AHEAD_LIMIT:
                    return
        except trio.BrokenResourceError:
            departure = "reset"
        except trio.ClosedResourceError:
            return
        self.is_left = True
        if not self._closed:
            at_ns = perf_counter_ns()
            departure = departure or await self._fin_or_half_close()
            if not self._closed:
                on_departure(departure, at_ns)
