"""The official client over the well-behaved endpoint and over scenarios: it must get what was sent."""

from __future__ import annotations

import pytest

from streamproof_mock.behaviour.anthropic_messages import THOUGHT
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.thread import ServerThread

pytestmark = pytest.mark.clients

ASKED = {"model": "m", "max_tokens": 2000, "messages": [{"role": "user", "content": "Hello"}]}
TOOL = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@pytest.fixture(scope="module")
def anthropic():
    return pytest.importorskip("anthropic", reason="anthropic-sdk-python is not installed")


@pytest.fixture(scope="module")
def url():
    with ServerThread(api_key="sk-right") as server:
        yield server.url


@pytest.fixture
def client(anthropic, url):
    with anthropic.Anthropic(base_url=url, api_key="sk-right", max_retries=0) as made:
        yield made


def test_its_helper_assembles_thinking_and_text(client):
    with client.messages.stream(**ASKED, thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
        assert "".join(stream.text_stream) == TEXT
        message = stream.get_final_message()
    thinking, text = message.content
    assert (thinking.thinking, text.text, message.stop_reason) == (THOUGHT, TEXT, "end_turn")
    assert thinking.signature
    assert 0 < message.usage.output_tokens <= 2000


def test_its_helper_assembles_a_tool_call(client):
    with client.messages.stream(**ASKED, tools=[TOOL]) as stream:
        message = stream.get_final_message()
    [block] = message.content
    assert (message.stop_reason, block.name, block.input) == ("tool_use", "get_weather", {"city": "Oslo"})


def test_it_yields_the_events_raw(client):
    events = list(client.messages.create(**ASKED, stream=True, stop_sequences=[" mock"]))
    assert [events[0].type, events[-1].type] == ["message_start", "message_stop"]
    assert "".join(e.delta.text for e in events if e.type == "content_block_delta") == TEXT[: TEXT.index(" mock")]
    assert events[-2].delta.stop_sequence == " mock"


def test_it_reads_a_whole_answer(client):
    message = client.messages.create(**ASKED)
    assert message.content[0].text == TEXT


def test_it_reports_refusals(anthropic, client, url):
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        client.messages.create(**{**ASKED, "messages": []})
    other = anthropic.Anthropic(base_url=url, api_key="sk-wrong", max_retries=0)
    with other, pytest.raises(anthropic.AuthenticationError):
        other.messages.create(**ASKED)
