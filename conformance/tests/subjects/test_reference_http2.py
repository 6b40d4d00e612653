"""The reference client's own reader of HTTP/2 answers, under every cut; what it sends, as the library h2 reads it."""

from __future__ import annotations

import ssl
import struct
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import hpack
import pytest

from streamproof.subjects.reference import connection
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.framing import CutError, FramingError, Request
from streamproof.subjects.reference.http2 import H2Reader

DATA, HEADERS, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
REQUEST = Request("https", "localhost:1", "/v1/x?y=1", (("Accept", "text/event-stream"),), b"{}")


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def block(*fields: tuple[str, str]) -> bytes:
    return hpack.Encoder().encode(fields)


def head(*fields: tuple[str, str], flags: int = 4, stream: int = 1) -> bytes:
    return frame(HEADERS, block((":status", "200"), *fields), flags, stream)


def data(payload: bytes, flags: int = 0, stream: int = 1) -> bytes:
    return frame(DATA, payload, flags, stream)


def goaway(last: int, code: int = 0) -> bytes:
    return frame(GOAWAY, struct.pack("!II", last, code))


OK = head()
LONG = block((":status", "200"), *((f"x-{number}", "y" * 20) for number in range(9)))

WHOLE = {
    "frames": (OK + data(b"abc") + data(b"de", 1), b"abcde", True),
    "an end of its own": (OK + data(b"abc") + data(b"", 1), b"abc", True),
    "no body": (head(flags=5), b"", True),
    "settings and a ping between": (
        frame(SETTINGS, struct.pack("!HI", 4, 100)) + OK + frame(PING, b"12345678") + data(b"a", 1),
        b"a",
        True,
    ),
    "padding and a priority": (
        frame(HEADERS, b"\2" + b"\0\0\0\0\1" + block((":status", "200")) + b"\0\0", 4 | 8 | 32, 1)
        + data(b"\3abc\0\0\0", 9),
        b"abc",
        True,
    ),
    "a head in three frames": (
        frame(HEADERS, LONG[:5], 0, 1) + frame(CONTINUATION, LONG[5:9], 0, 1) + frame(CONTINUATION, LONG[9:], 4, 1)
        + data(b"a", 1),
        b"a",
        True,
    ),
    "an interim answer first": (frame(HEADERS, block((":status", "103")), 4, 1) + OK + data(b"a", 1), b"a", True),
    "trailers": (OK + data(b"a") + frame(HEADERS, block(("x-sum", "1")), 5, 1), b"a", True),
    "a frame of an unknown kind": (OK + frame(99, b"?", 255, 1) + data(b"a", 1), b"a", True),
    "the length that was announced": (head(("content-length", "3")) + data(b"abc", 1), b"abc", True),
    "another stream's frames": (OK + data(b"no", 0, 3) + frame(RST, b"\0\0\0\2", 0, 3) + data(b"a", 1), b"a", True),
    "a server that goes away with care": (OK + data(b"a") + goaway(1) + data(b"b", 1), b"ab", False),
    "a reset after the end": (OK + data(b"a", 1) + frame(RST, b"\0\0\0\0", 0, 1), b"a", True),
}  # fmt: skip

BROKEN = {
    "the end in a frame": (OK + data(b"abc")[:-1], b"", CutError),
    "the end between frames": (OK + data(b"abc"), b"abc", CutError),
    "the end in the head": (OK[:-1], b"", CutError),
    "no head": (b"", b"", CutError),
    "a reset": (OK + data(b"abc") + frame(RST, b"\0\0\0\2", 0, 1), b"abc", CutError),
    "a reset without an error": (OK + data(b"abc") + frame(RST, b"\0\0\0\0", 0, 1), b"abc", CutError),
    "a server that goes away and answers nobody": (OK + data(b"abc") + goaway(0), b"abc", CutError),
    "a server that goes away and closes": (OK + data(b"abc") + goaway(1), b"abc", CutError),
    "a status that is no number": (frame(HEADERS, block((":status", "two-hundred")), 4, 1), b"", FramingError),
    "no status": (frame(HEADERS, block(("x", "y")), 4, 1), b"", FramingError),
    "a name with spaces": (head(("no header at all", "")), b"", FramingError),
    "a name in capitals": (head(("X-A", "1")), b"", FramingError),
    "a header of the connection": (head(("connection", "close")), b"", FramingError),
    "a body before its head": (data(b"abc"), b"", FramingError),
    "trailers that do not end": (OK + data(b"a") + frame(HEADERS, block(("x", "1")), 4, 1), b"a", FramingError),
    "too few bytes": (head(("content-length", "9")) + data(b"abc", 1), b"", FramingError),
    "too many bytes": (head(("content-length", "2")) + data(b"abc", 1), b"", FramingError),
    "a frame that is too large": (OK + struct.pack("!I", 1 << 15)[1:] + b"\0\0\0\0\0\1", b"", FramingError),
    "a head that is no compression": (frame(HEADERS, b"\xff\xff\xff\xff\xff", 4, 1), b"", FramingError),
    "a head that is broken into": (frame(HEADERS, LONG[:5], 0, 1) + data(b"a"), b"", FramingError),
    "a rest without a beginning": (frame(CONTINUATION, b"", 4, 1), b"", FramingError),
    "padding longer than its frame": (OK + data(b"\7abc", 8), b"", FramingError),
    "a pushed answer": (frame(PUSH, b"\0\0\0\2", 4, 1), b"", FramingError),
    "settings of another size": (frame(SETTINGS, b"12345"), b"", FramingError),
    "a reset without a code": (OK + frame(RST, b"", 0, 1), b"", FramingError),
    "another protocol": (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", FramingError),
}  # fmt: skip


def splits(whole: bytes) -> list[list[bytes]]:
    halves = [[whole[:i], whole[i:]] for i in range(1, len(whole))]
    return [[whole], [whole[i : i + 1] for i in range(len(whole))], *halves]


def begun() -> H2Reader:
    reader = H2Reader()
    reader.begin(REQUEST)
    return reader


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer(name: str) -> None:
    whole, body, reusable = WHOLE[name]
    for pieces in splits(whole):
        reader = begun()
        assert b"".join(part for piece in pieces for part in reader.receive(piece)) == body, pieces
        assert reader.head is not None
        assert (reader.head.status, reader.ended, reader.reusable) == (200, True, reusable)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_an_error_after_what_came_before(name: str) -> None:
    whole, body, kind = BROKEN[name]
    for pieces in splits(whole):
        reader, got = begun(), bytearray()

        def feed(pieces: list[bytes] = pieces, reader: H2Reader = reader, got: bytearray = got) -> None:
            for piece in (*filter(None, pieces), b""):
                for part in reader.receive(piece):
                    got.extend(part)

        with pytest.raises(kind) as caught:
            feed()
        if kind is FramingError:
            assert not isinstance(caught.value, CutError), caught.value
            assert body in (b"", bytes(got))
        else:
            assert got == body, pieces


def test_what_was_read_may_be_sent_again_and_pings_are_answered() -> None:
    reader = begun()
    list(reader.receive(frame(PING, b"12345678") + OK + data(b"abc")))
    more = struct.pack("!I", 3)
    assert reader.reply() == frame(PING, b"12345678", 1) + frame(WINDOW, more) + frame(WINDOW, more, 0, 1)
    assert reader.reply() == b""


@pytest.mark.parametrize("size", [0, 2, 20_000, 200_000])
def test_requests_as_another_library_reads_them(size: int) -> None:
    """Two, one after the other; a large body waits for the windows of the server."""
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    server.initiate_connection()
    reader = H2Reader()
    for stream_id in (1, 3):
        request = REQUEST._replace(body=b"x" * size)
        said, asked, body, is_whole = reader.begin(request), {}, b"", False
        while True:
            for event in server.receive_data(said):
                if isinstance(event, h2.events.RequestReceived):
                    asked = dict(event.headers)
                is_whole = is_whole or isinstance(event, h2.events.StreamEnded)
                if isinstance(event, h2.events.DataReceived):
                    body += event.data
                    server.acknowledge_received_data(event.flow_controlled_length, stream_id)
            answer = server.data_to_send()
            if not answer:
                break
            assert list(reader.receive(answer)) == []
            said = reader.reply()
        assert asked[":path"] == "/v1/x?y=1"
        assert asked[":authority"] == "localhost:1"
        assert asked["accept"] == "text/event-stream"
        assert (body, is_whole) == (request.body, True)
        server.send_headers(stream_id, [(":status", "200")])
        server.send_data(stream_id, b"answer", end_stream=True)
        assert list(reader.receive(server.data_to_send())) == [b"answer"]
        assert reader.reusable
        server.receive_data(reader.reply())


def test_a_window_that_the_server_makes_smaller_is_heeded() -> None:
    reader = begun()
    list(reader.receive(head(flags=5) + frame(SETTINGS, struct.pack("!HI", 4, 5))))
    sent = reader.begin(REQUEST._replace(body=b"x" * 12))
    assert sent.endswith(frame(DATA, b"x" * 5, 0, 3))
    list(reader.receive(frame(WINDOW, struct.pack("!I", 7), 0, 3)))
    assert reader.reply() == frame(DATA, b"x" * 7, 1, 3)


class Mute:
    """A socket whose server has gone after its settings: the request was sent, what acknowledges them cannot be."""

    def __init__(self, error: OSError) -> None:
        self._error, self._sent = error, 0

    def settimeout(self, _: float | None) -> None:
        pass

    def close(self) -> None:
        pass

    def sendall(self, _: bytes) -> None:
        self._sent += 1
        if self._sent > 1:
            raise self._error

    def recv(self, _: int) -> bytes:
        return frame(SETTINGS) if self._sent == 1 else b""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokenPipeError(), "truncated"),
        (ConnectionResetError(), "truncated"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "truncated"),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), "truncated"),
        (TimeoutError(), "idle_timeout"),
    ],
)
def test_a_server_that_is_gone_before_it_is_acknowledged_is_an_error_like_any_other(
    monkeypatch: pytest.MonkeyPatch, error: OSError, told: str
) -> None:
    monkeypatch.setattr(connection.socket, "create_connection", lambda *_, **__: Mute(error))
    monkeypatch.setattr(connection, "_secured", lambda plain, *_: (plain, "h2"))
    client = connection.Connection(urlsplit("https://localhost:1/"), 1.0, None)
    client.send(REQUEST, 1.0)
    with pytest.raises(ClientError) as raised:
        client.head()
    assert raised.value.type == told
