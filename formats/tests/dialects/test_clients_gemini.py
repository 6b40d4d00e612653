"""What google-genai says: its types take the chunks that are said to keep the rules, and refuse what breaks them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof_formats.dialects import machine

from .gemini_table import BREAKING, EXAMPLES, KEEPING
from .sdk import official
from .streams import judged
from .table import Row

pytestmark = [pytest.mark.clients, pytest.mark.filterwarnings("ignore:NEW_REASON is not a valid")]

ROWS: list[Row] = [*(([], name, stream, {}) for name, stream in EXAMPLES.items()), *KEEPING]
IN_PIECES = "a call in pieces"


def parsed(stream: bytes) -> list[Any]:
    """The chunks as the SDK's own type, up to an error, which it tells by its first key."""
    types = official("google.genai.types")
    chunks = []
    for event in judged("sse", stream).events:
        if event.data.startswith('{"error":'):
            break
        # As its own client does: unknown keys pass there, which its model alone forbids.
        chunks.append(types.GenerateContentResponse._from_response(response=json.loads(event.data), kwargs={}))
    return chunks


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_it_reads_the_parts_that_we_join(row: Row) -> None:
    _, name, stream, options = row
    chunks = parsed(stream)
    message = judged("gemini", stream, **options).message
    assert message is not None
    texts: dict[int, list[str]] = {}
    thoughts: dict[int, list[str]] = {}
    calls: dict[int, list[Any]] = {}
    reasons: dict[int, str] = {}
    for candidate in (candidate for chunk in chunks for candidate in chunk.candidates or ()):
        index = candidate.index or 0
        for part in (candidate.content and candidate.content.parts) or ():
            if part.text is not None:
                (thoughts if part.thought else texts).setdefault(index, []).append(part.text)
            if part.function_call:
                calls.setdefault(index, []).append((part.function_call.name, part.function_call.args or {}))
        if candidate.finish_reason:
            reasons[index] = candidate.finish_reason.value
    for choice in message.choices:
        assert "".join(texts.get(choice.index, ())) == (choice.text or "")
        assert "".join(thoughts.get(choice.index, ())) == (choice.reasoning or "")
        assert reasons.get(choice.index) == choice.finish_reason
        if name != IN_PIECES:
            ours = [(call.name, json.loads(call.arguments)) for call in choice.tool_calls]
            assert ours == calls.get(choice.index, [])


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_its_chunks_as_items_add_up_to_the_same(row: Row) -> None:
    _, _, stream, options = row
    taker = machine("gemini", request=None)
    for chunk in parsed(stream):
        taker.receive_item(chunk.model_dump(mode="json", exclude_none=True))
    message = judged("gemini", stream, **options).message
    assert message is not None
    assert (taker.message.choices, taker.message.usage) == (message.choices, message.usage)


@pytest.mark.parametrize(
    "row", [row for row in BREAKING if row[1] in {"args of a text", "candidates of an object"}], ids=lambda row: row[1]
)
def test_it_refuses_what_we_say_it_refuses(row: Row) -> None:
    with pytest.raises(official("pydantic").ValidationError):
        parsed(row[2])
