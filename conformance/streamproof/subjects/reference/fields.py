"""Fields of JSON, read without guessing: what is of another type is malformed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Json = Any


class MalformedError(Exception):
    """A chunk whose meaning cannot be read without guessing; the text says where and what."""


def text(part: Mapping[str, Json], key: str, place: str) -> str | None:
    """A string; None where it is null or absent."""
    value = part.get(key)
    if value is None or isinstance(value, str):
        return value
    raise MalformedError(f"{place}{'.' if place else ''}{key} must be a string or null, found {shown(value)}")


def array(part: Mapping[str, Json], key: str, place: str) -> list[Json]:
    """An array; empty where it is null or absent."""
    value = part.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise MalformedError(f"{place}{'.' if place else ''}{key} must be an array or null, found {shown(value)}")


def count(value: Json) -> int | None:
    """An integer; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def dumped(value: Json) -> str:
    """Compact JSON, as arguments that come as a value are handed out."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def shown(value: Json) -> str:
    """The beginning of a value, for a message."""
    written = json.dumps(value)
    return written if len(written) <= 60 else f"{written[:60]}..."


def whole(value: Json, place: str) -> dict[str, Json]:
    """An object."""
    if isinstance(value, dict):
        return value
    raise MalformedError(f"{place} must be an object, found {shown(value)}")
