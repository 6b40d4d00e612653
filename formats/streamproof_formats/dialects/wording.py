"""How findings speak of JSON values: their kind, and as much of them as a line holds."""

from __future__ import annotations

import json
from typing import Any, Final

LONGEST: Final = 40
"""Characters of a text that a finding shows."""

_KINDS: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def kind(value: Any) -> str:
    """The JSON type of a value, in a word."""
    return _KINDS.get(type(value), "value")


def quoted(text: str, longest: int = LONGEST) -> str:
    """A text in JSON quotes, cut and fit to print: a lone surrogate becomes an escape."""
    cut = text if len(text) <= longest else text[:longest] + "…"
    return json.dumps(cut, ensure_ascii=False).encode("utf-8", "backslashreplace").decode("utf-8")


def number(value: int) -> str:
    """An integer as printed; of one that no line holds, its size."""
    return str(value) if value.bit_length() < 128 else f"an integer of {value.bit_length()} bits"


def shown(value: Any) -> str:
    """A value as a finding names it: `null`, `integer 5`, `string "Hi"`, `object`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"string {quoted(value)}"
        case int():
            return f"integer {value}" if value.bit_length() < 128 else number(value)
        case float():
            return f"number {value}"
        case _:
            return kind(value)


def listed(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
