"""Faults before a request, as a socket meets them: refused, reset on accept, a handshake that nobody answers."""

from __future__ import annotations

import errno
import socket
import ssl
from urllib.parse import urlsplit

import attrs
import pytest
import trio
import trio.testing

from streamproof_mock.performer import Bounds
from streamproof_mock.server import CannotServe, serving
from streamproof_mock.thread import ServerThread
from streamproof_scenarios.plan import AnswerPlan, Ending, Write

ANSWER = AnswerPlan(operations=lambda: iter([Write(b"a", promised=True), Write(b"b")]))


def early(kind):
    return AnswerPlan(operations=lambda: iter(()), ending=Ending(kind=kind))


def address_of(session):
    where = urlsplit(session.origin)
    return socket.AF_INET6 if ":" in where.hostname else socket.AF_INET, (where.hostname, where.port)


async def dial(session):
    family, address = address_of(session)
    sock = trio.socket.socket(family)
    try:
        await sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


async def heard(sock):
    """What came until the end, and the end."""
    data = b""
    with trio.fail_after(5):
        try:
            while piece := await sock.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, "reset"
    return data, "eof"


@pytest.fixture(params=["127.0.0.1", "::1"])
async def either(request):
    async with serving(host=request.param) as running:
        yield running


async def test_a_refused_connection_is_refused_each_time_and_its_port_is_nobody_else_s(either, plan_of):
    session = either.play(plan_of(answers=[early("refuse")]))
    family, address = address_of(session)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await dial(session)
    with socket.socket(family) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use") as caught:
            other.bind(address)
        assert caught.value.errno == errno.EADDRINUSE
    assert session.exchanges == []
    session.close()
    await trio.testing.wait_all_tasks_blocked()
    with socket.socket(family) as other:
        other.bind(address)


async def test_a_connection_that_is_reset_on_accept_is_counted(either, plan_of):
    session = either.play(plan_of(answers=[early("reset-on-accept")]))
    for number in range(3):
        sock = await dial(session)
        assert await heard(sock) == (b"", "reset")
        sock.close()
        assert session.requests == number + 1
    assert await session.settled(1)
    assert [(seen.number, seen.connection) for seen in session.exchanges] == [(0, 0), (1, 1), (2, 2)]
    assert either.journal.of(session.nonce) == session.exchanges
    for seen in session.exchanges:
        assert (seen.method, seen.path, seen.status, seen.wire_written) == ("", "", None, 0)
        assert (seen.left, seen.complete, seen.fault) == ("server-closed", True, None)
        assert seen.arrived_ns <= seen.ended_ns


async def test_a_request_that_was_sent_at_once_is_reset_too(server, plan_of):
    session = server.play(plan_of(answers=[early("reset-on-accept")]))
    with socket.socket() as sock:
        sock.connect(address_of(session)[1])
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        sock.settimeout(5)
        await session.settled(1)
        with pytest.raises(ConnectionResetError):
            await trio.to_thread.run_sync(sock.recv, 100)


async def test_after_the_resets_the_same_address_answers(either, plan_of):
    session = either.play(plan_of(answers=[early("reset-on-accept"), early("reset-on-accept"), ANSWER]))
    for _ in range(2):
        sock = await dial(session)
        assert (await heard(sock))[1] == "reset"
        sock.close()
    request = f"POST /r/{session.nonce}/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    sock = await dial(session)
    for _ in range(2):
        await sock.send(request)
        data = b""
        with trio.fail_after(5):
            while not data.endswith(b"0\r\n\r\n"):
                data += await sock.recv(65536)
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert data.endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    sock.close()
    assert await session.settled(1)
    assert [(seen.method, seen.number, seen.connection) for seen in session.exchanges] == [
        ("", 0, 0),
        ("", 1, 1),
        ("POST", 2, 2),
        ("POST", 3, 2),
    ]
    assert session.exchanges[2].boundaries_kept == 1
    assert all(seen.complete for seen in session.exchanges)


@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_a_handshake_that_stalls_is_silence_until_the_client_leaves(either, plan_of, how):
    session = either.play(plan_of(answers=[early("tls-stall")]))
    assert session.origin.startswith("https://")
    sock = await dial(session)
    with trio.move_on_after(0.05) as silence:
        await sock.send(b"\x16\x03\x01\x00\x05hello")
        await sock.recv(1)
    assert silence.cancelled_caught
    assert not await session.settled(0)
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    assert await session.settled(1)
    [seen] = session.exchanges
    assert (seen.left, seen.complete, seen.wire_written) == (how, True, 0)
    assert seen.arrived_ns <= seen.left_ns <= seen.ended_ns


async def test_a_tls_client_runs_into_its_own_limit(server, plan_of):
    session = server.play(plan_of(answers=[early("tls-stall")]))

    def shake():
        with socket.create_connection(address_of(session)[1]) as sock:
            sock.settimeout(0.1)
            with pytest.raises(TimeoutError, match="handshake"):
                ssl.create_default_context().wrap_socket(sock, server_hostname="127.0.0.1")

    await trio.to_thread.run_sync(shake)
    assert await session.settled(1)
    assert session.requests == 1


async def test_a_handshake_that_stalls_is_bounded(plan_of):
    async with serving(bounds=Bounds(stall_s=0.03)) as server:
        session = server.play(plan_of(answers=[early("tls-stall")]))
        sock = await dial(session)
        assert await heard(sock) == (b"", "eof")
        sock.close()
        assert (session.exchanges[0].left, session.exchanges[0].left_ns) == ("server-closed", None)


async def test_a_closed_session_breaks_off_what_its_door_holds(server, plan_of):
    session = server.play(plan_of(answers=[early("tls-stall")]))
    sock = await dial(session)
    await trio.testing.wait_all_tasks_blocked(0.01)
    session.close()
    assert (await heard(sock))[1] == "reset"
    sock.close()
    await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(ConnectionRefusedError):
        await dial(session)


async def test_a_server_stops_with_open_doors(plan_of):
    async with serving() as server:
        stalled, refused = (server.play(plan_of(answers=[early(kind)])) for kind in ("tls-stall", "refuse"))
        held = await dial(stalled)
        ready = server.play(plan_of(answers=[early("reset-on-accept"), ANSWER]))
        first = await dial(ready)
        await heard(first)
        idle = await dial(ready)
        await trio.testing.wait_all_tasks_blocked(0.01)
    for sock in (held, idle):
        assert (await heard(sock))[0] == b""
        sock.close()
    first.close()
    for session in (stalled, ready, refused):
        with pytest.raises(ConnectionRefusedError):
            await dial(session)


def test_a_thread_has_doors_too(plan_of):
    with ServerThread() as server:
        refused, reset = (server.play(plan_of(answers=[early(kind)])) for kind in ("refuse", "reset-on-accept"))
        with socket.socket() as sock, pytest.raises(ConnectionRefusedError):
            sock.connect(address_of(refused)[1])
        with socket.socket() as sock:
            sock.connect(address_of(reset)[1])
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
        assert server.settled(reset, 1)
        assert reset.requests == 1
        server.close(refused)


@pytest.mark.parametrize("transport", ["h1-tls", "h2"])
async def test_after_the_resets_the_same_address_answers_over_tls(plan_of, transport):
    async with serving(tls=True) as server:
        plan = plan_of(answers=[early("reset-on-accept"), attrs.evolve(ANSWER, close=True)])
        session = server.play(plan, transport=transport)
        assert session.origin.startswith("https://")
        first = await dial(session)
        assert await heard(first) == (b"", "reset")
        first.close()

        context = ssl.create_default_context(cafile=server.ca_file)
        tls = trio.SSLStream(trio.SocketStream(await dial(session)), context, server_hostname="127.0.0.1")
        await tls.send_all(f"GET /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        data = b""
        with trio.fail_after(5):
            async for piece in tls:
                data += piece
        assert data.endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
        await trio.aclose_forcefully(tls)
        assert session.requests == 2


async def test_a_door_for_tls_needs_a_server_with_tls(server, plan_of):
    with pytest.raises(CannotServe, match="no TLS"):
        server.play(plan_of(answers=[early("reset-on-accept")]), transport="h2")
    assert server.play(plan_of(answers=[early("tls-stall")]), transport="h1-tls").origin.startswith("https://")


class Book:
    def __init__(self, plan):
        self.plan = plan

    def find(self, text, dialects):
        return (self.plan, len("faulty")) if text.startswith("faulty") else None

    def ids(self):
        return ["faulty"]


@pytest.mark.parametrize(("kind", "end"), [("refuse", "refused"), ("reset-on-accept", "reset"), ("tls-stall", "open")])
async def test_the_control_api_tells_the_address_of_a_door(connect, plan_of, kind, end):
    async with serving(book=Book(plan_of(answers=[early(kind)]))) as server:
        client = await connect(server)
        await client.post("/s/faulty/v1/chat/completions")
        refusal = await client.hear()
        assert refusal.status == 501
        assert "POST /__streamproof__/play tells it" in refusal.json()["error"]["message"]

        client = await connect(server)
        await client.post("/__streamproof__/play", b'{"scenario": "faulty"}', "Connection: close")
        origin = urlsplit((await client.hear()).json()["origin"])
        assert origin.port != urlsplit(server.url).port
        with trio.socket.socket() as sock:
            try:
                await sock.connect((origin.hostname, origin.port))
            except ConnectionRefusedError:
                assert end == "refused"
                return
            with trio.move_on_after(0.05):
                assert (await heard(sock))[1] == end
                return
            assert end == "open"
