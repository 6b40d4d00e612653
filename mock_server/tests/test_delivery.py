"""Boundaries that were promised, silences, and the hook that says what was delivered."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import trio

from streamproof_mock.performer import Bounds
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, AwaitDelivered, Pause, Plan, Write

TEXT = b"data: hello\n\n"
BYTEWISE = [Write(TEXT[at : at + 1], promised=True) for at in range(len(TEXT))]

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked on Linux only")


def chunks(data: bytes) -> list[bytes]:
    """What is in each chunk of a read."""
    found = []
    while data:
        size, _, data = data.partition(b"\r\n")
        found.append(data[: int(size, 16)])
        data = data[int(size, 16) + 2 :]
    return found


@on_linux
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("pause_s", [0, 0.003])
async def test_promised_boundaries_are_kept_for_a_slow_reader(connect, plan_of, host, pause_s):
    async with serving(host=host) as server:
        session = server.play(plan_of(*BYTEWISE))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        heard = await client.hear(until=b"0\r\n\r\n", pause_s=pause_s)

        reads = [read.partition(b"\r\n\r\n")[2] if read.startswith(b"HTTP") else read for read in heard.reads]
        assert [chunks(read) for read in reads if read][:-1] == [[bytes([byte])] for byte in TEXT][: len(TEXT)]
        assert await session.settled(1)
        [exchange] = session.exchanges
        assert (exchange.way, exchange.boundaries_asked, exchange.boundaries_kept) == ("asked", len(TEXT), len(TEXT))


async def test_without_the_kernel_time_is_waited_at_each_boundary(connect, plan_of):
    async with serving(ask_kernel=False) as server:
        assert not server.asks_kernel
        session = server.play(plan_of(*BYTEWISE))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        heard = await client.hear(until=b"0\r\n\r\n")

        assert len(heard.reads) >= len(TEXT)
        assert await session.settled(1)
        [exchange] = session.exchanges
        assert (exchange.way, exchange.boundaries_asked, exchange.boundaries_kept) == ("waited", len(TEXT), len(TEXT))
        gaps = [later - earlier for (earlier, _), (later, _) in zip(exchange.writes, exchange.writes[1:], strict=False)]
        assert min(gaps) >= 5_000_000
        assert exchange.read is None


@on_linux
async def test_a_boundary_that_the_client_does_not_reach_in_time_is_not_kept(connect, plan_of, eventually):
    async with serving(bounds=Bounds(boundary_s=0.02)) as server:
        session = server.play(plan_of(Write(b"a", promised=True), Write(b"b", promised=True), Write(b"c")))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        await eventually(lambda: session.requests)
        assert await session.settled(1)
        [exchange] = session.exchanges
        assert (exchange.boundaries_asked, exchange.boundaries_kept) == (2, 0)
        assert exchange.complete
        assert (await client.hear(until=b"0\r\n\r\n")).data.endswith(b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n")


async def test_one_write_is_one_chunk_and_one_send(server, connect, plan_of):
    session = server.play(plan_of(*[Write(b"%d" % number) for number in range(100)]))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    heard = await client.hear(until=b"0\r\n\r\n")
    assert chunks(heard.body)[:-1] == [b"%d" % number for number in range(100)]
    assert [size for _, size in session.exchanges[0].writes] == [1] * 10 + [2] * 90


async def test_the_first_ten_thousand_writes_are_noted(server, connect, plan_of):
    session = server.play(plan_of(*[Write(b"x")] * 10_050))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await client.hear(until=b"0\r\n\r\n")
    [exchange] = session.exchanges
    assert (len(exchange.writes), exchange.body_written) == (10_000, 10_050)


async def test_a_stream_goes_on_while_the_client_does_not_read(server, connect, plan_of, eventually):
    piece = b"x" * 100_000
    session = server.play(plan_of(*[Write(piece)] * 200, framing="close"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await eventually(lambda: session.requests)
    assert not await session.settled(0.05)
    assert 0 < session.exchanges[0].body_written < 20_000_000
    assert len((await client.hear()).body) == 20_000_000


async def test_silences_stand_where_the_plan_has_them(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a"), Pause(0.03), Write(b"b"), delay_s=0.03))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    heard = await client.hear(until=b"0\r\n\r\n")
    [exchange] = session.exchanges
    assert exchange.first_byte_ns - exchange.arrived_ns >= 30_000_000
    assert exchange.writes[1][0] - exchange.writes[0][0] >= 30_000_000
    assert heard.reads[0].endswith(b"1\r\na\r\n")


async def test_the_head_goes_out_before_a_pause(server, connect, plan_of):
    session = server.play(plan_of(Pause(0.03), Write(b"a")))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert (await client.hear(until=b"\r\n\r\n")).body == b""


async def test_an_await_holds_the_stream_until_the_hook_has_returned(server, connect, plan_of):
    told, go_on = [], trio.Event()

    async def on_await(exchange):
        told.append(exchange.body_written)
        await go_on.wait()
        return True

    session = server.play(plan_of(Write(b"a"), AwaitDelivered(), Write(b"b")), on_await=on_await)
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    assert (await client.hear(for_s=0.05)).body == b"1\r\na\r\n"
    assert told == [1]
    go_on.set()
    assert (await client.hear(until=b"0\r\n\r\n")).data == b"1\r\nb\r\n0\r\n\r\n"
    assert session.exchanges[0].late == 0


@pytest.mark.parametrize("answer", [False, None])
async def test_an_await_that_fails_or_takes_too_long_is_late(connect, plan_of, answer):
    async def on_await(exchange):
        if answer is None:
            await trio.sleep_forever()
        return answer

    async with serving(bounds=Bounds(await_s=0.02)) as server:
        session = server.play(plan_of(Write(b"a"), AwaitDelivered(), Write(b"b")), on_await=on_await)
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        assert (await client.hear(until=b"0\r\n\r\n")).body == b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
        assert await session.settled(1)
        assert (session.exchanges[0].late, session.exchanges[0].complete) == (1, True)


@on_linux
@pytest.mark.parametrize(("reads", "late"), [(True, 0), (False, 1)])
async def test_an_await_without_a_hook_waits_for_the_client_to_read(connect, plan_of, reads, late, eventually):
    async with serving(bounds=Bounds(await_s=0.05)) as server:
        session = server.play(plan_of(Write(b"a"), AwaitDelivered(), Write(b"b")))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        if not reads:
            await eventually(lambda: session.requests)
            assert await session.settled(1)
        await client.hear(until=b"0\r\n\r\n")
        assert await session.settled(1)
        assert session.exchanges[0].late == late


async def test_answers_come_in_order_and_the_last_repeats(server, connect):
    answers = tuple(
        AnswerPlan(status=status, operations=lambda: iter([Write(b"x")]), framing="length")
        for status in (500, 429, 200)
    )
    plan = Plan(case="c", delivery="as-written", hash="h", dialect="openai-chat", answers=answers)
    session = server.play(plan)
    client = await connect(server)
    statuses = []
    for _ in range(5):
        await client.post(f"/r/{session.nonce}/x")
        statuses.append((await client.hear(until=b"\r\n\r\nx")).status)
    assert statuses == [500, 429, 200, 200, 200]
    assert [exchange.number for exchange in session.exchanges] == [0, 1, 2, 3, 4]
    assert {exchange.connection for exchange in session.exchanges} == {0}
    assert server.journal.of(session.nonce) == session.exchanges


async def test_sessions_do_not_see_each_other(server, connect, plan_of):
    one, other = server.play(plan_of(Write(b"1"))), server.play(plan_of(Write(b"2")))
    client = await connect(server)
    await client.post(f"/r/{other.nonce}/x")
    assert b"1\r\n2\r\n" in (await client.hear(until=b"0\r\n\r\n")).body
    assert (one.requests, other.requests) == (0, 1)
    assert other.origin == f"{server.url}/r/{other.nonce}"


ELSEWHERE = """
import sys, trio, hypercorn.trio, quart_trio, jsonschema
sys.platform = "darwin"
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Plan, Write, Ending

async def main():
    writes = [Write(b"a", promised=True), Write(b"b")]
    answer = AnswerPlan(operations=lambda: iter(writes), ending=Ending(kind="reset"))
    async with serving() as server:
        session = server.play(Plan(case="c", delivery="d", hash="h", dialect="openai-chat", answers=(answer,)))
        stream = await trio.open_tcp_stream("127.0.0.1", int(server.url.rpartition(":")[2]))
        await stream.send_all(f"POST /r/{session.nonce}/x HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
        heard = b""
        try:
            async for data in stream:
                heard += data
        except trio.BrokenResourceError:
            heard += b"RESET"
        await stream.aclose()
        await session.settled(1)
    [seen] = session.exchanges
    print(seen.way, seen.boundaries_asked, seen.boundaries_kept, seen.delivered, heard[-13:])
    print("streamproof_mock.peer" in sys.modules)

trio.run(main)
"""


@on_linux
def test_elsewhere_than_on_linux_nothing_of_linux_is_needed():
    path = os.pathsep.join(part for part in sys.path if part)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", ELSEWHERE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert ran.stdout.splitlines() == [r"waited 1 1 None b'\r\n1\r\nb\r\nRESET'", "False"], ran.stderr
