"""Where Hypercorn's stream was: a stand-in that can keep Hypercorn's bytes to itself, and closes as TLS asks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs
import trio

if TYPE_CHECKING:
    from streamproof_mock.express import Express
    from streamproof_mock.peer import Kernel


@attrs.define
class Connections:
    """What all connections of a server share: their numbers, and the kernel where it may be asked."""

    kernel: Kernel | None = None
    count: int = 0

    def number(self) -> int:
        """The number of a new connection, from 0."""
        self.count += 1
        return self.count - 1


class Muffled:
    """Stands where the trio stream stood, for as long as the connection lasts."""

    def __init__(self, inner: Any, number: int) -> None:
        self.inner = inner
        self.number = number
        self.muted = False
        self.express: Express | None = None
        """The short way on this connection, where there is one."""
        self._is_shut = False
        self.transport = getattr(inner, "transport_stream", inner)
        """The TCP stream itself."""

    @property
    def is_tls(self) -> bool:
        """True where `inner` encrypts what goes to `transport`."""
        return self.transport is not self.inner

    @property
    def socket(self) -> trio.socket.SocketType:
        """The socket; its number is -1 once it is closed."""
        found: trio.socket.SocketType = self.transport.socket
        return found

    async def send_all(self, data: bytes) -> None:
        """Hypercorn's own bytes."""
        if not self.muted and not self._is_shut:
            await self.inner.send_all(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """What the client sends; after `shut` only its end counts."""
        if not self._is_shut:
            received: bytes | bytearray = await self.inner.receive_some(max_bytes)
            return received
        # A socket that is closed with bytes unread resets the connection: what a client still says is read away.
        while await self.transport.receive_some(max_bytes):
            pass
        return b""

    async def aclose(self) -> None:
        """Closes, with close_notify under TLS where nothing was said of the end yet."""
        if self._is_shut or self.socket.fileno() == -1:
            await self.transport.aclose()
            return
        self._notify_on_close()
        # What is raised here, in a task of Hypercorn's, would end the server.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.inner.aclose()

    async def shut(self, *, notify: bool) -> None:
        """Says that nothing follows: FIN, and before it close_notify where `notify` is True and there is TLS.

        Hypercorn reads on, until the client closes.
        """
        self._is_shut = True
        if self.is_tls and notify:
            self._notify_on_close()
            self.inner.transport_stream = _HalfOpen(self.transport)
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self.inner.aclose()
        with suppress(OSError):  # the client was faster
            self.socket.shutdown(trio.socket.SHUT_WR)

    def _notify_on_close(self) -> None:
        # "Each party MUST send a "close_notify" alert before closing its write side of the connection" -- RFC 8446,
        # 6.1.  Hypercorn asks trio for streams that leave it out, and that take its absence for an end when reading:
        # the first must not be, or each body that ends by closing is cut off for a client that looks.
        if self.is_tls:
            self.inner._https_compatible = False  # noqa: SLF001  trio tells no other way

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class _HalfOpen:
    """A TCP stream under a TLS stream that has said close_notify: the first close leaves the reading side open."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._asked = False

    async def aclose(self) -> None:
        if self._asked:
            await self._transport.aclose()
        self._asked = True
        await trio.lowlevel.checkpoint()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
