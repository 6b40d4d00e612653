"""The journal: bounded, without keys, with what a request breaks."""

from __future__ import annotations

import json

import pytest

from streamproof_formats.dialects import judge_request
from streamproof_mock.entry import entries
from streamproof_mock.journal import DETAILED, WRITES_KEPT, Exchange, Journal, Writes
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


def test_old_exchanges_forget_their_writes():
    journal = Journal()
    made = [exchange(number) for number in range(DETAILED + 2)]
    for item in made:
        item.writes.append((1, 2))
        journal.open(item)
    assert [len(item.writes) for item in made[:3]] == [0, 0, 1]
    made[0].writes.append((3, 4))
    assert list(made[0].writes) == []


def test_writes_are_pairs_and_no_more_than_are_kept():
    writes = Writes()
    for number in range(WRITES_KEPT + 5):
        writes.append((number, 1))
    assert len(writes) == WRITES_KEPT
    assert (writes[0], writes[-1], writes[1:3]) == ((0, 1), (WRITES_KEPT - 1, 1), [(1, 1), (2, 1)])
    with pytest.raises(IndexError):
        _ = writes[WRITES_KEPT]


def test_an_entry_tells_the_time_between_the_requests_of_a_nonce():
    # (nonce, arrived, ended) in order of arrival; the second of "a" came while the first was still being answered.
    seen = [
        ("a", 10, 50),
        ("b", 20, 30),
        ("a", 40, 60),
        (None, 45, 46),
        ("a", 100, None),
        ("b", 90, 95),
        (None, 99, 99),
    ]
    made = []
    for nonce, arrived_ns, ended_ns in seen:
        made.append(exchange(0))
        made[-1].nonce, made[-1].arrived_ns, made[-1].ended_ns = nonce, arrived_ns, ended_ns
    told = [(entry["since_arrival_ns"], entry["waited_ns"]) for entry in entries(made)]
    assert told == [(None, None), (None, None), (30, None), (None, None), (60, 40), (70, 60), (None, None)]


def test_an_entry_is_json_with_the_place_and_the_source_of_each_finding():
    item = exchange(0)
    item.findings = judge_request("openai-chat", b'{"model":"m","messages":[{"role":"user"}]}')
    item.writes.append((5, 7))
    [entry] = json.loads(json.dumps(entries([item])))
    assert entry["writes"] == [[5, 7]]
    assert entry["arrived_at"].endswith("+00:00")
    [finding] = entry["findings"]
    assert finding["path"] == "$.messages[0].content"
    assert finding["section"] == "CreateChatCompletionRequest, messages"
    assert set(finding) == {"path", "message", "document", "section", "url", "read"}


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
    shown = json.dumps(entries([kept]))
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
