"""The well-behaved endpoint in further dialects: it honours what is asked, and breaks no rule of the book."""

from __future__ import annotations

import json

import attrs
import pytest

from streamproof_formats.dialects.schema_book import validate
from streamproof_formats.judge import judge
from streamproof_formats.response import ResponseHead
from streamproof_mock.behaviour.tokens import tokens
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.server import serving

FEW = "".join(tokens(TEXT)[:16])
USER = [{"role": "user", "content": "Hello there"}]
WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
}
TIME = {"name": "get_time", "parameters": {"type": "object"}}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": TIME}]
ARGUMENTS = {"city": "Oslo", "days": 1}
RESULT = [*USER, {"role": "tool", "tool_call_id": "aaaaaaaaa", "content": "sunny"}]


@attrs.frozen
class Spoken:
    """One dialect of the endpoint."""

    path: str
    base: dict
    asked: dict
    """By name: fields of the request, and what each choice must be: text, finish reason, calls."""
    refused: dict
    """By name: a body, the status, and a piece of the answer."""


def plain(text=TEXT, finish="stop", *calls):
    return (text, finish, list(calls))


BOTH = (("get_weather", ARGUMENTS), ("get_time", {}))
DIALECTS = {
    "openai-completions": Spoken(
        "/v1/completions",
        {"model": "m", "prompt": "Say hello: "},
        {
            "nothing": ({}, [plain(FEW, "length")]),
            "many tokens": ({"max_tokens": 500}, [plain()]),
            "no tokens": ({"max_tokens": 0}, [plain("", "length")]),
            "a stop sequence": ({"stop": "mock"}, [plain("Hello! I am a ", "stop")]),
            "two choices": ({"n": 2, "max_tokens": 2}, [plain("Hello!", "length")] * 2),
            "two prompts": (
                {"prompt": ["a", "b c"], "n": 2, "max_tokens": 2, "echo": True},
                [plain(text, "length") for text in ("aHello!", "aHello!", "b cHello!", "b cHello!")],
            ),
            "tokens as prompt": ({"prompt": [[1, 2], [3]], "echo": True, "max_tokens": 1}, [plain("Hello", "length")] * 2),
            "an echo": ({"echo": True, "max_tokens": 1}, [plain("Say hello: Hello", "length")]),
            "log probabilities": ({"logprobs": 2, "echo": True, "n": 2}, [plain("Say hello: " + FEW, "length")] * 2),
            "usage": ({"stream_options": {"include_usage": True}}, [plain(FEW, "length")]),
            "the best of one": ({"best_of": 1}, [plain(FEW, "length")]),
        },
        {
            "no prompt": ({"model": "m"}, 400, '"param": "prompt"'),
            "no model": ({"prompt": "x"}, 400, '"param": "model"'),
            "a stream of the best": ({"model": "m", "prompt": "x", "stream": True, "best_of": 2}, 400, '"param": "best_of"'),
            "a list": ([], 400, '"type": "invalid_request_error"'),
            "broken JSON": (b"{", 400, '"type": "invalid_request_error"'),
        },
    ),
    "cohere-v2": Spoken(
        "/v2/chat",
        {"model": "command-a", "messages": USER},
        {
            "nothing": ({}, [plain(TEXT, "COMPLETE")]),
            "few tokens": ({"max_tokens": 2}, [plain("Hello!", "MAX_TOKENS")]),
            "stop sequences": ({"stop_sequences": ["zebra", "mock"]}, [plain("Hello! I am a ", "STOP_SEQUENCE")]),
            "thinking": ({"thinking": {"type": "enabled"}}, [plain(TEXT, "COMPLETE")]),
            "no more than thinking": ({"thinking": {"type": "enabled"}, "max_tokens": 3}, [plain("", "MAX_TOKENS")]),
            "tools": ({"tools": TOOLS}, [plain("", "TOOL_CALL", *BOTH)]),
            "tools, none of them": ({"tools": TOOLS, "tool_choice": "NONE"}, [plain(TEXT, "COMPLETE")]),
            "tools, any of them": ({"tools": TOOLS, "tool_choice": "REQUIRED", "messages": RESULT}, [plain("", "TOOL_CALL", *BOTH)]),
            "tools with few tokens": ({"tools": TOOLS, "max_tokens": 4}, [plain("", "MAX_TOKENS")]),
            "a tool's result": ({"tools": TOOLS, "messages": RESULT}, [plain(TEXT, "COMPLETE")]),
            "JSON": ({"response_format": {"type": "json_object"}}, [plain('{"greeting": "Hello"}', "COMPLETE")]),
        },
        {
            "no messages": ({"model": "m"}, 400, "messages"),
            "empty messages": ({"model": "m", "messages": []}, 400, "at least one message"),
            "a choice of OpenAI's": ({"model": "m", "messages": USER, "tool_choice": "auto"}, 400, "tool_choice"),
            "calls without tools": ({"model": "m", "messages": USER, "tool_choice": "REQUIRED"}, 400, "needs tools"),
        },
    ),
    "mistral": Spoken(
        "/v1/chat/completions",
        {"model": "mistral-small-latest", "messages": USER},
        {
            "nothing": ({}, [plain()]),
            "few tokens": ({"max_tokens": 2}, [plain("Hello!", "length")]),
            "stop sequences": ({"stop": ["zebra", "mock"]}, [plain("Hello! I am a ", "stop")]),
            "two choices": ({"n": 2}, [plain()] * 2),
            "tools": ({"tools": TOOLS}, [plain("", "tool_calls", *BOTH)]),
            "tools, one at a time": ({"tools": TOOLS, "parallel_tool_calls": False}, [plain("", "tool_calls", BOTH[0])]),
            "tools, none of them": ({"tools": TOOLS, "tool_choice": "none"}, [plain()]),
            "tools, any of them": ({"tools": TOOLS, "tool_choice": "any", "n": 2}, [plain("", "tool_calls", *BOTH)] * 2),
            "a named tool": (
                {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "get_time"}}},
                [plain("", "tool_calls", BOTH[1])],
            ),
            "a tool's result": ({"tools": TOOLS, "messages": RESULT}, [plain()]),
            "JSON": ({"response_format": {"type": "json_object"}}, [plain('{"greeting": "Hello"}')]),
        },
        {
            "no messages": ({"model": "mistral-x"}, 422, '"loc": ["body", "messages"]'),
            "content of a number": (
                {"model": "mistral-x", "messages": [{"role": "user", "content": 1}]},
                422,
                '"detail": [{"type": "value_error"',
            ),
            "empty messages": ({"model": "mistral-x", "messages": []}, 400, '"object": "error"'),
            "a tool that is not there": (
                {"model": "mistral-x", "messages": USER, "tool_choice": {"function": {"name": "f"}}},
                400,
                '"param": "tool_choice"',
            ),
        },
    ),
}  # fmt: skip


async def ask(server, connect, path, body, *headers):
    client = await connect(server)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    await client.post(path, data, "Connection: close", *headers)
    return await client.hear()


def judged(heard, body, dialect):
    data, rest = b"", heard.body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        data, rest = data + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    lines = heard.head.decode().split("\r\n")[1:]
    headers = tuple((name.lower(), value) for name, _, value in (line.partition(": ") for line in lines))
    return judge(data, dialect, request=body, head=ResponseHead(status=heard.status, headers=headers))


ASKED = [(dialect, name) for dialect, spoken in DIALECTS.items() for name in spoken.asked]
REFUSED = [(dialect, name) for dialect, spoken in DIALECTS.items() for name in spoken.refused]


@pytest.mark.parametrize(("dialect", "name"), ASKED)
async def test_a_stream_says_what_was_asked_for_and_breaks_no_rule(server, connect, dialect, name):
    spoken = DIALECTS[dialect]
    fields, expected = spoken.asked[name]
    body = {**spoken.base, "stream": True, **fields}
    judgement = judged(await ask(server, connect, spoken.path, body), body, dialect)
    assert judgement.findings == ()
    assert judgement.message.ended == "terminal"
    found = [
        (
            choice.text or "",
            choice.finish_reason,
            [(call.name, json.loads(call.arguments)) for call in choice.tool_calls],
        )
        for choice in judgement.message.choices
    ]
    assert found == expected


@pytest.mark.parametrize(("dialect", "name"), [pair for pair in ASKED if pair[1] != "usage"])
async def test_the_whole_answer_says_what_the_stream_says(server, connect, dialect, name):
    spoken = DIALECTS[dialect]
    fields, expected = spoken.asked[name]
    whole = (await ask(server, connect, spoken.path, {**spoken.base, **fields})).json()
    assert validate(dialect, "response", whole) == []
    if dialect == "cohere-v2":
        assert [_said_by_cohere(whole)] == expected
        return
    assert [_said(dialect, choice) for choice in whole["choices"]] == expected
    usage = whole["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def _said_by_cohere(whole):
    message = whole["message"]
    text = "".join(block.get("text", "") for block in message.get("content", ()))
    calls = [
        (call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message.get("tool_calls", ())
    ]
    return (text, whole["finish_reason"], calls)


def _said(dialect, choice):
    if dialect == "openai-completions":
        return (choice["text"], choice["finish_reason"], [])
    message = choice["message"]
    calls = [
        (call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"] or ()
    ]
    return (message["content"], choice["finish_reason"], calls)


@pytest.mark.parametrize(("dialect", "name"), REFUSED)
async def test_a_bad_request_is_refused_in_the_documented_shape(server, connect, dialect, name):
    body, status, piece = DIALECTS[dialect].refused[name]
    heard = await ask(server, connect, DIALECTS[dialect].path, body)
    assert heard.status == status
    assert piece in heard.body.decode()
    assert validate(dialect, "http-error", heard.json()) == []


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_key_matters_where_one_is_set(connect, dialect):
    spoken = DIALECTS[dialect]
    async with serving(api_key="sk-right") as server:
        refused = await ask(server, connect, spoken.path, spoken.base)
        assert refused.status == 401
        assert validate(dialect, "http-error", refused.json()) == []
        assert (await ask(server, connect, spoken.path, spoken.base, "Authorization: Bearer sk-right")).status == 200


async def test_a_completion_may_be_the_best_of_several_where_it_does_not_stream(server, connect):
    body = {"model": "m", "prompt": "x", "best_of": 3, "n": 2}
    assert len((await ask(server, connect, "/v1/completions", body)).json()["choices"]) == 2
