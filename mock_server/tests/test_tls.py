"""TLS: the endings that only it has, its records, its certificates; HTTP/1.1 in it, read by the standard library."""

from __future__ import annotations

import builtins
import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trio

from streamproof_mock.server import CannotServe, serving
from streamproof_mock.thread import ServerThread
from streamproof_scenarios.plan import Write

A, B = b"data: a\n\n", b"data: b\n\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKS = HEAD + b"transfer-encoding: chunked\r\n\r\n9\r\n" + A + b"\r\n9\r\n" + B + b"\r\n"
CLOSED = HEAD + b"connection: close\r\n\r\n" + A + B
WHOLE_LENGTH = HEAD + b"content-length: 18\r\n\r\n" + A + B

TABLE = {
    "clean": ({}, CHUNKS + b"0\r\n\r\n", "open"),
    "clean and closed": ({"close": True, "framing": "close"}, CLOSED, "close_notify"),
    "clean, length, closed": (
        {"close": True, "framing": "length"},
        WHOLE_LENGTH.replace(b"18\r\n", b"18\r\nconnection: close\r\n"),
        "close_notify",
    ),
    "fin": ({"end": "fin"}, CHUNKS, "close_notify"),
    "fin where closing is the framing": ({"end": "fin", "framing": "close"}, CLOSED, "close_notify"),
    "no close_notify": ({"end": "no-close-notify"}, CHUNKS, "eof"),
    "no close_notify where closing is the framing": (
        {"end": "no-close-notify", "framing": "close"},
        CLOSED,
        "eof",
    ),
    "no close_notify after a length": ({"end": "no-close-notify", "framing": "length"}, WHOLE_LENGTH, "eof"),
    "reset": ({"end": "reset"}, CHUNKS, "reset"),
    "stall": ({"end": "stall"}, CHUNKS, "open"),
    "in-chunk": ({"end": "in-chunk"}, CHUNKS[: -len(B) - 5] + b"19\r\n" + B, "close_notify"),
    "bad-chunk": ({"end": "bad-chunk"}, CHUNKS + b"zz\r\n", "close_notify"),
    "a length too great": (
        {"framing": "length", "content_length": 99},
        WHOLE_LENGTH.replace(b"18", b"99"),
        "close_notify",
    ),
}


@pytest.fixture(scope="module")
def server():
    with ServerThread(tls=True) as running:
        yield running


@pytest.fixture
def connect(server):
    """A TLS client that takes an end without close_notify for what it is."""
    opened = []

    def open_connection(protocols=("http/1.1",), transport="h1-tls", name="127.0.0.1"):
        context = ssl.create_default_context(cafile=server.ca_file)
        context.set_alpn_protocols(list(protocols))
        address = urlsplit(server.url_over(transport))
        tcp = socket.create_connection((address.hostname, address.port), timeout=2)
        tls = context.wrap_socket(tcp, server_hostname=name, suppress_ragged_eofs=False)
        opened.append(tls)
        return tls

    yield open_connection
    for tls in opened:
        tls.close()


def post(tls, path, *headers):
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Length: 2", *headers]
    tls.sendall("\r\n".join(lines).encode() + b"\r\n\r\n{}")


def hear(tls, for_s=2.0):
    """What comes, each read by itself, and how it ends."""
    tls.settimeout(for_s)
    reads = []
    while True:
        try:
            data = tls.recv(65536)
        except ssl.SSLEOFError:
            # OpenSSL tells Python of an error that is none of TLS as of an end: the socket knows which it was.
            is_reset = tls.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 7
            return reads, "reset" if is_reset else "eof"
        except ConnectionResetError:
            return reads, "reset"
        except TimeoutError:
            return reads, "open"
        if not data:
            return reads, "close_notify"
        reads.append(data)


@pytest.mark.parametrize("name", TABLE)
def test_the_wire_carries_exactly(server, connect, plan_of, name):
    fields, expected, end = TABLE[name]
    session = server.play(plan_of(Write(A), Write(B), **fields), transport="h1-tls")
    client = connect()
    post(client, f"/r/{session.nonce}/v1/chat/completions")
    reads, ended = hear(client, 0.05 if end == "open" else 2)
    assert (b"".join(reads), ended) == (expected, end)
    client.close()
    assert server.settled(session, 1)
    [exchange] = session.exchanges
    assert exchange.complete
    assert exchange.fault is None
    assert exchange.wire_written == exchange.delivered == len(expected)
    assert exchange.body_written == 18


def test_a_write_is_a_record_of_its_own_and_its_boundary_is_kept(server, connect, plan_of):
    session = server.play(plan_of(*(Write(b"%d" % n, promised=True) for n in range(8)), framing="close"))
    client = connect()
    post(client, f"/r/{session.nonce}/x")
    reads, _ = hear(client)
    assert [data[-1:] for data in reads] == [b"%d" % n for n in range(8)]
    [exchange] = session.exchanges
    assert (exchange.boundaries_asked, exchange.boundaries_kept) == (8, 8)
    assert exchange.way == ("asked" if server.asks_kernel else "waited")


@pytest.mark.parametrize(
    ("transport", "offered", "chosen"),
    [
        ("h2", ["h2", "http/1.1"], "h2"),
        ("h2", ["http/1.1"], "http/1.1"),
        ("h2", ["http/1.1", "h2"], "h2"),
        ("h1-tls", ["h2", "http/1.1"], "http/1.1"),
    ],
)
def test_each_port_agrees_on_its_protocols(connect, transport, offered, chosen):
    assert connect(offered, transport).selected_alpn_protocol() == chosen


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_the_certificate_is_for_the_names_of_this_machine(connect, name):
    assert connect(name=name).getpeercert()["issuer"]


def test_a_client_that_does_not_know_the_authority_refuses_it_and_the_server_goes_on(server, connect, plan_of):
    address = urlsplit(server.url_over("h1-tls"))
    with socket.create_connection((address.hostname, address.port)) as tcp, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(tcp, server_hostname="localhost")
    with socket.create_connection((address.hostname, address.port)) as tcp:
        tcp.sendall(b"GET / HTTP/1.1\r\n\r\n")
    client = connect()
    post(client, "/v1/chat/completions", "Connection: close")
    assert hear(client)[1] == "close_notify"


def test_a_plan_that_needs_tls_is_a_fault_without_it(server, plan_of):
    session = server.play(plan_of(Write(A), end="no-close-notify"))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=2)
    connection.request("POST", f"/r/{session.nonce}/x", "{}")
    assert connection.getresponse().status == 501
    connection.close()
    assert "needs HTTP/1.1 over TLS" in session.exchanges[0].fault


async def test_without_tls_its_addresses_are_refused_in_words():
    async with serving() as server:
        assert server.ca_file is None
        assert server.url_over("h2c") == server.url
        with pytest.raises(CannotServe, match="has no TLS, and HTTP/2 over TLS"):
            server.url_over("h2")


def test_the_keys_are_gone_when_the_server_has_stopped():
    with ServerThread(tls=True) as server:
        folder = Path(server.ca_file).parent
        assert folder.stat().st_mode & 0o077 == 0
        assert [path.name for path in folder.iterdir()] == ["ca.pem"]
        assert b"PRIVATE" not in Path(server.ca_file).read_bytes()
        assert {server.url_over(name).partition(":")[0] for name in ("h2", "h1-tls")} == {"https"}
    assert not folder.exists()


async def test_a_missing_library_is_said_with_its_cure(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "trustme":
            raise ImportError
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CannotServe, match=r"streamproof\[tls\]"):
        async with serving(tls=True):
            raise AssertionError


async def test_the_tls_port_is_the_one_that_was_asked_for():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with serving(tls=True, tls_port=port) as server:
        assert server.url_over("h2") == f"https://127.0.0.1:{port}"
        with trio.fail_after(2):
            await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
