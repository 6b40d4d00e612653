"""HTTP/1: h11 is told what it would have said itself, and what is said in truth are bytes."""

from __future__ import annotations

from typing import Any, Final

import h11
import trio
from hypercorn.protocol.h11 import H11Protocol

from streamproof_mock.wire.asgi import AsgiWire
from streamproof_mock.wire.wire import Departure

_CHUNKED: Final = (b"transfer-encoding", b"chunked")


class H1Wire(AsgiWire):
    """A connection of HTTP/1.0 or 1.1: it carries one answer at a time."""

    def __init__(self, protocol: H11Protocol, *rest: Any) -> None:
        super().__init__(*rest)
        self._protocol = protocol
        self._closes = False

    async def begin(self, status: int, *, close: bool) -> None:
        """Lets h11 believe that it has sent a head: it then expects a chunked body, whatever is written in truth."""
        self._closes = close
        headers = [_CHUNKED, (b"connection", b"close")] if close else [_CHUNKED]
        await self._silently({"type": "http.response.start", "status": min(max(status, 200), 999), "headers": headers})
        # Some versions keep the head back until the first part of the body.
        await self._silently({"type": "http.response.body", "body": b"", "more_body": True})
        # A request that offers an upgrade (Java offers h2c with each POST) makes h11 pause its reader until the
        # head is out.  Woken up now, it sees the client leave while the body is sent.
        await self._protocol.can_read.set()

    async def finish(self) -> None:
        """Lets h11 believe that it has sent the end."""
        if self._closes and self.is_tls:
            await self.close()  # Hypercorn would not wait for what the client says to a close_notify
        elif not self._closed:
            self._closed = True
            await self._silently({"type": "http.response.body", "body": b"", "more_body": False})

    async def _silently(self, message: dict[str, Any]) -> None:
        self._stream.muted = True
        try:
            with trio.CancelScope(shield=True):
                await self._send(message)
        finally:
            self._stream.muted = False

    async def _departure(self) -> Departure:
        connection = self._protocol.connection
        if isinstance(connection, h11.Connection) and not connection.trailing_data[1]:
            return "reset"  # the reader failed before it read an end
        return await self._fin_or_half_close()
