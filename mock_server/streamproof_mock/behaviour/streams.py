"""Streams of JSON events as plans: one event, one write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from streamproof_scenarios.plan import AnswerPlan, Operation, Write

_HEADERS: Final = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))


def event_stream(events: Sequence[Any], terminator: str) -> AnswerPlan:
    """Server-sent events, data only, then the terminator."""

    def operations() -> Iterator[Operation]:
        for event in events:
            # Compact: clients exist that look for `"response":"` without a space.
            text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            yield Write(f"data: {text}\n\n".encode())
        yield Write(f"data: {terminator}\n\n".encode())

    return AnswerPlan(headers=_HEADERS, operations=operations)
