"""The well-behaved endpoint: it honours what a request asks, and its streams break no rule of the book."""

from __future__ import annotations

import json

import pytest

from streamproof_formats.dialects import read_error
from streamproof_formats.dialects.schema_book import validate
from streamproof_formats.judge import judge
from streamproof_formats.response import ResponseHead
from streamproof_mock.behaviour import Endpoint
from streamproof_mock.behaviour.answers import ANSWERS
from streamproof_mock.behaviour.tokens import count, tokens
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.request import Request
from streamproof_mock.routes import ROUTES
from streamproof_mock.server import serving

CHAT, WORKERS, RUN = "/v1/chat/completions", "/api/chat", "/ai/run/@cf/mock/model"
USER = {"model": "mock", "messages": [{"role": "user", "content": "Hello there"}]}
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a place",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer", "minimum": 2},
            "unit": {"enum": ["C", "F"]},
        },
        "required": ["city"],
    },
}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": {"name": "get_time"}}]
ARGUMENTS = {"city": "Oslo", "days": 2, "unit": "C"}
NAMED = {"type": "function", "function": {"name": "get_time"}}
RESULT = [
    *USER["messages"],
    {
        "role": "assistant",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "a", "content": "sunny"},
]

ASKED = {
    "nothing": {},
    "usage": {"stream_options": {"include_usage": True}},
    "no usage": {"stream_options": {"include_usage": False}},
    "padding": {"stream_options": {"include_obfuscation": True}},
    "three choices": {"n": 3, "stream_options": {"include_usage": True}},
    "a stop sequence": {"stop": "mock"},
    "stop sequences": {"stop": ["zebra", " endpoint", "mock"]},
    "few tokens": {"max_tokens": 5, "stream_options": {"include_usage": True}},
    "few completion tokens": {"max_completion_tokens": 3, "n": 2, "stream_options": {"include_usage": True}},
    "tools": {"tools": TOOLS, "stream_options": {"include_usage": True}},
    "tools, one at a time": {"tools": TOOLS, "parallel_tool_calls": False},
    "tools, none of them": {"tools": TOOLS, "tool_choice": "none"},
    "tools, any of them": {"tools": TOOLS, "tool_choice": "required"},
    "a named tool": {"tools": TOOLS, "tool_choice": NAMED},
    "tools for two choices": {"tools": TOOLS, "n": 2},
    "tools with few tokens": {"tools": TOOLS, "max_tokens": 7, "stream_options": {"include_usage": True}},
    "tools with one token": {"tools": TOOLS, "max_tokens": 1},
    "a tool's result": {"tools": TOOLS, "messages": RESULT},
    "functions": {"functions": [WEATHER]},
    "functions, none": {"functions": [WEATHER], "function_call": "none"},
    "a named function": {"functions": [WEATHER], "function_call": {"name": "get_weather"}},
    "JSON": {"response_format": {"type": "json_object"}},
    "JSON of a schema": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER["parameters"]}}
    },
    "log probabilities": {"logprobs": True},
    "top log probabilities": {"logprobs": True, "top_logprobs": 2},
    "a tier": {"service_tier": "fast"},
    "parts of content": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
}


async def ask(server, connect, path, body, *headers, method="POST"):
    client = await connect(server)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    await client.post(path, data, "Connection: close", *headers, method=method)
    return await client.hear()


def judged(heard, body, dialect="openai-chat"):
    """The judgement of a chunked stream, its findings all levels."""
    data, rest = b"", heard.body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        data, rest = data + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    lines = heard.head.decode().split("\r\n")[1:]
    headers = tuple((name.lower(), value) for name, _, value in (line.partition(": ") for line in lines))
    return judge(data, dialect, request=body, head=ResponseHead(status=heard.status, headers=headers))


@pytest.mark.parametrize("name", ASKED)
async def test_a_stream_breaks_no_rule(server, connect, name):
    body = {**USER, "stream": True, **ASKED[name]}
    judgement = judged(await ask(server, connect, CHAT, body), body)
    assert judgement.message.ended == "terminal"
    assert judgement.findings == ()


@pytest.mark.parametrize("name", [name for name in ASKED if "stream_options" not in ASKED[name]])
async def test_the_whole_answer_says_what_the_stream_says(server, connect, name):
    streamed = {**USER, **ASKED[name], "stream": True}
    message = judged(await ask(server, connect, CHAT, streamed), streamed).message
    whole = (await ask(server, connect, CHAT, {**USER, **ASKED[name]})).json()

    assert whole["object"] == "chat.completion"
    assert validate("openai-chat", "response", whole) == []
    for choice, other in zip(message.choices, whole["choices"], strict=True):
        said = other["message"]
        assert (choice.text or None, choice.finish_reason) == (said["content"] or None, other["finish_reason"])
        calls = [(call["function"]["name"], call["function"]["arguments"]) for call in said.get("tool_calls", [])]
        assert [(call.name, call.arguments) for call in choice.tool_calls] == calls
    usage = whole["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


EXPECTED = {
    "nothing": [(TEXT, "stop", [])],
    "three choices": [(TEXT, "stop", [])] * 3,
    "a stop sequence": [("Hello! I am a ", "stop", [])],
    "stop sequences": [("Hello! I am a ", "stop", [])],
    "few tokens": [("Hello! I am a", "length", [])],
    "few completion tokens": [("Hello! I", "length", [])] * 2,
    "tools": [(None, "tool_calls", [("get_weather", ARGUMENTS), ("get_time", {})])],
    "tools, one at a time": [(None, "tool_calls", [("get_weather", ARGUMENTS)])],
    "tools, none of them": [(TEXT, "stop", [])],
    "a named tool": [(None, "stop", [("get_time", {})])],
    "a tool's result": [(TEXT, "stop", [])],
    "functions, none": [(TEXT, "stop", [])],
    "JSON": [('{"greeting": "Hello"}', "stop", [])],
    "JSON of a schema": [(json.dumps(ARGUMENTS), "stop", [])],
}


@pytest.mark.parametrize("name", EXPECTED)
async def test_it_does_what_was_asked(server, connect, name):
    body = {**USER, "stream": True, **ASKED[name]}
    message = judged(await ask(server, connect, CHAT, body), body).message
    found = [
        (choice.text, choice.finish_reason, [(call.name, json.loads(call.arguments)) for call in choice.tool_calls])
        for choice in message.choices
    ]
    assert [(text or None, *rest) for text, *rest in found] == EXPECTED[name]


@pytest.mark.parametrize(
    ("function_call", "finish"), [(None, "function_call"), ("auto", "function_call"), ({"name": "get_weather"}, "stop")]
)
async def test_a_legacy_function_is_called(server, connect, function_call, finish):
    body = {**USER, "stream": True, "functions": [WEATHER], "function_call": function_call}
    [choice] = judged(await ask(server, connect, CHAT, body), body).message.choices
    assert (choice.function_call.name, json.loads(choice.function_call.arguments)) == ("get_weather", ARGUMENTS)
    assert choice.finish_reason == finish
    whole = (await ask(server, connect, CHAT, {**body, "stream": False})).json()
    assert whole["choices"][0]["message"]["function_call"]["name"] == "get_weather"


async def test_usage_counts_what_was_sent(server, connect):
    body = {**USER, "stream": True, "n": 2, "stream_options": {"include_usage": True}}
    usage = judged(await ask(server, connect, CHAT, body), body).message.usage
    assert (usage.input, usage.output, usage.total) == (2 + 3, 2 * count(TEXT), 5 + 2 * count(TEXT))


async def test_log_probabilities_account_for_each_token(server, connect):
    whole = (await ask(server, connect, CHAT, {**USER, "logprobs": True, "top_logprobs": 2})).json()
    entries = whole["choices"][0]["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == TEXT
    assert all(
        bytes(entry["bytes"]).decode() == entry["token"] and len(entry["top_logprobs"]) <= 2 for entry in entries
    )


@pytest.mark.parametrize(
    ("asked", "shown"), [(None, "default"), ("auto", "default"), ("flex", "flex"), ("fast", "priority")]
)
async def test_the_service_tier_is_told(server, connect, asked, shown):
    assert (await ask(server, connect, CHAT, {**USER, "service_tier": asked})).json()["service_tier"] == shown


@pytest.mark.parametrize("text", ["", " ", "a  b\n\n", TEXT, "snake_case x=1 …", "\u2028\U0001f44b\u200d"])
def test_tokens_joined_are_the_text(text):
    assert "".join(tokens(text)) == text


# Workers AI


@pytest.mark.parametrize("path", [WORKERS, RUN])
@pytest.mark.parametrize(
    ("fields", "finish", "calls"),
    [
        ({}, "stop", []),
        ({"max_tokens": 3}, "length", []),
        ({"tools": TOOLS}, "tool_calls", ["get_weather"]),
        ({"tools": [WEATHER]}, "tool_calls", ["get_weather"]),
        ({"messages": [{"role": "tool", "name": "f", "content": "x"}], "tools": TOOLS}, "stop", []),
        ({"response_format": {"type": "json_object"}}, "stop", []),
    ],
)
async def test_a_workers_stream_breaks_no_rule(server, connect, path, fields, finish, calls):
    body = {"messages": USER["messages"], "stream": True, **fields}
    judgement = judged(await ask(server, connect, path, body), body, "workers-ai")
    assert judgement.findings == ()
    assert judgement.message.ended == "terminal"
    [choice] = judgement.message.choices
    assert (choice.finish_reason, [call.name for call in choice.tool_calls]) == (finish, calls)


async def test_the_first_document_s_call_streams_without_being_asked(server, connect):
    heard = await ask(server, connect, WORKERS, {"messages": USER["messages"]})
    assert b'data: {"response":"Hello"}\n\n' in heard.data
    assert heard.data.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


async def test_workers_answer_whole_unless_asked_to_stream(server, connect):
    for body in ({"prompt": "Hello there"}, {"messages": USER["messages"], "stream": False}):
        whole = (await ask(server, connect, RUN, body)).json()
        assert (whole["success"], whole["errors"], whole["result"]["response"]) == (True, [], TEXT)


# Refusals


CHAT_REFUSED = {
    "broken JSON": (b'{"model":', 400, None),
    "no JSON at all": (b"", 400, None),
    "not UTF-8": (b'{"model": "\xff"}', 400, None),
    "a list": ([], 400, None),
    "no model": ({"messages": USER["messages"]}, 400, "model"),
    "no messages": ({"model": "m"}, 400, "messages"),
    "empty messages": ({**USER, "messages": []}, 400, "messages"),
    "messages of text": ({**USER, "messages": "Hi"}, 400, "messages"),
    "a message of text": ({**USER, "messages": ["Hi"]}, 400, "messages[0]"),
    "a role that is none": ({**USER, "messages": [{"role": "robot", "content": ""}]}, 400, "messages[0].role"),
    "no content": ({**USER, "messages": [{"role": "user"}]}, 400, "messages[0].content"),
    "content of a number": ({**USER, "messages": [{"role": "user", "content": 1}]}, 400, "messages[0].content"),
    "n of text": ({**USER, "n": "two"}, 400, "n"),
    "n of true": ({**USER, "n": True}, 400, "n"),
    "n of zero": ({**USER, "n": 0}, 400, "n"),
    "n too great": ({**USER, "n": 129}, 400, "n"),
    "stream of text": ({**USER, "stream": "true"}, 400, "stream"),
    "no tokens": ({**USER, "max_tokens": 0}, 400, "max_tokens"),
    "negative tokens": ({**USER, "max_completion_tokens": -1}, 400, "max_completion_tokens"),
    "too hot": ({**USER, "temperature": 2.5}, 400, "temperature"),
    "hot as text": ({**USER, "temperature": "hot"}, 400, "temperature"),
    "five stops": ({**USER, "stop": list("abcde")}, 400, "stop"),
    "stream options without a stream": ({**USER, "stream_options": {"include_usage": True}}, 400, "stream_options"),
    "usage of text": (
        {**USER, "stream": True, "stream_options": {"include_usage": "yes"}},
        400,
        "stream_options.include_usage",
    ),
    "top_logprobs alone": ({**USER, "top_logprobs": 2}, 400, "top_logprobs"),
    "tools without tools": ({**USER, "tools": []}, 400, "tools"),
    "a tool without a type": ({**USER, "tools": [{"function": WEATHER}]}, 400, "tools[0].type"),
    "a tool without a name": ({**USER, "tools": [{"type": "function", "function": {}}]}, 400, "tools[0].function.name"),
    "a choice without tools": ({**USER, "tool_choice": "auto"}, 400, "tool_choice"),
    "a choice of a tool that is not there": (
        {**USER, "tools": TOOLS[:1], "tool_choice": NAMED},
        400,
        "tool_choice",
    ),
    "a choice that is none": ({**USER, "tools": TOOLS, "tool_choice": "some"}, 400, "tool_choice"),
    "a function call without functions": ({**USER, "function_call": "auto"}, 400, "functions"),
    "a format that is none": ({**USER, "response_format": {"type": "xml"}}, 400, "response_format.type"),
    "a tier that is none": ({**USER, "service_tier": "gold"}, 400, "service_tier"),
}


@pytest.mark.parametrize("name", CHAT_REFUSED)
async def test_a_bad_chat_request_is_refused_as_documented(server, connect, name):
    body, status, param = CHAT_REFUSED[name]
    heard = await ask(server, connect, CHAT, body)
    error = heard.json()["error"]
    assert (heard.status, error["param"]) == (status, param)
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["type"] == "invalid_request_error"
    assert b"content-type: application/json" in heard.head


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b'{"messages":[]}', b'{"messages":["x"]}', b'{"messages":[{"role":"user","content":1}]}'],
)
async def test_a_bad_workers_request_is_refused_as_documented(server, connect, body):
    heard = await ask(server, connect, WORKERS, body)
    shape = heard.json()
    assert heard.status == 400
    assert (shape["result"], shape["success"], shape["messages"]) == (None, False, [])
    assert isinstance(shape["errors"][0]["code"], int)
    assert shape["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CHAT, 405),
        ("PUT", CHAT, 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/model", 404),
        ("POST", "/v1/chat/completion", 404),
        ("GET", "/v1/models/none", 404),
    ],
)
async def test_wrong_methods_and_paths_are_refused(server, connect, method, path, status):
    heard = await ask(server, connect, path, USER, method=method)
    assert heard.status == status
    assert heard.json()["error"]["message"]
    assert (b"\r\nallow: " in heard.head) == (status == 405)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.dialect} {route.path}")
async def test_a_dialect_that_does_not_answer_yet_says_so_in_its_shape(route, monkeypatch):
    monkeypatch.delitem(ANSWERS, route.dialect)
    request = Request(method="POST", path=route.path, target=route.path, http="1.1", headers=(), data=b"{}")
    plan = Endpoint(api_key=None, scenarios=list).answer(request, route.path, route)
    assert plan.status == 501
    message = read_error(route.dialect, 501, plan.body()).message
    assert message.startswith("This server plays scenarios")
    assert message.endswith("choose a scenario.")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Authorization: Bearer sk-wrong", 401),
        ("Authorization: beareryour_api_key_here", 401),
        ("Authorization: Basic sk-right", 401),
        ("Authorization: Bearer sk-right", 200),
        ("authorization: bearer sk-right", 200),
        ("api-key: sk-right", 200),
    ],
)
@pytest.mark.parametrize("path", [CHAT, WORKERS, "/v1/models"])
async def test_a_key_matters_where_one_is_set(connect, header, status, path):
    async with serving(api_key="sk-right") as server:
        method = "GET" if path == "/v1/models" else "POST"
        body = USER if path == CHAT else {"messages": USER["messages"]}
        heard = await ask(server, connect, path, body, *([header] if header else []), method=method)
        assert heard.status == status
        assert b"sk-wrong" not in heard.data


async def test_a_body_that_is_too_large_is_refused_once_it_was_read(server, connect):
    body = b'{"messages": "' + b"x" * (17 << 20) + b'"}'
    heard = await ask(server, connect, CHAT, body)
    assert (heard.status, heard.end) == (413, "eof")
    assert heard.json()["error"]["message"]


async def test_models_are_listed(server, connect):
    listed = (await ask(server, connect, "/v1/models", b"", method="GET")).json()
    assert listed["object"] == "list"
    name = listed["data"][0]["id"]
    assert (await ask(server, connect, f"/v1/models/{name}", b"", method="GET")).json() == listed["data"][0]


@pytest.mark.parametrize(
    "path", ["/api/v1/chat/completions", "/openai/deployments/mine/chat/completions?api-version=1"]
)
async def test_other_paths_of_chat_completions(server, connect, path):
    assert (await ask(server, connect, path, USER)).json()["object"] == "chat.completion"
