"""A connection that keeps every read with its time; under TLS it keeps the clear text."""

from __future__ import annotations

import ssl
from time import perf_counter_ns
from typing import Final, Literal
from urllib.parse import SplitResult

import attrs
import httpcore

SocketEnd = Literal["eof", "reset"]

PIECE: Final = 1 << 16
"""Bytes of one read at most."""


@attrs.define
class Recording:
    """What passed over one connection."""

    reads: list[tuple[int, bytes]] = attrs.field(factory=list)
    """(at_ns, bytes), in order."""
    size: int = 0
    """Bytes of all reads together."""
    sent_ns: int | None = None
    """When the last byte of the request was handed over."""
    end: SocketEnd | None = None
    """How the other side ended the connection; None if it had not when reading stopped."""
    end_ns: int | None = None

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each read."""
        return tuple(data for _, data in self.reads)


class Tap:
    """A connection to a server, recorded."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, recording: Recording) -> None:
        self._stream, self._recording = stream, recording

    async def write(self, data: bytes) -> None:
        """Sends all of `data`.

        A server may answer and close before it has read the request: that is no error here, for its answer tells.
        """
        try:
            await self._stream.write(data)
        except httpcore.WriteError:
            return
        self._recording.sent_ns = perf_counter_ns()

    async def read(self, most: int = PIECE) -> bytes:
        """The next bytes; none once the connection has ended, however it did."""
        try:
            data = await self._stream.read(most)
        except httpcore.ReadError:
            self._end("reset")
            return b""
        if not data:
            self._end("eof")
            return b""
        self._recording.reads.append((perf_counter_ns(), data))
        self._recording.size += len(data)
        return data

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    def _end(self, end: SocketEnd) -> None:
        self._recording.end = end
        self._recording.end_ns = perf_counter_ns()


async def connect(url: SplitResult, tls: ssl.SSLContext | None, recording: Recording) -> Tap:
    """Opens a connection to the origin of `url`, with TLS for https.

    Raises httpcore.ConnectError, whose causes tell what happened.
    """
    assert url.hostname is not None
    secure = url.scheme == "https"
    stream = await httpcore.TrioBackend().connect_tcp(url.hostname, url.port or (443 if secure else 80))
    if secure:
        context = tls or ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        try:
            stream = await stream.start_tls(ssl_context=context, server_hostname=url.hostname)
        except BaseException:
            await stream.aclose()
            raise
    return Tap(stream, recording)
