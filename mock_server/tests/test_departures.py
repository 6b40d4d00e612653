"""Clients that leave: how, when, and what becomes of the play."""

from __future__ import annotations

from itertools import repeat
from time import perf_counter_ns

import pytest
import trio

from streamproof_mock.performer import Bounds
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Pause, Plan, Write

WAITING = {
    "in a stall": ([Write(b"a")], "stall"),
    "in a pause": ([Write(b"a"), Pause(30), Write(b"b")], "clean"),
    "in an endless stream": (repeat(Write(b"a")), "clean"),
    "in an endless trickle": ((step for _ in repeat(0) for step in (Write(b"a"), Pause(0.001))), "clean"),
}


def leave(client, how):
    if how == "reset":
        client.reset()
    elif how == "half-close":
        client.socket.shutdown(trio.socket.SHUT_WR)
    else:
        client.socket.close()


async def begun(client):
    await client.hear(until=b"1\r\na\r\n", for_s=2)


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("where", ["in a stall", "in a pause"])
async def test_a_client_that_leaves_ends_the_play_at_once(server, connect, plan_of, where, how):
    operations, end = WAITING[where]
    session = server.play(plan_of(*operations, end=end))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await begun(client)
    left_ns = perf_counter_ns()
    leave(client, how)

    assert await session.settled(1)
    [exchange] = session.exchanges
    assert exchange.left == how
    assert left_ns <= exchange.left_ns <= exchange.ended_ns
    assert exchange.left_ns - left_ns < 200_000_000
    assert exchange.complete == (end == "stall")


@pytest.mark.parametrize("where", ["in an endless stream", "in an endless trickle"])
async def test_an_endless_stream_ends_when_the_client_leaves(server, connect, where):
    endless = WAITING[where][0]
    answer = AnswerPlan(operations=lambda: iter(endless))
    session = server.play(Plan(case="c", delivery="d", hash="h", dialect="openai-chat", answers=(answer,)))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await client.socket.recv(100)
    client.socket.close()
    assert await session.settled(1)
    [exchange] = session.exchanges
    # Unread bytes make a close a reset.
    assert exchange.left in ("fin", "reset")
    assert not exchange.complete


async def test_a_client_that_leaves_before_the_head_is_seen(server, connect, plan_of, eventually):
    session = server.play(plan_of(Write(b"a"), delay_s=30))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await trio.sleep(0.02)
    client.socket.close()
    await eventually(lambda: session.exchanges and session.exchanges[0].left)
    assert session.exchanges[0].left == "fin"
    assert session.exchanges[0].status is None


async def test_a_client_that_offered_an_upgrade_is_seen_leaving(server, connect, plan_of):
    # Java's client offers h2c with each request; h11 then stops reading until the head is out.
    session = server.play(plan_of(Write(b"a"), end="stall"))
    client = await connect(server)
    await client.post(
        f"/r/{session.nonce}/x", b"{}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA"
    )
    await begun(client)
    client.socket.close()
    assert await session.settled(1)
    assert session.exchanges[0].left == "fin"


async def test_a_client_that_closes_one_half_is_served_to_the_end(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a"), Pause(0.03), Write(b"b")))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    leave(client, "half-close")
    heard = await client.hear()
    if server.asks_kernel:
        assert heard.body == b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
        assert (session.exchanges[0].left, session.exchanges[0].complete) == ("half-close", True)
    assert heard.end == "eof"


async def test_a_client_that_closes_one_half_and_then_the_other_is_seen(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a"), end="stall"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await begun(client)
    leave(client, "half-close")
    await trio.sleep(0.02)
    client.socket.close()
    assert await session.settled(1)
    assert session.exchanges[0].left == "fin"


async def test_a_client_that_stays_is_told_from_one_that_the_server_closed(server, connect, plan_of):
    stays, closed = server.play(plan_of(Write(b"a"))), server.play(plan_of(Write(b"a"), end="fin"))
    client = await connect(server)
    for session in (stays, closed):
        await client.post(f"/r/{session.nonce}/x")
        await client.hear(until=b"0\r\n\r\n", for_s=0.1)
        assert await session.settled(1)
    assert (stays.exchanges[0].left, closed.exchanges[0].left) == ("stayed", "server-closed")


async def test_a_stall_is_bounded(connect, plan_of):
    async with serving(bounds=Bounds(stall_s=0.03)) as server:
        session = server.play(plan_of(Write(b"a"), end="stall"))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        assert (await client.hear()).end == "eof"
        assert session.exchanges[0].left == "server-closed"


async def test_closing_a_session_breaks_its_play_off_and_frees_the_nonce(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a"), end="stall"))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/x")
    await begun(client)
    session.close()
    assert (await client.hear()).end in ("eof", "reset")
    assert await session.settled(1)
    late = await connect(server)
    await late.post(f"/r/{session.nonce}/x")
    assert (await late.hear(for_s=0.1)).status == 404


async def test_a_request_that_is_cut_off_is_in_the_journal(server, connect, plan_of, eventually):
    session = server.play(plan_of(Write(b"a")))
    client = await connect(server)
    await client.send(f"POST /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    await trio.sleep(0.02)
    client.socket.close()
    await eventually(lambda: list(server.journal))
    [exchange] = server.journal
    assert (exchange.left, exchange.status, exchange.complete) == ("fin", None, False)


async def test_a_server_with_stalled_streams_stops_at_once(connect, plan_of):
    async with serving() as server:
        clients = []
        for _ in range(20):
            session = server.play(plan_of(Write(b"a"), end="stall"))
            client = await connect(server)
            await client.post(f"/r/{session.nonce}/x")
            await begun(client)
            clients.append(client)
        half = await connect(server)
        await half.send(b"POST /r/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        idle = await connect(server)
        await idle.post("/nothing")
        await idle.hear(until=b"}")
        await connect(server)
        started = trio.current_time()
    assert trio.current_time() - started < 0.5
    for client in [*clients, half, idle]:
        assert (await client.hear()).end in ("eof", "reset")


async def test_the_ending_needs_no_reader(server, connect):
    # What is sent before a reset is waited for, with a bound: nobody reads here.
    answer = AnswerPlan(operations=lambda: iter([Write(b"a")]), ending=Ending(kind="reset"))
    plan = Plan(case="c", delivery="d", hash="h", dialect="openai-chat", answers=(answer,))
    async with serving(bounds=Bounds(reset_s=0.02)) as quick:
        session = quick.play(plan)
        client = await connect(quick)
        await client.post(f"/r/{session.nonce}/x")
        await trio.sleep(0.05)
        assert await session.settled(1)
        assert session.exchanges[0].complete
