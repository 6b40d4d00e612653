"""Reads one HTTP/1.x answer as it came off a socket (RFC 9112), sans-io, and forgives what a reader may forgive.

Raw bytes in; head, decoded body and how the body ended, out.  Whatever the bytes are, nothing is raised: what is wrong
with them is told in `problem`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

import attrs

from streamproof_formats.content_coding import Coding, CodingError, coding_of
from streamproof_formats.response import BodyEnd, BodyFraming, Framing, ResponseHead

SocketEnd = Literal["eof", "reset", "timeout"]
"""How the caller saw the socket end: FIN, RST, or not before it gave up."""

_ENDS: Final[dict[SocketEnd, BodyEnd]] = {"eof": "fin", "reset": "reset", "timeout": "timeout"}

_STATUS_LINE: Final = re.compile(rb"HTTP/(1\.[0-9]) +([1-9][0-9]{2})(?: .*)?")
# "... a recipient MAY recognize a single LF as a line terminator" -- RFC 9112, section 2.2
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_LINE_END: Final = re.compile(rb"\r?\n")
_FIELD: Final = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*(.*?)[ \t]*")
# "chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF" -- RFC 9112, section 7.1; as much of its line as has come
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})?(?<=[0-9A-Fa-f])[ \t]*(?:;[^\r\n]*)?(?:\r\n?)?")

_LONGEST_LENGTH: Final = 18  # digits
_MOST_LINE: Final = 1 << 14  # bytes of a line that is no header: a chunk size with its extensions
_MOST_CHUNKS: Final = 1 << 16  # chunks of which the place is kept


@attrs.frozen
class Chunk:
    """One chunk of a chunked body: `size` bytes at `offset` of the body before content decoding.

    `raw_offset` is where its data starts in the bytes of the whole answer, interim answers included.
    """

    offset: int
    size: int
    raw_offset: int


class ResponseReader:
    """Reads one answer.  Feed `receive_data`, then say with `close` how the socket ended.

    `head` is None until it has come whole, `end` until it is known.  `max_head` bounds a head and its trailers,
    `max_decoded` what an encoded body may decode to, both in bytes.
    """

    def __init__(
        self,
        *,
        request_http: Literal["1.0", "1.1"] = "1.1",
        max_head: int = 1 << 18,
        max_decoded: int = 1 << 26,
    ) -> None:
        self._request_http: Literal["1.0", "1.1"] = request_http
        self._max_head = max_head
        self._max_decoded = max_decoded
        self._buffer = bytearray()
        self._base = 0  # offset in the answer of the buffer's first byte
        self._scan = 0  # how far the buffer has been searched for what comes next
        self._step: Callable[[], bytes | None] = self._read_head
        self._left = 0  # bytes that the chunk or the length still has
        self._size = 0
        self._decoded = 0
        self._is_whole = False
        self._excess = 0
        self._coding: Coding | None = None
        self.head: ResponseHead | None = None
        self.end: BodyEnd | None = None
        self.problem: str | None = None
        """What was expected and what was found, where the bytes are not HTTP or not what the head says."""
        self.chunks: list[Chunk] = []
        """The chunks of a chunked body, the zero chunk too; of very many only the first are kept."""
        self.trailers: tuple[tuple[str, str], ...] = ()

    @property
    def framing(self) -> BodyFraming:
        """What the framing says of the body."""
        return BodyFraming(size=self._size, is_whole=self._is_whole, excess=self._excess, problem=self.problem)

    def receive_data(self, data: bytes) -> bytes:
        """Takes the next bytes of the answer; gives what they add to the body, its content encoding undone."""
        self._buffer += data
        body = []
        while self._buffer and (piece := self._step()) is not None:
            body.append(piece)
        return b"".join(body)

    def close(self, socket_end: SocketEnd) -> None:
        """Takes the end of the socket, and settles `end`."""
        if self.end is not None:
            return
        if self.head is None:
            self.problem = self.problem or "expected the head of an HTTP answer, found the end of the input"
            self.end = _ENDS[socket_end]
        elif self.head.framing == "close" and socket_end == "eof":
            self._finish()
        else:
            self.end = "bad-framing" if self.problem else _ENDS[socket_end]

    def _consume(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._base += count
        self._scan = 0
        return taken

    def _break(self, problem: str) -> None:
        """Gives up on the framing: the bytes from here on mean nothing."""
        self.problem = self.problem or problem
        self.end = "bad-framing"
        self._step = self._ignore

    def _finish(self) -> None:
        """Settles how a body ended that is whole by its framing."""
        self._is_whole = True
        self._step = self._read_excess
        if self._coding is not None and self.problem is None:
            try:
                self._coding.finish()
            except CodingError as error:
                self.problem = str(error)
        self.end = "bad-framing" if self.problem else "clean"

    def _ignore(self) -> None:
        self._consume(len(self._buffer))

    def _read_excess(self) -> None:
        self._excess += len(self._buffer)
        self.problem = self.problem or f"expected nothing behind the body of {self._size} bytes, found more bytes"
        self._consume(len(self._buffer))

    def _read_head(self) -> bytes | None:
        found = _HEAD_END.search(self._buffer, self._scan)
        if (found.start() if found else len(self._buffer) - 3) > self._max_head:
            self._break(f"expected a head of at most {self._max_head} bytes, found a longer one")
            return None
        if found is None:
            self._scan = max(0, len(self._buffer) - 3)
            return None
        lines = _LINE_END.split(self._consume(found.end())[: found.start()])
        status_line = _STATUS_LINE.fullmatch(lines[0])
        if status_line is None:
            self._break(f"expected a status line such as HTTP/1.1 200 OK, found {_shown(lines[0])}")
            return None
        fields = self._fields(lines[1:])
        if fields is None:
            return None
        status = int(status_line[2])
        # "A client MUST be able to parse one or more 1xx responses received prior to a final response"
        # -- RFC 9110, section 15.2
        if 100 <= status < 200 and status != 101:
            return b""
        self._take_head(status, "1.0" if status_line[1] == b"1.0" else "1.1", fields)
        return b""

    def _fields(self, lines: list[bytes]) -> tuple[tuple[str, str], ...] | None:
        """The header fields of these lines, folded lines joined; None, and broken off, where one is no field."""
        fields: list[tuple[str, str]] = []
        for line in lines:
            if line[:1] in (b" ", b"\t") and fields:
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip().decode('latin-1')}")
            elif field := _FIELD.fullmatch(line):
                fields.append((field[1].decode("ascii").lower(), field[2].decode("latin-1")))
            else:
                self._break(f"expected a header field, found {_shown(line)}")
                return None
        return tuple(fields)

    def _take_head(self, status: int, http: Literal["1.0", "1.1"], fields: tuple[tuple[str, str], ...]) -> None:
        codings = [value for name, value in fields if name == "transfer-encoding"]
        lengths = {part.strip() for name, value in fields if name == "content-length" for part in value.split(",")}
        framing: Framing = "close"
        # In the order of RFC 9112, section 6.3: no body at all, Transfer-Encoding, Content-Length, the close.
        if status in (101, 204, 304):
            framing, lengths = "length", {"0"}
        elif codings:
            framing = "chunked" if codings[-1].rpartition(",")[2].strip().lower() == "chunked" else "close"
        elif lengths:
            framing = "length"
        self.head = ResponseHead(
            status=status, headers=fields, framing=framing, http=http, request_http=self._request_http
        )
        try:
            self._coding = coding_of(self.head.header("content-encoding"))
        except CodingError as error:
            self.problem = str(error)
        match framing:
            case "chunked":
                self._step = self._read_chunk_size
            case "length":
                self._take_length(lengths)
            case _:
                self._step = self._read_to_close

    def _take_length(self, lengths: set[str]) -> None:
        length = min(lengths)
        if len(lengths) > 1 or not (length.isascii() and length.isdigit()) or len(length) > _LONGEST_LENGTH:
            self._break(f"expected one Content-Length in digits, found {', '.join(sorted(lengths))[:60]}")
            return
        self._left = int(length)
        self._step = self._read_length
        if not self._left:
            self._finish()

    def _read_to_close(self) -> bytes:
        return self._decode(self._consume(len(self._buffer)))

    def _read_length(self) -> bytes:
        body = self._take_left()
        if not self._left:
            self._finish()
        return body

    def _read_chunk_size(self) -> bytes | None:
        buffer = self._buffer
        line = _CHUNK_LINE.match(buffer)
        came = line.end() if line else 0
        if came < len(buffer) and buffer[came - 2 : came] != b"\r\n":
            found = _shown(bytes(buffer[came : came + 1]))
            self._break(f"expected a chunk size in hexadecimal and CRLF, found {found} at byte {self._base + came}")
            return None
        if came > _MOST_LINE:
            self._break(f"expected the line of a chunk size within {_MOST_LINE} bytes, found a longer one")
            return None
        if line is None or buffer[came - 2 : came] != b"\r\n":
            return None
        size = int(line[1], 16)
        self._consume(came)
        if len(self.chunks) < _MOST_CHUNKS:
            self.chunks.append(Chunk(self._size, size, self._base))
        self._left = size
        # "The last-chunk ... indicates the end of the chunk data": what follows are trailers.
        self._is_whole = size == 0
        self._step = self._read_chunk_data if size else self._read_trailers
        return b""

    def _read_chunk_data(self) -> bytes:
        body = self._take_left()
        if not self._left:
            self._step = self._read_chunk_end
        return body

    def _read_chunk_end(self) -> bytes | None:
        if not b"\r\n".startswith(self._buffer[:2]):
            self._break(f"expected CRLF behind the data of a chunk at byte {self._base}, found other bytes")
            return None
        if len(self._buffer) < 2:
            return None
        self._consume(2)
        self._step = self._read_chunk_size
        return b""

    def _read_trailers(self) -> bytes | None:
        if self._buffer.startswith(b"\r\n"):
            self._consume(2)
            self._finish()
            return b""
        end = self._buffer.find(b"\r\n\r\n", self._scan)
        if (len(self._buffer) - 3 if end < 0 else end) > self._max_head:
            self._break(f"expected trailers of at most {self._max_head} bytes, found longer ones")
            return None
        if end < 0:
            self._scan = max(0, len(self._buffer) - 3)
            return None
        fields = self._fields(self._consume(end + 4)[:end].split(b"\r\n"))
        if fields is None:
            return None
        self.trailers = fields
        self._finish()
        return b""

    def _take_left(self) -> bytes:
        data = self._consume(min(self._left, len(self._buffer)))
        self._left -= len(data)
        return self._decode(data)

    def _decode(self, data: bytes) -> bytes:
        """Undoes the content encoding; once that has failed, the framing is read on and the data is dropped."""
        self._size += len(data)
        if self.problem is not None:
            return b""
        if self._coding is None:
            return data
        body = []
        try:
            for piece in self._coding.decode(data):
                body.append(piece[: self._max_decoded - self._decoded])
                self._decoded += len(piece)
                if self._decoded > self._max_decoded:
                    self.problem = f"expected a body of at most {self._max_decoded} bytes once decoded, found more"
                    break
        except CodingError as error:
            self.problem = str(error)
        return b"".join(body)


@attrs.frozen(kw_only=True)
class Response:
    """One whole answer, read.  `head` is None where the bytes do not start with one."""

    head: ResponseHead | None
    body: bytes
    """With its content encoding undone."""
    end: BodyEnd
    framing: BodyFraming
    chunks: tuple[Chunk, ...]


def read_response(
    raw: bytes, socket_end: SocketEnd = "eof", *, request_http: Literal["1.0", "1.1"] = "1.1"
) -> Response:
    """Reads the bytes of one whole answer, in whatever state it is."""
    reader = ResponseReader(request_http=request_http)
    body = reader.receive_data(raw)
    reader.close(socket_end)
    assert reader.end is not None
    return Response(head=reader.head, body=body, end=reader.end, framing=reader.framing, chunks=tuple(reader.chunks))


def _shown(data: bytes) -> str:
    return ascii(data[:40].decode("latin-1"))
