"""Each ending and framing as a raw socket sees it: exact bytes, exact ends."""

from __future__ import annotations

import pytest

from streamproof_scenarios.plan import AnswerPlan, Goaway, Write

A, B = b"data: a\n\n", b"data: b\n\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
TWO_CHUNKS = CHUNKED + b"9\r\n" + A + b"\r\n9\r\n" + B + b"\r\n"

TABLE = {
    "clean": ({}, TWO_CHUNKS + b"0\r\n\r\n", "open"),
    "clean and closed": (
        {"close": True},
        TWO_CHUNKS.replace(b"chunked\r\n", b"chunked\r\nconnection: close\r\n") + b"0\r\n\r\n",
        "eof",
    ),
    "fin": ({"end": "fin"}, TWO_CHUNKS, "eof"),
    "reset": ({"end": "reset"}, TWO_CHUNKS, "reset"),
    "stall": ({"end": "stall"}, TWO_CHUNKS, "open"),
    "in-chunk": ({"end": "in-chunk"}, CHUNKED + b"9\r\n" + A + b"\r\n19\r\n" + B, "eof"),
    "bad-chunk": ({"end": "bad-chunk"}, TWO_CHUNKS + b"zz\r\n", "eof"),
    "bad-head": ({"end": "bad-head"}, CHUNKED.replace(b"200 OK", b"two-hundred OK"), "eof"),
    "length": (
        {"framing": "length", "content_length": 18},
        HEAD + b"content-length: 18\r\n\r\n" + A + B,
        "open",
    ),
    "length worked out": ({"framing": "length"}, HEAD + b"content-length: 18\r\n\r\n" + A + B, "open"),
    "length too great": (
        {"framing": "length", "content_length": 518},
        HEAD + b"content-length: 518\r\n\r\n" + A + B,
        "eof",
    ),
    "length too small": (
        {"framing": "length", "content_length": 9},
        HEAD + b"content-length: 9\r\n\r\n" + A + B,
        "eof",
    ),
    "until close": ({"framing": "close"}, HEAD + b"connection: close\r\n\r\n" + A + B, "eof"),
    "until close, reset": ({"framing": "close", "end": "reset"}, HEAD + b"connection: close\r\n\r\n" + A + B, "reset"),
    "HTTP/1.0": (
        {"framing": "close", "http": "h1.0"},
        HEAD.replace(b"1.1", b"1.0") + b"\r\n" + A + B,
        "eof",
    ),
    "status with its phrase": (
        {"status": 429, "headers": (("Retry-After", "1"), ("X-Twice", "a"), ("X-Twice", "b"))},
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nX-Twice: a\r\nX-Twice: b\r\n"
        b"transfer-encoding: chunked\r\n\r\n" + TWO_CHUNKS.removeprefix(CHUNKED) + b"0\r\n\r\n",
        "open",
    ),
    "status without a phrase": ({"status": 529}, TWO_CHUNKS.replace(b"200 OK", b"529 ") + b"0\r\n\r\n", "open"),
    "no body where none may be": (
        {"status": 204},
        b"HTTP/1.1 204 No Content\r\ncontent-type: text/event-stream\r\n\r\n",
        "open",
    ),
}


@pytest.mark.parametrize("name", TABLE)
async def test_the_wire_carries_exactly(server, connect, plan_of, name):
    fields, expected, end = TABLE[name]
    session = server.play(plan_of(Write(A), Write(B), **fields))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions")

    heard = await client.hear(for_s=0.1 if end == "open" else 5)

    assert (heard.data, heard.end) == (expected, end)
    client.socket.close()
    assert await session.settled(1)
    [exchange] = session.exchanges
    assert exchange.complete
    assert exchange.fault is None
    assert exchange.wire_written == exchange.delivered == len(expected)
    if fields.get("status") != 204 and fields.get("end") != "bad-head":
        assert exchange.body_written == 18
        assert [size for _, size in exchange.writes] == [9, 9]
        assert exchange.arrived_ns <= exchange.first_byte_ns <= exchange.last_byte_ns <= exchange.ended_ns


@pytest.mark.parametrize("end", ["refuse", "reset-on-accept", "tls-stall", "rst-stream", "goaway", "no-close-notify"])
async def test_an_ending_that_cannot_be_played_is_a_fault_in_words(server, connect, plan_of, end):
    session = server.play(plan_of(Write(A), end=end))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions")

    heard = await client.hear()

    assert (heard.status, heard.end) == (501, "eof")
    [exchange] = session.exchanges
    assert end in exchange.fault
    assert not exchange.complete


@pytest.mark.parametrize(
    ("operations", "fields", "words"),
    [
        ((Write(A),), {"http": "h2"}, "HTTP/2"),
        ((Write(A),), {"framing": "length", "end": "in-chunk"}, "chunked"),
        ((Write(A), Goaway()), {}, "goaway"),
    ],
)
async def test_a_plan_that_does_not_fit_the_connection_is_a_fault(server, connect, plan_of, operations, fields, words):
    session = server.play(plan_of(*operations, **fields))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions")
    await client.hear()
    assert await session.settled(1)
    assert words in session.exchanges[0].fault
    assert not session.exchanges[0].complete


@pytest.mark.parametrize("end", ["in-chunk", "bad-chunk"])
async def test_a_broken_chunk_is_nothing_for_a_client_without_chunks(server, connect, plan_of, end):
    session = server.play(plan_of(Write(A), end=end))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x", http="1.0")
    assert (await client.hear()).status == 501
    assert "HTTP/1.0" in session.exchanges[0].fault


async def test_a_million_bytes_before_a_reset_all_arrive(server, connect, plan_of):
    piece = b"x" * 100_000
    session = server.play(plan_of(*[Write(piece)] * 10, end="reset", framing="close"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions")
    heard = await client.hear(pause_s=0.001)
    assert (len(heard.body), heard.end) == (1_000_000, "reset")


async def test_an_http_1_0_client_gets_no_chunks(server, connect, plan_of):
    session = server.play(plan_of(Write(A), Write(B)))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions", http="1.0")
    heard = await client.hear()
    assert (heard.data, heard.end) == (HEAD + b"connection: close\r\n\r\n" + A + B, "eof")


async def test_a_client_that_asks_for_close_gets_it(server, connect, plan_of):
    session = server.play(plan_of(Write(A)))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions", b"{}", "Connection: close")
    heard = await client.hear()
    assert heard.end == "eof"
    assert b"\r\nconnection: close" in heard.head
    assert heard.data.endswith(b"0\r\n\r\n")


async def test_an_empty_write_does_not_end_the_body(server, connect, plan_of):
    session = server.play(plan_of(Write(A), Write(b""), Write(B)))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert (await client.hear(until=b"0\r\n\r\n")).data == TWO_CHUNKS + b"0\r\n\r\n"


async def test_a_head_request_gets_the_head(server, connect, plan_of):
    session = server.play(plan_of(Write(A), framing="length", content_length=9))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x", b"", method="HEAD")
    assert (await client.hear(for_s=0.1)).data == HEAD + b"content-length: 9\r\n\r\n"


@pytest.mark.parametrize(
    ("offer", "status"),
    [
        ("gzip", 200),
        ("deflate, GZIP;q=0.5", 200),
        ("*", 200),
        ("br", 501),
        ("gzip;q=0", 501),
        ("gzip; q=0.000, br", 501),
        (None, 501),
    ],
)
async def test_an_encoding_is_used_only_if_the_client_offered_it(server, connect, plan_of, offer, status):
    session = server.play(plan_of(Write(b"zipped"), encoding="gzip"))
    client = await connect(server)
    await client.post(
        f"/r/{session.nonce}/x", b"{}", "Connection: close", *([f"Accept-Encoding: {offer}"] if offer else [])
    )
    assert (await client.hear()).status == status
    assert (session.exchanges[0].fault is None) == (status == 200)


async def test_a_plan_that_fails_in_the_middle_is_a_fault(server, connect, plan_of):
    def broken():
        yield Write(A)
        raise ZeroDivisionError("of the author")

    session = server.play(plan_of(Write(A), answers=[AnswerPlan(operations=broken)]))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert (await client.hear()).end == "reset"
    assert await session.settled(1)
    assert session.exchanges[0].fault == "the server failed: ZeroDivisionError: of the author"
    assert not session.exchanges[0].complete
    # The server goes on.
    client = await connect(server)
    await client.post("/v1/models", b"", method="GET")
    assert (await client.hear(until=b"]}")).status == 200
