"""N bytes and then the end: exactly N, whatever N is, whoever reads slowly."""

from __future__ import annotations

import pytest
import trio

from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Plan, Write

from .stranger import Line, SecureLine, hear, request_in_http1, request_in_http2

BODY = bytes(range(1, 41))


def plan_of(*pieces, end, framing="close", http="h1"):
    answer = AnswerPlan(operations=lambda: map(Write, pieces), ending=Ending(kind=end), framing=framing, http=http)
    return Plan(case="faults/exact", delivery="as-written", hash="0badcafe", dialect="openai-chat", answers=(answer,))


@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("framing", ["chunked", "close"])
async def test_every_number_of_bytes_arrives_and_none_more(end, framing):
    async with serving() as server:
        for count in range(len(BODY) + 1):
            session = server.play(plan_of(BODY[:count], end=end, framing=framing))
            heard = await hear(session.origin)
            body = heard.data.partition(b"\r\n\r\n")[2]
            wanted = b"%x\r\n%b\r\n" % (count, BODY[:count]) if framing == "chunked" and count else BODY[:count]
            assert (body, heard.end) == (wanted, {"fin": "FIN", "reset": "RST"}[end])
            assert await session.settled(1)
            assert session.exchanges[0].body_written == count
            session.close()


SIZE = 50_000
"""Within the window that HTTP/2 opens by itself, 65,535 bytes: RFC 9113, 6.9.2."""


@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("transport", ["h1", "h1-tls", "h2c", "h2"])
async def test_a_slow_reader_gets_all_of_it_before_the_end(transport, end):
    http = "h2" if transport.startswith("h2") else "h1"
    pieces = [b"\xaa" * 1000] * (SIZE // 1000)
    async with serving(tls=transport in {"h1-tls", "h2"}) as server:
        plan = plan_of(*pieces, end=end, framing="h2" if http == "h2" else "close", http=http)
        session = server.play(plan, transport=transport)
        host, _, port = session.origin.split("/")[2].partition(":")
        path = f"/r/{session.nonce}"
        with trio.socket.socket() as sock, trio.fail_after(10):
            sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
            await sock.connect((host, int(port)))
            secure = server.ca_file is not None
            line = (
                SecureLine(sock, server.ca_file, "h2" if http == "h2" else "http/1.1", host) if secure else Line(sock)
            )
            await line.begin()
            scheme = "https" if secure else "http"
            await line.send(request_in_http2(path, scheme, host) if http == "h2" else request_in_http1(path, host))
            data, said = b"", b""
            while isinstance(said, bytes):
                await trio.sleep(0.0005)
                data += said
                try:
                    said = await line.read()
                except ConnectionResetError:
                    said = "RST"
        assert data.count(b"\xaa") == SIZE
        assert said == {"fin": "close_notify, FIN" if secure else "FIN", "reset": "RST"}[end]
        assert await session.settled(1)
        assert (session.exchanges[0].body_written, session.exchanges[0].complete) == (SIZE, True)
