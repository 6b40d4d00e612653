"""The load: connections that each ask again as soon as they are answered, in one thread, on one core.  Linux."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import attrs

from streamproof_bench.answers import END, Check, WrongAnswer

_READ: Final = 1 << 18
_SILENCE_S: Final = 20.0
_DATA_SEGMENTS_IN: Final = 152
"""Where `tcpi_data_segs_in` stands in Linux's `struct tcp_info`."""


@attrs.frozen(kw_only=True)
class Load:
    """What a burst of streams took."""

    streams: int
    wall_ns: int
    segments: int
    """TCP segments with data that came: one for each send of the server's, unless it sends more than 64 KB."""
    own_cpu_ns: int
    """What reading has cost: near the wall time, the reader and not the server was the limit."""


def drive(port: int, request: bytes, check: Check, *, connections: int, seconds: float, most: int) -> Load:
    """Asks on so many connections until the time or the number of streams is reached; every answer is checked.

    Raises WrongAnswer.
    """
    with ExitStack() as stack:
        poll = stack.enter_context(select.epoll())
        lanes: dict[int, tuple[socket.socket, bytearray]] = {}
        for _ in range(connections):
            lane = stack.enter_context(connected(port))
            lanes[lane.fileno()] = (lane, bytearray())
            poll.register(lane, select.EPOLLIN)
        begun_ns, own_ns = time.perf_counter_ns(), time.thread_time_ns()
        until_ns = begun_ns + round(seconds * 1e9)
        done = asked = 0
        for lane, _ in lanes.values():
            lane.sendall(request)
            asked += 1
        while done < asked:
            ready = poll.poll(_SILENCE_S)
            if not ready:
                raise WrongAnswer(f"nothing came for {_SILENCE_S:.0f} s")
            for descriptor, _ in ready:
                lane, held = lanes[descriptor]
                data = lane.recv(_READ)
                if not data:
                    raise WrongAnswer(f"the connection was closed after {len(held)} bytes of an answer")
                held += data
                if not held.endswith(END):
                    continue
                check(bytes(held))
                held.clear()
                done += 1
                if asked < most and time.perf_counter_ns() < until_ns:
                    lane.sendall(request)
                    asked += 1
        wall_ns, own_ns = time.perf_counter_ns() - begun_ns, time.thread_time_ns() - own_ns
        segments = sum(_segments(lane) for lane, _ in lanes.values())
    return Load(streams=done, wall_ns=wall_ns, segments=segments, own_cpu_ns=own_ns)


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A connection that never waits to fill a segment."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SILENCE_S) as lane:
        lane.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield lane


@contextmanager
def held_open(port: int, request: bytes, count: int) -> Iterator[None]:
    """So many streams, each with its first event read, until the block ends; raises WrongAnswer."""
    with ExitStack() as stack:
        lanes = []
        for _ in range(count):
            lane = stack.enter_context(connected(port))
            lane.sendall(request)
            lanes.append(lane)
        for lane in lanes:
            seen = b""
            while b"\n\n" not in seen:
                data = lane.recv(_READ)
                if not data:
                    raise WrongAnswer(f"the connection was closed after {len(seen)} bytes of a stream that goes on")
                seen += data
        yield


def _segments(lane: socket.socket) -> int:
    told = lane.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=I", told, _DATA_SEGMENTS_IN)[0])
