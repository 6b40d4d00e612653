"""The official client over the well-behaved endpoint: it must find nothing to stumble over."""

from __future__ import annotations

import json

import pytest

from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.thread import ServerThread

pytestmark = pytest.mark.clients

MESSAGES = [{"role": "user", "content": "Hello"}]
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@pytest.fixture(scope="module")
def url():
    with ServerThread(api_key="sk-right") as server:
        yield server.url


@pytest.fixture(scope="module")
def openai():
    return pytest.importorskip("openai")


@pytest.fixture
def client(url, openai):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-right", max_retries=0) as made:
        yield made


def test_it_streams_text_and_usage(client):
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="m", messages=MESSAGES, stream=True, stream_options=options, n=2)
    )
    for index in range(2):
        pieces = [c.delta.content or "" for chunk in chunks for c in chunk.choices if c.index == index]
        assert "".join(pieces) == TEXT
    assert chunks[-1].usage.total_tokens == chunks[-1].usage.prompt_tokens + chunks[-1].usage.completion_tokens


def test_its_helper_assembles_a_tool_call(client):
    with client.chat.completions.stream(model="m", messages=MESSAGES, tools=[TOOL]) as stream:
        [choice] = stream.get_final_completion().choices
    assert choice.finish_reason == "tool_calls"
    [call] = choice.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Oslo"}


def test_it_reads_a_whole_answer_with_log_probabilities(client):
    answer = client.chat.completions.create(model="m", messages=MESSAGES, logprobs=True, top_logprobs=1)
    assert answer.choices[0].message.content == TEXT
    assert "".join(entry.token for entry in answer.choices[0].logprobs.content) == TEXT


def test_it_lists_the_models(client):
    assert [model.id for model in client.models.list()] == ["streamproof-mock"]


def test_it_reports_refusals(client, openai, url):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="m", messages=[])
    assert refused.value.param == "messages"
    other = openai.OpenAI(base_url=f"{url}/v1", api_key="sk-wrong", max_retries=0)
    with other, pytest.raises(openai.AuthenticationError):
        other.chat.completions.create(model="m", messages=MESSAGES)
