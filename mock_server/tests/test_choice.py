"""How a request chooses a scenario, and what it hears when there is none of that name."""

from __future__ import annotations

import json

import pytest

from streamproof_mock.routes import dialect_of, dialects_of
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Plan, Write


class Book:
    """Two scenarios and a hash; one has a case for each of two dialects."""

    names = ("openai-chat/plain/text", "openai-chat/plain", "both/text", "0badcafe")

    def find(self, text, dialects):
        dialect = dialects[0] if dialects else None
        found = [name for name in self.names if text == name or text.startswith(f"{name}/")]
        if not found:
            return None
        name = max(found, key=len)

        def answer(number):
            said = f"{name} {dialect} {number}".encode()
            return AnswerPlan(framing="length", operations=lambda: iter([Write(said)]))

        answers = (answer(0), answer(1))
        return Plan(case=name, delivery="as-written", hash=name, dialect=dialect or "", answers=answers), len(name)

    def ids(self):
        return self.names[:3]


@pytest.fixture
async def stocked():
    async with serving(book=Book()) as running:
        yield running


async def said(server, connect, path, body=None, *headers, method="POST"):
    client = await connect(server)
    await client.post(path, json.dumps(body or {}).encode(), "Connection: close", *headers, method=method)
    return await client.hear()


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        ("/s/openai-chat/plain/text/v1/chat/completions", {}, (), "openai-chat/plain/text openai-chat"),
        ("/s/openai-chat/plain/v1/chat/completions", {}, (), "openai-chat/plain openai-chat"),
        ("/s/both/text/api/chat", {}, (), "both/text workers-ai"),
        ("/s/both/text/api/chat", {"model": "m"}, (), "both/text ollama-chat"),
        ("/s/both/text/ai/run/@cf/m/m", {}, (), "both/text workers-ai"),
        ("/s/both/text", {}, (), "both/text None"),
        ("/s/0badcafe/v1/chat/completions", {}, (), "0badcafe openai-chat"),
        ("/v1/chat/completions", {}, ("X-Streamproof-Scenario: both/text",), "both/text openai-chat"),
        ("/v1/chat/completions", {"model": "streamproof:both/text"}, (), "both/text openai-chat"),
        ("/v1/chat/completions", {"model": "streamproof:0badcafe"}, (), "0badcafe openai-chat"),
    ],
)
async def test_a_scenario_is_chosen(stocked, connect, path, body, headers, expected):
    heard = await said(stocked, connect, path, body, *headers)
    assert heard.body.decode() == f"{expected} 0"
    [exchange] = stocked.journal
    assert (exchange.nonce, exchange.case) == (None, f"{expected.split()[0]} as-written")


async def test_without_a_nonce_the_answers_come_round_again(stocked, connect):
    heard = [(await said(stocked, connect, "/s/both/text/v1/chat/completions")).body[-1:] for _ in range(3)]
    assert heard == [b"0", b"1", b"0"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/s/openai-chat/plian/text/v1/chat/completions", {}, ()),
        ("/v1/chat/completions", {}, ("X-Streamproof-Scenario: openai-chat/plian/text",)),
        ("/v1/chat/completions", {"model": "streamproof:openai-chat/plian/text"}, ()),
        ("/v1/chat/completions", {}, ("X-Streamproof-Scenario: openai-chat/plain/text/more",)),
    ],
)
async def test_an_unknown_scenario_is_not_found_and_what_is_near_is_told(stocked, connect, path, body, headers):
    heard = await said(stocked, connect, path, body, *headers)
    assert heard.status == 404
    message = heard.json()["error"]["message"]
    assert "did you mean openai-chat/plain/text" in message
    assert "plian" in message or "more" in message


async def test_an_unknown_scenario_far_from_all_is_not_guessed_at(stocked, connect):
    message = (await said(stocked, connect, "/s/zzz")).json()["error"]["message"]
    assert "did you mean" not in message
    assert "3 scenarios" in message


async def test_an_unknown_nonce_is_not_found(stocked, connect):
    heard = await said(stocked, connect, "/r/abc/v1/chat/completions")
    assert heard.status == 404
    assert "abc" in heard.json()["error"]["message"]


async def test_each_scenario_is_a_model(stocked, connect):
    heard = await said(stocked, connect, "/v1/models", method="GET")
    assert "streamproof:both/text" in [model["id"] for model in heard.json()["data"]]


async def test_asking_a_session_for_models_is_not_its_request(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    assert (await said(server, connect, f"/r/{session.nonce}/v1/models", method="GET")).status == 200
    assert session.requests == 0


@pytest.mark.parametrize(
    ("path", "body", "dialect"),
    [
        ("/v1/chat/completions", None, "openai-chat"),
        ("/api/v1/chat/completions", None, "openai-chat"),
        ("/openai/deployments/d/chat/completions", None, "openai-chat"),
        ("/v1/completions", None, "openai-completions"),
        ("/v1/responses", None, "openai-responses"),
        ("/v1/messages", None, "anthropic-messages"),
        ("/v1beta/models/gemini-x:streamGenerateContent", None, "gemini"),
        ("/api/chat", {"model": "m"}, "ollama-chat"),
        ("/api/chat", {"messages": []}, "workers-ai"),
        ("/api/chat", "text", "workers-ai"),
        ("/ai/run/@cf/meta/llama", None, "workers-ai"),
        ("/client/v4/accounts/a/ai/run/@cf/meta/llama", None, "workers-ai"),
        ("/v2/chat", None, "cohere-v2"),
        ("/xv1/chat/completions", None, None),
        ("/v1/chat/completions/x", None, None),
        ("/", None, None),
    ],
)
def test_a_path_speaks_its_dialect(path, body, dialect):
    assert dialect_of(path, body) == dialect


def test_where_two_dialects_share_a_path_a_plan_s_own_comes_first():
    assert dialects_of("/api/chat", {"model": "m"}) == ("ollama-chat", "workers-ai")
    assert dialects_of("/api/chat", {}) == ("workers-ai", "ollama-chat")
    assert dialect_of("/api/chat", {}, "ollama-chat") == "ollama-chat"
    assert dialect_of("/v1/chat/completions", {}, "mistral") == "mistral"
    assert dialect_of("/v1/chat/completions", {}, "gemini") == "openai-chat"


async def test_a_browser_may_ask_beforehand(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    path = f"/r/{session.nonce}/v1/chat/completions"
    asked = ("Origin: https://example.org", "Access-Control-Request-Method: POST")
    heard = await said(server, connect, path, {}, *asked, method="OPTIONS")
    assert heard.status == 204
    assert b"access-control-allow-origin: *" in heard.head
    assert session.requests == 0

    heard = await said(server, connect, path, {}, asked[0])
    assert b"access-control-allow-origin: *" in heard.head
    assert session.requests == 1


async def test_without_an_origin_the_head_has_nothing_for_browsers(server, connect, plan_of):
    session = server.play(plan_of(Write(b"a")))
    assert b"access-control" not in (await said(server, connect, f"/r/{session.nonce}/x")).head
