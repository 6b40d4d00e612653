"""Connections that do more than one plain request: HTTP/2, pipelining, upgrades, expectations, chunked bodies."""

from __future__ import annotations

import json

import h2.config
import h2.connection
import h2.events
import pytest
import trio

from streamproof_scenarios.plan import Write

ASK = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}).encode()


class OverH2:
    """One HTTP/2 connection without TLS, prior knowledge."""

    def __init__(self, raw):
        self.raw = raw
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))

    async def post(self, path, body):
        self.h2.initiate_connection()
        headers = [(":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "127.0.0.1")]
        self.h2.send_headers(1, headers)
        self.h2.send_data(1, body, end_stream=True)
        await self.raw.send(self.h2.data_to_send())

    async def hear(self):
        status, data = None, b""
        with trio.fail_after(2):
            while True:
                for event in self.h2.receive_data(await self.raw.socket.recv(65536)):
                    match event:
                        case h2.events.ResponseReceived():
                            status = int(dict(event.headers)[":status"])
                        case h2.events.DataReceived():
                            data += event.data
                        case h2.events.StreamEnded():
                            return status, data
                await self.raw.send(self.h2.data_to_send())


async def test_the_endpoint_answers_over_http_2(server, connect):
    client = OverH2(await connect(server))
    await client.post("/v1/chat/completions", ASK)
    status, data = await client.hear()
    assert status == 200
    assert data.startswith(b"data: {")
    assert data.endswith(b"data: [DONE]\n\n")
    [exchange] = server.journal
    assert (exchange.http, exchange.body_written) == ("2", len(data))


async def test_a_refusal_over_http_2_is_the_same(server, connect):
    client = OverH2(await connect(server))
    await client.post("/v1/chat/completions", b"{}")
    status, data = await client.hear()
    assert (status, json.loads(data)["error"]["param"]) == (400, "model")


@pytest.mark.parametrize("pieces", [1, 2])
async def test_requests_sent_at_once_are_answered_in_order(server, connect, plan_of, pieces):
    one, other = server.play(plan_of(Write(b"1"))), server.play(plan_of(Write(b"2"), close=True))
    client = await connect(server)
    requests = [f"POST /r/{s.nonce}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode() for s in (one, other)]
    for data in [b"".join(requests)] if pieces == 1 else requests:
        await client.send(data)
    heard = await client.hear()
    assert heard.end == "eof"
    assert heard.data.index(b"1\r\n1\r\n0\r\n\r\n") < heard.data.index(b"1\r\n2\r\n0\r\n\r\n")
    assert [exchange.connection for exchange in server.journal] == [0, 0]


async def test_a_connection_is_used_again_after_an_upgrade_was_declined(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    client = await connect(server)
    for _ in range(2):
        await client.post(f"/r/{session.nonce}/x", b"{}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
        assert (await client.hear(until=b"0\r\n\r\n")).status == 200
    assert session.requests == 2


async def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    client = await connect(server)
    head = f"POST /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    await client.send(head.encode())
    assert (await client.hear(until=b"\r\n\r\n")).status == 100
    await client.send(b"{}")
    assert (await client.hear(until=b"0\r\n\r\n")).status == 200


async def test_a_body_in_chunks_is_read(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    client = await connect(server)
    head = f"POST /r/{session.nonce}/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    await client.send(head.encode() + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
    await client.hear(until=b"0\r\n\r\n")
    assert session.exchanges[0].body == {}


async def test_bytes_that_are_no_request_are_refused_and_the_server_goes_on(server, connect):
    client = await connect(server)
    await client.send(b"\x16\x03\x01 hello\r\n\r\n")
    heard = await client.hear()
    assert heard.end in ("eof", "reset")
    client = await connect(server)
    await client.post("/v1/models", b"", method="GET")
    assert (await client.hear(until=b"]}")).status == 200
