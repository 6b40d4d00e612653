"""A network backend that records every read and write of a connection with its time."""

from __future__ import annotations

import ssl
import typing
from collections.abc import Iterable
from time import perf_counter_ns
from typing import Any, Literal

import attrs
import httpcore
import trio

SocketEnd = Literal["eof", "reset", "timeout"]


@attrs.define
class Recording:
    """What passed over one connection.  `reads` are (at_ns, bytes) in order."""

    reads: list[tuple[int, bytes]] = attrs.field(factory=list)
    sent_ns: int | None = None
    """When the last request byte was handed over."""
    end: SocketEnd | None = None
    """How reading ended; None while the connection is open."""

    @property
    def data(self) -> bytes:
        """All bytes that were read, joined."""
        return b"".join(data for _, data in self.reads)


class _Tap(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, recording: Recording) -> None:
        self._inner, self._recording = inner, recording

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = await self._inner.read(max_bytes, timeout)
        except httpcore.ReadTimeout:
            self._recording.end = "timeout"
            raise
        except httpcore.ReadError:
            self._recording.end = "reset"
            raise
        if data:
            self._recording.reads.append((perf_counter_ns(), data))
        else:
            self._recording.end = "eof"
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)
        self._recording.sent_ns = perf_counter_ns()

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        inner = await self._inner.start_tls(ssl_context=ssl_context, server_hostname=server_hostname, timeout=timeout)
        return _Tap(inner, self._recording)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class TapBackend(httpcore.AsyncNetworkBackend):
    """Opens connections whose clear text, also under TLS, goes into `recording`.  One backend serves one connection."""

    def __init__(self) -> None:
        self._inner = httpcore.TrioBackend()
        self.recording = Recording()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[typing.Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects, and records from then on."""
        inner = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Tap(inner, self.recording)

    async def sleep(self, seconds: float) -> None:
        """Sleeps on trio's clock."""
        await trio.sleep(seconds)
