"""The short way: a request that was understood once is answered by the task that reads it.

Hypercorn and h11 spend some 400 microseconds on a request whose answer costs 20 to write.  Load comes as the same few
requests again and again; so on a plain HTTP/1.1 connection at rest, bytes that equal a request that has come the long
way are answered at once, and h11 never hears of them.  All else goes on to Hypercorn as if nobody stood in between.

Besides the package `wire` this is the one place that knows Hypercorn's insides:

    TCPServer       .protocol (replaced by Express) .protocol_send .stream .context.terminated
    ProtocolWrapper .protocol .handle
    H11Protocol     .connection .stream
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import attrs
import h11
import trio
from hypercorn.events import Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.tcp_server import TCPServer

from streamproof_mock.framing import RequestFacts
from streamproof_mock.request import Request
from streamproof_mock.wire import Wire

_HEADS_KEPT: Final = 256
_KNOWN_KEPT: Final = 128
_SIZE_LIMIT: Final = 32 * 1024
"""A longer request is not remembered."""
_WAKE_S: Final = 1.0
"""How often Hypercorn is told that a connection is in use: its idle limit is a minute and more."""

# What changes the way that a request is read or its connection kept: RFC 9110, 7.8 and 10.1.1; RFC 9112, 6.1 and 9.3.
_LONG_WAY: Final = frozenset({"transfer-encoding", "expect", "upgrade", "http2-settings"})


@attrs.frozen(kw_only=True)
class Known:
    """A request that came before, and all that follows from its bytes alone."""

    request: Request
    body: Any
    facts: RequestFacts
    shown_target: str
    shown_headers: tuple[tuple[str, str], ...]


class Desk(Protocol):
    """Who answers known requests."""

    memo: Memo

    def understand(self, request: Request) -> Known:
        """All that follows from a request's bytes."""

    def answer_at_once(self, known: Known, express: Express) -> bool:
        """Writes the whole answer; False where that is not possible, and nothing or only `express.rest` was done."""


class Memo:
    """The requests that a server has understood.  Bounded."""

    def __init__(self) -> None:
        self.heads: dict[bytes, Request] = {}
        self.known: dict[bytes, Known] = {}
        self.taken = 0
        """Requests that went the short way."""

    def learn(self, head: bytes, request: Request) -> None:
        """Remembers what Hypercorn has made of a head, where the short way may read it alike."""
        if (
            request.http != "1.1"
            or len(head) > _SIZE_LIMIT
            or length_of(request) is None
            or any(_is_special(name, value) for name, value in request.headers)
            # Of several requests in one read, the first may have been for a page.
            or not head.startswith(f"{request.method} {request.target} ".encode("latin-1"))
            # h11 takes a bare line feed for an end of line, too: then it may see the head end elsewhere.
            or head.count(b"\n") != head.count(b"\r\n")
        ):
            return
        if len(self.heads) >= _HEADS_KEPT:
            self.heads.clear()
        self.heads[head] = attrs.evolve(request, data=b"")

    def remember(self, data: bytes, known: Known) -> None:
        """Remembers a whole request."""
        if len(self.known) >= _KNOWN_KEPT:
            self.known.clear()
        self.known[data] = known


def _is_special(name: str, value: str) -> bool:
    return name in _LONG_WAY or (name == "connection" and value.strip().lower() != "keep-alive")


def length_of(request: Request) -> int | None:
    """The length of the body that a head announces, 0 without a word of it; None where it is not plain."""
    lengths = [value for name, value in request.headers if name == "content-length"]
    if not lengths:
        return 0
    return int(lengths[0]) if len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit() else None


class Express:
    """Stands where Hypercorn's ProtocolWrapper stood, on one connection."""

    @classmethod
    def on(cls, send: Callable[[Any], Awaitable[None]], wire: Wire, desk: Desk) -> Express | None:
        """The short way on this connection, opened if need be; None where there is none (TLS, HTTP/2)."""
        server = _server_of(send)
        if server is None or wire.is_tls or wire.is_h2 or not wire.writes_directly:
            return None
        found = server.protocol
        if isinstance(found, cls):
            return found
        if not isinstance(found, ProtocolWrapper) or not isinstance(found.protocol, H11Protocol):
            return None
        express = cls(server, found, found.protocol, wire, desk)
        server.protocol = express
        return express

    def __init__(self, server: Any, inner: ProtocolWrapper, protocol: H11Protocol, wire: Wire, desk: Desk) -> None:
        self._server = server
        self._inner = inner
        self._protocol = protocol
        self._desk = desk
        self._memo = desk.memo
        self._held = b""
        """The beginning of a known request: many clients send head and body apart."""
        self._head: bytes | None = None
        self._woken_at = 0.0
        self.wire = wire.again()
        """For all that goes the short way here."""
        self.rest: Any = None
        """What is left of an answer that the socket had no room for: the long way takes it from here."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def learns(self) -> bool:
        """True when the next request may be one to know again."""
        return self._head is not None

    def learn(self, request: Request) -> None:
        """Told of the request that Hypercorn has made of what was last passed on."""
        if self._head is not None:
            self._memo.learn(self._head, request)
            self._head = None

    async def handle(self, event: Event) -> None:
        """Takes what the connection's reader says: answers it, or passes it on."""
        held, self._held = self._held, b""
        if isinstance(event, RawData) and event.data and self._is_at_rest():
            self._head = None
            data = held + event.data if held else event.data
            known = self._memo.known.get(data) or self._read(data, is_first=not held)
            if self._held:
                return
            if known is not None and self._desk.answer_at_once(known, self):
                self._memo.taken += 1
                await self._stay_awake()
                return
            event = RawData(data)
        elif held:
            await self._inner.handle(RawData(held))
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

    def _read(self, data: bytes, *, is_first: bool) -> Known | None:
        """The known request that these bytes are; they are held where they are the first part of one."""
        head, gap, body = data.partition(b"\r\n\r\n")
        if not gap:
            return None
        request = self._memo.heads.get(head)
        length = None if request is None else length_of(request)
        if request is None or length is None:
            self._head = head
            return None
        if len(body) < length <= _SIZE_LIMIT and is_first:
            self._held = data
        if len(body) != length or length > _SIZE_LIMIT:
            return None
        known = self._desk.understand(attrs.evolve(request, data=body))
        self._memo.remember(data, known)
        return known

    async def _stay_awake(self) -> None:
        now = trio.current_time()
        if now - self._woken_at > _WAKE_S:
            self._woken_at = now
            await self._server.protocol_send(Updated(idle=True))


def _server_of(send: Callable[[Any], Awaitable[None]]) -> Any:
    protocol = getattr(getattr(send, "__self__", None), "send", None)
    server = getattr(getattr(getattr(protocol, "__self__", None), "send", None), "__self__", None)
    return server if isinstance(server, TCPServer) else None
