"""Bytes that no client should send, over HTTP/2 and towards it: they cost the sender its connection, and nobody else."""

from __future__ import annotations

import struct

import hpack
import pytest
import trio

from streamproof_mock.server import serving


def frame(kind, payload=b"", flags=0, stream=0):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def ask(*fields, flags=5, stream=1):
    return frame(1, hpack.Encoder().encode(fields), flags, stream)


def post(path, flags=4):
    return ask((":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "127.0.0.1"), flags=flags)


def upgrade(*lines):
    head = ("GET /v1/models HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", *lines)
    return "\r\n".join(head).encode() + b"\r\n\r\n"


NAMED = (":scheme", "http"), (":authority", "127.0.0.1")
MOST = struct.pack("!I", 0x7FFFFFFF)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4)

OVER_HTTP_2 = {
    "a body that goes on after its answer": [post("/docs"), frame(0, b"late", 0, 1), frame(0, b"late", 1, 1)],
    "a stream that is reset and goes on": [post("/v1/models") + frame(3, b"\0\0\0\x08", 0, 1) + frame(0, b"x", 0, 1)],
    "a request without a path": [ask((":method", "POST"), *NAMED)],
    "a CONNECT": [ask((":method", "CONNECT"), NAMED[1])],
    "a path that is not ASCII": [ask((":method", "GET"), (":path", b"/\xff"), *NAMED)],
    "a method that is not ASCII": [ask((":method", b"G\xff"), (":path", "/"), *NAMED)],
    "trailers": [post("/v1/chat/completions") + frame(0, b"{}", 0, 1) + ask(("x", "y"))],
    "the same stream twice": [post("/v1/models", 5) + post("/v1/models", 5)],
    "a stream of the server's": [ask((":method", "GET"), (":path", "/"), *NAMED, stream=2)],
    "no frame": [b"\xff" * 100],
    "a frame that is too large": [struct.pack("!I", 1 << 20)[1:] + b"\0\0\0\0\0\1"],
    "a window past its limit": [post("/v1/models", 5) + frame(8, MOST) + frame(8, MOST)],
    "a stream that depends on itself": [frame(2, struct.pack("!IB", 1, 1), 0, 1)],
    "settings out of bounds": [frame(4, struct.pack("!HI", 4, 0xFFFFFFFF))],
    "a promise of the client's": [frame(5, b"\0\0\0\2", 4, 1)],
    "a header section that is no compression": [frame(1, b"\xff" * 9, 5, 1)],
    "GOAWAY before anything": [frame(7, bytes(8))],
}
TOWARDS_HTTP_2 = {
    "an upgrade without settings": [upgrade()],
    "an upgrade with settings that are no base64": [upgrade("HTTP2-Settings: !!!")],
    "an upgrade with settings that are none": [upgrade("HTTP2-Settings: AAAA")],
    "an upgrade, and half a frame": [upgrade("HTTP2-Settings: AAMAAABk"), PREFACE + b"\0\0"],
    "a preface that is another": [b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"],
    "a TLS hello": [b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1"],
}
TABLE = {**{name: [PREFACE + first, *rest] for name, (first, *rest) in OVER_HTTP_2.items()}, **TOWARDS_HTTP_2}


@pytest.mark.parametrize("name", TABLE)
async def test_a_stranger_harms_nobody_else(name):
    async with serving() as server:
        port = int(server.url.rpartition(":")[2])
        async with await trio.open_tcp_stream("127.0.0.1", port) as stranger:
            for data in TABLE[name]:
                with trio.move_on_after(0.05):
                    await stranger.send_all(data)
                    while await stranger.receive_some():
                        pass
        async with await trio.open_tcp_stream("127.0.0.1", port) as other:
            await other.send_all(b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert (await other.receive_some()).startswith(b"HTTP/1.1 200")
