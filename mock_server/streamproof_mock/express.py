"""The short way: a request that was understood once is answered by the task that reads it.

Hypercorn and h11 spend some 400 microseconds on a request, and as much on a connection, whose answer costs 20 to write.
Requests come again and again, alike but for the nonce; so on a plain HTTP/1.1 connection at rest, bytes that equal a
request that has come the long way are answered at once, and h11 never hears of them.  All else goes on to Hypercorn as
if nobody stood in between.  `connection.py` stands there before Hypercorn has begun, and has answers that take their
time played as well; `Relay` stands there once it has.

Besides `connection.py` and the package `wire` this is the one place that knows Hypercorn's insides:

    TCPServer       .protocol (replaced by Relay) .protocol_send .context.terminated
    ProtocolWrapper .protocol .handle
    H11Protocol     .connection .stream
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import attrs
import h11
import trio
from hypercorn.events import Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.tcp_server import TCPServer

from streamproof_mock.memo import SIZE_LIMIT, Known, Memo, length_of
from streamproof_mock.request import Request
from streamproof_mock.wire import Connections, DirectWire, Line, Muffled, Wire

_WAKE_S: Final = 1.0
"""How often Hypercorn is told that a connection is in use: its idle limit is a minute and more."""


class Desk(Protocol):
    """Who answers known requests."""

    memo: Memo

    @property
    def shared(self) -> Connections:
        """What all connections share."""

    def understand(self, request: Request) -> Known:
        """All that follows from a request's bytes."""

    def answer_at_once(self, known: Known, express: Express) -> bool:
        """Writes the whole answer; False where that is not possible, and nothing or only `express.rest` was done."""

    async def answer(self, known: Known, express: Express, wire: Wire) -> None:
        """Answers what could not be answered at once, from `express.rest` on where there is one."""


class Express:
    """The short way on one connection."""

    def __init__(self, stream: Muffled, desk: Desk) -> None:
        self._stream = stream
        self._desk = desk
        self._memo = desk.memo
        self._held = b""
        """The beginning of a known request: many clients send head and body apart."""
        self._head: bytes | None = None
        self.line = Line(stream, desk.shared)
        self.is_over = False
        """True once the client has said all that it will."""
        stream.express = self
        self.rest: Any = None
        """What is left of an answer that the socket had no room for: another takes it from here."""
        self.known: Known | None = None
        """The request that was last handed on, where it is understood."""

    @property
    def holds(self) -> bool:
        """True while the beginning of a request is held back."""
        return bool(self._held)

    @property
    def learns(self) -> bool:
        """True when the request that was last passed on may be one to know again."""
        return self._head is not None

    def learn(self, request: Request) -> None:
        """Told of the request that Hypercorn has made of what was last passed on."""
        if self._head is not None:
            self._memo.learn(self._head, request)
            self._head = None

    def take(self, data: bytes) -> bytes:
        """Takes what a connection at rest says next; returns what was not answered, nothing where all is done."""
        held, self._held = self._held, b""
        self._head = self.known = None
        data = held + data if held else data
        known = self._memo.known.get(data) or self._read(data, is_first=not held)
        if self._held:
            return b""
        if known is not None and self._desk.answer_at_once(known, self):
            self._memo.taken += 1
            return b""
        self.known = known
        return data

    async def answer(self, known: Known) -> bytes:
        """Answers a request that takes its time; returns what the client has said since, its end not included."""
        self._memo.taken += 1
        async with DirectWire.reading(self._stream, self._desk.shared) as wire:
            await self._desk.answer(known, self, wire)
        self.is_over = wire.is_left
        return bytes(wire.ahead)

    def let_go(self) -> bytes:
        """What is held, for the long way."""
        held, self._held = self._held, b""
        return held

    def _read(self, data: bytes, *, is_first: bool) -> Known | None:
        """The known request that these bytes are; they are held where they are the first part of one."""
        head, gap, body = data.partition(b"\r\n\r\n")
        if not gap:
            return None
        request = self._memo.head(head)
        length = None if request is None else length_of(request)
        if request is None or length is None:
            self._head = head
            return None
        if len(body) < length <= SIZE_LIMIT and is_first:
            self._held = data
        if len(body) != length or length > SIZE_LIMIT:
            return None
        known = self._desk.understand(attrs.evolve(request, data=body))
        if not request.path.startswith("/r/"):  # what asks for a session comes once
            self._memo.remember(data, known)
        return known


class Relay:
    """Stands where Hypercorn's ProtocolWrapper stood, on one connection."""

    @classmethod
    def install(cls, server: TCPServer, express: Express) -> None:
        """Opens the short way between Hypercorn's reader and h11; there is none for HTTP/2."""
        found = server.protocol
        if isinstance(found, ProtocolWrapper) and isinstance(found.protocol, H11Protocol):
            server.protocol = cls(server, found, found.protocol, express)  # type: ignore[assignment]  # a stand-in

    def __init__(self, server: TCPServer, inner: ProtocolWrapper, protocol: H11Protocol, express: Express) -> None:
        self._server = server
        self._inner = inner
        self._protocol = protocol
        self._express = express
        self._woken_at = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def handle(self, event: Event) -> None:
        """Takes what the connection's reader says: answers it, or passes it on."""
        express = self._express
        if isinstance(event, RawData) and event.data and self._is_at_rest():
            data = express.take(event.data)
            if not data:
                await self._stay_awake()
                return
            event = RawData(data)
        elif express.holds:
            await self._inner.handle(RawData(express.let_go()))
        await self._inner.handle(event)

    def _is_at_rest(self) -> bool:
        protocol = self._protocol
        connection = protocol.connection
        return (
            protocol.stream is None
            and self._inner.protocol is protocol
            and connection.our_state is h11.IDLE
            and connection.their_state is h11.IDLE
            and connection.trailing_data == (b"", False)
            and not self._server.context.terminated.is_set()
        )

    async def _stay_awake(self) -> None:
        now = trio.current_time()
        if now - self._woken_at > _WAKE_S and not self._express.holds:
            self._woken_at = now
            await self._server.protocol_send(Updated(idle=True))
