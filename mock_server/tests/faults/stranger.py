"""A client of raw sockets that knows nothing of our code: it says what bytes came, in which reads, and how they ended."""

from __future__ import annotations

import ssl
import struct
from urllib.parse import urlsplit

import attrs
import trio

SILENCE_S = 2.5
"""Nothing for this long is taken for silence."""


@attrs.frozen(kw_only=True)
class Heard:
    """What a connection brought; over TLS, what it brought once deciphered."""

    reads: tuple[bytes, ...] = ()
    end: str
    """`FIN`, `RST`, `silence`, `refused`; over TLS also `close_notify, FIN` and `silence in the handshake`."""

    @property
    def data(self) -> bytes:
        return b"".join(self.reads)


class Line:
    """One TCP connection."""

    def __init__(self, sock: trio.socket.SocketType) -> None:
        self.socket = sock

    async def begin(self) -> None:
        """What comes before the first byte of HTTP."""

    async def send(self, data: bytes) -> None:
        await self.socket.send(data)

    async def read(self) -> bytes | str:
        """The next bytes, or how the connection ended."""
        return await self.socket.recv(65536) or "FIN"


class SecureLine(Line):
    """One TCP connection with TLS on it, which is done here byte by byte: an end without close_notify is seen."""

    def __init__(self, sock: trio.socket.SocketType, ca_file: str | None, protocol: str, host: str) -> None:
        super().__init__(sock)
        context = ssl.create_default_context(cafile=ca_file)
        context.set_alpn_protocols([protocol])
        self.protocol = protocol
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)

    async def begin(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.flush()
                data = await self.socket.recv(65536)
                assert data, "the connection ended in the handshake"
                self.incoming.write(data)
        await self.flush()
        assert self.tls.selected_alpn_protocol() == self.protocol

    async def flush(self) -> None:
        if self.outgoing.pending:
            await self.socket.send(self.outgoing.read())

    async def send(self, data: bytes) -> None:
        self.tls.write(data)
        await self.flush()

    async def read(self) -> bytes | str:
        while True:
            try:
                return self.tls.read(65536) or await self.after_notify()
            except ssl.SSLWantReadError:
                data = await self.socket.recv(65536)
                self.incoming.write(data) if data else self.incoming.write_eof()
            except ssl.SSLZeroReturnError:
                return await self.after_notify()
            except ssl.SSLEOFError:
                return "FIN"

    async def after_notify(self) -> str:
        data = await self.socket.recv(65536)
        return "close_notify, more" if data else "close_notify, FIN"


def request_in_http1(path: str, host: str, *, http: str = "1.1", headers: str = "") -> bytes:
    line = f"POST {path}/v1/chat/completions HTTP/{http}\r\n"
    return f"{line}Host: {host}\r\n{headers}Content-Length: 2\r\n\r\n{{}}".encode()


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    """RFC 9113, 4.1."""
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def request_in_http2(path: str, scheme: str, host: str) -> bytes:
    """The preface, and a stream whose fields are written out: "literal header field never indexed", RFC 7541, 6.2.3."""
    fields = [(":method", "POST"), (":path", f"{path}/v1/chat/completions"), (":scheme", scheme), (":authority", host)]
    block = b"".join(b"\x10" + b"".join(bytes([len(text)]) + text.encode() for text in field) for field in fields)
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4) + frame(1, block, 4, 1) + frame(0, b"{}", 1, 1)


async def hear(
    origin: str, *, http: str = "1.1", headers: str = "", is_tls: bool = False, ca_file: str | None = None
) -> Heard:
    """Sends one request and listens until the end, or until nothing comes any more."""
    where = urlsplit(origin)
    host, port = where.hostname or "", where.port or 0
    if http == "2":
        request = request_in_http2(where.path, "https" if is_tls else "http", host)
    else:
        request = request_in_http1(where.path, host, http=http, headers=headers)
    reads: list[bytes] = []
    sock = trio.socket.socket(trio.socket.AF_INET6 if ":" in host else trio.socket.AF_INET)
    with sock:
        try:
            await sock.connect((host, port))
            protocol = "h2" if http == "2" else "http/1.1"
            line = SecureLine(sock, ca_file, protocol, host) if is_tls else Line(sock)
            end = await _talk(line, request, reads)
        except ConnectionRefusedError:
            end = "refused"
        except (ConnectionResetError, BrokenPipeError):
            end = "RST"
    return Heard(reads=tuple(reads), end=end)


async def _talk(line: Line, request: bytes, reads: list[bytes]) -> str:
    with trio.move_on_after(SILENCE_S) as waited:
        await line.begin()
    if waited.cancelled_caught:
        return "silence in the handshake"
    await line.send(request)
    while True:
        with trio.move_on_after(SILENCE_S) as waited:
            said = await line.read()
        if waited.cancelled_caught:
            return "silence"
        if isinstance(said, str):
            return said
        reads.append(said)
