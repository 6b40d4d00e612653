"""JSON that every reader takes, whatever a client handed out: no NaN, nothing nested without bound, ASCII only."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

_DEEPEST: Final = 100

_WIDEST: Final = 8192
"""Bits of a whole number that every JSON reader in Python still takes."""


def plain(value: Any, depth: int = 0) -> Any:
    """The nearest value that JSON can hold; what it cannot is told in words."""
    if depth > _DEEPEST:
        return "(nested too deeply to write)"
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case int() if value.bit_length() > _WIDEST:
            return f"(a whole number of {value.bit_length()} bits)"
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [plain(item, depth + 1) for item in value]
    return repr(value)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON, on one line where `indent` is None."""
    separators = (",", ":") if indent is None else None
    # ASCII only: text cut at any byte is still text, and lone surrogates and U+2028 need no special care.
    try:
        return json.dumps(value, allow_nan=False, separators=separators, indent=indent)
    except (ValueError, TypeError, RecursionError):
        return json.dumps(plain(value), allow_nan=False, separators=separators, indent=indent)
