"""One TCP or TLS connection, and the answer that is read from it."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult

from streamproof.subjects.reference.error import ClientError, Phase
from streamproof.subjects.reference.framing import AnswerReader, CutError, FramingError, Head, Request

if TYPE_CHECKING:
    from streamproof.subjects.reference.http2 import H2Reader

READ_SIZE: Final = 1 << 16


class Connection:
    """A connection to one origin; every read and write waits `idle_timeout_s` for a byte, at most."""

    def __init__(self, url: SplitResult, idle_timeout_s: float, ca_file: str | None) -> None:
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ClientError("bad_url", f"expected an http or https address, found {url.geturl()}", phase="open")
        self._body_came = False
        self._broken: ClientError | None = None
        self._pieces: deque[bytes] = deque()
        self._reader: AnswerReader | H2Reader = AnswerReader()
        self._idle_timeout_s = idle_timeout_s
        address = (url.hostname, url.port or (443 if url.scheme == "https" else 80))
        try:
            self._socket = socket.create_connection(address, timeout=idle_timeout_s)
        except OSError as error:
            raise self._lost(error, "connecting") from None
        if url.scheme == "https":
            try:
                self._socket, protocol = _secured(self._socket, url.hostname, ca_file)
            except (OSError, ValueError) as error:
                self._socket.close()
                raise self._lost(error, "the TLS handshake") from None
            if protocol == "h2":
                from streamproof.subjects.reference.http2 import H2Reader  # noqa: PLC0415  few runs need it

                self._reader = H2Reader()

    def send(self, request: Request, idle_timeout_s: float) -> None:
        """Writes a request and makes ready for its answer."""
        self._pieces.clear()
        self._body_came = False
        self._idle_timeout_s = idle_timeout_s
        self._socket.settimeout(idle_timeout_s)
        try:
            self._socket.sendall(self._reader.begin(request))
        except (BrokenPipeError, ConnectionResetError):
            # The server may have answered before it had read all: the answer, or its absence, is what counts.
            return
        except OSError as error:
            raise self._lost(error, "the request") from None

    def head(self) -> Head:
        """The head of the answer, as soon as it has come."""
        while self._reader.head is None:
            self._receive()
            if self._reader.head is None and self._broken is not None:
                raise self._broken
        return self._reader.head

    def body(self) -> Iterator[bytes]:
        """The body as it comes.  Raises `ClientError` where it breaks off, after all that came before."""
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if self._broken is not None:
                raise self._broken
            if self._reader.ended:
                return
            self._receive()

    def beginning(self, limit: int, within_s: float) -> bytes:
        """What can be had, in this time, of a body that only explains a failure; its own failures do not count."""
        read = bytearray()
        until = time.monotonic() + within_s
        try:
            for piece in self.body():
                read += piece
                if len(read) >= limit or time.monotonic() > until:
                    break
                self._socket.settimeout(max(0.001, until - time.monotonic()))
        except ClientError:
            pass
        return bytes(read[:limit])

    def settle(self, grace_s: float) -> bool:
        """Waits so long for the end of a body of which nothing more is wanted; True if the connection can go on."""
        until = time.monotonic() + grace_s
        try:
            while not self._reader.ended and (left := until - time.monotonic()) > 0:
                self._socket.settimeout(left)
                self._receive()
                if self._broken is not None:
                    return False
        except ClientError:
            return False
        return self._reader.reusable

    def is_idle(self) -> bool:
        """True if nothing has come since the last answer: bytes, or an end, make a connection unfit for reuse."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError as error:
            return type(error).__name__ == "SSLWantReadError"
        return False

    def close(self) -> None:
        """Leaves at once."""
        self._socket.close()

    def _receive(self) -> None:
        """Reads once.  A breach of framing is kept until the pieces before it are taken."""
        try:
            data = self._socket.recv(READ_SIZE)
        except OSError as error:
            raise self._lost(error, "the answer") from None
        try:
            for piece in self._reader.receive(data):
                self._body_came = True
                self._pieces.append(piece)
        except CutError as error:
            self._broken = self._fault("truncated", str(error))
        except FramingError as error:
            self._broken = self._fault("bad_framing", str(error), retryable=False)
        reply = self._reader.reply()
        if reply and self._broken is None:
            try:
                self._socket.sendall(reply)
            except TimeoutError as error:
                raise self._lost(error, "the answer") from None
            except OSError:
                # A server that is gone already (TLS has errors of its own for that) is known by what is read next.
                return

    def _lost(self, error: OSError | ValueError, what: str) -> ClientError:
        if isinstance(error, TimeoutError):
            # Sending again would double the wait that the user has bounded.
            return self._fault("idle_timeout", f"no byte for {self._idle_timeout_s:g} s during {what}", retryable=False)
        return self._fault("connection_failed", f"{what} failed: {error}")

    def _fault(self, type_: str, message: str, *, retryable: bool = True) -> ClientError:
        phase: Phase = "open" if self._reader.head is None else "stream"
        return ClientError(type_, message, phase=phase, retryable=retryable and not self._body_came)


def _secured(plain: socket.socket, host: str, ca_file: str | None) -> tuple[socket.socket, str | None]:
    """The connection under TLS, and the protocol that both ends agreed on."""
    import ssl  # noqa: PLC0415  # costs a third of the start, and few runs need it

    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    # An end without close_notify must be seen: it is how a body that ends by closing is cut off (RFC 8446, 6.1).
    secured = context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)
    return secured, secured.selected_alpn_protocol()
