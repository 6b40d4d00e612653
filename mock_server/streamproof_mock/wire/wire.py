"""What every connection has in common while one request is answered: bytes, the ways to close, the client's side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

import trio

from streamproof_mock.wire.line import Gone, Line
from streamproof_mock.wire.muffled import Connections, Muffled

if TYPE_CHECKING:
    from streamproof_mock.express import Express

_LINGER_S: Final = 0.25
"""How long a connection that was closed is read on, for the client to close it too."""

Departure = Literal["fin", "reset", "half-close"]
OnDeparture = Callable[[Departure, int], None]
"""Takes how the client left, and when (`perf_counter_ns`)."""


class Wire(Line, ABC):
    """One connection while one request is answered."""

    is_h2 = False

    def __init__(self, stream: Muffled, shared: Connections) -> None:
        super().__init__(stream, shared)
        self._departed = trio.Event()

    @property
    def express(self) -> Express | None:
        """The short way on this connection; None where there is none (TLS, HTTP/2)."""
        return None if self.is_h2 else self._stream.express

    # Writing

    async def write(self, data: bytes) -> None:
        """Sends these bytes and no others, in one system call where the socket has room.

        There is no checkpoint unless the socket is full.  Raises Gone.
        """
        if not self.writes_directly:
            await self._write_through(data)
            return
        rest: bytes | memoryview = data
        while True:
            count = self.write_now(rest)
            if count == len(rest):
                return
            rest = memoryview(rest)[count:]
            try:
                await trio.lowlevel.wait_writable(self._socket)
            except trio.ClosedResourceError as error:
                raise Gone from error

    async def _write_through(self, data: bytes) -> None:
        try:
            await self._stream.inner.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Gone from error
        self.written += len(data)

    # One answer

    @abstractmethod
    async def begin(self, status: int, *, close: bool) -> None:
        """Takes the answer in hand; with `close` its `finish` closes the connection."""

    @abstractmethod
    async def finish(self) -> None:
        """Ends an answer that is whole: the connection is free for the next request, or closed."""

    async def break_off(self) -> None:
        """Ends an answer that is not whole, at once and so that the client sees it."""
        self.reset()

    # Closing

    async def close(self, *, notify: bool = True) -> None:
        """FIN, then no more; under TLS a close_notify before it, unless `notify` is False."""
        if not self._shut():
            return
        if not self._lingers:
            self._fin()
            return
        try:
            await self._stream.shut(notify=notify)
            # What a client still says, of windows or its own close_notify, must not make a reset of our FIN.
            with trio.move_on_after(_LINGER_S):
                await self._departed.wait()
        finally:
            self._socket.close()

    @property
    def _lingers(self) -> bool:
        """True where a client goes on talking although its request is whole."""
        return self.is_tls

    # What the client does

    @abstractmethod
    async def watch(self, on_departure: OnDeparture) -> None:
        """Calls back at once with how and when the client leaves.  The request's body must be read."""

    async def _fin_or_half_close(self) -> Departure:
        for _ in range(2):
            state = self._peer()
            if state is None or not state.open:
                return "fin"
            # close(2) sends its FIN a moment before it lets go of the socket.
            await trio.sleep(0.001)
        return "half-close"
