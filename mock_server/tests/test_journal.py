"""The journal: bounded, without keys, with what a request breaks."""

from __future__ import annotations

import json

import attrs
import pytest

from streamproof_mock.journal import Exchange, Journal
from streamproof_mock.request import Request
from streamproof_mock.server import serving
from streamproof_scenarios.plan import Write


def exchange(number):
    return Exchange(
        nonce=str(number % 2),
        case=None,
        number=number,
        connection=0,
        method="POST",
        path="/",
        http="1.1",
        headers=(),
        body=None,
    )


def test_the_oldest_fall_out():
    journal = Journal(3)
    for number in range(5):
        journal.open(exchange(number))
    assert [kept.number for kept in journal] == [2, 3, 4]
    assert [kept.number for kept in journal.of("0")] == [2, 4]
    assert journal.dropped == 2
    journal.clear()
    assert (list(journal), journal.dropped) == ([], 0)


def test_large_bodies_push_others_out_sooner():
    journal = Journal(100, limit_bytes=1000)
    for number in range(5):
        journal.open(exchange(number), body_bytes=400)
    assert [kept.number for kept in journal] == [3, 4]


SECRET = "sk-very-secret"


@pytest.mark.parametrize(
    ("target", "header"),
    [
        ("/v1/chat/completions", f"Authorization: Bearer {SECRET}"),
        ("/v1/chat/completions", f"API-Key: {SECRET}"),
        ("/v1/messages", f"X-Api-Key: {SECRET}"),
        ("/x", f"X-Goog-Api-Key: {SECRET}"),
        ("/x", f"Cookie: session={SECRET}"),
        ("/x", f"Proxy-Authorization: Basic {SECRET}"),
        (f"/v1beta/models/m:streamGenerateContent?alt=sse&key={SECRET}&x=1", "X: y"),
        (f"/x?api_key={SECRET}", "X: y"),
    ],
)
async def test_no_key_is_kept(server, connect, target, header):
    client = await connect(server)
    await client.post(target, b"{}", header, "Connection: close")
    await client.hear()
    [kept] = server.journal
    shown = json.dumps(attrs.asdict(kept))
    assert SECRET not in shown
    assert "***" in shown
    assert "&x=1" in kept.path or "&key" not in target


async def test_a_request_is_kept_as_it_came(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions?a=%20", b'{"model": 1}', "X-Twice: a", "X-Twice: b")
    await client.hear(until=b"0\r\n\r\n")
    assert await session.settled(1)
    [kept] = session.exchanges
    assert (kept.method, kept.http, kept.path) == ("POST", "1.1", f"/r/{session.nonce}/v1/chat/completions?a=%20")
    assert kept.headers[-2:] == (("x-twice", "a"), ("x-twice", "b"))
    assert kept.body == {"model": 1}
    assert any(line.startswith("$.messages") for line in kept.breaches)
    assert any(line.startswith("$.model") for line in kept.breaches)


@pytest.mark.parametrize(
    ("data", "body", "breaches"),
    [
        (b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}', {"model": "m"}, 0),
        (b"not JSON", "not JSON", 1),
        (b"\xff", "�", 1),
        (b"", None, 0),
    ],
)
async def test_bodies_of_all_kinds_are_kept(server, connect, plan_of, data, body, breaches):
    session = server.play(plan_of(Write(b"a")))
    client = await connect(server)
    await client.post(f"/r/{session.nonce}/v1/chat/completions", data)
    await client.hear(until=b"0\r\n\r\n")
    assert await session.settled(1)
    [kept] = session.exchanges
    assert kept.body == body or kept.body["model"] == body["model"]
    assert len(kept.breaches) == breaches


async def test_the_server_s_journal_is_bounded(connect):
    async with serving(journal_limit=2) as server:
        client = await connect(server)
        for _ in range(4):
            await client.post("/v1/models", b"", method="GET")
            await client.hear(until=b"]}")
        assert (len(list(server.journal)), server.journal.dropped) == (2, 2)


def test_a_request_tells_whether_it_closes():
    def closes(*headers):
        return Request(method="GET", path="/", target="/", http="1.1", headers=headers, data=b"").closes

    assert closes(("connection", "Keep-Alive, Close"))
    assert not closes(("connection", "keep-alive"), ("x", "close"))
