"""A client of raw sockets that knows nothing of our code: it says what bytes came, in which reads, and how they ended."""

from __future__ import annotations

from urllib.parse import urlsplit

import attrs
import trio

SILENCE_S = 1.0
"""Nothing for this long is taken for silence."""


@attrs.frozen(kw_only=True)
class Heard:
    """What a connection brought."""

    reads: tuple[bytes, ...] = ()
    end: str
    """`FIN`, `RST`, `silence`, `refused` or `RST on connect`."""

    @property
    def data(self) -> bytes:
        return b"".join(self.reads)


async def hear(origin: str, *, http: str = "1.1", headers: str = "") -> Heard:
    """Sends one request and listens until the end, or until nothing comes any more."""
    where = urlsplit(origin)
    line = f"POST {where.path}/v1/chat/completions HTTP/{http}\r\n"
    request = f"{line}Host: x\r\n{headers}Content-Length: 2\r\n\r\n{{}}"
    return await talk(where.hostname or "", where.port or 80, request.encode())


async def talk(host: str, port: int, request: bytes) -> Heard:
    """Sends these bytes on a connection of their own."""
    reads: list[bytes] = []
    sock = trio.socket.socket(trio.socket.AF_INET6 if ":" in host else trio.socket.AF_INET)
    with sock:
        try:
            await sock.connect((host, port))
            await sock.send(request)
            end = await _listen(sock, reads)
        except ConnectionRefusedError:
            end = "refused"
        except (ConnectionResetError, BrokenPipeError):
            end = "RST"
    return Heard(reads=tuple(reads), end=end)


async def _listen(sock: trio.socket.SocketType, reads: list[bytes]) -> str:
    while True:
        with trio.move_on_after(SILENCE_S) as waited:
            data = await sock.recv(65536)
        if waited.cancelled_caught:
            return "silence"
        if not data:
            return "FIN"
        reads.append(data)
