"""What others say: openai-python parses and joins the streams that are said to keep the rules, to what we join."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import examples, openai_chat_table
from .openai_chat_table import ERROR, row
from .streams import DONE, judged
from .table import Row

pytestmark = pytest.mark.clients

UNKNOWN_TO_ITS_TYPES = {"a custom tool", "an answer in one piece, as it was asked for"}
ROWS: list[Row] = [
    *(([], name, stream, {}) for name, stream in examples.OPENAI_CHAT.items()),
    *(kept for kept in openai_chat_table.KEEPING if kept[1] not in UNKNOWN_TO_ITS_TYPES),
]
IDS = [kept[1] for kept in ROWS]


def chunks(stream: bytes) -> list[Any]:
    """The stream's chunks as openai-python's own type, up to the terminator or an error."""
    chat = pytest.importorskip("openai.types.chat", reason="openai-python is not installed")
    parsed = []
    for event in judged("sse", stream).events:
        if event.data == DONE or json.loads(event.data).get("error"):
            break
        parsed.append(chat.ChatCompletionChunk.model_validate(json.loads(event.data)))
    return parsed


@pytest.mark.parametrize("kept", ROWS, ids=IDS)
def test_openai_python_joins_the_chunks_to_the_message_that_we_join(kept: Row) -> None:
    parsed = chunks(kept[2])
    streaming = pytest.importorskip("openai.lib.streaming.chat", reason="openai-python is not installed")
    message = judged("openai-chat", kept[2]).message
    assert message is not None
    if not parsed:
        assert message.choices == ()
        return
    state = streaming.ChatCompletionStreamState()
    for chunk in parsed:
        state.handle_chunk(chunk)
    theirs = state.current_completion_snapshot.choices
    assert [choice.index for choice in theirs] == [choice.index for choice in message.choices]
    for their, ours in zip(theirs, message.choices, strict=True):
        assert (their.message.content or "") == (ours.text or "")
        assert (their.message.refusal or "") == (ours.refusal or "")
        assert their.finish_reason == ours.finish_reason
        assert [(call.id, call.function.name, call.function.arguments) for call in their.message.tool_calls or ()] == [
            (call.id, call.name, call.arguments) for call in ours.tool_calls
        ]
        if ours.function_call is not None:
            assert their.message.function_call.name == ours.function_call.name
            assert their.message.function_call.arguments == ours.function_call.arguments


@pytest.mark.parametrize(
    "broken",
    [
        kept
        for kept in openai_chat_table.BREAKING
        if kept[0] == ["OC-06"] and kept[1] in ("no id", "no choices", "no delta")
    ]
    + [row("OC-34", "an error in place of a chunk", ERROR)],
    ids=lambda kept: kept[1],
)
def test_openai_python_refuses_what_we_say_is_no_chunk(broken: Row) -> None:
    chat = pytest.importorskip("openai.types.chat", reason="openai-python is not installed")
    pydantic = pytest.importorskip("pydantic", reason="openai-python is not installed")
    data = [json.loads(event.data) for event in judged("sse", broken[2]).events if event.data != DONE]
    with pytest.raises(pydantic.ValidationError):
        _ = [chat.ChatCompletionChunk.model_validate(item) for item in data]
