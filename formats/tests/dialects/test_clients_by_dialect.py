"""What others say of further dialects: the official SDKs parse what is said to be valid, and refuse what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import cohere_v2_table, mistral_table, openai_completions_table
from .streams import DONE, judged
from .table import Row, Table

pytestmark = pytest.mark.clients

NO_ID = "null"


def sdk(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not installed")


def chunks(stream: bytes) -> list[Any]:
    """The JSON of a stream's events, up to the terminator or an error."""
    found = []
    for event in judged("sse", stream).events:
        if event.data == DONE:
            break
        value = json.loads(event.data)
        if isinstance(value, dict) and "choices" not in value:
            break
        found.append(value)
    return found


def valid(table: Table) -> list[Any]:
    """Rows and examples that break nothing, of answers that are streams."""
    rows: list[Row] = [*table.keeping, *(([], name, stream, {}) for name, stream in table.examples.items())]
    return [pytest.param(row, id=row[1]) for row in rows if row[2] != b"{}"]


@pytest.mark.parametrize("kept", valid(openai_completions_table.TABLE))
def test_openai_python_reads_completions_that_break_nothing(kept: Row) -> None:
    completion = sdk("openai.types").Completion
    message = judged("openai-completions", kept[2]).message
    assert message is not None
    texts: dict[int, str] = {}
    for chunk in chunks(kept[2]):
        # The types forbid null where the documents' own example of a stream has it: for this test it is a reason.
        for entry in chunk["choices"]:
            entry["finish_reason"] = entry.get("finish_reason") or "stop"
            for key in ("token_logprobs", "top_logprobs"):
                if isinstance(entry.get("logprobs"), dict) and isinstance(entry["logprobs"].get(key), list):
                    entry["logprobs"][key] = [item for item in entry["logprobs"][key] if item is not None]
        for choice in completion.model_validate(chunk).choices:
            texts[choice.index] = texts.get(choice.index, "") + choice.text
    assert texts == {choice.index: choice.text for choice in message.choices}


MISTRAL = mistral_table.TABLE


@pytest.mark.parametrize("kept", valid(MISTRAL))
def test_mistralai_joins_chunks_that_break_nothing_to_what_we_join(kept: Row) -> None:
    models = sdk("mistralai.client.models")
    message = judged("mistral", kept[2]).message
    assert message is not None
    texts: dict[int, str] = {}
    thoughts: dict[int, str] = {}
    calls: dict[int, list[Any]] = {}
    for chunk in chunks(kept[2]):
        for choice in models.CompletionChunk.model_validate(chunk).choices:
            content = choice.delta.content
            parts = content if isinstance(content, list) else [models.TextChunk(text=content or "")]
            for part in parts:
                if isinstance(part, models.TextChunk):
                    texts[choice.index] = texts.get(choice.index, "") + part.text
                elif isinstance(part, models.ThinkChunk):
                    said = "".join(one.text for one in part.thinking if isinstance(one, models.TextChunk))
                    thoughts[choice.index] = thoughts.get(choice.index, "") + said
            for call in choice.delta.tool_calls or ():
                arguments = call.function.arguments
                written = arguments if isinstance(arguments, str) else json.dumps(arguments, separators=(",", ":"))
                calls.setdefault(choice.index, []).append((call.id, call.function.name, written))
    for choice in message.choices:
        assert texts.get(choice.index, "") == (choice.text or "")
        assert thoughts.get(choice.index, "") == (choice.reasoning or "")
        ours = [(call.id or NO_ID, call.name, call.arguments) for call in choice.tool_calls]
        assert calls.get(choice.index, []) == ours


LAX = frozenset({"a text as thinking"})
"""Against the schema and the SDK's own types, which nevertheless hands the part on as one that it does not know."""


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(row, id=row[1])
        for row in MISTRAL.breaking
        if {"MI-03", "MI-06", "MI-09"} & set(row[0]) and row[1] not in LAX
    ],
)
def test_mistralai_refuses_what_we_say_is_no_chunk(broken: Row) -> None:
    model = sdk("mistralai.client.models").CompletionChunk
    data = [json.loads(event.data) for event in judged("sse", broken[2]).events if event.data != DONE]
    with pytest.raises(sdk("pydantic").ValidationError):
        _ = [model.model_validate(item) for item in data]


def streamed(stream: bytes, content_type: str = "text/event-stream") -> list[Any]:
    """What cohere-python makes of a body, no socket in between."""
    httpx = sdk("httpx")

    def answer(_: Any) -> Any:
        return httpx.Response(200, headers={"content-type": content_type}, content=stream)

    with httpx.Client(transport=httpx.MockTransport(answer)) as connections:
        client = sdk("cohere").ClientV2(base_url="http://cohere.invalid", api_key="x", httpx_client=connections)
        return list(client.chat_stream(model="m", messages=[{"role": "user", "content": "x"}]))


@pytest.mark.parametrize("kept", valid(cohere_v2_table.TABLE))
def test_cohere_python_hands_out_what_we_join(kept: Row) -> None:
    message = judged("cohere-v2", kept[2]).message
    assert message is not None
    [choice] = message.choices
    text, thought = "", ""
    calls: dict[int | None, list[str]] = {}
    for event in streamed(kept[2]):
        match event.type:
            case "content-delta":
                text += event.delta.message.content.text or ""
                thought += event.delta.message.content.thinking or ""
            case "tool-plan-delta":
                thought += event.delta.message.tool_plan
            case "tool-call-start":
                call = event.delta.message.tool_calls
                calls[event.index] = [call.id, call.function.name, ""]
            case "tool-call-delta":
                calls[event.index][2] += event.delta.message.tool_calls.function.arguments
            case "message-end":
                assert event.delta.finish_reason == choice.finish_reason
    assert (text, thought) == (choice.text or "", choice.reasoning or "")
    assert list(calls.values()) == [[call.id, call.name, call.arguments] for call in choice.tool_calls]


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("no id", "tool-call-start"),
        ("tool_calls as a list", "tool-call-start"),
        ("citations as a list", "citation-start"),
    ],
)
def test_cohere_python_drops_the_events_that_we_say_it_drops(
    name: str, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    [stream] = [row[2] for row in cohere_v2_table.BREAKING if row[1] == name]
    assert lost in [event.type for event in judged("sse", stream).events]
    assert lost not in [event.type for event in streamed(stream)]


def test_cohere_python_refuses_a_stream_of_another_type() -> None:
    with pytest.raises(Exception, match="text/event-stream"):
        streamed(cohere_v2_table.EXAMPLES["min"], "application/json")
