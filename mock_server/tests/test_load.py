"""Many streams at once, and many connections that leave at any moment: nothing is lost, nothing is left behind.

The small sizes run always, the full ones with the marker `load`.
"""

from __future__ import annotations

import gc
import random
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
import trio

from streamproof_mock.journal import DETAILED
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Pause, Plan, Write

BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": true}'
EVENTS = 25
CONNECTING = 100
"""Connections that are made at once at most."""


class Book:
    """`paced/N` counts up slowly, each stream in its own numbers; `fast` is there at once."""

    def __init__(self):
        self.plans = {"fast": plan_of([Write(b"data: %d\n\n" % number) for number in range(20)])}

    def find(self, text, dialects):
        name = text.partition("/v1/")[0]
        if name.startswith("paced/") and name not in self.plans:
            self.plans[name] = plan_of(counted(int(name.removeprefix("paced/"))))
        return (self.plans[name], len(name)) if name in self.plans else None

    def ids(self):
        return self.plans


def counted(stream):
    for event in range(EVENTS):
        yield Write(b"data: stream %d event %d\n\n" % (stream, event))
        yield Pause(0.02)


def plan_of(operations):
    kept = tuple(operations)
    answer = AnswerPlan(headers=(("content-type", "text/event-stream"),), operations=lambda: iter(kept))
    return Plan(case="load", delivery="as-written", hash=f"{id(kept):x}", dialect="openai-chat", answers=(answer,))


def request_of(name):
    head = f"POST /s/{name}/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n"
    return head.encode() + BODY


def chunks(data):
    """The body of a chunked answer, and how many chunks it came in."""
    found = []
    rest = data.partition(b"\r\n\r\n")[2]
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        found.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    assert found.pop() == b""
    return b"".join(found), len(found)


@pytest.mark.parametrize("streams", [60, pytest.param(2000, marks=pytest.mark.load)])
async def test_paced_streams_at_once_lose_nothing_and_keep_their_order(streams):
    heard = {}
    connecting = trio.CapacityLimiter(CONNECTING)

    async def listen(number):
        async with connecting:
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(request_of(f"paced/{number}"))
        data = bytearray()
        async with stream:
            while not data.endswith(b"\r\n0\r\n\r\n"):
                more = await stream.receive_some(65536)
                assert more, "the server closed a stream"
                data += more
        heard[number] = chunks(bytes(data))

    async with serving(book=Book(), journal_limit=streams) as server:
        port = int(server.url.rpartition(":")[2])
        with trio.fail_after(120):
            async with trio.open_nursery() as nursery:
                for number in range(streams):
                    nursery.start_soon(listen, number)
        assert len(heard) == streams
        for number, (body, count) in heard.items():
            said = b"".join(operation.data for operation in counted(number) if isinstance(operation, Write))
            assert (sha256(body).digest(), count) == (sha256(said).digest(), EVENTS)
        exchanges = list(server.journal)
        assert len(exchanges) == streams
        assert {exchange.complete for exchange in exchanges} == {True}
        for exchange in exchanges[-DETAILED:]:
            assert len(exchange.writes) == EVENTS
            times = [at_ns for at_ns, _ in exchange.writes]
            assert min(later - earlier for earlier, later in pairwise(times)) >= 20_000_000


def living_tasks():
    return trio.lowlevel.current_statistics().tasks_living


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


async def come_and_go(port, seed):
    """One connection that leaves when and as the seed says."""
    chance = random.Random(seed)
    request = request_of(chance.choice(["fast", "paced/7", "paced/8"]))
    sock = trio.socket.socket()
    await sock.connect(("127.0.0.1", port))
    try:
        moment = chance.choice(
            ["at once", "mid-head", "mid-body", "asked", "mid-stream", "second request", "at the end"]
        )
        head = request.index(b"\r\n\r\n") + 4
        upto = {"at once": 0, "mid-head": chance.randrange(1, head), "mid-body": chance.randrange(head, len(request))}
        await sock.send(request[: upto.get(moment, len(request))])
        match moment:
            case "mid-stream":
                await sock.recv(chance.choice([1, 200]))
            case "second request":
                await sock.recv(65536)
                await sock.send(request * chance.randrange(1, 4))
                await trio.sleep(chance.random() * 0.02)
            case "at the end":
                with trio.move_on_after(1):
                    while not (await sock.recv(65536)).endswith(b"0\r\n\r\n"):
                        pass
        if chance.random() < 0.5:
            sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    except OSError:
        pass  # the server was faster
    finally:
        sock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
@pytest.mark.parametrize("connections", [150, pytest.param(10_000, marks=pytest.mark.load)])
async def test_connections_that_leave_at_any_moment_leave_nothing_behind(eventually, connections):
    async def crowd(port, first):
        limit = trio.CapacityLimiter(CONNECTING)

        async def one(number):
            async with limit:
                await come_and_go(port, number)

        async with trio.open_nursery() as nursery:
            for number in range(first, first + connections):
                nursery.start_soon(one, number)

    def kept():
        # What the journal and the memo of requests keep is bounded, and no sign of a leak.
        server.reset()
        gc.collect()
        names = ("Connection", "Exchange", "Express", "H11Protocol", "HTTPStream", "Lap", "Player", "Track")
        kinds = [type(thing).__name__ for thing in gc.get_objects()]
        return [kinds.count(name) for name in names]

    async with serving(book=Book(), journal_limit=50) as server:
        port = int(server.url.rpartition(":")[2])
        await trio.testing.wait_all_tasks_blocked(0.05)
        before = (living_tasks(), descriptors(), kept())
        with trio.fail_after(300):
            for round_ in range(2):
                await crowd(port, round_ * connections)
                # A lap whose client has left stays in the pacer's heap for a pause.
                await eventually(lambda: (living_tasks(), descriptors(), kept()) == before, limit_s=30)
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(request_of("fast"))
        assert (await stream.receive_some(65536)).startswith(b"HTTP/1.1 200")
        await stream.aclose()
