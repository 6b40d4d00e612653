"""The object that `inspect --format json` prints, piece by piece: its events may be a million."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import attrs

from streamproof.judging.recorded import Recorded
from streamproof_formats.event import Event
from streamproof_formats.message import Choice, Message

_BATCH: Final = 1000


def pieces_of(
    recorded: Recorded, dialect: str, verdict: str, *, whole: bool, passes_under: tuple[str, ...] | None
) -> Iterator[str]:
    """The text of the object; `passes_under` is None where the profiles were not tried."""
    head, judgement = recorded.head, recorded.judgement
    http = None
    if whole:
        http = {
            "status": head.status if head else None,
            "headers": [list(pair) for pair in head.headers] if head else [],
            "framing": head.framing if head else None,
            "end": recorded.end,
        }
    rest: dict[str, Any] = {
        "message": None if judgement.message is None else message_json(judgement.message),
        "findings": [attrs.asdict(finding) for finding in recorded.findings],
        "verdict": verdict,
    }
    left_out = judgement.event_count - len(judgement.events)
    if left_out:
        rest["events_left_out"] = left_out
    if recorded.problem:
        rest["problem"] = recorded.problem
    if passes_under is not None:
        rest["passes_under"] = list(passes_under)
    yield f'{{"dialect": {json.dumps(dialect)}, "http": {json.dumps(http)}, "events": ['
    for start in range(0, len(judgement.events), _BATCH):
        events = [_event(event) for event in judgement.events[start : start + _BATCH]]
        yield (", " if start else "") + json.dumps(events)[1:-1]
    yield f"], {json.dumps(rest)[1:]}\n"


def _event(event: Event) -> dict[str, Any]:
    return {"type": event.type, "data": event.data, "id": event.id, "start": event.start, "end": event.end}


def message_json(message: Message) -> dict[str, Any]:
    """A message in the shape of the interface."""
    return {
        "choices": [choice_json(choice) for choice in message.choices],
        "usage": None if message.usage is None else attrs.asdict(message.usage),
        "error": None if message.error is None else attrs.asdict(message.error),
        "ended": message.ended,
    }


def choice_json(choice: Choice) -> dict[str, Any]:
    """A choice in the same shape."""
    return {
        "index": choice.index,
        "text": choice.text,
        "reasoning": choice.reasoning,
        "refusal": choice.refusal,
        "finish_reason": choice.finish_reason,
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in choice.tool_calls],
        "function_call": None if choice.function_call is None else attrs.asdict(choice.function_call),
    }
