"""The well-behaved endpoint of gemini: its streams break no rule, and the official client reads them."""

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

STREAM, WHOLE = "/v1beta/models/gemini-x:streamGenerateContent", "/v1/models/gemini-x:generateContent"
USER = {"contents": [{"role": "user", "parts": [{"text": "Hello there"}]}]}
WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}, "days": {"type": "INTEGER"}}},
}
TOOLS = [{"functionDeclarations": [WEATHER, {"name": "get_time", "parametersJsonSchema": {"type": "object"}}]}]
CALLS = [("get_weather", {"city": "Oslo", "days": 1}), ("get_time", {})]
RESULT = [*USER["contents"], {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}]


def calling(**config):
    return {"tools": TOOLS, "toolConfig": {"functionCallingConfig": config}}


def setting(**config):
    return {"generationConfig": config}


SAID = (TEXT, None, "STOP", [])
ASKED = {
    "nothing": ({}, [SAID]),
    "thoughts": (setting(thinkingConfig={"includeThoughts": True}), [(TEXT, "Someone says hello.", "STOP", [])]),
    "few tokens": (setting(maxOutputTokens=3), [("Hello! I", None, "MAX_TOKENS", [])]),
    "one token": (setting(maxOutputTokens=1), [("Hello", None, "MAX_TOKENS", [])]),
    "a stop sequence": (setting(stopSequences=["zebra", "mock"]), [("Hello! I am a ", None, "STOP", [])]),
    "three candidates": (setting(candidateCount=3), [SAID] * 3),
    "two candidates with thoughts": (
        setting(candidateCount=2, thinkingConfig={"includeThoughts": True}),
        [(TEXT, "Someone says hello.", "STOP", [])] * 2,
    ),
    "names of the other kind": ({"generation_config": {"max_output_tokens": 3}}, [("Hello! I", None, "MAX_TOKENS", [])]),
    "tools": ({"tools": TOOLS}, [("", None, "STOP", CALLS)]),
    "tools with few tokens": ({"tools": TOOLS, **setting(maxOutputTokens=5)}, [("", None, "MAX_TOKENS", [])]),
    "tools, none of them": (calling(mode="NONE"), [SAID]),
    "tools, one of them": (calling(mode="ANY", allowedFunctionNames=["get_time"]), [("", None, "STOP", CALLS[1:])]),
    "a tool's result": ({"tools": TOOLS, "contents": RESULT}, [SAID]),
    "JSON": (setting(responseMimeType="application/json"), [('{"greeting": "Hello"}', None, "STOP", [])]),
    "JSON of a schema": (
        setting(responseMimeType="application/json", responseSchema=WEATHER["parameters"]),
        [('{"city": "Oslo", "days": 1}', None, "STOP", [])],
    ),
}  # fmt: skip


def answered(path, body, **query):
    route = route_of(path, body)
    plan = ANSWERS[route.dialect](Call(body=body, path=path, route=route, query=query))
    return plan, ResponseHead(status=plan.status, headers=plan.headers)


def said(message):
    return [
        (
            choice.text or "",
            choice.reasoning,
            choice.finish_reason,
            [(call.name, json.loads(call.arguments)) for call in choice.tool_calls],
        )
        for choice in message.choices
    ]


@pytest.mark.parametrize("name", ASKED)
def test_it_does_what_was_asked_and_breaks_no_rule(name):
    fields, expected = ASKED[name]
    body = {**USER, **fields}
    plan, head = answered(STREAM, body, alt="sse")
    judgement = judge(plan.body(), "gemini", request=body, head=head)
    assert judgement.findings == ()
    assert judgement.message.ended == "terminal"
    assert said(judgement.message) == expected
    assert all(b'"modelVersion":"gemini-x"' in line for line in plan.body().splitlines() if line)


@pytest.mark.parametrize("name", ASKED)
def test_the_whole_answer_and_the_array_say_what_the_stream_says(name):
    fields, expected = ASKED[name]
    body = {**USER, **fields}
    whole = json.loads(answered(WHOLE, body)[0].body())
    assert validate("gemini", "response", whole) == []
    events = b"data: " + json.dumps(whole).encode() + b"\n\n"
    assert said(judge(events, "gemini").message) == expected

    plan, head = answered(STREAM, body)
    chunks = json.loads(plan.body())
    assert head.header("content-type") == "application/json"
    events = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    streamed = judge(events, "gemini")
    assert streamed.findings == ()
    assert said(streamed.message) == expected
    assert chunks[-1]["usageMetadata"] == whole["usageMetadata"]


REFUSED = {
    "a list": [],
    "no contents": {},
    "contents of text": {"contents": "Hi"},
    "a content of text": {"contents": ["Hi"]},
    "a role that is none": {"contents": [{"role": "robot", "parts": [{"text": "x"}]}]},
    "no parts": {"contents": [{"role": "user"}]},
    "a part of text": {"contents": [{"parts": ["x"]}]},
    "text of a number": {"contents": [{"parts": [{"text": 5}]}]},
    "no candidates": {**USER, **setting(candidateCount=0)},
    "no tokens": {**USER, **setting(maxOutputTokens=0)},
    "too many stops": {**USER, **setting(stopSequences=["x"] * 6)},
    "too hot": {**USER, **setting(temperature=3)},
    "tools of an object": {**USER, "tools": {}},
    "a function without a name": {**USER, "tools": [{"functionDeclarations": [{}]}]},
    "a mode that is none": {**USER, **calling(mode="SOME")},
    "a function that is not there": {**USER, **calling(mode="ANY", allowedFunctionNames=["x"])},
    "functions without a mode": {**USER, **calling(allowedFunctionNames=["get_time"])},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_request_is_refused_as_documented(name):
    route = route_of(STREAM, REFUSED[name])
    with pytest.raises(Refusal) as caught:
        ANSWERS["gemini"](Call(body=REFUSED[name], path=STREAM, route=route, query={"alt": "sse"}))
    plan = refused(caught.value, "gemini")
    assert plan.status == 400
    assert validate("gemini", "http-error", json.loads(plan.body())) == []


@pytest.fixture(scope="module")
def client():
    genai = pytest.importorskip("google.genai")
    with (
        ServerThread(api_key="sk-right") as server,
        genai.Client(api_key="sk-right", http_options={"base_url": server.url}) as made,
    ):
        yield made


@pytest.mark.clients
def test_the_official_client_streams_text(client):
    chunks = list(client.models.generate_content_stream(model="gemini-x", contents="Hello"))
    assert "".join(chunk.text or "" for chunk in chunks) == TEXT
    assert chunks[-1].candidates[0].finish_reason.name == "STOP"
    assert chunks[-1].usage_metadata.total_token_count > 0


@pytest.mark.clients
def test_the_official_client_gets_calls_and_whole_answers(client):
    config = {"tools": TOOLS_OF_THE_SDK, "automatic_function_calling": {"disable": True}}
    chunks = list(client.models.generate_content_stream(model="gemini-x", contents="Hello", config=config))
    calls = [part.function_call for chunk in chunks for part in chunk.candidates[0].content.parts if part.function_call]
    assert [(call.name, call.args) for call in calls] == CALLS
    assert client.models.generate_content(model="gemini-x", contents="Hello").text == TEXT


TOOLS_OF_THE_SDK = [{"function_declarations": [WEATHER, {"name": "get_time"}]}]


@pytest.mark.clients
def test_the_official_client_reports_refusals(client):
    errors = importlib.import_module("google.genai.errors")
    with pytest.raises(errors.ClientError) as refusal:
        client.models.generate_content(model="gemini-x", contents="Hello", config={"temperature": 3})
    assert (refusal.value.code, refusal.value.status) == (400, "INVALID_ARGUMENT")
