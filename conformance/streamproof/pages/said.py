"""An expectation in words."""

from __future__ import annotations

import json
from typing import Any

from streamproof_scenarios.model import Fill, Reading

_FIELDS = ("text", "reasoning", "refusal", "finish_reason", "tool_calls", "function_call", "usage", "choices")
_SHORT = 60
"""Characters of a value that are shown, at most."""


def in_words(reading: Reading) -> str:
    """What a client reports under a reading, field by field, as the scenario states it."""
    parts = [" or ".join(reading.outcome)] if reading.outcome else []
    parts += [f"{key.replace('_', ' ')} {_value(getattr(reading, key))}" for key in _FIELDS if key in reading.stated]
    if reading.error_status is not None:
        parts.append(f"status {reading.error_status}")
    if reading.error_says is not None:
        parts.append(f"error says {_value(reading.error_says)}")
    if not reading.stated.isdisjoint({"requests_min", "requests_max"}):
        low, high = reading.requests_min, reading.requests_max
        parts.append(f"requests {low}" if low == high else f"requests {low or 0} to {high or 'any'}")
    for key, word in (
        ("wait_min_s", "waits at least"),
        ("left_within_s", "left within"),
        ("result_within_s", "result within"),
    ):
        if getattr(reading, key) is not None:
            parts.append(f"{word} {getattr(reading, key):g} s")
    if reading.cost_linear:
        parts.append("time that grows with the size, not faster")
    return ", ".join(parts) or "as derived from the stream"


def _value(value: Any) -> str:
    if value == "unfinished":
        return "unfinished"
    if isinstance(value, Fill):
        return f"of {value.bytes} bytes"
    text = json.dumps(value, ensure_ascii=False, default=lambda one: one if isinstance(one, str) else dict(one))
    text = text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."
    return f"`{text}`" if "`" not in text else f"`` {text} ``"
