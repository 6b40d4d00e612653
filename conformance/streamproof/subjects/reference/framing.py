"""HTTP/1.1 answers, sans I/O: bytes in, head and body pieces out (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
STATUS_LINE: Final = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: .*)?")
CHUNK_HEAD: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")
LINE_LIMIT: Final = 1 << 16
"""Bytes of a head, a chunk's head or a trailer, at most."""


class FramingError(Exception):
    """Bytes that are not HTTP, or a body that ends before its framing says so."""


class CutError(FramingError):
    """An answer that ends before it is whole; what came of it was in order."""


class Request(NamedTuple):
    """One POST."""

    scheme: str
    authority: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Those of the connection left out: host and length."""
    body: bytes


class Head(NamedTuple):
    """Status and headers; names are lower case."""

    version: Literal["1.0", "1.1", "2"]
    status: int
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The values of this lower-case name, joined with commas; None if it is absent."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


class AnswerReader:
    """One answer after the other.  `head` is None until it has come; interim answers (1xx) are passed over."""

    def __init__(self) -> None:
        self._reset()

    def begin(self, request: Request) -> bytes:
        """The bytes of a request, and readiness for its answer."""
        self._reset()
        lines = [f"POST {request.target} HTTP/1.1", f"Host: {request.authority}"]
        lines += [f"{name}: {value}" for name, value in request.headers]
        lines += [f"Content-Length: {len(request.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + request.body

    def reply(self) -> bytes:
        """Nothing: HTTP/1 asks for no word of a client that reads."""
        return b""

    def _reset(self) -> None:
        self.head: Head | None = None
        self.ended = False
        self.framing: Literal["chunked", "length", "close"] = "close"
        self._buffer = bytearray()
        self._searched = 0
        self._left = 0
        self._state: Literal["head", "body", "size", "chunk", "chunk-end", "trailer", "end"] = "head"

    @property
    def reusable(self) -> bool:
        """True if another request may follow on the same connection."""
        if self.head is None or not self.ended or self._buffer or self.framing == "close":
            return False
        connection = (self.head.header("connection") or "").lower()
        return "close" not in connection if self.head.version == "1.1" else "keep-alive" in connection

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Pieces of the body that these bytes bring.  `b""` is the end of the connection.  Raises `FramingError`."""
        if not data:
            self._close()
            return
        self._buffer += data
        while (piece := self._step()) is not None:
            if piece:
                yield piece

    def _step(self) -> bytes | None:
        """One step of the state: a piece of the body, `b""` for progress without one, None for want of bytes."""
        match self._state:
            case "head":
                return self._read_head()
            case "size":
                return self._read_chunk_head()
            case "chunk-end":
                return self._read_chunk_end()
            case "trailer":
                line = self._line()
                if line == b"":
                    self._end()
                return None if line is None else b""
            case "end":
                return None
            case "chunk" | "body":
                return self._read_body()

    def _read_body(self) -> bytes | None:
        if not self._buffer:
            return None
        if self.framing == "close":
            piece = bytes(self._buffer)
            self._buffer.clear()
            return piece
        piece = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(piece)
        if not self._left:
            if self.framing == "chunked":
                self._state = "chunk-end"
            else:
                self._end()
        return piece

    def _read_head(self) -> bytes | None:
        end = HEAD_END.search(self._buffer, max(0, self._searched - 3))
        if end is None:
            self._searched = len(self._buffer)
            self._check_limit()
            return None
        lines = self._buffer[: end.start()].decode("latin-1").replace("\r\n", "\n").split("\n")
        del self._buffer[: end.end()]
        self._searched = 0
        found = STATUS_LINE.fullmatch(lines[0])
        if found is None:
            raise FramingError(f"expected an HTTP status line, found {lines[0][:80]!r}")
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise FramingError(f"expected a header line, found {line[:80]!r}")
            headers.append((name.lower(), value.strip()))
        head = Head("1.1" if found[1] == "1" else "1.0", int(found[2]), tuple(headers))
        if head.status >= 200:
            self.head = head
            self._begin_body(head)
        return b""

    def _begin_body(self, head: Head) -> None:
        # RFC 9112, 6.3: how long a body is.
        codings = head.header("transfer-encoding")
        length = head.header("content-length")
        if head.status in {204, 304}:
            self.framing = "length"
            self._end()
        elif codings is not None:
            if codings.strip().lower() != "chunked":
                raise FramingError(f"expected the transfer coding chunked, found {codings[:80]!r}")
            self.framing, self._state = "chunked", "size"
        elif length is not None:
            numbers = {number.strip() for number in length.split(",")}
            if len(numbers) != 1 or not re.fullmatch("[0-9]{1,15}", length := numbers.pop()):
                raise FramingError(f"expected one number as Content-Length, found {head.header('content-length')!r}")
            self.framing, self._state, self._left = "length", "body", int(length)
            if not self._left:
                self._end()
        else:
            self._state = "body"

    def _read_chunk_head(self) -> bytes | None:
        line = self._line()
        if line is None:
            return None
        found = CHUNK_HEAD.fullmatch(line)
        if found is None:
            raise FramingError(f"expected the size of a chunk, found {line[:80]!r}")
        self._left = int(found[1], 16)
        self._state = "chunk" if self._left else "trailer"
        return b""

    def _read_chunk_end(self) -> bytes | None:
        if len(self._buffer) < 2:
            return None
        if self._buffer[:2] != b"\r\n":
            raise FramingError(f"expected the line end after a chunk, found {bytes(self._buffer[:2])!r}")
        del self._buffer[:2]
        self._state = "size"
        return b""

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", max(0, self._searched - 1))
        if end < 0:
            self._searched = len(self._buffer)
            self._check_limit()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._searched = 0
        return line

    def _check_limit(self) -> None:
        if len(self._buffer) > LINE_LIMIT:
            raise FramingError(f"expected a line end within {LINE_LIMIT} bytes, found none")

    def _close(self) -> None:
        if self.head is None:
            raise CutError("the connection ended before the head of the answer")
        if self.framing == "close":
            self._end()
        elif not self.ended:
            raise CutError("the connection ended before the end of the body")

    def _end(self) -> None:
        self._state = "end"
        self.ended = True
