"""The well-behaved Responses endpoint: it does what was asked, its streams break no rule, the official client reads it."""

from __future__ import annotations

import json

import pytest

from streamproof_formats.dialects.schema_book import validate
from streamproof_formats.judge import judge
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.server import serving
from streamproof_mock.thread import ServerThread
from streamproof_scenarios.cases import cases
from streamproof_scenarios.catalogue import our_folder
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import load

PATH = "/v1/responses"
USER = {"model": "mock", "input": "Hello there"}
TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
OTHER = {"type": "function", "name": "get_time"}
SCHEMA = {"type": "json_schema", "name": "w", "schema": TOOL["parameters"]}
RESULT = [
    {"role": "user", "content": "Hello"},
    {"type": "function_call", "call_id": "a", "name": "get_weather", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "a", "output": "sunny"},
]
CITY = {"city": "Oslo"}

# What is asked beside the input: the text, the reason, the calls with their arguments.
ASKED = {
    "nothing": ({}, (TEXT, "completed", [])),
    "no padding": ({"stream_options": {"include_obfuscation": False}}, (TEXT, "completed", [])),
    "few tokens": ({"max_output_tokens": 5}, ("Hello! I am a", "max_output_tokens", [])),
    "tools": ({"tools": [TOOL, OTHER]}, (None, "completed", [("get_weather", CITY), ("get_time", {})])),
    "one tool at a time": (
        {"tools": [TOOL, OTHER], "parallel_tool_calls": False},
        (None, "completed", [("get_weather", CITY)]),
    ),
    "no tool": ({"tools": [TOOL], "tool_choice": "none"}, (TEXT, "completed", [])),
    "any tool": ({"tools": [TOOL], "tool_choice": "required"}, (None, "completed", [("get_weather", CITY)])),
    "a named tool": (
        {"tools": [TOOL, OTHER], "tool_choice": {"type": "function", "name": "get_time"}},
        (None, "completed", [("get_time", {})]),
    ),
    "a tool with one token": ({"tools": [TOOL], "max_output_tokens": 1}, (None, "max_output_tokens", [])),
    "a tool's result": ({"tools": [TOOL], "input": RESULT}, (TEXT, "completed", [])),
    "JSON": ({"text": {"format": {"type": "json_object"}}}, ('{"greeting": "Hello"}', "completed", [])),
    "JSON of a schema": ({"text": {"format": SCHEMA}}, (json.dumps(CITY), "completed", [])),
    "instructions": ({"instructions": "Be kind.", "metadata": {"a": "b"}}, (TEXT, "completed", [])),
}


class Book:
    """The scenarios of the dialect in our catalogue."""

    def find(self, text, dialects):
        path = our_folder() / f"{text}.yaml"
        if not path.is_file():
            return None
        return compile_case(cases(load(path, id=text))[0]), len(text)

    def ids(self):
        return sorted(f"openai-responses/{path.stem}" for path in (our_folder() / "openai-responses").glob("*.yaml"))


async def ask(server, connect, body):
    client = await connect(server)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    await client.post(PATH, data, "Connection: close")
    return await client.hear()


def unchunked(body: bytes) -> bytes:
    data = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        data, body = data + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return data


@pytest.mark.parametrize("name", ASKED)
async def test_it_does_what_was_asked_and_breaks_no_rule(server, connect, name):
    asked, expected = ASKED[name]
    body = {**USER, **asked, "stream": True}
    data = unchunked((await ask(server, connect, body)).body)
    for profile in ("strict", "openai", "open-responses"):
        judgement = judge(data, "openai-responses", request=body, profile=profile)
        assert judgement.findings == ()
    [choice] = judgement.message.choices
    calls = [(call.name, json.loads(call.arguments)) for call in choice.tool_calls if call.arguments]
    assert (choice.text, choice.finish_reason, calls) == expected


@pytest.mark.parametrize("name", [name for name in ASKED if "stream_options" not in ASKED[name][0]])
async def test_the_whole_answer_is_what_the_stream_ends_with(server, connect, name):
    asked, (text, reason, calls) = ASKED[name]
    whole = (await ask(server, connect, {**USER, **asked})).json()
    assert validate("openai-responses", "response", whole) == []
    said = "".join(part["text"] for item in whole["output"] if item["type"] == "message" for part in item["content"])
    assert said == (text or "")
    assert whole["status"] == ("completed" if reason == "completed" else "incomplete")
    assert [item["name"] for item in whole["output"] if item["type"] == "function_call" and item["arguments"]] == [
        name for name, _ in calls
    ]
    usage = whole["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


async def test_two_responses_have_two_ids(server, connect):
    first, second = [(await ask(server, connect, USER)).json() for _ in range(2)]
    assert first["id"] != second["id"]
    assert first["output"][0]["id"] != second["output"][0]["id"]


REFUSED = {
    "no JSON": (b"{", 400, None),
    "no object": (b"[]", 400, None),
    "no model": ({"input": "x"}, 400, "model"),
    "no input": ({"model": "m"}, 400, "input"),
    "a number as input": ({**USER, "input": 5}, 400, "input"),
    "a message without a role": ({**USER, "input": [{"content": "x"}]}, 400, "input[0].role"),
    "a message of a king": ({**USER, "input": [{"role": "king", "content": "x"}]}, 400, "input[0].role"),
    "an output of no call": ({**USER, "input": [{"type": "function_call_output"}]}, 400, "input[0].call_id"),
    "no stream and its options": ({**USER, "stream_options": {}}, 400, "stream_options"),
    "a tool without a name": ({**USER, "tools": [{"type": "function"}]}, 400, "tools[0].name"),
    "a choice that is none": ({**USER, "tool_choice": "some"}, 400, "tool_choice"),
    "a tool that is not there": (
        {**USER, "tools": [TOOL], "tool_choice": {"type": "function", "name": "f"}},
        400,
        "tool_choice",
    ),
    "a call that is required, and no tool": ({**USER, "tool_choice": "required"}, 400, "tool_choice"),
    "no tokens": ({**USER, "max_output_tokens": 0}, 400, "max_output_tokens"),
    "a response that is not kept": ({**USER, "previous_response_id": "resp_0"}, 404, "previous_response_id"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_bad_request_is_refused_as_documented(server, connect, name):
    body, status, param = REFUSED[name]
    heard = await ask(server, connect, body)
    assert heard.status == status
    assert heard.json()["error"]["param"] == param
    assert validate("openai-responses", "http-error", heard.json()) == []


async def test_a_scenario_is_played_on_its_path(connect):
    async with serving(book=Book()) as server:
        client = await connect(server)
        body = {**USER, "stream": True, "model": "streamproof:openai-responses/refusal"}
        await client.post(PATH, json.dumps(body).encode(), "Connection: close")
        judgement = judge(unchunked((await client.hear()).body), "openai-responses", request=body)
    assert judgement.message.choices[0].refusal == "I cannot do that."


@pytest.fixture(scope="module")
def official():
    openai = pytest.importorskip("openai")
    with (
        ServerThread(book=Book()) as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="k", max_retries=0) as client,
    ):
        yield client


@pytest.mark.clients
def test_the_official_client_streams_events_and_their_sum(official):
    with official.responses.stream(model="m", input="Hello") as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(pieces) == TEXT
    assert final.output_text == TEXT
    assert final.usage.total_tokens == final.usage.input_tokens + final.usage.output_tokens


@pytest.mark.clients
def test_the_official_client_gets_a_call(official):
    with official.responses.stream(model="m", input="Hello", tools=[TOOL]) as stream:
        stream.until_done()
        final = stream.get_final_response()
    [call] = final.output
    assert (call.type, json.loads(call.arguments)) == ("function_call", CITY)


@pytest.mark.clients
def test_the_official_client_gets_a_whole_response_and_refusals(official):
    openai = pytest.importorskip("openai")
    assert official.responses.create(model="m", input="Hello").output_text == TEXT
    with pytest.raises(openai.BadRequestError) as refused:
        official.responses.create(model="m", input="Hello", max_output_tokens=0)
    assert refused.value.param == "max_output_tokens"


PLAYED = {
    "text": "Hello",
    "text-then-two-calls": "One moment.",
    "cut-by-the-limit": "Once upon a",
    "keepalives": "Hello",
    "numbers-that-fall": "Hello",
    "item-id-that-rotates": "Hello",
    "unknown-event": "Hello",
}


@pytest.mark.clients
@pytest.mark.parametrize("name", PLAYED)
def test_the_official_client_gets_the_text_of_scenarios(official, name):
    events = official.responses.create(model=f"streamproof:openai-responses/{name}", input="x", stream=True)
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == PLAYED[name]


@pytest.mark.clients
@pytest.mark.parametrize("name", ["error-then-failed", "error-first"])
def test_the_official_client_raises_what_scenarios_report(official, name):
    openai = pytest.importorskip("openai")
    with pytest.raises(openai.APIError) as raised:
        list(official.responses.create(model=f"streamproof:openai-responses/{name}", input="x", stream=True))
    assert not isinstance(raised.value, openai.APIStatusError)
