"""What ollama-python says: its types take the lines that are said to keep the rules, and refuse what breaks them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .ollama_chat_table import BREAKING, EXAMPLES, KEEPING
from .sdk import official
from .streams import judged
from .table import Row

pytestmark = pytest.mark.clients

ROWS: list[Row] = [*(([], name, stream, {}) for name, stream in EXAMPLES.items()), *KEEPING]
REFUSED = {
    "arguments of a text",
    "no arguments",
    "no name",
    "no message",
    "a message of text",
    "no role",
    "a role of null",
}


def parsed(stream: bytes) -> list[Any]:
    """The lines as the SDK's own type, up to an error, as its client reads them."""
    chunks = []
    for line in stream.decode().splitlines():
        part = json.loads(line)
        if part.get("error"):
            break
        chunks.append(official("ollama").ChatResponse(**part))
    return chunks


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_it_joins_the_lines_to_the_message_that_we_join(row: Row) -> None:
    _, _, stream, options = row
    chunks = parsed(stream)
    message = judged("ollama-chat", stream, **options).message
    assert message is not None
    if not chunks:
        assert message.choices == ()
        return
    [choice] = message.choices
    assert "".join(chunk.message.content or "" for chunk in chunks) == (choice.text or "")
    assert "".join(chunk.message.thinking or "" for chunk in chunks) == (choice.reasoning or "")
    calls = [call.function for chunk in chunks for call in chunk.message.tool_calls or ()]
    assert [(call.name, json.loads(call.arguments)) for call in choice.tool_calls] == [
        (call.name, call.arguments) for call in calls
    ]
    assert (chunks[-1].done_reason or None) == choice.finish_reason
    assert chunks[-1].done == (message.ended == "terminal")


@pytest.mark.parametrize("row", [row for row in BREAKING if row[1] in REFUSED], ids=lambda row: row[1])
def test_it_refuses_what_we_say_it_refuses(row: Row) -> None:
    with pytest.raises(official("pydantic").ValidationError):
        parsed(row[2])


@pytest.mark.parametrize("row", [row for row in BREAKING if row[0][0] in ("ND-02", "ND-04")], ids=lambda row: row[1])
def test_it_fails_where_the_framing_is_said_to_be_broken(row: Row) -> None:
    with pytest.raises(json.JSONDecodeError):
        parsed(row[2])
