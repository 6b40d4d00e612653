"""A YAML document as nodes that know their place.

YAML 1.2 core types only, so `no` is text and `1:30` is no number; duplicate keys, aliases and tags are refused.
The nodes are built from parser events: PyYAML's own composers hide aliases, and the C one overflows the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
import yaml

from streamproof_scenarios.model import Mark
from streamproof_scenarios.problem import Problem, ScenarioError

SIZE_LIMIT: Final = 4 << 20
DEPTH_LIMIT: Final = 100

Plain = str | int | float | bool | None


@attrs.frozen(kw_only=True, eq=False)
class Scalar:
    """A single value.  `source` is what the file says, `plain` that it stands without quotes."""

    value: Plain
    source: str
    plain: bool
    mark: Mark


@attrs.frozen(kw_only=True, eq=False)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    source: str
    mark: Mark


@attrs.frozen(kw_only=True, eq=False)
class Mapping:
    """A mapping; its keys are text, each once, in the order of the file."""

    pairs: tuple[tuple[Scalar, Node], ...]
    source: str
    mark: Mark

    def get(self, name: str) -> Node | None:
        """The value of a key, None where it is absent."""
        return next((value for key, value in self.pairs if key.value == name), None)


Node = Scalar | Sequence | Mapping

# "10.3.2. Tag Resolution" -- YAML 1.2.2, core schema, https://yaml.org/spec/1.2.2/
_WORDS: Final[dict[str, Plain]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBERS: Final[tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...]] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 0)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
)
_DIGITS_LIMIT: Final = 400
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def resolve(source: str) -> Plain:
    """What YAML 1.2 reads in a plain scalar."""
    if source in _WORDS:
        return _WORDS[source]
    if source[0] in "+-.0123456789" and len(source) <= _DIGITS_LIMIT:
        for pattern, convert in _NUMBERS:
            if pattern.fullmatch(source):
                return convert(source)
    return source


def parse(data: bytes, path: str) -> Node:
    """The one document of a file.

    Raises ScenarioError, whose problems are all that can be told: one for a breach of YAML, which hides the rest;
    every duplicate key, alias and tag otherwise.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        found = f"a scenario file must be UTF-8, found byte {data[error.start]:02x}; save it as UTF-8"
        raise ScenarioError([Problem(path, Mark(line, column), found)]) from None
    if len(data) > SIZE_LIMIT:
        found = f"a scenario file must have at most {SIZE_LIMIT} bytes, found {len(data)}; use fill, repeat or file"
        raise ScenarioError([Problem(path, None, found)])
    return _Builder(text, path).document()


def _events(text: str) -> Iterator[Any]:
    # libyaml is some ten times faster, but refuses the escapes of lone surrogates that JSON knows.
    if hasattr(yaml, "CSafeLoader") and not _SURROGATE_ESCAPE.search(text):
        return yaml.parse(text, Loader=yaml.CSafeLoader)
    return yaml.parse(text, Loader=yaml.SafeLoader)


class _Builder:
    """Makes nodes of events."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._events = _events(text)
        self._problems: list[Problem] = []
        self._anchor: Mark | None = None

    def document(self) -> Node:
        node: Node | None = None
        try:
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if node is not None:
                        self._stop(event, "a scenario file must hold one document, found a second; put it in its own")
                    node = self._node(next(self._events), 0)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = f"this is not YAML: {error.problem or error.context}"
            self._stop_at(Mark(mark.line + 1, mark.column + 1) if mark else None, problem)
        except yaml.reader.ReaderError as error:
            before = self._text[: error.position]
            mark_here = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
            self._stop_at(mark_here, f"a file must hold printable text, found {_name(error.character)}; escape it")
        if node is None:
            self._stop_at(Mark(1, 1), "a scenario must be a mapping of keys, found an empty file")
            raise AssertionError
        if self._problems:
            raise ScenarioError(self._problems)
        return node

    def _node(self, event: Any, depth: int) -> Node:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if depth > DEPTH_LIMIT:
            self._stop(event, f"values must not be nested deeper than {DEPTH_LIMIT}")
        if isinstance(event, yaml.AliasEvent):
            self._problem(mark, f"aliases are no part of the language, found *{event.anchor}; write the value again")
            return Scalar(value=None, source="", plain=True, mark=mark)
        if event.tag is not None:
            self._problem(mark, f"tags are no part of the language, found {event.tag}; leave it away")
        if isinstance(event, yaml.ScalarEvent):
            plain = bool(event.implicit[0])
            value = resolve(event.value) if plain else event.value
            return Scalar(value=value, source=event.value, plain=plain, mark=mark)
        return self._sequence(mark, depth) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(mark, depth)

    def _sequence(self, mark: Mark, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(items=tuple(items), source=_shown(items, "[]"), mark=mark)

    def _mapping(self, mark: Mark, depth: int) -> Mapping:
        pairs: dict[Plain, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar) or not isinstance(key.value, str):
                self._problem(
                    key.mark,
                    f"a key must be text, but YAML reads {key.source} as {kind(key)}; write '{key.source}' in quotes",
                )
            elif key.value in pairs:
                first = pairs[key.value][0].mark
                self._problem(
                    key.mark, f"a key must stand once, found {key.value} again (first in line {first.line}); leave one"
                )
            else:
                pairs[key.value] = (key, value)
        source = "{" + ", ".join(f"{key.source}: {value.source}" for key, value in pairs.values())[:40] + "}"
        return Mapping(pairs=tuple(pairs.values()), source=source, mark=mark)

    def _problem(self, mark: Mark, text: str) -> None:
        self._problems.append(Problem(self._path, mark, text))

    def _stop(self, event: Any, text: str) -> None:
        self._stop_at(Mark(event.start_mark.line + 1, event.start_mark.column + 1), text)

    def _stop_at(self, mark: Mark | None, text: str) -> None:
        raise ScenarioError([*self._problems, Problem(self._path, mark, text)]) from None


def _shown(items: list[Node], brackets: str) -> str:
    inner = ", ".join(item.source for item in items[:8])
    return f"{brackets[0]}{inner[:40]}{brackets[1]}"


def _name(character: int | str | bytes) -> str:
    number = character if isinstance(character, int) else ord(character)
    return f"U+{number:04X}"


def kind(node: Node) -> str:
    """What YAML reads, for a person: `a list`, `a number`."""
    match node:
        case Sequence():
            return "a list"
        case Mapping():
            return "a mapping"
        case Scalar(value=None):
            return "null"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=int() | float()):
            return "a number"
        case _:
            return "text"
