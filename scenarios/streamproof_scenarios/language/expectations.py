"""The expectation of a scenario: one mapping, or a list of readings of which one must hold."""

from __future__ import annotations

from typing import Any, Final

from streamproof_scenarios.language.document import Mapping, Node, Scalar, Sequence
from streamproof_scenarios.language.values import (
    Desk,
    Reader,
    Wrong,
    any_text,
    fill_or,
    found,
    integer,
    json,
    line,
    listed,
    one_of,
    one_or_more,
    or_null,
    seconds,
)
from streamproof_scenarios.model import Reading

OUTCOMES: Final = ("complete", "incomplete", "error", "stopped")


def arguments(node: Node, what: str, desk: Desk) -> Any:
    """A text, compared as text, or a mapping, compared as JSON."""
    if isinstance(node, Mapping) and node.get("bytes") is None:
        return json(node, what, desk)
    return fill_or(any_text)(node, what, desk)


_CALL: Final[dict[str, Reader]] = {
    "id": or_null(any_text),
    "name": or_null(any_text),
    "arguments": arguments,
}
_FUNCTION: Final[dict[str, Reader]] = {"name": or_null(any_text), "arguments": arguments}


def call(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """A tool call as far as it is stated."""
    return desk.fields(node, what, _CALL)


def calls(node: Node, what: str, desk: Desk) -> Any:
    """Tool calls in order, or `unfinished`."""
    if isinstance(node, Sequence):
        return desk.each(node, what, call, item="a tool call")
    if isinstance(node, Scalar) and node.value == "unfinished":
        return "unfinished"
    raise Wrong(node.mark, f"{what} must be a list of calls or unfinished, {found(node)}")


def function(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """The single call of old, as far as it is stated."""
    return desk.fields(node, what, _FUNCTION)


CHOICE: Final[dict[str, Reader]] = {
    "text": or_null(fill_or(any_text)),
    "reasoning": or_null(fill_or(any_text)),
    "refusal": or_null(fill_or(any_text)),
    "tool_calls": calls,
    "function_call": or_null(function),
    "finish_reason": or_null(any_text),
}


def choice(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """One choice as far as it is stated; it is the one of its place unless it names its `index`."""
    return desk.fields(node, what, {"index": integer(0), **CHOICE})


def choices(node: Node, what: str, desk: Desk) -> tuple[dict[str, Any], ...]:
    """Choices in order."""
    return desk.each(node, what, choice, item="a choice")


def counts(node: Node, what: str, desk: Desk) -> dict[str, int]:
    """Token counts as far as they are stated."""
    return desk.fields(node, what, {"input": integer(0), "output": integer(0), "total": integer(0)})


def _pair(least: str, most: str, reader: Reader) -> Reader:
    def read(node: Node, what: str, desk: Desk) -> dict[str, Any]:
        fields = desk.fields(node, what, {"min": reader, "max": reader})
        if isinstance(node, Mapping) and not node.pairs:
            raise Wrong(node.mark, f"{what} must have min, max or both, found neither")
        if len(fields) == 2 and fields["min"] > fields["max"]:
            raise Wrong(node.mark, f"{what} must have a min that is not above its max, found {node.source}")
        return {field: fields[name] for name, field in (("min", least), ("max", most)) if name in fields}

    return read


def requests(node: Node, what: str, desk: Desk) -> dict[str, int]:
    """A number, or `{min, max}`."""
    if isinstance(node, Mapping):
        values: dict[str, int] = _pair("requests_min", "requests_max", integer(0))(node, what, desk)
        return values
    number = integer(0)(node, what, desk)
    return {"requests_min": number, "requests_max": number}


def error(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """What a reported error must show."""
    fields = desk.fields(node, what, {"status": integer(100, 599), "says": any_text})
    if isinstance(node, Mapping) and not node.pairs:
        raise Wrong(node.mark, f"{what} must have status, says or both, found neither")
    return {f"error_{name}": value for name, value in fields.items()}


def cost(node: Node, what: str, desk: Desk) -> bool:
    """`linear`."""
    return bool(one_of("linear")(node, what, desk))


READING: Final[dict[str, Reader]] = {
    "as": line,
    "outcome": one_or_more(one_of(*OUTCOMES)),
    **CHOICE,
    "usage": or_null(counts),
    "choices": choices,
    "error": error,
    "requests": requests,
    "wait_s": _pair("wait_min_s", "wait_max_s", seconds()),
    "left_within_s": seconds(above=True),
    "result_within_s": seconds(above=True),
    "cost": cost,
    "notes": listed(one_of("connections"), least=1),
}
_FIELD: Final = {"cost": "cost_linear"}
_SEVERAL: Final = frozenset({"error", "requests", "wait_s"})


def reading(node: Node, what: str, desk: Desk) -> Reading:
    """One reading."""
    values = desk.fields(node, what, READING)
    if isinstance(node, Mapping) and not [key for key, _ in node.pairs if key.value != "as"]:
        raise Wrong(node.mark, f"{what} must state something, found nothing; leave expect away to have it derived")
    if "choices" in values and (both := sorted(values.keys() & CHOICE.keys())):
        raise Wrong(node.mark, f"{what} must state choice 0 once, found choices and {', '.join(both)}; leave one")
    name = values.pop("as", None)
    fields: dict[str, Any] = {}
    for key, value in values.items():
        fields |= value if key in _SEVERAL else {_FIELD.get(key, key): value}
    return Reading(name=name, stated=frozenset(fields), mark=node.mark, **fields)


def readings(node: Node, what: str, desk: Desk) -> tuple[Reading, ...]:
    """One reading, or a list of them with names of their own."""
    if not isinstance(node, Sequence):
        return (reading(node, what, desk),)
    if not node.items:
        raise Wrong(node.mark, f"{what} must hold at least one reading, found an empty list")
    found_readings = desk.each(node, what, reading, item="a reading")
    names: set[str] = set()
    for one in found_readings:
        if one.name is not None and one.name in names:
            raise Wrong(one.mark or node.mark, f"each reading must have its own name, found {one.name} again")
        names.add(one.name or "")
    return found_readings
