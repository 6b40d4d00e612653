"""One connection: the short way as long as that will do, then Hypercorn's, which ends when the connection is over.

Hypercorn waits out its idle limit (`keep_alive_timeout`) for a connection whose client has gone, and keeps its socket
and two tasks so long: ten thousand clients that come and go would be ten thousand sockets.  And it waits for ever for
a connection that was closed while a second request waited behind the first.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import trio
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.tcp_server import TCPServer

from streamproof_mock.express import Desk, Express, Relay
from streamproof_mock.wire import Muffled

_RECEIVED_AT_ONCE: Final = 1 << 16


class Resting:
    """The connections for which Hypercorn has not begun."""

    def __init__(self) -> None:
        self._scopes: set[trio.CancelScope] = set()
        self._is_closed = False

    @contextmanager
    def scope(self) -> Iterator[trio.CancelScope]:
        """What `close` cancels."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            if self._is_closed:  # it was accepted before, and its task began after
                scope.cancel()
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def close(self) -> None:
        """Ends them all, and those to come: nothing is being said on them."""
        self._is_closed = True
        for scope in tuple(self._scopes):
            scope.cancel()


class Connection(TCPServer):
    """One connection.  It has no idle limit once its client has said all, and it is read no more once it is closed."""

    _reading: trio.CancelScope | None = None
    _is_read = False
    _express: Express | None = None
    """The short way on it, once something was said; never under TLS."""
    _first = b""
    """What was read on the short way and has to go the long one."""

    def __init__(self, desk: Desk | None, resting: Resting, *rest: Any) -> None:
        super().__init__(*rest)
        self._desk = desk
        self._resting = resting

    async def run(self) -> None:
        """Serves the connection to its end."""
        stream: Any = self.stream  # Hypercorn says that it is TLS's
        if self._desk is not None and isinstance(stream, trio.SocketStream) and os.name == "posix":
            self._first = await self._run_short(stream, self._desk)
            if not self._first:
                return
        await super().run()

    async def _run_short(self, stream: trio.SocketStream, desk: Desk) -> bytes:
        """Answers what is known; returns what is not, and nothing where the connection is over."""
        rest = b""
        try:
            with self._resting.scope() as scope:
                rest = await self._until_unknown(stream, desk, scope)
        finally:
            if not rest:
                stream.socket.close()
        return rest

    async def _until_unknown(self, stream: trio.SocketStream, desk: Desk, scope: trio.CancelScope) -> bytes:
        data = b""
        while stream.socket.fileno() != -1:
            express = self._express
            if not data:
                holds = express is not None and express.holds
                scope.deadline = math.inf if holds else trio.current_time() + self.config.keep_alive_timeout
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    data = bytes(await stream.receive_some(_RECEIVED_AT_ONCE))
                scope.deadline = math.inf
                if not data:
                    return b"" if express is None else express.let_go()
            if express is None:
                muffled = Muffled(stream, desk.shared.number())
                self.stream = muffled  # type: ignore[assignment]  # it stands in for any stream
                express = self._express = Express(muffled, desk)
            data = express.take(data)
            if not data:
                continue
            if express.known is None:
                return data
            data = await express.answer(express.known)
            if express.is_over and not data:
                break
        return b""

    async def _read_data(self) -> None:
        with trio.CancelScope() as self._reading:
            if self._express is not None:
                await self.protocol.handle(RawData(self._first))
                Relay.install(self, self._express)
            await super()._read_data()
        self._is_read = True
        await self.idle_task.stop()

    async def protocol_send(self, event: Event) -> None:
        """Takes what the protocol says."""
        if self._is_read and isinstance(event, Updated):
            return
        await super().protocol_send(event)
        if isinstance(event, Closed) and self._reading is not None:
            self._reading.cancel()
