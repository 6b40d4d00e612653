"""The well-behaved endpoint of ollama-chat: its streams break no rule, and the official client reads them."""

from __future__ import annotations

import importlib
import json

import pytest

from streamproof_formats.dialects.schema_book import validate
from streamproof_formats.judge import judge
from streamproof_formats.response import ResponseHead
from streamproof_mock.behaviour.answers import ANSWERS
from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.errors import Refusal, refused
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.routes import route_of
from streamproof_mock.thread import ServerThread

USER = {"model": "llama3.2", "messages": [{"role": "user", "content": "Hello there"}]}
WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": {"name": "get_time"}}]
CALLS = [("get_weather", {"city": "Oslo", "days": 1}), ("get_time", {})]
RESULT = [*USER["messages"], {"role": "assistant", "content": ""}, {"role": "tool", "content": "x", "tool_name": "f"}]

ASKED = {
    "nothing": ({}, (TEXT, None, "stop", [])),
    "a stream": ({"stream": True}, (TEXT, None, "stop", [])),
    "thinking": ({"think": True}, (TEXT, "Someone says hello.", "stop", [])),
    "thinking hard": ({"think": "high"}, (TEXT, "Someone says hello.", "stop", [])),
    "few tokens": ({"options": {"num_predict": 3}}, ("Hello! I", None, "length", [])),
    "as many tokens as there are": ({"options": {"num_predict": -1}}, (TEXT, None, "stop", [])),
    "a stop sequence": ({"options": {"stop": ["mock"]}}, ("Hello! I am a ", None, "stop", [])),
    "tools": ({"tools": TOOLS}, ("", None, "stop", CALLS)),
    "tools with few tokens": ({"tools": TOOLS, "options": {"num_predict": 5}}, ("", None, "length", [])),
    "a tool's result": ({"tools": TOOLS, "messages": RESULT}, (TEXT, None, "stop", [])),
    "JSON": ({"format": "json"}, ('{"greeting": "Hello"}', None, "stop", [])),
    "JSON of a schema": ({"format": WEATHER["parameters"]}, ('{"city": "Oslo", "days": 1}', None, "stop", [])),
    "log probabilities": ({"logprobs": True, "top_logprobs": 2}, (TEXT, None, "stop", [])),
    "null everywhere": ({"options": None, "tools": None, "format": None, "think": None}, (TEXT, None, "stop", [])),
}


def answered(body):
    route = route_of("/api/chat", body)
    plan = ANSWERS[route.dialect](Call(body=body, path="/api/chat", route=route))
    return plan, ResponseHead(status=plan.status, headers=plan.headers)


def said(message):
    [choice] = message.choices
    calls = [(call.name, json.loads(call.arguments)) for call in choice.tool_calls]
    return choice.text, choice.reasoning, choice.finish_reason, calls


@pytest.mark.parametrize("name", ASKED)
def test_it_does_what_was_asked_and_breaks_no_rule(name):
    fields, expected = ASKED[name]
    body = {**USER, **fields}
    plan, head = answered(body)
    judgement = judge(plan.body(), "ollama-chat", request=body, head=head)
    assert judgement.findings == ()
    assert judgement.message.ended == "terminal"
    assert said(judgement.message) == expected
    assert judgement.message.usage.input > 0
    assert judgement.message.usage.output > 0
    assert head.header("content-type") == "application/x-ndjson"


@pytest.mark.parametrize("name", ASKED)
def test_the_whole_answer_says_what_the_stream_says(name):
    fields, expected = ASKED[name]
    body = {**USER, **fields, "stream": False}
    plan, head = answered(body)
    judgement = judge(plan.body(), "ollama-chat", request=body, head=head)
    assert validate("ollama-chat", "response", json.loads(plan.body())) == []
    assert judgement.findings == ()
    assert said(judgement.message) == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "load"),
        ({"messages": None}, "load"),
        ({"messages": [], "keep_alive": 0}, "unload"),
        ({"keep_alive": "5m"}, "load"),
    ],
)
def test_without_messages_a_model_is_loaded(fields, reason):
    body = {"model": "llama3.2", **fields}
    plan, head = answered(body)
    assert json.loads(plan.body())["done_reason"] == reason
    assert judge(plan.body(), "ollama-chat", request=body, head=head).findings == ()


REFUSED = {
    "a list": [],
    "no model": {"messages": USER["messages"], "model": ""},
    "messages of text": {**USER, "messages": "Hi"},
    "a message of text": {**USER, "messages": ["Hi"]},
    "a role that is none": {**USER, "messages": [{"role": "robot", "content": ""}]},
    "content of a list": {**USER, "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    "stream of text": {**USER, "stream": "true"},
    "options of a list": {**USER, "options": []},
    "tokens of text": {**USER, "options": {"num_predict": "5"}},
    "a stop that is no list": {**USER, "options": {"stop": "x"}},
    "a format that is none": {**USER, "format": "xml"},
    "a tool without a function": {**USER, "tools": [{"type": "function"}]},
    "a tool without a name": {**USER, "tools": [{"function": {}}]},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_request_is_refused_as_documented(name):
    body = REFUSED[name]
    route = route_of("/api/chat", body, "ollama-chat")
    with pytest.raises(Refusal) as caught:
        ANSWERS["ollama-chat"](Call(body=body, path="/api/chat", route=route))
    plan = refused(caught.value, "ollama-chat")
    head = ResponseHead(status=plan.status, headers=plan.headers)
    assert plan.status == 400
    assert judge(plan.body(), "ollama-chat", request=body, head=head).findings == ()


@pytest.fixture(scope="module")
def client():
    ollama = pytest.importorskip("ollama")
    with ServerThread() as server:
        made = ollama.Client(host=server.url)
        yield made
        made.close()


@pytest.mark.clients
def test_the_official_client_streams_text(client):
    chunks = list(client.chat(model="m", messages=USER["messages"], stream=True, think=True))
    assert "".join(chunk.message.content for chunk in chunks) == TEXT
    assert "".join(chunk.message.thinking or "" for chunk in chunks) == "Someone says hello."
    assert (chunks[-1].done, chunks[-1].done_reason) == (True, "stop")


@pytest.mark.clients
def test_the_official_client_gets_tool_calls_and_whole_answers(client):
    chunks = list(client.chat(model="m", messages=USER["messages"], stream=True, tools=TOOLS))
    calls = [call.function for chunk in chunks for call in chunk.message.tool_calls or ()]
    assert [(call.name, dict(call.arguments)) for call in calls] == CALLS
    assert client.chat(model="m", messages=USER["messages"]).message.content == TEXT


@pytest.mark.clients
def test_the_official_client_reports_a_refusal(client):
    ollama = importlib.import_module("ollama")
    with pytest.raises(ollama.ResponseError) as refusal:
        client.chat(model="m", messages=USER["messages"], options={"stop": "x"})
    assert refusal.value.status_code == 400
