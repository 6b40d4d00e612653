"""A TCP connection as the server writes to it, closes it, and asks the kernel about it."""

from __future__ import annotations

import os
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import trio

if sys.platform == "linux":
    from streamproof_mock.peer import PeerState, question, unacknowledged, written
elif TYPE_CHECKING:
    from streamproof_mock.peer import PeerState

if TYPE_CHECKING:
    from streamproof_mock.wire.muffled import Connections, Muffled

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_GRACE_S: Final = 0.005
"""Where the kernel cannot be asked, a client is taken to have read what was written this long ago."""
_SPIN_S: Final = 0.0005


class Gone(Exception):  # noqa: N818  an event, not a fault
    """The client went away."""


class Line:
    """One connection, whatever is spoken on it."""

    is_shared = False
    """True where others write to it meanwhile."""

    def __init__(self, stream: Muffled, shared: Connections) -> None:
        self._stream = stream
        self._socket = stream.socket
        self._kernel = shared.kernel
        self._query: bytes | None = None
        self._before: int | None = None
        """Bytes that were written before by others, once it is known."""
        self._closed = False
        self.is_tls = stream.is_tls
        self.written = 0
        """Bytes handed to the kernel (to TLS, where there is TLS) through this line."""
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

    # Writing and closing

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

    def fin(self) -> None:
        """FIN, and no more is read."""
        if self._shut():
            self._fin()

    def _fin(self) -> None:
        with suppress(OSError):  # the client was faster
            self._socket.shutdown(socket.SHUT_WR)
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

    def is_all_read(self) -> bool:
        """True when nothing is outstanding, where that can be asked: with as few questions as tell it."""
        if sys.platform != "linux" or not self.can_ask or self._kernel is None or not self._query:
            return False
        try:
            return self._kernel.has_read(self._query, self._total())
        except (OSError, ValueError):
            return False

    def _total(self) -> int:
        """All bytes that were ever written to the socket.  Raises OSError when it is closed."""
        if self.is_shared or not self.writes_directly:
            return max(written(self._socket), 0)
        if self._before is None:
            self._before = max(written(self._socket), self.written) - self.written
        return self._before + self.written

    async def wait_read(self, limit_s: float) -> bool:
        """Waits until the client's application has read all that was written; False when `limit_s` ran out.

        Where the kernel cannot be asked it waits a little, never less than 5 ms, and takes it as read.
        """
        if not self.can_ask:
            await trio.sleep(min(_GRACE_S, limit_s))
            return limit_s >= _GRACE_S
        if self.is_all_read():
            return True
        started = trio.current_time()
        while (waited_s := trio.current_time() - started) < limit_s:
            # A client that waits in recv() needs some 50 microseconds; one that is busy is not waited for in a spin.
            await trio.sleep(0 if waited_s < _SPIN_S else min(0.001, limit_s - waited_s))
            if self.is_all_read():
                return True
        return False

    async def wait_taken(self, limit_s: float) -> None:
        """Waits, for `limit_s` at most, until a reset can no longer take away what was written."""
        if self.can_ask:
            await self.wait_read(limit_s)
            return
        with trio.move_on_after(limit_s):
            while self.outstanding()[0]:  # noqa: ASYNC110  the kernel signals nothing
                await trio.sleep(_GRACE_S)
            await trio.sleep(_GRACE_S)

    def is_abandoned(self) -> bool:
        """True when the kernel knows that no process holds the client's socket any more."""
        state = self._peer()
        return self.can_ask and (state is None or not state.open)
