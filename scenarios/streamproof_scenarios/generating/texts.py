"""The texts of a generated stream: pieces, names, JSON."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from streamproof_scenarios.generating.draw import Draw

Json = Any

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_NAME: Final = _LETTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_ID: Final = _LETTERS + "0123456789"
_SEPARATORS: Final = ((",", ":"), (", ", ": "), (" ,\n", " :\t"))
_DEEPEST: Final = 3

# Clients that read as Python splits text end a line at these: rules SSE-08, ND-04 and GM-17.  Arguments that are JSON
# text may be written anew, so that an escape in them is no escape on the wire.
_UNESCAPED: Final = re.compile(r"[\x85\u2028\u2029]|\\u(?:0085|202[89])")


def wants_escapes(value: Json) -> bool:
    """Whether JSON of this value has to be written with escapes to keep the rules."""
    return bool(_UNESCAPED.search(json.dumps(value, ensure_ascii=False)))


def long_text(draw: Draw) -> str:
    """A text: usually short, at times of some kilobytes."""
    text = draw.text(12)
    return text * draw.integer(50, 200) if draw.chance(3) else text


def pieces(draw: Draw, text: str, most: int = 6) -> tuple[str, ...]:
    """The text cut anywhere between two characters, into one piece at least; pieces may be empty."""
    places = sorted(draw.integer(0, len(text)) for _ in range(draw.integer(0, most - 1)))
    return tuple(text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True))


def name(draw: Draw) -> str:
    """The name of a function, as every dialect takes it."""
    return draw.choice(_LETTERS) + "".join(draw.choice(_NAME) for _ in range(draw.integer(0, 12)))


def identifier(draw: Draw, number: int) -> str:
    """Nine letters and digits, another for each number below a hundred."""
    return "".join(draw.choice(_ID) for _ in range(7)) + f"{number:02}"


def value(draw: Draw, deep: int = 0) -> Json:
    """Any JSON value of a few levels.  Its fractions are exact in binary: each reader gives the same back."""
    match draw.integer(0, 7 if deep < _DEEPEST else 5):
        case 0:
            return None
        case 1:
            return draw.chance(50)
        case 2:
            return draw.integer(-(2**53), 2**53)
        case 3:
            return draw.integer(-4096, 4096) / 64
        case 4 | 5:
            return draw.text(6)
        case 6:
            return [value(draw, deep + 1) for _ in range(draw.integer(0, 3))]
        case _:
            return mapping(draw, deep + 1)


def mapping(draw: Draw, deep: int = 0) -> dict[str, Json]:
    """Any JSON object of a few levels, with any keys."""
    return {draw.text(4): value(draw, deep + 1) for _ in range(draw.integer(0, 3))}


def arguments(draw: Draw) -> str:
    """The JSON text of an object, spaced and escaped in any way."""
    return json.dumps(mapping(draw), ensure_ascii=draw.chance(30), separators=draw.choice(_SEPARATORS))


def unknown_fields(draw: Draw) -> dict[str, Json]:
    """Keys that no document has, with any values."""
    return {f"x_{draw.choice(_LETTERS)}{number}": value(draw, 1) for number in range(draw.integer(1, 2))}
