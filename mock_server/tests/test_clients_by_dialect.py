"""The official clients of further dialects over the well-behaved endpoint: they get what was sent."""

from __future__ import annotations

import contextlib
import importlib
import json

import pytest

from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.thread import ServerThread

pytestmark = pytest.mark.clients

KEY = "sk-right"
MESSAGES = [{"role": "user", "content": "Hello"}]
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def sdk(name):
    return pytest.importorskip(name, reason=f"{name} is not installed")


@pytest.fixture(scope="module")
def url():
    with ServerThread(api_key=KEY) as server:
        yield server.url


# openai-completions


@pytest.fixture
def openai_client(url):
    with sdk("openai").OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def test_openai_python_streams_completions(openai_client):
    options = {"include_usage": True}
    stream = openai_client.completions.create(
        model="m", prompt=["a", "b"], stream=True, stream_options=options, max_tokens=500, logprobs=1
    )
    chunks = list(stream)
    for index in range(2):
        entries = [entry for chunk in chunks for entry in chunk.choices if entry.index == index]
        assert "".join(entry.text for entry in entries) == TEXT
        assert [entry.finish_reason for entry in entries][-1] == "stop"
    assert chunks[-1].usage.total_tokens == chunks[-1].usage.prompt_tokens + chunks[-1].usage.completion_tokens


def test_openai_python_reads_a_whole_completion_and_a_refusal(openai_client):
    assert (
        openai_client.completions.create(model="m", prompt="a", max_tokens=500, echo=True).choices[0].text == "a" + TEXT
    )
    with pytest.raises(sdk("openai").BadRequestError) as refused:
        openai_client.completions.create(model="m", prompt="a", best_of=2, stream=True)
    assert refused.value.param == "best_of"


# mistral


@pytest.fixture
def mistral_client(url):
    with sdk("mistralai.client").Mistral(server_url=url, api_key=KEY) as made:
        yield made


def test_mistralai_streams_text_and_usage(mistral_client):
    with mistral_client.chat.stream(model="mistral-small-latest", messages=MESSAGES) as stream:
        chunks = [event.data for event in stream]
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == TEXT
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.total_tokens == chunks[-1].usage.prompt_tokens + chunks[-1].usage.completion_tokens


def test_mistralai_streams_a_tool_call(mistral_client):
    with mistral_client.chat.stream(model="mistral-small-latest", messages=MESSAGES, tools=[TOOL]) as stream:
        last = [event.data for event in stream][-1].choices[0]
    [call] = last.delta.tool_calls
    assert (last.finish_reason, call.function.name, len(call.id)) == ("tool_calls", "get_weather", 9)
    assert json.loads(call.function.arguments) == {"city": "Oslo"}


def test_mistralai_reads_a_whole_answer_and_refusals(mistral_client, url):
    answer = mistral_client.chat.complete(model="mistral-small-latest", messages=MESSAGES)
    assert answer.choices[0].message.content == TEXT
    errors = importlib.import_module("mistralai.client.errors")
    with pytest.raises(errors.HTTPValidationError) as refused:
        mistral_client.chat.complete(model="mistral-small-latest", messages=MESSAGES, temperature=9)
    assert refused.value.data.detail[0].loc == ["body", "temperature"]
    with sdk("mistralai.client").Mistral(server_url=url, api_key="sk-wrong") as other, pytest.raises(errors.SDKError):
        other.chat.complete(model="mistral-small-latest", messages=MESSAGES)


# cohere-v2


@contextlib.contextmanager
def cohere(url, key):
    # The client leaves closing to its user: its own connections would outlive the test.
    with sdk("httpx").Client() as connections:
        yield sdk("cohere").ClientV2(base_url=url, api_key=key, httpx_client=connections)


@pytest.fixture
def cohere_client(url):
    with cohere(url, KEY) as made:
        yield made


def test_cohere_python_streams_thinking_text_and_usage(cohere_client):
    thinking = {"type": "enabled"}
    events = list(cohere_client.chat_stream(model="command-a", messages=MESSAGES, thinking=thinking))
    pieces = [event.delta.message.content for event in events if event.type == "content-delta"]
    assert "".join(piece.text or "" for piece in pieces) == TEXT
    assert "".join(piece.thinking or "" for piece in pieces) == "A greeting will do."
    assert (events[-1].type, events[-1].delta.finish_reason) == ("message-end", "COMPLETE")
    assert events[-1].delta.usage.tokens.output_tokens


def test_cohere_python_streams_a_tool_call(cohere_client):
    events = list(cohere_client.chat_stream(model="command-a", messages=MESSAGES, tools=[TOOL]))
    [start] = [event.delta.message.tool_calls for event in events if event.type == "tool-call-start"]
    pieces = [event.delta.message.tool_calls.function.arguments for event in events if event.type == "tool-call-delta"]
    assert (start.function.name, json.loads("".join(pieces))) == ("get_weather", {"city": "Oslo"})
    assert events[-1].delta.finish_reason == "TOOL_CALL"


def test_cohere_python_reads_a_whole_answer_and_refusals(cohere_client, url):
    assert cohere_client.chat(model="command-a", messages=MESSAGES).message.content[0].text == TEXT
    errors = importlib.import_module("cohere.errors")
    with pytest.raises(errors.BadRequestError) as refused:
        cohere_client.chat(model="command-a", messages=[])
    assert "at least one message" in refused.value.body["message"]
    with cohere(url, "sk-wrong") as other, pytest.raises(errors.UnauthorizedError):
        other.chat(model="command-a", messages=MESSAGES)
