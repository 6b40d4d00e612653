"""A wire that is found below an ASGI request: Hypercorn reads its connection, and is kept in step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from time import perf_counter_ns
from typing import Any

from hypercorn.protocol.http_stream import HTTPStream

from streamproof_mock.wire.muffled import Connections, Muffled
from streamproof_mock.wire.wire import Departure, OnDeparture, Wire


class AsgiWire(Wire):
    """One of Hypercorn's connections while one request is answered.

    `begin` tells Hypercorn that the answer is in other hands, `finish` that it is over.
    """

    def __init__(
        self, send: Callable[[Any], Awaitable[None]], http: HTTPStream, stream: Muffled, shared: Connections
    ) -> None:
        super().__init__(stream, shared)
        self._send = send
        self._http = http

    async def watch(self, on_departure: OnDeparture) -> None:
        """Calls back at once with how and when the client leaves.  The request's body must be read.

        The reading task of Hypercorn tells the app by `app_put`: a callback there costs no task of our own.
        """

        async def app_put(message: Any) -> None:
            if message["type"] != "http.disconnect":
                return
            self._departed.set()
            if not self._closed:
                at_ns = perf_counter_ns()
                departure = await self._departure()
                if not self._closed:
                    on_departure(departure, at_ns)

        self._http.app_put = app_put
        if self._http.closed:
            await app_put({"type": "http.disconnect"})

    @abstractmethod
    async def _departure(self) -> Departure:
        """How the client left, now that it has."""
