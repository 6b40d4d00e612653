"""The control API and the server's pages: for whom they are, and for whom not."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Plan, Write

PREFIX = "/__streamproof__"


class Book:
    def find(self, text, dialects):
        dialect = dialects[0] if dialects else None
        if text != "a/b":
            return None
        answer = AnswerPlan(operations=lambda: iter([Write(f"for {dialect}".encode())]))
        return Plan(case="a/b", delivery="as-written", hash="0", dialect="openai-chat", answers=(answer,)), 3

    def ids(self):
        return ["a/b"]


async def ask(server, connect, method, path, body=b"", *headers, host="127.0.0.1"):
    client = await connect(server)
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    await client.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    heard = await client.hear()
    assert heard.end == "eof"
    return heard


async def test_a_scenario_is_laid_out_played_seen_and_forgotten(connect):
    async with serving(book=Book()) as server:
        assert (await ask(server, connect, "GET", f"{PREFIX}/scenarios")).json() == {"scenarios": ["a/b"]}

        laid_out = (await ask(server, connect, "POST", f"{PREFIX}/play", b'{"scenario": "a/b"}')).json()
        assert laid_out["origin"] == f"{server.url}/r/{laid_out['nonce']}"
        played = await ask(server, connect, "POST", f"/r/{laid_out['nonce']}/v1/chat/completions", b"{}")
        assert b"for None" in played.body

        seen = (await ask(server, connect, "GET", f"{PREFIX}/journal?nonce={laid_out['nonce']}")).json()
        assert [exchange["case"] for exchange in seen["exchanges"]] == ["a/b as-written"]
        assert (await ask(server, connect, "GET", f"{PREFIX}/journal?nonce=other")).json()["exchanges"] == []

        await ask(server, connect, "POST", f"{PREFIX}/reset")
        assert (await ask(server, connect, "GET", f"{PREFIX}/journal")).json()["exchanges"] == []
        assert (await ask(server, connect, "POST", f"/r/{laid_out['nonce']}/x")).status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"scenario": "a/c"}', 404), (b'{"scenario": "a/b/c"}', 404), (b"{}", 400), (b"[]", 400), (b"{", 400)],
)
async def test_a_play_of_nothing_is_refused_in_words(connect, body, status):
    async with serving(book=Book()) as server:
        heard = await ask(server, connect, "POST", f"{PREFIX}/play", body)
        assert heard.status == status
        assert heard.json()["error"]["message"]


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", (), 200),
        ("127.0.0.1:8080", (), 200),
        ("localhost:8080", (), 200),
        ("[::1]:8080", (), 200),
        ("127.0.0.1:1", ("Origin: http://127.0.0.1:1",), 200),
        ("127.0.0.1", ("Sec-Fetch-Site: same-origin",), 200),
        ("evil.example", (), 403),
        ("127.0.0.1.evil.example", (), 403),
        ("127.0.0.1", ("Origin: https://evil.example",), 403),
        ("127.0.0.1", ("Origin: null",), 403),
        ("127.0.0.1", ("Origin: http://localhost",), 403),
        ("127.0.0.1", ("Sec-Fetch-Site: cross-site",), 403),
        ("127.0.0.1", ("X-Streamproof-Token: wrong", "Origin: https://evil.example"), 403),
        ("evil.example", ("X-Streamproof-Token: right",), 200),
    ],
)
@pytest.mark.parametrize(("method", "what"), [("GET", "journal"), ("GET", "scenarios"), ("POST", "reset")])
async def test_the_control_api_is_for_this_machine_and_no_other_origin(connect, method, what, host, headers, status):
    async with serving(control_token="right") as server:
        heard = await ask(server, connect, method, f"{PREFIX}/{what}", b"", *headers, host=host)
        assert heard.status == status
        assert b"access-control-allow-origin" not in heard.head.lower()


async def test_the_control_api_grants_no_preflight(server, connect):
    asked = ("Origin: https://evil.example", "Access-Control-Request-Method: POST")
    heard = await ask(server, connect, "OPTIONS", f"{PREFIX}/reset", b"", *asked)
    assert b"access-control-allow" not in heard.head.lower()


async def test_the_pages_are_there_and_need_no_network(server, connect):
    assert b"/v1/chat/completions" in (await ask(server, connect, "GET", "/")).body
    page = await ask(server, connect, "GET", "/docs")
    text = page.body.decode()
    assert not re.search(r"(?:src|href)\s*=\s*['\"]?(?:https?:)?//", text)
    assert "innerHTML" not in text

    # The policy lets the page's own script run, and no other.
    policy = re.search(r"content-security-policy: (.*)", page.head.decode())[1]
    for kind in ("script", "style"):
        inline = re.search(rf"<{kind}>(.*)</{kind}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


async def test_the_description_names_the_calls(server, connect):
    described = json.loads((await ask(server, connect, "GET", "/openapi.json")).body)
    assert {"/v1/chat/completions", "/api/chat", "/v1/models"} <= set(described["paths"])


async def test_pages_can_be_asked_for_on_one_connection(server, connect):
    client = await connect(server)
    for _ in range(3):
        await client.post("/", b"", method="GET")
        heard = await client.hear(until=b'".\n')
        assert heard.status == 200
