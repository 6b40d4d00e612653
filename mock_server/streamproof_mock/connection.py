"""Hypercorn's connection, which ends when it is over.

Hypercorn waits out its idle limit (`keep_alive_timeout`) for a connection whose client has gone, and keeps its socket
and two tasks so long: ten thousand clients that come and go would be ten thousand sockets.  And it waits for ever for
a connection that was closed while a second request waited behind the first.
"""

from __future__ import annotations

import trio
from hypercorn.events import Closed, Event, Updated
from hypercorn.trio.tcp_server import TCPServer


class Connection(TCPServer):
    """One connection.  It has no idle limit once its client has said all, and it is read no more once it is closed."""

    _reading: trio.CancelScope | None = None
    _is_read = False

    async def _read_data(self) -> None:
        with trio.CancelScope() as self._reading:
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
