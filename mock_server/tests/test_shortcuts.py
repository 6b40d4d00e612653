"""The short way: the same bytes, the same journal, and only for what may go it."""

from __future__ import annotations

import os
import re
from functools import partial

import attrs
import pytest
import trio

from streamproof_mock.player import Bounds
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Pause, Plan, Write

TIMES = {"arrived_ns", "first_byte_ns", "last_byte_ns", "ended_ns", "left_ns", "writes", "delivered", "read"}
BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": true}'
PATH = "/s/made/v1/chat/completions"

posix = pytest.mark.skipif(os.name != "posix", reason="there is no short way without write(2) on sockets")


def plan_of(*answers):
    return Plan(case="made", delivery="as-written", hash="0badcafe", dialect="openai-chat", answers=answers)


def answer(*operations, **fields):
    return AnswerPlan(headers=(("content-type", "text/event-stream"),), operations=lambda: iter(operations), **fields)


class Book:
    def __init__(self, plan):
        self.plan = plan

    def find(self, text, dialects):
        return (self.plan, 4) if text.split("/")[0] == "made" else None

    def ids(self):
        return ("made",)


def told(exchange):
    """What the journal says, without what differs from run to run."""
    entry = {field.name: getattr(exchange, field.name) for field in attrs.fields(type(exchange))}
    return {name: value for name, value in entry.items() if name not in TIMES} | {
        "writes": [size for _, size in exchange.writes],
        "in order": _are_in_order(
            exchange.arrived_ns, exchange.first_byte_ns, exchange.last_byte_ns, exchange.ended_ns
        ),
        "accounted": (exchange.delivered is None or exchange.delivered <= exchange.wire_written)
        and (exchange.read is None or exchange.read <= exchange.delivered),
    }


def _are_in_order(*times):
    known = [time for time in times if time is not None]
    return known == sorted(known)


def post(path=PATH, body=BODY, *headers, method="POST", http="1.1"):
    lines = [f"{method} {path} HTTP/{http}", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def heard_until_quiet(client, is_over=lambda: True, quiet_s=0.05):
    """All that comes, up to a silence once the answer is over."""
    data, end = b"", "open"
    while True:
        was_over = is_over()
        with trio.move_on_after(quiet_s) as scope:
            try:
                more = await client.socket.recv(1 << 20)
            except ConnectionResetError:
                return data, "reset"
        if scope.cancelled_caught and was_over:
            return data, end
        if scope.cancelled_caught:
            continue
        if not more:
            return data, "eof"
        data += more


def has_answered(server, number):
    exchanges = list(server.journal)
    return len(exchanges) > number and exchanges[number].ended_ns is not None


EVENTS = [Write(b"data: %d\n\n" % number) for number in range(100)]


@posix
@pytest.mark.parametrize(
    ("plan", "taken"),
    [
        (plan_of(answer(Write(b"data: a\n\n" * 50))), 4),
        (plan_of(answer(*EVENTS)), 4),
        (plan_of(answer()), 4),
        (plan_of(answer(Write(b""), Write(b"a"), framing="length")), 4),
        (plan_of(answer(Write(b"{}"), status=429, framing="length"), answer(Write(b"data: b\n\n"))), 4),
        (plan_of(answer(Write(b"a"), Pause(0.002), Write(b"b"))), 0),
        (plan_of(answer(Write(b"a", promised=True), Write(b"b"))), 0),
        (plan_of(answer(Write(b"a"), delay_s=0.002)), 0),
        (plan_of(*[answer(Write(b"a"))] * 3, answer(Write(b"b"), ending=Ending(kind="reset"))), 2),
        (plan_of(answer(Write(b"a"), encoding="gzip")), 0),
        (plan_of(answer(Write(b"a"), close=True)), 0),
        (plan_of(answer(Write(b"a"), Pause(0.002), Write(b"b"), ending=Ending(kind="fin"))), 0),
    ],
)
async def test_the_short_way_writes_the_same_bytes_and_the_same_journal(connect, plan, taken):
    seen = []
    for shortcuts in (True, False):
        async with serving(book=Book(plan), shortcuts=shortcuts) as server:
            client = await connect(server)
            heard = []
            while len(heard) < 5 and all(end == "open" for _, end in heard):
                await client.send(post())
                is_over = partial(has_answered, server, len(heard))
                with trio.fail_after(5):
                    heard.append(await heard_until_quiet(client, is_over, 0.005))
            seen.append((heard, [told(exchange) for exchange in server.journal]))
            # The first is learnt from.
            assert server.shortcuts_taken == (taken if shortcuts else 0)
    assert seen[0] == seen[1]


FIN = Ending(kind="fin")


@posix
@pytest.mark.parametrize(
    ("plan", "taken"),
    [
        (plan_of(answer(Write(b"data: a\n\n"))), 2),
        (plan_of(answer(Write(b"data: a\n\n"), Write(b"data: b\n\n"), ending=FIN)), 2),
        (plan_of(answer(ending=FIN)), 2),
        (plan_of(answer(Write(b"a"), framing="length", content_length=9, ending=FIN)), 2),
        (plan_of(answer(Write(b"abc"), framing="length", content_length=1, close=True)), 2),
        (plan_of(answer(Write(b"a"), framing="close")), 2),
        (plan_of(answer(Write(b"a"), framing="close", ending=FIN)), 2),
        (plan_of(answer(Write(b"a"), close=True)), 2),
        (plan_of(answer(Write(b"a"), ending=Ending(kind="fin", place="in-head"))), 2),
        (plan_of(answer(Write(b"a"), ending=Ending(kind="in-chunk"))), 2),
        (plan_of(answer(Write(b"a"), ending=Ending(kind="reset"))), 2),
        (plan_of(answer(Write(b"a"), http="h1.0", framing="close")), 2),
        (plan_of(answer(Write(b"a"), Pause(0.002), Write(b"b"), ending=FIN)), 2),
        (plan_of(answer(Write(b"a"), Pause(0.002), Write(b"b"))), 2),
        (plan_of(answer(Write(b"a", promised=True), Write(b"b"), framing="close")), 2),
        (plan_of(answer(Write(b"a"), encoding="gzip")), 2),
        (plan_of(answer(Write(b"a"), delay_s=0.002)), 2),
        (plan_of(answer(Write(b"a"), status=204)), 2),
    ],
)
async def test_the_first_request_of_a_connection_is_known_by_those_of_others(connect, plan, taken):
    seen = []
    for shortcuts in (True, False):
        async with serving(shortcuts=shortcuts) as server:
            heard, journal = [], []
            for _ in range(3):
                session = server.play(plan)
                client = await connect(server)
                await client.send(post(f"/r/{session.nonce}/v1/chat/completions"))
                is_over = partial(has_answered, server, len(heard))
                with trio.fail_after(5):
                    heard.append(await heard_until_quiet(client, is_over, 0.01))
                (exchange,) = session.exchanges
                assert exchange.path == f"/r/{session.nonce}/v1/chat/completions"
                assert exchange.nonce == session.nonce
                journal.append(told(attrs.evolve(exchange, nonce=None, path="")))
            seen.append((heard, journal))
            assert server.shortcuts_taken == (taken if shortcuts else 0)
    assert seen[0] == seen[1]


@posix
async def test_connections_at_rest_end_with_the_server_and_when_their_clients_leave(connect, eventually):
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        clients = [await connect(server) for _ in range(4)]
        for client in clients[:3]:
            await client.send(post())
            await client.hear(until=b"0\r\n\r\n")
        assert server.shortcuts_taken == 2
        clients[1].socket.close()
        await clients[2].send(post()[:-5])
        await trio.sleep(0.01)
        clients[2].socket.close()
        await eventually(lambda: len(list(server.journal)) == 4)
        assert list(server.journal)[-1].left == "fin"
    for client in (clients[0], clients[3]):
        heard = await client.hear(for_s=1)
        assert (heard.data, heard.end) in ((b"", "eof"), (b"", "reset"))


@posix
async def test_a_nonce_counts_its_requests_on_the_short_way_too(connect):
    answers = [answer(Write(b"data: %d\n\n" % number)) for number in range(4)]
    async with serving() as server:
        session = server.play(plan_of(*answers))
        client = await connect(server)
        said = []
        for _ in range(6):
            await client.send(post(f"/r/{session.nonce}/v1/chat/completions"))
            said.append((await client.hear(until=b"0\r\n\r\n")).body)
        assert [body.split(b"\r\n")[1] for body in said] == [b"data: %d\n\n" % min(number, 3) for number in range(6)]
        assert [exchange.number for exchange in session.exchanges] == list(range(6))
        assert server.shortcuts_taken == 5
        session.close()
        await client.send(post(f"/r/{session.nonce}/v1/chat/completions"))
        assert (await client.hear(for_s=0.2)).status == 404


@posix
@pytest.mark.parametrize(
    "request_",
    [
        post(PATH, BODY, "Connection: close"),
        post(PATH, BODY, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
        post(PATH, BODY, "Expect: 100-continue"),
        post(http="1.0"),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode(),
        post().replace(b"\r\n\r\n", b"\n\n", 1),
        post("/docs", b"", method="GET"),
        post(PATH, b"x" * 40_000),
    ],
)
async def test_what_is_not_plain_goes_the_long_way_each_time(connect, request_):
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        first = None
        for _ in range(3):
            client = await connect(server)
            for _ in range(3):
                try:
                    await client.send(request_)
                except OSError:
                    break
                heard, end = await heard_until_quiet(client)
                if end == "open":
                    first = first or heard.partition(b"\r\n")[0]
                    assert heard.partition(b"\r\n")[0] == first
        assert server.shortcuts_taken == 0


@posix
@pytest.mark.parametrize(
    "request_",
    [post("/v1/chat/completions"), post("/s/none/v1/chat/completions"), post(method="HEAD"), post(method="OPTIONS")],
)
async def test_what_is_no_stream_of_a_plan_is_said_alike_on_both_ways(connect, request_):
    seen = []
    for shortcuts in (True, False):
        async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n")))), shortcuts=shortcuts) as server:
            heard, journal = [], []
            for _ in range(3):
                client = await connect(server)
                await client.send(request_)
                is_over = partial(has_answered, server, len(heard))
                with trio.fail_after(5):
                    data, end = await heard_until_quiet(client, is_over, 0.01)
                heard.append((re.sub(rb'chatcmpl-\w+|"created":\d+', b"", data), end))
            journal = [told(exchange) for exchange in server.journal]
            seen.append((heard, journal))
            assert server.shortcuts_taken == (2 if shortcuts else 0)
    assert seen[0] == seen[1]


@posix
@pytest.mark.parametrize(
    ("ending", "left", "end"),
    [("stall", "fin", None), ("stall", "reset", None), ("stall", "half-close", None), ("clean", "half-close", "eof")],
)
async def test_a_client_that_leaves_an_answer_is_seen_alike_on_both_ways(connect, eventually, ending, left, end):
    seen = []
    plan = plan_of(answer(Write(b"data: a\n\n"), Pause(0.3), Write(b"data: b\n\n"), ending=Ending(kind=ending)))
    for shortcuts in (True, False):
        async with serving(shortcuts=shortcuts, bounds=Bounds(stall_s=0.1)) as server:
            for _ in range(2):
                session = server.play(plan)
                client = await connect(server)
                await client.send(post(f"/r/{session.nonce}/v1/chat/completions"))
                await client.hear(until=b"data: a\n\n\r\n")
                match left:
                    case "fin":
                        client.socket.close()
                    case "reset":
                        client.reset()
                    case _:
                        client.socket.shutdown(trio.socket.SHUT_WR)
                (exchange,) = session.exchanges
                await eventually(lambda exchange=exchange: exchange.ended_ns is not None)
                assert exchange.left == left
                assert end is None or (await client.hear()).end == end
            seen.append(told(attrs.evolve(exchange, nonce=None, path="")))
            assert server.shortcuts_taken == (1 if shortcuts else 0)
    assert seen[0] == seen[1]


@posix
async def test_what_is_asked_during_an_answer_is_answered_after_it(connect):
    plan = plan_of(answer(Write(b"data: a\n\n"), Pause(0.05), Write(b"data: b\n\n")))
    async with serving(book=Book(plan)) as server:
        first = await connect(server)
        await first.send(post())
        await first.hear(until=b"0\r\n\r\n")
        client = await connect(server)
        await client.send(post())
        await client.hear(until=b"a\n\n\r\n")
        await client.send(post() + post("/docs", b"", method="GET"))
        heard, _ = await heard_until_quiet(client, quiet_s=0.3)
        assert (heard.count(b"data: b"), heard.count(b"data: a"), heard.count(b"text/html")) == (2, 1, 1)
        assert [exchange.left for exchange in server.journal] == ["stayed"] * 3


@posix
@pytest.mark.parametrize("at", ["head", "body"])
async def test_head_and_body_may_come_apart(connect, at):
    whole = post()
    head, gap, body = whole.partition(b"\r\n\r\n")
    place = len(head + gap) if at == "head" else len(whole) - len(body) // 2
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        client = await connect(server)
        answers = set()
        for _ in range(5):
            await client.send(whole[:place])
            await trio.sleep(0.01)
            await client.send(whole[place:])
            answers.add((await client.hear(until=b"0\r\n\r\n")).data)
        assert len(answers) == 1
        assert server.shortcuts_taken == 4
        assert [exchange.left for exchange in server.journal] == ["stayed"] * 5


@posix
async def test_a_body_in_three_pieces_and_one_that_never_comes_go_the_long_way(connect, eventually):
    whole = post()
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        client = await connect(server)
        client.socket.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, 1)
        for _ in range(4):
            for piece in (whole[:-20], whole[-20:-10], whole[-10:]):
                await client.send(piece)
                await trio.sleep(0.01)
            assert (await client.hear(until=b"0\r\n\r\n")).status == 200
        assert server.shortcuts_taken == 0
        await client.send(whole[:-20])
        await trio.sleep(0.01)
        client.socket.close()
        await eventually(lambda: len(list(server.journal)) == 5)
        last = list(server.journal)[-1]
        assert (last.left, last.status, last.complete) == ("fin", None, False)


@posix
async def test_another_body_under_a_known_head_is_read_anew(connect):
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        client = await connect(server)
        bodies = [BODY.replace(b"hi", b"%02d" % number) for number in range(8)]
        for body in bodies:
            await client.send(post(PATH, body))
            await client.hear(until=b"0\r\n\r\n")
        assert [exchange.body["messages"][0]["content"] for exchange in server.journal] == [
            f"{number:02}" for number in range(8)
        ]
        await client.send(post(PATH, BODY.replace(b'"hi"', b"1234")))
        await client.hear(until=b"0\r\n\r\n")
        assert list(server.journal)[-1].breaches
        assert server.shortcuts_taken == 8


@posix
async def test_requests_in_one_read_are_answered_in_their_order(connect):
    answers = [answer(Write(b"data: %d\n\n" % number)) for number in range(3)]
    async with serving(book=Book(plan_of(*answers))) as server:
        client = await connect(server)
        for _ in range(3):
            await client.send(post() + post(PATH, BODY, "X-Other: 1") + post())
            heard, end = await heard_until_quiet(client)
            assert [heard.index(b"data: %d\n\n" % number) for number in range(3)] == sorted(
                heard.index(b"data: %d\n\n" % number) for number in range(3)
            )
            assert (heard.count(b"HTTP/1.1 200"), end) == (3, "open")


@posix
async def test_a_page_and_a_call_in_one_read_are_not_taken_for_each_other(connect):
    page = post("/docs", b"", method="GET")
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        client = await connect(server)
        await client.send(post())
        await heard_until_quiet(client)
        for _ in range(3):
            await client.send(page + post())
            heard, _ = await heard_until_quiet(client)
            assert (heard.count(b"text/html"), heard.count(b"data: a\n\n")) == (1, 1)
            await client.send(page)
            heard, _ = await heard_until_quiet(client)
            assert (heard.count(b"text/html"), heard.count(b"data: a\n\n")) == (1, 0)


@posix
async def test_what_the_socket_has_no_room_for_goes_on_the_long_way(connect):
    body = b"data: " + b"x" * 60_000 + b"\n\n"
    requests = 200
    async with serving(book=Book(plan_of(answer(*[Write(body)] * 4)))) as server:
        client = await connect(server)
        for _ in range(2):
            await client.send(post())
            await client.hear(until=b"0\r\n\r\n")
        read = 0
        async with trio.open_nursery() as nursery:

            async def ask():
                for _ in range(requests):
                    await client.send(post())
                    await trio.lowlevel.checkpoint()

            nursery.start_soon(ask)
            await trio.sleep(0.3)
            size = 0
            data = b""
            with trio.fail_after(20):
                while read < requests:
                    data = data[-4:] + await client.socket.recv(1 << 20)
                    size += len(data)
                    read += data.count(b"0\r\n\r\n")
        exchanges = list(server.journal)
        assert len(exchanges) == requests + 2
        assert {(told(exchange)["accounted"], exchange.complete, exchange.left) for exchange in exchanges} == {
            (True, True, "stayed")
        }
        assert {(exchange.body_written, len(exchange.writes) >= 4) for exchange in exchanges} == {(4 * len(body), True)}
        assert {exchange.wire_written for exchange in exchanges} == {exchanges[0].wire_written}
        assert 0 < server.shortcuts_taken < requests


@posix
async def test_a_client_that_is_gone_is_seen_on_the_short_way_and_others_are_served(connect, eventually):
    async with serving(book=Book(plan_of(answer(*EVENTS)))) as server:
        client = await connect(server)
        for _ in range(3):
            await client.send(post())
            await client.hear(until=b"0\r\n\r\n")
        await client.send(post())
        client.reset()
        await eventually(lambda: len(list(server.journal)) in (3, 4))
        other = await connect(server)
        for _ in range(3):
            await other.send(post())
            assert (await other.hear(until=b"0\r\n\r\n")).status == 200


@posix
async def test_the_short_way_ends_with_the_server(connect):
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n"))))) as server:
        client = await connect(server)
        for _ in range(4):
            await client.send(post())
            await client.hear(until=b"0\r\n\r\n")
    heard = await client.hear(for_s=1)
    assert (heard.data, heard.end) in ((b"", "eof"), (b"", "reset"))


@posix
async def test_each_exchange_is_told_of_once_when_it_is_whole(connect, eventually):
    told_of = []
    async with serving(book=Book(plan_of(answer(Write(b"data: a\n\n")))), on_finish=told_of.append) as server:
        client = await connect(server)
        for _ in range(4):
            await client.send(post())
            await client.hear(until=b"0\r\n\r\n")
        await client.send(post("/v1/models", b"", method="GET"))
        await heard_until_quiet(client)
        await client.send(post()[:-5])
        client.socket.close()
        await eventually(lambda: len(told_of) == 6)
        # An answer's entry may be whole a moment after the client has asked for the next.
        assert sorted(map(id, told_of)) == sorted(map(id, server.journal))
