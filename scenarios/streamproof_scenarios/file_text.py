"""A scenario document as the text of a file: one key a line, one step a line, plain words where they are safe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Json = Any

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.@/-]*")
# Words that some reader of YAML takes for something else than text.
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
# What JSON leaves as it is and YAML does not take, or a reader may take for a line end -- YAML 1.2.2, 5.1 and 5.4
_UNSAFE: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def file_text(document: Mapping[str, Json], comments: Iterable[str] = ()) -> str:
    """The text of a file that the loader reads back to the same values, `comments` above it."""
    return "".join(f"{line}\n" for line in (*(f"# {comment}" for comment in comments), *_lines(document)))


def _lines(document: Mapping[str, Json]) -> Iterator[str]:
    for key, value in document.items():
        if key == "stream" and isinstance(value, Mapping):
            yield "stream:"
            yield from (f"  {line}" for line in _answer(value))
        elif key == "stream" and isinstance(value, list):
            yield "stream:"
            for answer in value:
                first, *rest = _answer(answer)
                yield f"  - {first}"
                yield from (f"    {line}" for line in rest)
        else:
            yield f"{key}: {flow(value)}"


def _answer(answer: Mapping[str, Json]) -> Iterator[str]:
    for key, value in answer.items():
        if key == "steps" and value:
            yield "steps:"
            yield from (f"  - {flow(step)}" for step in value)
        else:
            yield f"{key}: {flow(value)}"


def flow(value: Json) -> str:
    """A value on one line."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
            return value
        case str():
            return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
        case _:
            return json.dumps(value)
