"""What every connection has in common while one request is answered: bytes, the ways to close, the client's side."""

from __future__ import annotations

import os
import socket
import struct
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import copy
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, Literal

import trio
from hypercorn.protocol.http_stream import HTTPStream

from streamproof_mock.wire.muffled import Connections, Muffled

if sys.platform == "linux":
    from streamproof_mock.peer import PeerState, question, unacknowledged, written
elif TYPE_CHECKING:
    from streamproof_mock.peer import PeerState

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_GRACE_S: Final = 0.005
"""Where the kernel cannot be asked, a client is taken to have read what was written this long ago."""

_SPIN_S: Final = 0.0005
_LINGER_S: Final = 0.25
"""How long a connection that was closed is read on, for the client to close it too."""

Departure = Literal["fin", "reset", "half-close"]


class Gone(Exception):  # noqa: N818  an event, not a fault
    """The client went away."""


class Wire(ABC):
    """One connection while one request is answered."""

    is_h2 = False

    def __init__(
        self, send: Callable[[Any], Awaitable[None]], http: HTTPStream, stream: Muffled, shared: Connections
    ) -> None:
        self._send = send
        self._http = http
        self._stream = stream
        self._socket = stream.socket
        self._kernel = shared.kernel
        self._query: bytes | None = None
        self._closed = False
        self._departed = trio.Event()
        self.is_tls = stream.is_tls
        self.written = 0
        """Bytes handed to the kernel (to TLS, where there is TLS) through this wire."""
        # write(2) takes no lock and no checkpoint; Windows has no write(2) for sockets, TLS has records to make.
        self.writes_directly = os.name == "posix" and not self.is_tls

    @property
    def number(self) -> int:
        """Number of the TCP connection, from 0."""
        return self._stream.number

    @property
    def is_closed(self) -> bool:
        """True once this end has said its last word for the request."""
        return self._closed

    @property
    def is_open(self) -> bool:
        """True while there is a connection to write to."""
        return not self._closed and self._socket.fileno() != -1

    def again(self) -> Wire:
        """The same connection, for other answers."""
        other = copy(self)
        other._closed = False  # noqa: SLF001  it is one of us
        other.written = 0
        return other

    # Writing

    def write_now(self, data: bytes | memoryview) -> int:
        """Sends as many of these bytes as the socket has room for, and says how many.  Raises Gone."""
        try:
            # fileno() is -1 once closed: never the number of another connection.
            count = os.write(self._socket.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Gone from error
        self.written += count
        return count

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

    # Keeping Hypercorn in step

    @abstractmethod
    async def begin(self, status: int, *, close: bool) -> None:
        """Tells Hypercorn that the answer is in other hands; with `close` its `finish` closes the connection."""

    @abstractmethod
    async def finish(self) -> None:
        """Tells Hypercorn that the answer is over: the connection is free for the next request, or closed."""

    async def break_off(self) -> None:
        """Ends an answer that is not whole, at once and so that the client sees it."""
        self.reset()

    # Closing

    async def close(self, *, notify: bool = True) -> None:
        """FIN, then no more; under TLS a close_notify before it, unless `notify` is False."""
        if not self._shut():
            return
        if not self._lingers:
            with suppress(OSError):  # the client was faster
                self._socket.shutdown(socket.SHUT_WR)
            self._socket.close()
            return
        try:
            await self._stream.shut(notify=notify)
            # What a client still says, of windows or its own close_notify, must not make a reset of our FIN.
            with trio.move_on_after(_LINGER_S):
                await self._departed.wait()
        finally:
            self._socket.close()

    def reset(self) -> None:
        """RST.  What the client's kernel acknowledged stays readable there."""
        if self._shut():
            with suppress(OSError):  # the client was faster
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._socket.close()

    def _shut(self) -> bool:
        was_open = not self._closed and self._socket.fileno() != -1
        self._closed = True
        return was_open

    @property
    def _lingers(self) -> bool:
        """True where a client goes on talking although its request is whole."""
        return self.is_tls

    # What the client does

    async def watch(self, on_departure: Callable[[Departure, int], None]) -> None:
        """Calls back at once with how and when (`perf_counter_ns`) the client leaves.  The request's body must be read.

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

    async def _fin_or_half_close(self) -> Departure:
        for _ in range(2):
            state = self._peer()
            if state is None or not state.open:
                return "fin"
            # close(2) sends its FIN a moment before it lets go of the socket.
            await trio.sleep(0.001)
        return "half-close"

    def is_abandoned(self) -> bool:
        """True when the kernel knows that no process holds the client's socket any more."""
        state = self._peer()
        return self.can_ask and (state is None or not state.open)

    # What the client has

    @property
    def can_ask(self) -> bool:
        """True where the kernel can tell what the client has read."""
        if sys.platform != "linux" or self._kernel is None:
            return False
        if self._query is None:
            self._query = b""
            try:
                query = question(self._socket.getsockname()[:2], self._socket.getpeername()[:2])
            except OSError:
                return False
            if self._kernel.ask(query) is not None:
                self._query = query
        return bool(self._query)

    def _peer(self) -> PeerState | None:
        return self._kernel.ask(self._query) if self.can_ask and self._kernel and self._query else None

    def outstanding(self) -> tuple[int | None, int | None]:
        """Bytes written that the client's kernel does not have, and that its application has not read.

        None where the system does not tell; the first is then what was not acknowledged, where it tells that.
        """
        if sys.platform != "linux":
            return None, None
        try:
            state = self._peer()
            if state is not None and state.received >= 0:
                missing = max(written(self._socket) - state.received, 0)
                return missing, missing + state.unread
            return unacknowledged(self._socket.fileno()), None
        except (OSError, ValueError):
            return None, None

    def _is_all_read(self) -> bool:
        """True when nothing is outstanding: asked at every boundary, so with as few questions as tell it."""
        if sys.platform != "linux" or self._kernel is None or not self._query:
            return False
        try:
            total = max(written(self._socket), 0)
        except (OSError, ValueError):
            return False
        # The kernel counts what is unread before it counts what was received; the second answer leaves no gap.
        for _ in range(2):
            state = self._kernel.ask(self._query)
            if state is None or state.received < total or state.unread:
                return False
        return True

    async def wait_read(self, limit_s: float) -> bool:
        """Waits until the client's application has read all that was written; False when `limit_s` ran out.

        Where the kernel cannot be asked it waits a little, never less than 5 ms, and takes it as read.
        """
        if not self.can_ask:
            await trio.sleep(min(_GRACE_S, limit_s))
            return limit_s >= _GRACE_S
        started = trio.current_time()
        while True:
            if self._is_all_read():
                return True
            waited_s = trio.current_time() - started
            if waited_s >= limit_s:
                return False
            # A client that waits in recv() needs some 50 microseconds; one that is busy is not waited for in a spin.
            await trio.sleep(0 if waited_s < _SPIN_S else min(0.001, limit_s - waited_s))

    async def wait_taken(self, limit_s: float) -> None:
        """Waits, for `limit_s` at most, until a reset can no longer take away what was written."""
        if self.can_ask:
            await self.wait_read(limit_s)
            return
        with trio.move_on_after(limit_s):
            while self.outstanding()[0]:  # noqa: ASYNC110  the kernel signals nothing
                await trio.sleep(_GRACE_S)
            await trio.sleep(_GRACE_S)
