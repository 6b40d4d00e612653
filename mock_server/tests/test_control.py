"""The control API and the server's pages: for whom they are, and for whom not."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from streamproof_mock import control
from streamproof_mock.pages import PATHS
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Plan, Write

PREFIX = "/__streamproof__"


class Book:
    def find(self, text, dialects, delivery="as-written"):
        dialect = dialects[0] if dialects else None
        if delivery == "none":
            raise ValueError("there is no such delivery")
        if text not in ("a/b", "a/stall"):
            return None
        end = Ending(kind="stall") if text == "a/stall" else Ending()
        answer = AnswerPlan(operations=lambda: iter([Write(f"for {dialect}".encode())]), ending=end)
        plan = Plan(
            case=text,
            delivery=delivery,
            hash="0",
            dialect="openai-chat",
            answers=(answer,),
            request={"n": 2},
        )
        return plan, len(text)

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


async def test_a_play_says_where_to_send_what_and_what_came_of_it(connect):
    async with serving(book=Book()) as server:
        asked = b'{"scenario": "a/stall", "delivery": "bytewise", "dialect": "openai-chat"}'
        play = (await ask(server, connect, "POST", f"{PREFIX}/play", asked)).json()
        assert play["url"] == f"{play['base_url']}/chat/completions" == f"{play['origin']}/v1/chat/completions"
        assert (play["case"], play["delivery"], play["request"]) == ("a/stall", "bytewise", {"n": 2})

        here = f"{PREFIX}/play/{play['nonce']}"
        client = await connect(server)
        await client.post(play["url"].removeprefix(server.url), b'{"model": 1}')
        await client.hear(until=b"openai-chat\r\n")
        seen = (await ask(server, connect, "GET", f"{here}?wait_s=0.01")).json()
        assert (seen["settled"], seen["requests"]) == (False, 1)

        client.socket.close()
        seen = (await ask(server, connect, "GET", f"{here}?wait_s=5")).json()
        [entry] = seen["exchanges"]
        assert (seen["settled"], entry["left"], entry["body_written"]) == (True, "fin", len(b"for openai-chat"))
        assert [finding["path"] for finding in entry["findings"]] == ["$.messages", "$.model"]

        assert (await ask(server, connect, "DELETE", here)).json() == {"closed": play["nonce"]}
        for method in ("GET", "DELETE"):
            assert (await ask(server, connect, method, here)).status == 404


@pytest.mark.parametrize(("query", "count"), [("limit=2", 2), ("limit=0", 0), ("limit=99", 3), ("", 3)])
async def test_the_journal_gives_the_youngest(server, connect, query, count):
    for _ in range(3):
        await ask(server, connect, "GET", "/v1/models")
    seen = (await ask(server, connect, "GET", f"{PREFIX}/journal?{query}")).json()
    assert (len(seen["exchanges"]), seen["left_out"]) == (count, 3 - count)
    assert count == 0 or seen["exchanges"][-1]["connection"] == 2


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=nan", "limit=1e9"])
async def test_a_limit_that_is_none_is_refused(server, connect, query):
    assert (await ask(server, connect, "GET", f"{PREFIX}/journal?{query}")).status == 400


async def test_plays_that_nobody_closes_do_not_pile_up(connect, monkeypatch):
    monkeypatch.setattr(control, "PLAYS_KEPT", 2)
    async with serving(book=Book()) as server:
        nonces = [
            (await ask(server, connect, "POST", f"{PREFIX}/play", b'{"scenario": "a/b"}')).json()["nonce"]
            for _ in range(3)
        ]
        found = [(await ask(server, connect, "GET", f"{PREFIX}/play/{nonce}")).status for nonce in nonces]
        assert found == [404, 200, 200]


async def test_the_control_api_lists_its_calls(server, connect):
    calls = (await ask(server, connect, "GET", f"{PREFIX}/")).json()["calls"]
    assert f"POST {PREFIX}/play" in calls


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"scenario": "a/b", "delivery": "none"}', 400),
        (b'{"scenario": "a/b", "delivery": 7}', 400),
        (b'{"scenario": "a/c"}', 404),
        (b'{"scenario": "a/b/c"}', 404),
        (b"{}", 400),
        (b"[]", 400),
        (b"{", 400),
    ],
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
    pages = {path: (await ask(server, connect, "GET", path)).body for path in PATHS}
    client = await connect(server)
    for path in (*PATHS, *PATHS):
        await client.post(path, b"", method="GET")
        heard = await client.hear(until=pages[path])
        assert (heard.end, heard.status, heard.body) == ("open", 200, pages[path])
