"""Each ending over HTTP/2, in the clear and over TLS, as a client sees it that reads frames by hand."""

from __future__ import annotations

import json
import ssl
import struct

import attrs
import hpack
import pytest
import trio
import trio.testing

from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, AwaitDelivered, Ending, Goaway, Pause, Write

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
A, B = b"data: a\n\n", b"data: b\n\n"
HEAD = ("head", {":status": "200", "content-type": "text/event-stream"}, False)
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, CANCEL = 0, 1, 2, 8


def frame(kind, payload=b"", flags=0, stream=0):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def ended(heard):
    """A stream is over."""
    return bool(heard) and (heard[-1][-1] is True or heard[-1][0] == "rst")


def frames(count):
    return lambda heard: len(heard) >= count


def body(size):
    return lambda heard: sum(len(said[1]) for said in heard if said[0] == "data") >= size


class Stranger:
    """An HTTP/2 client of one connection that answers nothing by itself."""

    def __init__(self, stream, sock):
        self.stream, self.socket = stream, sock
        self.packer, self.unpacker = hpack.Encoder(), hpack.Decoder()
        self.buffer = bytearray()
        self.next_id = 1
        self.end = "open"
        self.reads = 0

    async def begin(self, *settings):
        payload = b"".join(struct.pack("!HI", *setting) for setting in settings)
        await self.stream.send_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, payload))

    async def post(self, path, body=b"{}", method="POST"):
        fields = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "127.0.0.1")]
        stream_id, self.next_id = self.next_id, self.next_id + 2
        head = frame(HEADERS, self.packer.encode(fields), 4, stream_id)
        await self.stream.send_all(head + frame(DATA, body, 1, stream_id))
        return stream_id

    async def hear(self, until=lambda _: False, for_s=5.0):
        """What comes of answers, until that is enough, or the connection ends: settings and the like left out."""
        self.heard = []
        with trio.move_on_after(for_s):
            await self.read(until)
        return self.heard

    async def hear_rest(self):
        """What else comes until nobody has anything to do: the server runs in the same loop as its client."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.hear)
            await trio.testing.wait_all_tasks_blocked(0.005)
            nursery.cancel_scope.cancel()
        return self.heard

    async def read(self, until):
        while True:
            while len(self.buffer) >= 9:
                size = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) < 9 + size:
                    break
                kind, flags, _ = struct.unpack_from("!BBI", self.buffer, 3)
                payload = bytes(self.buffer[9 : 9 + size])
                del self.buffer[: 9 + size]
                if kind == HEADERS:
                    self.heard.append(("head", dict(self.unpacker.decode(payload)), bool(flags & 1)))
                elif kind == DATA:
                    self.heard.append(("data", payload, bool(flags & 1)))
                elif kind == RST_STREAM:
                    self.heard.append(("rst", *struct.unpack("!I", payload)))
                elif kind == GOAWAY:
                    self.heard.append(("goaway", *struct.unpack("!II", payload)))
                if until(self.heard):
                    return
            try:
                data = await self.stream.receive_some(65536)
            except trio.BrokenResourceError as error:
                self.end = "ragged" if isinstance(error.__cause__, ssl.SSLEOFError) else "reset"
                return
            if not data:
                self.end = "eof"
                return
            self.reads += 1
            self.buffer += data


@pytest.fixture
async def server():
    async with serving(tls=True) as running:
        yield running


@pytest.fixture
async def connect():
    opened = []

    async def open_connection(server, transport="h2c", protocols=("h2",), settings=()):
        host, _, port = server.url_over(transport).partition("://")[2].rpartition(":")
        tcp = await trio.open_tcp_stream(host.strip("[]"), int(port))
        opened.append(tcp)
        stream = tcp
        if server.url_over(transport).startswith("https"):
            context = ssl.create_default_context(cafile=server.ca_file)
            context.set_alpn_protocols(list(protocols))
            stream = trio.SSLStream(tcp, context, server_hostname=host.strip("[]"))
            await stream.do_handshake()
            assert stream.selected_alpn_protocol() == protocols[0]
        client = Stranger(stream, tcp.socket)
        if protocols == ("h2",):
            await client.begin(*settings)
        return client

    yield open_connection
    for tcp in opened:
        tcp.socket.close()


OPEN = [HEAD, ("data", A, False), ("data", B, False)]

TABLE = {
    "clean": ({}, [HEAD, ("data", A, False), ("data", B, True)], "open"),
    "fin": ({"end": "fin"}, OPEN, "eof"),
    "reset": ({"end": "reset"}, OPEN, "reset"),
    "stall": ({"end": "stall"}, OPEN, "open"),
    "bad-head": ({"end": "bad-head"}, [("head", HEAD[1] | {":status": "two-hundred"}, False)], "eof"),
    "bad-header": (
        {"end": "bad-header"},
        [("head", {":status": "200", "no header at all": "", "content-type": "text/event-stream"}, False)],
        "eof",
    ),
    "rst-stream": ({"end": "rst-stream"}, [*OPEN, ("rst", CANCEL)], "open"),
    "goaway": ({"end": "goaway"}, [*OPEN, ("goaway", 1, NO_ERROR)], "eof"),
    "a length that lies": (
        {"content_length": 500},
        [("head", HEAD[1] | {"content-length": "500"}, False), ("data", A, False), ("data", B, True)],
        "open",
    ),
    "a status and headers": (
        {"status": 429, "headers": (("Retry-After", "1"), ("x-twice", "a, b"))},
        [("head", {":status": "429", "retry-after": "1", "x-twice": "a, b"}, False), *OPEN[1:2], ("data", B, True)],
        "open",
    ),
    "a head that is not allowed": (
        {"headers": (("Connection", "close"),)},
        [("head", {":status": "200", "connection": "close"}, False), ("data", A, False), ("data", B, True)],
        "open",
    ),
    "no body where none may be": ({"status": 204}, [("head", HEAD[1] | {":status": "204"}, True)], "open"),
}


@pytest.mark.parametrize("transport", ["h2c", "h2"])
@pytest.mark.parametrize("name", TABLE)
async def test_the_stream_carries_exactly(server, connect, plan_of, name, transport):
    fields, expected, end = TABLE[name]
    session = server.play(plan_of(Write(A), Write(B), http="h2", framing="h2", **fields), transport=transport)
    client = await connect(server, transport)
    await client.post(f"/r/{session.nonce}/v1/chat/completions")

    heard = await client.hear(until=frames(len(expected)) if end == "open" else lambda _: False)

    assert heard == expected
    assert end != "open" or await client.hear_rest() == []
    # A client over TLS that is reset while it has read nothing yet of the end cannot tell more.
    assert client.end == end
    client.socket.close()
    assert await session.settled(1)
    [exchange] = session.exchanges
    assert exchange.complete
    assert exchange.fault is None
    assert exchange.http == "2"
    if fields.get("status") != 204 and not fields.get("end", "").startswith("bad"):
        assert exchange.body_written == 18
        assert [size for _, size in exchange.writes] == [9, 9]


@pytest.mark.parametrize(("kind", "end"), [("fin", "eof"), ("reset", "reset"), ("stall", "open")])
@pytest.mark.parametrize("place", ["before-head", "in-head"])
async def test_an_end_before_the_body(server, connect, plan_of, place, kind, end):
    answer = AnswerPlan(operations=lambda: iter(()), http="h2", framing="h2", ending=Ending(kind=kind, place=place))
    session = server.play(plan_of(answers=[answer]))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert await (client.hear_rest() if end == "open" else client.hear()) == []
    assert client.end == end
    if place == "in-head":
        size, (kind, *_) = int.from_bytes(client.buffer[:3], "big"), client.buffer[3:]
        assert kind == HEADERS
        assert len(client.buffer) == (9 + size) // 2
    else:
        assert client.buffer == b""


@pytest.mark.parametrize("code", ["CANCEL", "INTERNAL_ERROR", "REFUSED_STREAM", "ENHANCE_YOUR_CALM"])
async def test_a_stream_is_reset_with_the_code_that_was_asked_for(server, connect, plan_of, code):
    plan = plan_of(Write(A), http="h2", framing="h2")
    ending = Ending(kind="rst-stream", code=code)
    session = server.play(attrs.evolve(plan, answers=(attrs.evolve(plan.answers[0], ending=ending),)))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert (await client.hear(ended))[-1] == (
        "rst",
        {"CANCEL": 8, "INTERNAL_ERROR": 2, "REFUSED_STREAM": 7, "ENHANCE_YOUR_CALM": 11}[code],
    )


async def test_tls_without_close_notify_over_http_2(server, connect, plan_of):
    session = server.play(plan_of(Write(A), http="h2", framing="h2", end="no-close-notify"), transport="h2")
    client = await connect(server, "h2")
    await client.post(f"/r/{session.nonce}/x")
    assert await client.hear() == OPEN[:2]
    assert client.end == "ragged"


async def test_a_graceful_goaway_lets_the_stream_end_and_then_closes(server, connect, plan_of):
    session = server.play(plan_of(Write(A), Goaway(), Write(B), http="h2", framing="h2"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert await client.hear() == [*OPEN[:2], ("goaway", 1, NO_ERROR), ("data", B, True)]
    assert client.end == "eof"
    client.socket.close()
    assert await session.settled(1)
    assert (session.exchanges[0].complete, session.exchanges[0].left) == (True, "server-closed")


async def test_a_client_that_says_goaway_hears_its_stream_to_the_end(server, connect, plan_of):
    answered = trio.Event()

    async def on_await(exchange):
        await answered.wait()
        return True

    plan = plan_of(Write(A), Goaway(), AwaitDelivered(), Write(B), http="h2", framing="h2")
    session = server.play(plan, on_await=on_await)
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert await client.hear(frames(3)) == [*OPEN[:2], ("goaway", 1, NO_ERROR)]
    await client.stream.send_all(frame(GOAWAY, struct.pack("!II", 0, NO_ERROR)))
    assert await client.hear_rest() == []
    answered.set()
    assert await client.hear() == [("data", B, True)]
    assert client.end == "eof"
    assert (session.exchanges[0].complete, session.exchanges[0].left) == (True, "server-closed")


async def test_a_connection_is_used_again_after_each_end_of_a_stream(server, connect, plan_of):
    client = await connect(server)
    for end in ("clean", "rst-stream", "clean"):
        session = server.play(plan_of(Write(A), http="h2", framing="h2", end=end))
        await client.post(f"/r/{session.nonce}/x")
        assert (await client.hear(ended))[0] == HEAD
        assert await session.settled(1)
        assert (session.exchanges[0].connection, session.exchanges[0].left) == (0, "stayed")


async def test_a_client_that_leaves_with_its_last_frame_leaves_nothing_waiting(server, connect, plan_of):
    sessions = []
    for _ in range(10):
        sessions.append(server.play(plan_of(Write(A), http="h2", framing="h2")))
        client = await connect(server)
        await client.post(f"/r/{sessions[-1].nonce}/x")
        await client.hear(ended)
        client.socket.close()
    for session in sessions:
        assert await session.settled(1)


async def test_streams_of_one_connection_do_not_mix(server, connect, plan_of):
    pieces = [b"%d" % number * 100 for number in range(50)]
    session = server.play(plan_of(*map(Write, pieces), Pause(0.001), http="h2", framing="h2"))
    client = await connect(server)
    wanted = [await client.post(f"/r/{session.nonce}/x") for _ in range(5)]
    said = await client.hear(lambda heard: sum(end is True for *_, end in heard) == len(wanted))
    assert sum(end is True for *_, end in said) == len(wanted)
    assert sorted(heard for kind, heard, *_ in said if kind == "data" and heard) == sorted(pieces * len(wanted))


@pytest.mark.parametrize("window", [0, 1, 5, 20, 100])
async def test_a_client_that_does_not_open_its_window_is_waited_for(server, connect, plan_of, window):
    session = server.play(plan_of(Write(A * 3), Write(B * 3), http="h2", framing="h2", end="rst-stream"))
    client = await connect(server, settings=[(4, window)])
    await client.post(f"/r/{session.nonce}/x")
    heard = await client.hear(body(window) if 0 < window < 54 else frames(1) if window == 0 else ended)
    if window < 54:
        assert await client.hear_rest() == []
    assert heard[0] == HEAD
    assert sum(len(said[1]) for said in heard[1:] if said[0] == "data") == min(window, 54)
    assert session.exchanges[0].body_written == min(window, 54)
    if window < 54:
        assert not session.exchanges[0].complete
        await client.stream.send_all(frame(WINDOW_UPDATE, struct.pack("!I", 54 - window), 0, 1))
        heard += await client.hear(ended)
    assert b"".join(said[1] for said in heard if said[0] == "data") == A * 3 + B * 3
    assert heard[-1] == ("rst", CANCEL)


async def test_a_write_larger_than_a_frame_is_several_frames(server, connect, plan_of):
    session = server.play(plan_of(Write(b"x" * 40_000), http="h2", framing="h2"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    heard = [said for said in await client.hear(ended) if said[0] == "data"]
    assert [(len(data), ends) for _, data, ends in heard] == [(16384, False), (16384, False), (7232, True)]


@pytest.mark.parametrize("transport", ["h2c", "h2"])
async def test_a_boundary_that_was_promised_is_kept(server, connect, plan_of, transport):
    writes = [Write(b"%d" % number, promised=True) for number in range(8)]
    session = server.play(plan_of(*writes, http="h2", framing="h2"), transport=transport)
    client = await connect(server, transport)
    await client.post(f"/r/{session.nonce}/x")
    client.reads = 0
    heard = await client.hear(ended)
    assert await session.settled(1)
    assert [said[1] for said in heard if said[0] == "data"] == [*(b"%d" % number for number in range(8)), b""]
    assert client.reads >= 8
    assert (session.exchanges[0].boundaries_asked, session.exchanges[0].boundaries_kept) == (8, 8)


@pytest.mark.parametrize(
    ("leave", "left"), [("rst-stream", "reset"), ("goaway", "fin"), ("fin", "fin"), ("reset", "reset")]
)
@pytest.mark.parametrize("end", ["stall", "window"])
async def test_a_client_that_leaves_ends_the_play_at_once(connect, plan_of, leave, left, end):
    operations = [Write(A)] if end == "stall" else [Write(A), Write(b"x" * 70_000)]
    async with serving() as server:
        session = server.play(plan_of(*operations, http="h2", framing="h2", end="stall"))
        client = await connect(server)
        stream_id = await client.post(f"/r/{session.nonce}/x")
        await client.hear(frames(2) if end == "stall" else body(65535))
        match leave:
            case "rst-stream":
                await client.stream.send_all(frame(RST_STREAM, struct.pack("!I", CANCEL), 0, stream_id))
            case "goaway":
                await client.stream.send_all(frame(GOAWAY, struct.pack("!II", 0, 0)))
                client.socket.close()
            case "fin":
                client.socket.close()
            case "reset":
                client.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.socket.close()
        assert await session.settled(1)
        [exchange] = session.exchanges
        if server.asks_kernel:
            assert exchange.left == left
        assert exchange.complete == (end == "stall")
        if leave == "rst-stream":
            await client.post("/v1/models", b"", method="GET")
            assert (await client.hear(frames(1)))[0][1][":status"] == "200"


@pytest.mark.parametrize("how", ["close", "stop"])
async def test_a_play_that_is_broken_off_resets_its_stream(connect, plan_of, how):
    async with serving() as server:
        session = server.play(plan_of(Write(A), http="h2", framing="h2", end="stall"))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        assert await client.hear(frames(2)) == OPEN[:2]
        if how == "close":
            session.close()
            assert await client.hear(ended) == [("rst", INTERNAL_ERROR)]
            assert await session.settled(1)
            assert session.exchanges[0].left == "server-closed"
    assert await client.hear() == []
    assert client.end == ("eof" if how == "close" else "reset")


async def test_a_plan_that_fails_in_the_middle_resets_its_stream_and_the_server_goes_on(server, connect, plan_of):
    def broken():
        yield Write(A)
        raise ZeroDivisionError("of the author")

    session = server.play(plan_of(answers=[AnswerPlan(operations=broken, http="h2", framing="h2")]))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert ("rst", INTERNAL_ERROR) in await client.hear(ended)
    assert await session.settled(1)
    assert "ZeroDivisionError" in session.exchanges[0].fault
    await client.post("/v1/models", b"", method="GET")
    assert (await client.hear(frames(1)))[0][1][":status"] == "200"


@pytest.mark.parametrize(
    ("fields", "operations", "words"),
    [
        ({"end": "in-chunk"}, [Write(A)], "in-chunk needs HTTP/1.1"),
        ({"end": "no-close-notify"}, [Write(A)], "over TLS, and this connection is HTTP/2"),
        ({"framing": "close", "end": "fin"}, [Write(A)], "wants HTTP/1.1"),
        ({"framing": "length", "content_length": 8}, [Write(A)], "wants HTTP/1.1"),
        ({"http": "h1.0"}, [Write(A)], "wants HTTP/1.1"),
    ],
)
async def test_a_plan_that_means_something_else_here_is_a_fault(server, connect, plan_of, fields, operations, words):
    session = server.play(plan_of(*operations, **fields))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    heard = await client.hear(ended)
    assert await session.settled(1)
    assert heard[0][1][":status"] == "501"
    assert words in json.loads(heard[1][1])["error"]["message"]
    assert words in session.exchanges[0].fault
    assert not session.exchanges[0].complete


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_a_plan_without_a_word_on_the_version_is_played(server, connect, plan_of, framing):
    session = server.play(plan_of(Write(A), Write(B), framing=framing, close=framing == "close"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    heard = await client.hear(ended)
    assert await session.settled(1)
    assert heard[1:] == [("data", A, False), ("data", B, True)]
    assert heard[0][1].get("content-length") == ("18" if framing == "length" else None)
    assert (session.exchanges[0].complete, session.exchanges[0].left) == (True, "stayed")


async def test_a_connection_can_be_upgraded_as_curl_does(server):
    stream = await trio.open_tcp_stream("127.0.0.1", int(server.url.rpartition(":")[2]))
    async with stream:
        upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        await stream.send_all(f"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}".encode())
        client = Stranger(stream, stream.socket)
        answer = await stream.receive_some(65536)
        head, _, rest = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        client.buffer += rest
        await client.begin()
        heard = await client.hear(ended)
    assert heard[0][1][":status"] == "200"
    assert heard[-1][2] is True
