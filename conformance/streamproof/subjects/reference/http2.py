"""HTTP/2 answers, sans I/O: one request at a time, frames in, head and body pieces out (RFC 9113)."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

from hpack import Decoder, Encoder, HPACKError

from streamproof.subjects.reference.framing import CutError, FramingError, Head, Request

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
FRAME_HEAD: Final = struct.Struct("!HBBBI")
FRAME_LIMIT: Final = 1 << 14
"""Bytes of a frame at most, unless one end allows the other more: nobody is allowed more here."""
BLOCK_LIMIT: Final = 1 << 18
FIRST_WINDOW: Final = (1 << 16) - 1
SETTING: Final = struct.Struct("!HI")
NUMBER: Final = struct.Struct("!I")
TABLE_SIZE, ENABLE_PUSH, INITIAL_WINDOW, MAX_FRAME = 1, 2, 4, 5
STATUS: Final = re.compile(r"[1-5][0-9][0-9]")
NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
OF_THE_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"})


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """One frame."""
    return FRAME_HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream) + payload


class H2Reader:
    """A connection; `begin` makes ready for one answer after the other."""

    framing: Literal["h2"] = "h2"

    def __init__(self) -> None:
        self.head: Head | None = None
        self.ended = False
        self._packer, self._unpacker = Encoder(), Decoder()
        self._buffer = bytearray()
        self._reply = bytearray(PREFACE + frame(SETTINGS, SETTING.pack(ENABLE_PUSH, 0)))
        self._stream = -1
        self._body = b""
        self._read = 0
        self._block: tuple[int, int, bytes] | None = None
        """Stream, flags and beginning of a header section that goes on in another frame."""
        self._room, self._stream_room, self._first_room = FIRST_WINDOW, 0, FIRST_WINDOW
        """What the server's windows allow us to send: on the connection, on the stream, on a new stream."""
        self._last: int | None = None
        """The last stream that the server answers, once it has said GOAWAY."""
        self._takers: Mapping[int, Callable[[int, int, bytes], bytes]] = {
            DATA: self._take_data,
            HEADERS: self._take_headers,
            CONTINUATION: self._take_continuation,
            RST_STREAM: self._take_reset,
            SETTINGS: self._take_settings,
            PUSH_PROMISE: self._refuse_push,
            PING: self._take_ping,
            GOAWAY: self._take_goaway,
            WINDOW_UPDATE: self._take_window,
        }

    @property
    def reusable(self) -> bool:
        """True if another request may follow on the same connection."""
        return self.ended and self._last is None and not self._buffer

    def begin(self, request: Request) -> bytes:
        """The bytes of a request, as far as the server's windows allow; the rest follows in `reply`."""
        self.head, self.ended, self._read = None, False, 0
        self._stream += 2
        self._stream_room, self._body = self._first_room, request.body
        fields = [(":method", "POST"), (":scheme", request.scheme), (":authority", request.authority)]
        fields += [(":path", request.target), *((name.lower(), value) for name, value in request.headers)]
        block = self._packer.encode(fields)
        pieces = [block[at : at + FRAME_LIMIT] for at in range(0, len(block), FRAME_LIMIT)]
        for number, piece in enumerate(pieces):
            flags = END_HEADERS if number == len(pieces) - 1 else 0
            flags |= END_STREAM if not number and not request.body else 0
            self._reply += frame(CONTINUATION if number else HEADERS, piece, flags=flags, stream=self._stream)
        self._send_body()
        return self.reply()

    def reply(self) -> bytes:
        """What is to be sent because of what was received."""
        data = bytes(self._reply)
        self._reply.clear()
        return data

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Pieces of the body that these bytes bring.  `b""` is the end of the connection.  Raises `FramingError`."""
        if not data and not self.ended:
            missing = "head of the answer" if self.head is None else "end of the body"
            raise CutError(f"the connection ended before the {missing}")
        self._buffer += data
        while len(self._buffer) >= FRAME_HEAD.size:
            high, low, kind, flags, stream = FRAME_HEAD.unpack_from(self._buffer)
            size = (high << 8) + low
            if size > FRAME_LIMIT:
                raise FramingError(f"expected a frame of at most {FRAME_LIMIT} bytes, found one of {size}")
            if len(self._buffer) < FRAME_HEAD.size + size:
                return
            payload = bytes(self._buffer[FRAME_HEAD.size : FRAME_HEAD.size + size])
            del self._buffer[: FRAME_HEAD.size + size]
            if self._block is not None and kind != CONTINUATION:
                raise FramingError(f"expected the rest of a header section, found a frame of type {kind}")
            take = self._takers.get(kind)
            # "Implementations MUST ignore and discard frames of unknown types." -- RFC 9113, 5.5
            piece = take(stream & 0x7FFFFFFF, flags, payload) if take else b""
            if piece:
                yield piece

    # Frames of the stream

    def _take_data(self, stream: int, flags: int, payload: bytes) -> bytes:
        if payload:
            # What is read may be sent again, padding included: the windows stay as wide as they were.
            more = NUMBER.pack(len(payload))
            self._reply += frame(WINDOW_UPDATE, more) + frame(WINDOW_UPDATE, more, stream=stream)
        if stream != self._stream or self.ended:
            return b""
        if self.head is None:
            raise FramingError("expected a head before the body")
        piece = unpadded(flags, payload)
        self._read += len(piece)
        if flags & END_STREAM:
            self._end()
        return piece

    def _take_headers(self, stream: int, flags: int, payload: bytes) -> bytes:
        block = unpadded(flags, payload)
        if flags & PRIORITY:
            block = block[5:]
        return self._take_block(stream, flags, block)

    def _take_continuation(self, stream: int, flags: int, payload: bytes) -> bytes:
        if self._block is None or self._block[0] != stream:
            raise FramingError("expected no CONTINUATION without a beginning")
        _, first, block = self._block
        if len(block) + len(payload) > BLOCK_LIMIT:
            raise FramingError(f"expected at most {BLOCK_LIMIT} bytes of headers")
        return self._take_block(stream, first | flags, block + payload)

    def _take_block(self, stream: int, flags: int, block: bytes) -> bytes:
        self._block = None if flags & END_HEADERS else (stream, flags, block)
        if self._block is not None:
            return b""
        try:
            # Every section changes the table by which later ones are read, whosever it is.
            fields = [(str(field[0]), str(field[1])) for field in self._unpacker.decode(block)]
        except HPACKError as error:
            raise FramingError(f"expected a compressed header section: {error}") from None
        if stream != self._stream or self.ended:
            return b""
        if self.head is None:
            head = head_of(fields)
            self.head = head if head.status >= 200 else None
        elif not flags & END_STREAM:
            raise FramingError("expected trailers to end the stream")
        if flags & END_STREAM:
            self._end()
        return b""

    def _take_reset(self, stream: int, flags: int, payload: bytes) -> bytes:  # noqa: ARG002
        # NO_ERROR, too: it ends a stream whose answer is whole already, and this one is not (RFC 9113, 8.1).
        if stream == self._stream and not self.ended:
            raise CutError(f"the stream was reset with the error code {number_in(payload)}")
        return b""

    def _end(self) -> None:
        if self.head is None:
            raise FramingError("expected a final head before the end of the stream")
        announced = self.head.header("content-length")
        # "A request or response is also malformed if the value of a Content-Length header field does not equal the
        # sum of the DATA frame payload lengths" -- RFC 9113, 8.1.1
        if announced is not None and announced != str(self._read) and self.head.status not in {204, 304}:
            raise FramingError(f"expected {announced} bytes as Content-Length says, found {self._read}")
        self.ended = True

    # Frames of the connection

    def _take_goaway(self, stream: int, flags: int, payload: bytes) -> bytes:  # noqa: ARG002
        # "Activity on streams numbered lower than or equal to the last stream identifier might still complete
        # successfully." -- RFC 9113, 6.8
        self._last = number_in(payload) & 0x7FFFFFFF
        if self._stream > self._last and not self.ended:
            raise CutError(f"the server goes away and answers no stream after {self._last}")
        return b""

    def _take_settings(self, stream: int, flags: int, payload: bytes) -> bytes:  # noqa: ARG002
        if flags & ACK:
            return b""
        if len(payload) % SETTING.size:
            raise FramingError(f"expected settings of 6 bytes each, found {len(payload)} bytes")
        for key, value in SETTING.iter_unpack(payload):
            if key == INITIAL_WINDOW:
                self._stream_room += value - self._first_room
                self._first_room = value
            elif key == TABLE_SIZE:
                self._packer.header_table_size = min(value, 4096)
        self._reply += frame(SETTINGS, flags=ACK)
        self._send_body()
        return b""

    def _take_window(self, stream: int, flags: int, payload: bytes) -> bytes:  # noqa: ARG002
        if stream == 0:
            self._room += number_in(payload)
        elif stream == self._stream:
            self._stream_room += number_in(payload)
        self._send_body()
        return b""

    def _take_ping(self, stream: int, flags: int, payload: bytes) -> bytes:  # noqa: ARG002
        if not flags & ACK:
            self._reply += frame(PING, payload, flags=ACK)
        return b""

    def _refuse_push(self, stream: int, flags: int, payload: bytes) -> bytes:  # noqa: ARG002
        raise FramingError("expected no pushed answer: the first settings say so")

    def _send_body(self) -> None:
        while self._body and (room := min(self._room, self._stream_room, FRAME_LIMIT)) > 0:
            piece, self._body = self._body[:room], self._body[room:]
            self._room -= len(piece)
            self._stream_room -= len(piece)
            self._reply += frame(DATA, piece, flags=0 if self._body else END_STREAM, stream=self._stream)


def unpadded(flags: int, payload: bytes) -> bytes:
    """The payload of a frame without its padding.  Raises `FramingError`."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise FramingError("expected less padding than the frame is long")
    return payload[1 : len(payload) - payload[0]]


def number_in(payload: bytes) -> int:
    """The number that a payload begins with.  Raises `FramingError`."""
    if len(payload) < NUMBER.size:
        raise FramingError(f"expected a payload of at least 4 bytes, found {len(payload)}")
    number: int = NUMBER.unpack_from(payload)[0]
    return number


def head_of(fields: list[tuple[str, str]]) -> Head:
    """The head that a header section is.  Raises `FramingError` for a malformed one (RFC 9113, 8.1.1)."""
    status = [value for name, value in fields if name == ":status"]
    if len(status) != 1 or not STATUS.fullmatch(status[0]):
        raise FramingError(f"expected one :status of three digits, found {', '.join(status)[:80] or 'none'}")
    headers = tuple((name, value) for name, value in fields if name != ":status")
    for name, _ in headers:
        if not NAME.fullmatch(name) or name in OF_THE_CONNECTION:
            raise FramingError(f"expected the name of a header that HTTP/2 allows, found {name[:80]!r}")
    return Head("2", int(status[0]), headers)
