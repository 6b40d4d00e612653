"""HTTP/2: one stream of a connection that others may share.  Frames by h2, in the order in which they are asked for."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import trio
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import ProtocolError
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.http_stream import ASGIHTTPState
from hyperframe.frame import Frame, GoAwayFrame
from priority.priority import MissingStreamError

from streamproof_mock.wire.asgi import AsgiWire
from streamproof_mock.wire.line import Gone
from streamproof_mock.wire.wire import Departure

if sys.platform == "linux":
    from streamproof_mock.peer import has_been_reset

_GOAWAY: Final = struct.Struct("!3sBBIII")
"""RFC 9113, 4.1 and 6.8: length of 8, type 7, no flags, stream 0; the last stream, the error code."""
_BREAK_OFF_S: Final = 0.5

Fields = Sequence[tuple[bytes, bytes]]


class H2Wire(AsgiWire):
    """One stream of an HTTP/2 connection."""

    is_h2 = True
    is_shared = True

    def __init__(self, protocol: H2Protocol, lock: trio.Lock, *rest: Any) -> None:
        super().__init__(*rest)
        self._protocol = protocol
        self._connection = protocol.connection
        self._id = self._http.stream_id
        self._lock = lock
        self._ears = _Ears.of(protocol)
        self._writing: trio.CancelScope | None = None
        self._queued = 0
        self.on_body: Callable[[int], None] = lambda _: None
        """Told of the body bytes of each send, as they are handed to the kernel."""

    # Keeping Hypercorn in step

    async def begin(self, status: int, *, close: bool) -> None:  # noqa: ARG002  HTTP/2 has neither place
        """Keeps Hypercorn from answering by itself."""
        self._http.state = ASGIHTTPState.CLOSED
        await trio.lowlevel.checkpoint()

    async def finish(self) -> None:
        """Lets Hypercorn forget the stream: it is asked for nothing, since a client that left stops its sender."""
        self._closed = True
        self._protocol.stream_buffers.pop(self._id, None)
        with suppress(MissingStreamError):
            self._protocol.priority.remove_stream(self._id)
        await trio.lowlevel.checkpoint()

    async def break_off(self) -> None:
        """RST_STREAM, unless the client has left already; RST where even that has no room."""
        if self._closed or not self._is_open:
            return
        with trio.CancelScope(shield=True), trio.move_on_after(_BREAK_OFF_S):
            try:
                await self.reset_stream(ErrorCodes.INTERNAL_ERROR)
                await self.finish()
            except Gone:
                return
        if not self._closed:
            self.reset()

    @property
    def _is_open(self) -> bool:
        return not self._protocol.closed and self._id in self._protocol.streams

    # Frames

    def head(self, fields: Fields, *, ends: bool = False) -> None:
        """Queues HEADERS as given, `:status` among them: names are written as they are, nothing is checked.

        Raises Gone.
        """
        config = self._connection.config
        kept = config.validate_outbound_headers, config.normalize_outbound_headers
        config.validate_outbound_headers = config.normalize_outbound_headers = False
        try:
            self._connection.send_headers(self._id, fields, end_stream=ends)
        except ProtocolError as error:
            raise Gone from error
        finally:
            config.validate_outbound_headers, config.normalize_outbound_headers = kept

    async def data(self, data: bytes, *, ends: bool = False) -> None:
        """Sends DATA, with what is queued before it: one frame and one send where the client's windows have room.

        A client without room is waited for.  Raises Gone.
        """
        rest = data
        while True:
            try:
                room = self._connection.local_flow_control_window(self._id)
                size = min(len(rest), max(room, 0), self._connection.max_outbound_frame_size)
                if size or not rest:
                    piece, rest = rest[:size], rest[size:]
                    # "END_STREAM ... this frame is the last that the endpoint will send" -- RFC 9113, 6.1
                    self._connection.send_data(self._id, piece, end_stream=ends and not rest)
                    self._queued += size
                    if rest:
                        continue
            except ProtocolError as error:
                raise Gone from error
            opened = self._ears.opened
            await self.flush()
            if not rest:
                return
            await opened.wait()

    async def half(self) -> None:
        """Sends half of what is queued: the connection can say nothing more after that.  Raises Gone."""
        data = self._connection.data_to_send()
        await self._put(data[: len(data) // 2])
        self._stream.muted = True

    async def flush(self) -> None:
        """Sends what is queued.  Raises Gone."""
        await self._put(self._connection.data_to_send())
        size, self._queued = self._queued, 0
        self.on_body(size)

    async def reset_stream(self, code: int) -> None:
        """RST_STREAM with this error code.  Raises Gone."""
        try:
            self._connection.reset_stream(self._id, error_code=code)
        except ProtocolError as error:
            raise Gone from error
        await self.flush()

    async def goaway(self, code: int = ErrorCodes.NO_ERROR) -> None:
        """GOAWAY after which the streams that the client has begun go on.  Raises Gone.

        h2 would take its own GOAWAY for the end of the connection.
        """
        last = self._connection.highest_inbound_stream_id
        frame = _GOAWAY.pack(b"\0\0\x08", 7, 0, 0, last, code)
        await self._put(self._connection.data_to_send() + frame)

    @property
    def shares(self) -> bool:
        """True while other streams of the connection are open."""
        return len(self._protocol.streams) > 1

    async def _put(self, data: bytes) -> None:
        # What h2 has handed out must reach the connection whole and in order, whoever leaves meanwhile: headers are
        # compressed by what went before.  Hypercorn takes the same lock for its frames.
        if not data:
            return
        is_whole = False
        try:
            with trio.CancelScope(shield=True) as self._writing:
                async with self._lock:
                    await self.write(data)
                    is_whole = True
        finally:
            self._writing = None
            if not is_whole:
                self.reset()
        if not is_whole:
            await trio.lowlevel.checkpoint()  # whoever interrupted it has most often cancelled the answer, too
            raise Gone

    def interrupt(self) -> None:
        """Breaks off a send that the client does not read; the connection is of no use then, and reset."""
        if self._writing is not None:
            self._writing.cancel()

    # What the client does

    @property
    def _lingers(self) -> bool:
        return True

    async def _departure(self) -> Departure:
        if not self._protocol.closed:
            return "reset"  # RST_STREAM: the connection stays
        if sys.platform == "linux" and has_been_reset(self._socket):
            return "reset"
        return await self._fin_or_half_close()


class _Ears:
    """What a connection hears of its client beyond what Hypercorn tells: when a window may have opened."""

    def __init__(self, protocol: H2Protocol) -> None:
        self.opened = trio.Event()
        self._told = protocol._window_updated  # noqa: SLF001  it is where Hypercorn hears of it
        # A client says GOAWAY when it will begin no more streams, Node as soon as the server has said so: what it has
        # begun goes on (RFC 9113, 6.8).  h2 and Hypercorn would end the connection; a client that leaves closes it.
        protocol.connection._frame_dispatch_table[GoAwayFrame] = _passed_over  # noqa: SLF001

    @classmethod
    def of(cls, protocol: Any) -> _Ears:
        """Those of this connection."""
        ears = protocol._window_updated  # noqa: SLF001
        if not isinstance(ears, cls):
            ears = protocol._window_updated = cls(protocol)  # noqa: SLF001
        return ears

    async def __call__(self, stream_id: int | None) -> None:
        self.opened.set()
        self.opened = trio.Event()
        await self._told(stream_id)


def _passed_over(_: Frame) -> tuple[list[Frame], list[Event]]:
    return [], []
