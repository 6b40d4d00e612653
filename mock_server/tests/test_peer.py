"""What the kernel says about the other end of a connection on this machine."""

from __future__ import annotations

import select
import socket
import sys
from contextlib import contextmanager

import pytest

if sys.platform != "linux":
    pytest.skip("the kernel is asked on Linux only", allow_module_level=True)

from streamproof_mock.peer import Kernel, PeerState, question, unacknowledged, written


@contextmanager
def connected(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen(1)
        with socket.create_connection(listener.getsockname()[:2]) as client, listener.accept()[0] as server:
            # As trio sets it: without, the last bytes would wait for an acknowledgement to be sent at all.
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield client, server


@pytest.fixture
def kernel():
    opened = Kernel.opened()
    assert opened is not None
    yield opened
    opened.close()


def room(server):
    return select.select([], [server], [], 0)[1]


def asked(server):
    return question(server.getsockname()[:2], server.getpeername()[:2])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_tells_what_was_received_and_what_was_read(kernel, host):
    with connected(host) as (client, server):
        query = asked(server)
        assert kernel.ask(query) == PeerState(received=0, unread=0, open=True)
        server.sendall(b"12345")
        assert kernel.ask(query) == PeerState(received=5, unread=5, open=True)
        client.recv(3)
        assert kernel.ask(query) == PeerState(received=5, unread=2, open=True)
        assert written(server) == 5


def test_what_is_received_does_not_wait_for_its_acknowledgement(kernel):
    with connected("127.0.0.1") as (client, server):
        query = asked(server)
        # After some turns the client's kernel keeps its acknowledgements back, to send them with the next request.
        for _ in range(30):
            client.sendall(b"?")
            server.recv(1)
            server.sendall(b"!")
            client.recv(1)
        server.sendall(b"12345")
        assert (kernel.ask(query).received, written(server)) == (35, 35)
        client.sendall(b"?")
        server.recv(1)
        assert unacknowledged(server.fileno()) == 0


def test_it_tells_a_half_close_from_a_close(kernel):
    with connected("127.0.0.1") as (client, server):
        query = asked(server)
        client.shutdown(socket.SHUT_WR)
        assert kernel.ask(query).open
        client.close()
        state = kernel.ask(query)
        assert state is None or not state.open


def test_it_knows_nothing_of_a_reset_connection_nor_of_strangers(kernel):
    with connected("127.0.0.1") as (client, server):
        query = asked(server)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        assert kernel.ask(query) is None
    assert kernel.ask(question(("127.0.0.1", 1), ("127.0.0.1", 2))) is None


def test_sockets_that_are_told_of_at_other_lengths_do_not_mix(kernel):
    # IPv6 has attributes that IPv4 has not, so its answers are longer.
    with connected("127.0.0.1") as (_, four), connected("::1") as (_, six):
        for sent in (1, 2, 3):
            four.sendall(b"4")
            six.sendall(b"66")
            assert kernel.ask(asked(four)).received == sent
            assert kernel.ask(asked(six)).received == 2 * sent


def test_what_waits_to_be_sent_counts_as_written(kernel):
    with connected("127.0.0.1") as (_client, server):
        server.setblocking(False)
        total = sum(sent for sent in iter(lambda: server.send(b"x" * 65536) if room(server) else 0, 0))
        state = kernel.ask(asked(server))
        assert written(server) == total
        assert state.received <= total
        assert state.unread == state.received


def test_a_closed_kernel_knows_nothing():
    kernel = Kernel.opened()
    kernel.close()
    assert kernel.ask(b"") is None
