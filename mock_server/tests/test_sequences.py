"""Answers in sequence, also to requests at the same time; streams that have no end of their own."""

from __future__ import annotations

import tracemalloc

import pytest
import trio

from streamproof_mock.entry import entries
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import AnswerPlan, Ending, Write

BUSY_THEN_WELL = """
title: Busy, then well
dialect: openai-chat
stream:
  - {status: 429, headers: {retry-after: "1"}, steps: [error: {message: later}]}
  - {steps: [role: assistant, text: well, finish: stop, done]}
"""
ENDLESS = """
title: Without an end
dialect: openai-chat
client: {stop: {after: 3}}
stream: {steps: [role: assistant, repeat: {times: 1000000, steps: [text: word]}, finish: stop, done]}
"""


def plan_in(text):
    (case,) = cases(loads(text, path="made.yaml", id="made/by-hand"))
    return compile_case(case)


def said(word, **fields):
    return AnswerPlan(operations=lambda: iter([Write(word)]), ending=Ending(), **fields)


async def test_requests_at_once_get_the_answers_in_order_of_arrival(server, connect, plan_of, eventually):
    """The first is still waiting for its head when the second comes, and is answered after it."""
    session = server.play(plan_of(answers=[said(b"one", delay_s=0.2), said(b"two")]))
    first, second = await connect(server), await connect(server)
    await first.post(f"/r/{session.nonce}/x")
    await eventually(lambda: session.requests == 1)
    await second.post(f"/r/{session.nonce}/x")
    assert (await second.hear(until=b"0\r\n\r\n")).body.startswith(b"3\r\ntwo")
    assert (await first.hear(until=b"0\r\n\r\n")).body.startswith(b"3\r\none")
    assert await session.settled(1)
    early, late = session.exchanges
    assert (early.number, late.number) == (0, 1)
    assert early.arrived_ns < late.arrived_ns < late.ended_ns < early.ended_ns
    # It did not wait for the first to end: there is no wait between them to be judged.
    assert [entry["waited_ns"] for entry in entries(session.exchanges)] == [None, None]


@pytest.mark.parametrize("count", [2, 20])
async def test_of_many_requests_at_once_each_gets_an_answer_of_its_own(server, connect, plan_of, count):
    words = [b"%03d" % number for number in range(count - 1)]
    session = server.play(plan_of(answers=map(said, words)))
    heard = []

    async def ask():
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/x")
        heard.append((await client.hear(until=b"0\r\n\r\n")).body[3:6])

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(ask)
    # The last answer repeats.
    assert sorted(heard) == sorted([*words, words[-1]])
    assert [exchange.number for exchange in session.exchanges] == list(range(count))
    arrivals = [exchange.arrived_ns for exchange in session.exchanges]
    assert arrivals == sorted(arrivals)


async def test_a_busy_answer_and_the_one_after_it_are_told_with_the_wait_between(server, connect):
    session = server.play(plan_in(BUSY_THEN_WELL))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions")
    busy = await client.hear(until=b"}")
    while not busy.data.endswith(b"}}"):
        busy.reads += (await client.hear(until=b"}")).reads
    assert busy.status == 429
    assert b"retry-after: 1" in busy.head
    await client.post(f"/r/{session.nonce}/v1/chat/completions")
    assert (await client.hear(until=b"0\r\n\r\n")).status == 200
    assert await session.settled(1)
    first, second = entries(session.exchanges)
    assert (first["status"], second["status"], first["waited_ns"]) == (429, 200, None)
    assert 0 < second["waited_ns"] == second["arrived_ns"] - first["ended_ns"] < second["since_arrival_ns"]
    assert first["connection"] == second["connection"]


async def test_a_stream_of_a_million_turns_costs_what_is_read_of_it(server, connect):
    session = server.play(plan_in(ENDLESS))
    client = await connect(server)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await client.post(f"/r/{session.nonce}/v1/chat/completions")
        read = 0
        while read < 1_000_000:
            read += len(await client.socket.recv(65536))
        client.socket.close()
        assert await session.settled(5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    [exchange] = session.exchanges
    assert exchange.left in ("fin", "reset")
    assert not exchange.complete
    assert read <= exchange.wire_written < 100_000_000
    assert peak - before < 5_000_000
