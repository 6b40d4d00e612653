"""Readers of single values: a node in, a checked value out, or what was expected, found, and the fix."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeGuard

import attrs

from streamproof_scenarios.language.document import Mapping, Node, Plain, Scalar, Sequence, kind
from streamproof_scenarios.model import Fill, Mark
from streamproof_scenarios.problem import Problem, suggestion

FILL_LIMIT: Final = 64 << 20
DELAY_LIMIT_S: Final = 3600.0


class Wrong(Exception):  # noqa: N818 - caught by the desk, which turns it into a problem
    """One value is not what the language asks for."""

    def __init__(self, mark: Mark, text: str) -> None:
        super().__init__(text)
        self.mark = mark
        self.text = text


@attrs.define(eq=False)
class Desk:
    """Where a file is read: it collects what is wrong, and fetches the files beside it."""

    path: str
    fetch: Callable[[str], bytes]
    """The bytes of a file in the scenario's folder; raises ValueError in words."""
    problems: list[Problem] = attrs.field(factory=list)

    def note(self, mark: Mark, text: str) -> None:
        """Takes down one problem."""
        self.problems.append(Problem(self.path, mark, text))

    def read(self, reader: Reader, node: Node, what: str) -> tuple[Any, ...]:
        """The value in a tuple, an empty one where it is wrong, which is then taken down."""
        try:
            return (reader(node, what, self),)
        except Wrong as wrong:
            self.note(wrong.mark, wrong.text)
            return ()

    def fields(
        self, node: Node, what: str, readers: dict[str, Reader], required: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The values of a mapping whose keys are known, by key; those that are wrong are left out."""
        if not isinstance(node, Mapping):
            raise Wrong(node.mark, f"{what} must be a mapping of keys, {found(node)}")
        values: dict[str, Any] = {}
        for key, value in node.pairs:
            name = str(key.value)
            if name not in readers:
                self.note(key.mark, f"{what} has no key '{name}'{suggestion(name, readers)}")
                continue
            for read in self.read(readers[name], value, name):
                values[name] = read
        for name in required:
            if node.get(name) is None:
                self.note(node.mark, f"{what} must have the key '{name}', found none; add it")
        return values

    def each(self, node: Node, what: str, reader: Reader, *, item: str | None = None) -> tuple[Any, ...]:
        """The values of a list; those that are wrong are left out."""
        if not isinstance(node, Sequence):
            raise Wrong(node.mark, f"{what} must be a list, {found(node)}; write [{node.source}]")
        return tuple(value for child in node.items for value in self.read(reader, child, item or what))


Reader = Callable[[Node, str, Desk], Any]


def found(node: Node) -> str:
    """`found 'abc'`, or `but YAML reads [DONE] as a list`."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return f"found '{node.source[:60]}'"
    if isinstance(node, Scalar) and node.value is None and not node.source:
        return "found nothing"
    return f"but YAML reads {node.source[:60]} as {kind(node)}"


def any_text(node: Node, what: str, desk: Desk) -> str:  # noqa: ARG001 - one shape for all readers
    """A text, lone surrogates included."""
    match node:
        case Scalar(value=str() as value):
            return value
        case Scalar(value=None, source=""):
            raise Wrong(node.mark, f"{what} must be text, found nothing; write '' for an empty text")
        case _:
            raise Wrong(node.mark, f"{what} must be text, {found(node)}; write '{node.source[:60]}' in quotes")


def text(node: Node, what: str, desk: Desk) -> str:
    """A text that UTF-8 can write."""
    value = any_text(node, what, desk)
    if not encodes(value):
        raise Wrong(
            node.mark, f"{what} must be text that UTF-8 can write, found a lone surrogate; use hex for such bytes"
        )
    return value


def encodes(value: str) -> bool:
    """True when UTF-8 can write the text: it has no surrogates."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def line(node: Node, what: str, desk: Desk) -> str:
    """A text without line ends."""
    value = text(node, what, desk)
    if "\n" in value or "\r" in value:
        raise Wrong(node.mark, f"{what} must be one line, found a line end in it; write an item for each line")
    return value


def matching(pattern: str, expected: str) -> Reader:
    """A text of a given shape."""
    compiled = re.compile(pattern)

    def read(node: Node, what: str, desk: Desk) -> str:
        value = text(node, what, desk)
        if not compiled.fullmatch(value):
            raise Wrong(node.mark, f"{what} must be {expected}, {found(node)}")
        return value

    return read


def one_of(*options: str) -> Reader:
    """One of a few words."""
    listed = options[0] if len(options) == 1 else f"one of {', '.join(options)}"

    def read(node: Node, what: str, desk: Desk) -> str:  # noqa: ARG001
        if isinstance(node, Scalar) and node.value in options:
            return str(node.value)
        near = suggestion(node.value, options) if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        raise Wrong(node.mark, f"{what} must be {listed}, {found(node)}{near if 'mean' in near else ''}")

    return read


def integer(least: int, most: int | None = None) -> Reader:
    """A whole number in bounds; `+500` and `500` are the same."""
    expected = f"an integer from {least} to {most}" if most is not None else f"an integer of at least {least}"

    def read(node: Node, what: str, desk: Desk) -> int:  # noqa: ARG001
        value = node.value if isinstance(node, Scalar) else None
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and least <= value <= (value if most is None else most)
        ):
            return value
        raise Wrong(node.mark, f"{what} must be {expected}, {_seen(node)}")

    return read


def seconds(*, least: float = 0.0, above: bool = False) -> Reader:
    """A number of seconds; `above` leaves the least itself out."""
    expected = f"a number of seconds {'above' if above else 'of at least'} {least:g}"

    def read(node: Node, what: str, desk: Desk) -> float:  # noqa: ARG001
        value = node.value if isinstance(node, Scalar) else None
        if _is_number(value) and (value > least or (value == least and not above)):
            return float(value)
        raise Wrong(node.mark, f"{what} must be {expected}, {_seen(node)}")

    return read


def _is_number(value: Plain) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def flag(node: Node, what: str, desk: Desk) -> bool:  # noqa: ARG001
    """`true` or `false`."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise Wrong(node.mark, f"{what} must be true or false, {found(node)}")


_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")


def duration(node: Node, what: str, desk: Desk) -> float:  # noqa: ARG001
    """`2s` or `500ms`, in seconds."""
    source = node.source if isinstance(node, Scalar) else ""
    if (match := _DURATION.fullmatch(source)) and (
        delay_s := float(match[1]) / (1000 if match[2] == "ms" else 1)
    ) <= DELAY_LIMIT_S:
        return delay_s
    fix = f"; write {source}s or {source}ms" if re.fullmatch(r"[0-9.]+", source) else ""
    raise Wrong(node.mark, f"{what} must be a duration such as 2s or 500ms, an hour at most, {_seen(node)}{fix}")


def json(node: Node, what: str, desk: Desk) -> Any:
    """Any JSON value."""
    match node:
        case Scalar(value=float() as value) if not math.isfinite(value):
            raise Wrong(
                node.mark, f"{what} must be JSON, which has no {node.source}; write a number, or text in quotes"
            )
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [json(item, what, desk) for item in items]
        case Mapping(pairs=pairs):
            return {str(key.value): json(value, what, desk) for key, value in pairs}


def json_object(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(node, Mapping):
        raise Wrong(node.mark, f"{what} must be a mapping, {found(node)}")
    return {str(key.value): json(value, what, desk) for key, value in node.pairs}


def or_null(reader: Reader) -> Reader:
    """The same, or null."""

    def read(node: Node, what: str, desk: Desk) -> Any:
        if isinstance(node, Scalar) and node.value is None:
            return None
        return reader(node, what, desk)

    return read


def one_or_more(reader: Reader) -> Reader:
    """A value, or a list of at least one: a tuple in either case."""

    def read(node: Node, what: str, desk: Desk) -> tuple[Any, ...]:
        if not isinstance(node, Sequence):
            return (reader(node, what, desk),)
        return listed(reader, least=1)(node, what, desk)  # type: ignore[no-any-return]

    return read


def listed(reader: Reader, *, least: int = 0) -> Reader:
    """A list without repeats."""

    def read(node: Node, what: str, desk: Desk) -> tuple[Any, ...]:
        values = desk.each(node, what, reader)
        if isinstance(node, Sequence):
            if len(node.items) < least:
                raise Wrong(node.mark, f"{what} must name at least {least}, found an empty list")
            for value, item in _repeated(values, node.items):
                desk.note(item.mark, f"{what} must name each once, found {value} again; leave one")
        return values

    return read


def _repeated(values: tuple[Any, ...], nodes: tuple[Node, ...]) -> Iterator[tuple[Any, Node]]:
    if len(values) == len(nodes):
        yield from ((value, nodes[at]) for at, value in enumerate(values) if value in values[:at])


def fill_or(reader: Reader) -> Reader:
    """A text, or `{fill: x, bytes: N}`."""

    def read(node: Node, what: str, desk: Desk) -> str | Fill:
        if isinstance(node, Mapping) and (node.get("fill") is not None or node.get("bytes") is not None):
            return fill(node, what, desk)
        value: str | Fill = reader(node, what, desk)
        return value

    return read


def fill(node: Node, what: str, desk: Desk) -> Fill:
    """`{fill: x, bytes: N}`."""
    before = len(desk.problems)
    readers: dict[str, Reader] = {"fill": matching(r"(?s).+", "a text of at least one character"),
                                  "bytes": integer(0, FILL_LIMIT)}  # fmt: skip
    values = desk.fields(node, what, readers, ("fill", "bytes"))
    if len(desk.problems) > before:
        return Fill("?", 1)
    unit, size = values["fill"].encode(), values["bytes"]
    whole = size - size % len(unit)
    rest = unit[: size - whole].decode(errors="ignore")
    if whole + len(rest.encode()) != size:
        least = whole + len(rest.encode())
        raise Wrong(node.mark, f"{what} cannot have {size} bytes without cutting a character in two; write {least}")
    return Fill(values["fill"], size)


def _seen(node: Node) -> str:
    """What was found where a number was expected."""
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return f"found {node.source}"
    return found(node)
