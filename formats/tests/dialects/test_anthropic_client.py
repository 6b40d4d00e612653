"""What others say: anthropic-python's types and accumulator read the streams that are said to keep the rules."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from .anthropic_messages_table import BREAKING, DONE, EXAMPLES, KEEPING
from .streams import judged
from .table import Row

pytestmark = pytest.mark.clients

UNKNOWN_TO_ITS_TYPES = {
    "blocks that come whole",
    "deltas of types unknown, in blocks known and unknown",
    "an answer in one piece, as it was asked for",
    "events of types unknown anywhere",
    "citations in a text",
    "a stop_reason that is new",
}
ROWS: list[Row] = [
    *(([], name, stream, {}) for name, stream in EXAMPLES.items()),
    *(kept for kept in KEEPING if kept[1] not in UNKNOWN_TO_ITS_TYPES),
]
REFUSED = [
    row
    for row in BREAKING
    if row[0] in (["AM-25"], ["AM-27"])
    # Its type of an error knows the documented types only; an index that is a text is read as the number it says.
    and "error" not in row[1]
    and row[1] != "a text as index"
]


def anthropic() -> ModuleType:
    module: ModuleType = pytest.importorskip("anthropic", reason="anthropic-sdk-python is not installed")
    return module


def parsed(stream: bytes) -> list[Any]:
    """The events up to an error as the SDK's own type; it has none for pings."""
    module = anthropic()
    from pydantic import TypeAdapter  # noqa: PLC0415

    adapter: Any = TypeAdapter(module.types.RawMessageStreamEvent)
    found = []
    for event in judged("sse", stream).events:
        if event.type == "error":
            break
        if event.type not in ("ping", "vertex_event") and event.data != DONE.decode():
            found.append(adapter.validate_python(json.loads(event.data), strict=True))
    return found


@pytest.mark.parametrize("kept", ROWS, ids=[kept[1] for kept in ROWS])
def test_its_accumulator_makes_the_message_that_we_make(kept: Row) -> None:
    events = parsed(kept[2])
    from anthropic.lib.streaming._messages import accumulate_event  # noqa: PLC0415

    ours = judged("anthropic-messages", kept[2]).message
    assert ours is not None
    snapshot, buffers = None, {}
    for event in events:
        snapshot = accumulate_event(
            event=event, current_snapshot=snapshot, json_bufs=buffers, output_format=anthropic().NOT_GIVEN
        )
    if snapshot is None:
        assert ours.choices == ()
        return
    theirs: Any = snapshot
    [choice] = ours.choices
    assert "".join(b.text for b in theirs.content if b.type == "text") == (choice.text or "")
    assert "".join(b.thinking for b in theirs.content if b.type == "thinking") == (choice.reasoning or "")
    assert theirs.stop_reason == choice.finish_reason
    assert ours.usage is not None
    assert (theirs.usage.input_tokens, theirs.usage.output_tokens) == (ours.usage.input, ours.usage.output)
    calls = [b for b in theirs.content if b.type == "tool_use"]
    assert [(call.id, call.name) for call in calls] == [(call.id, call.name) for call in choice.tool_calls]
    if kept[0] != ["AM-11"] and theirs.stop_reason == "tool_use" and "eager" not in kept[1]:
        assert [b.input for b in calls] == [json.loads(call.arguments or "{}") for call in choice.tool_calls]


@pytest.mark.parametrize("broken", REFUSED, ids=[row[1] for row in REFUSED])
def test_its_types_refuse_what_we_say_lacks_a_field(broken: Row) -> None:
    anthropic()
    from pydantic import ValidationError  # noqa: PLC0415

    with pytest.raises(ValidationError):
        parsed(broken[2])
