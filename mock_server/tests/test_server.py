"""Starting and stopping, from trio and from a thread."""

from __future__ import annotations

import gc
import http.client
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import trio

from streamproof_mock import selftest
from streamproof_mock.server import CannotServe, NotLoopback, PortInUse, serving
from streamproof_mock.thread import ServerThread
from streamproof_mock.wire import Connections, H1Wire, H2Wire, WireUnreachable, wire_of
from streamproof_scenarios.plan import Write


async def test_a_port_in_use_is_said_in_words():
    async with serving() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(PortInUse, match=f"port {port}.*choose another port"):
            async with serving(port=port):
                raise AssertionError


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_an_address_that_others_can_reach_must_be_allowed(host):
    with pytest.raises(NotLoopback, match="allow it"):
        async with serving(host=host):
            raise AssertionError
    async with serving(host=host, allow_remote=True) as server:
        assert "trust" in server.warning


async def test_a_host_that_is_none_is_said_in_words():
    with pytest.raises(CannotServe, match="expected a host"):
        async with serving(host="999.1.1.1.invalid"):
            raise AssertionError


@pytest.mark.parametrize(
    ("host", "start"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:"), ("localhost", "http://")]
)
async def test_the_url_is_the_origin(connect, host, start):
    async with serving(host=host) as server:
        assert server.url.startswith(start)
        assert server.warning is None


async def test_what_is_raised_in_the_block_leaves_it_as_it_came():
    with pytest.raises(KeyError, match="mine"):
        async with serving():
            raise KeyError("mine")


async def test_cancelling_the_block_stops_the_server():
    with trio.move_on_after(0.02) as scope:
        async with serving() as server:
            await trio.sleep_forever()
    assert scope.cancelled_caught
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(server.url.rpartition(":")[2]))) != 0


@pytest.mark.parametrize("checkpoints", range(0, 60, 3))
async def test_cancelling_the_start_stops_the_server(checkpoints):
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:

            async def cancel():
                for _ in range(checkpoints):
                    await trio.lowlevel.checkpoint()
                scope.cancel()

            nursery.start_soon(cancel)
            async with serving():
                await trio.sleep_forever()
    assert scope.cancelled_caught


async def test_servers_run_side_by_side(connect, plan_of):
    async with serving() as one, serving() as other:
        session = one.play(plan_of(Write(b"a")))
        client = await connect(other)
        await client.post(f"/r/{session.nonce}/x")
        assert (await client.hear(until=b"}")).status == 404


async def test_a_hypercorn_that_is_another_is_refused_at_the_start(monkeypatch):
    monkeypatch.setattr(selftest, "_tried", set())
    monkeypatch.setattr("streamproof_mock.wire.reach.TCPServer", int)
    with pytest.raises(
        CannotServe, match=r"hypercorn [0-9.]+ with h2 [0-9.]+: expected HTTPStream .* install hypercorn"
    ):
        async with serving():
            raise AssertionError


async def test_a_hypercorn_that_says_more_than_we_do_is_refused_at_the_start(monkeypatch):
    async def heard(self, message):
        await self._send(message)

    monkeypatch.setattr(selftest, "_tried", set())
    monkeypatch.setattr(selftest, "_LIMIT_S", 0.2)
    monkeypatch.setattr(H1Wire, "_silently", heard)
    with pytest.raises(CannotServe, match="on the wire, found"):
        async with serving():
            raise AssertionError


async def test_frames_that_are_others_than_ours_are_refused_at_the_start(monkeypatch):
    async def reset_stream(self, code):
        await self.flush()

    monkeypatch.setattr(selftest, "_tried", set())
    monkeypatch.setattr(selftest, "_LIMIT_S", 0.2)
    monkeypatch.setattr(H2Wire, "reset_stream", reset_stream)
    with pytest.raises(CannotServe, match=r"with h2 [0-9.]+: expected .*'reset'.* on the wire, found .*b'cut'\)"):
        async with serving():
            raise AssertionError


def test_a_send_that_is_not_hypercorn_s_is_refused_in_words():
    async def send(message):
        raise AssertionError

    with pytest.raises(WireUnreachable, match="found NoneType > NoneType > NoneType"):
        wire_of(send, Connections())


def fetch(url, path, body="{}"):
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_thread_serves_synchronous_code(plan_of):
    with ServerThread() as server:
        session = server.play(plan_of(Write(b"a"), Write(b"b")))
        assert session.origin.startswith(server.url)
        assert fetch(server.url, f"/r/{session.nonce}/v1/chat/completions") == (200, b"ab")
        assert server.settled(session, 1)
        assert session.exchanges[0].body_written == 2
        assert len(list(server.journal)) == 1
        server.close(session)
        assert fetch(server.url, f"/r/{session.nonce}/x")[0] == 404
        server.reset()
        assert list(server.journal) == []


def test_a_thread_stops_in_the_middle_of_a_stall(plan_of):
    server = ServerThread().start()
    session = server.play(plan_of(Write(b"a"), end="stall"))
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
        client.sendall(f"POST /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        assert client.recv(100)
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 0.5
    server.stop()


async def test_a_thread_s_server_is_used_from_an_event_loop(plan_of):
    """Each call returns soon, although this thread runs a loop of its own."""
    with ServerThread() as server:
        session = server.play(plan_of(Write(b"a")))
        status, body = await trio.to_thread.run_sync(fetch, server.url, f"/r/{session.nonce}/x")
        assert (status, body) == (200, b"a")
        assert server.settling(session, 1).result(timeout=2)
        server.close(session)
        server.reset()


def test_a_session_may_be_bounded_from_its_first_request(plan_of):
    with ServerThread() as server:
        session = server.play(plan_of(Write(b"a"), end="stall"), limit_s=0.05)
        in_time = server.play(plan_of(Write(b"a")), limit_s=30)
        assert fetch(server.url, f"/r/{in_time.nonce}/x") == (200, b"a")
        with pytest.raises(OSError, match="reset"):
            fetch(server.url, f"/r/{session.nonce}/x")
        assert server.settled(session, 1)
        assert session.is_overdue
        assert session.is_closed
        server.close(in_time)
        assert not in_time.is_overdue


def test_a_thread_that_stops_leaves_nobody_waiting(plan_of):
    server = ServerThread().start()
    session = server.play(plan_of(Write(b"a"), end="stall"), limit_s=30)
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
        client.sendall(f"POST /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        assert client.recv(100)
        waiting = server.settling(session, 30)
        assert not waiting.done()
        server.stop()
        waiting.result(timeout=2)
    with pytest.raises(RuntimeError, match="not running"):
        server.close(session)
    server.soon(print, "never")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list what is open")
def test_many_starts_leave_no_socket_and_no_thread(plan_of):
    def open_now():
        return sorted(str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink())

    def once():
        with ServerThread() as server:
            session = server.play(plan_of(Write(b"a"), end="stall"))
            with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
                client.sendall(f"POST /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
                assert client.recv(100)
                server.stop()

    once()
    gc.collect()
    kinds, threads = Counter(name.partition(":")[0] for name in open_now()), threading.active_count()
    for _ in range(20):
        once()
    gc.collect()
    assert Counter(name.partition(":")[0] for name in open_now()) == kinds
    assert threading.active_count() == threads


def test_a_thread_that_cannot_start_says_why():
    with ServerThread() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(PortInUse):
            ServerThread(port=port).start()


def test_a_thread_is_used_in_order():
    server = ServerThread()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    server.stop()
    with server, pytest.raises(RuntimeError, match="started already"):
        server.start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
