"""Checks of request fields as a table: a field, what it must be, and what is said otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from streamproof_mock.behaviour.errors import Refusal

Test = Callable[[Any], bool]


@attrs.frozen
class Field:
    """One optional field; null counts as absent."""

    name: str
    must_be: str
    """Follows "expected": `a boolean`."""
    test: Test


def check(body: Mapping[str, Any], fields: Sequence[Field], prefix: str = "") -> None:
    """Raises Refusal (400, with `param`) at the first field of the table that is not what it must be."""
    for field in fields:
        value = body.get(field.name)
        if value is not None and not field.test(value):
            raise wrong(f"{prefix}{field.name}", field.must_be, value)


def wrong(param: str, must_be: str, value: Any) -> Refusal:
    """The refusal of one value."""
    return Refusal(
        400, f"Invalid value for '{param}': expected {must_be}, found {_shown(value)}.", param, "invalid_value"
    )


def missing(param: str) -> Refusal:
    """The refusal of a request that lacks a field."""
    return Refusal(400, f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)[:40]
        case str():
            return "an empty string" if not value else "a string"
        case list():
            return "an empty array" if not value else "an array"
        case _:
            return "an object"


def a_boolean(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def a_string(value: Any) -> bool:
    """Any text."""
    return isinstance(value, str)


def an_object(value: Any) -> bool:
    """A JSON object."""
    return isinstance(value, dict)


def an_integer(least: int, most: int | None = None) -> Test:
    """An integer in a range, both ends included."""
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and value >= least and (most is None or value <= most)
    )


def a_number(least: float, most: float) -> Test:
    """A number in a range, both ends included."""
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def one_of(*names: str) -> Test:
    """One of some texts."""
    return lambda value: isinstance(value, str) and value in names
