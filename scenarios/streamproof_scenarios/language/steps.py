"""The steps of a stream: one form for each word of the language."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from json import dumps
from typing import Any, Final

import attrs

from streamproof_scenarios.language.document import Mapping, Node, Scalar, Sequence
from streamproof_scenarios.language.modifiers import MODIFIERS, modifiers
from streamproof_scenarios.language.values import (
    Desk,
    Reader,
    Wrong,
    any_text,
    duration,
    encodes,
    fill_or,
    found,
    integer,
    json,
    json_object,
    line,
    one_of,
    or_null,
    text,
)
from streamproof_scenarios.model import Barrier, Block, Fill, Mark, Modifiers, Payload, Raw, Repeat, Step, Word
from streamproof_scenarios.problem import suggestion

TIMES_LIMIT: Final = 10**9

_CUTS: Final = frozenset({"cut", "keep"})
_LINES: Final = _CUTS | {"unclosed"}
_EVENT: Final = _LINES | {"name", "break"}
_JSON_EVENT: Final = _EVENT | {"ascii"}
_DELTA: Final = _JSON_EVENT | {"choice"}
_NONE: Final[frozenset[str]] = frozenset()
_IN_BLOCK: Final = frozenset({"choice", "name", "ascii", "break"})

Maker = Callable[[Any, Modifiers, Mark], Step]


@attrs.frozen
class Form:
    """How one kind of step is written: its value, the modifiers that it takes, what it becomes."""

    read: Reader
    modifiers: frozenset[str]
    make: Maker
    bare: bool = False
    """True when the word stands alone, without a value."""


def nothing(node: Node, what: str, desk: Desk) -> None:  # noqa: ARG001
    """No value at all."""
    if not (isinstance(node, Scalar) and node.value is None):
        raise Wrong(node.mark, f"{what} stands alone, {found(node)}; write {what} without a value")


def cut_alone(node: Node, what: str, desk: Desk) -> None:
    """The barrier `cut`, whose places would belong to another step."""
    if not (isinstance(node, Scalar) and node.value is None):
        raise Wrong(node.mark, f"cut alone has no place, {found(node)}; write it beside the word of a step")
    nothing(node, what, desk)


def hex_bytes(node: Node, what: str, desk: Desk) -> bytes:
    """Hexadecimal digits, blanks between bytes allowed."""
    digits = text(node, what, desk)
    try:
        return bytes.fromhex(digits)
    except ValueError:
        expected = "pairs of hexadecimal digits such as efbbbf"
        raise Wrong(node.mark, f"{what} must be {expected}, {found(node)}") from None


def file_bytes(node: Node, what: str, desk: Desk) -> bytes:
    """The content of a file in the scenario's folder."""
    name = text(node, what, desk)
    try:
        return desk.fetch(name)
    except ValueError as error:
        raise Wrong(node.mark, f"{what} must be a file in the scenario's folder, found '{name}': {error}") from None


_TOOL: Final[dict[str, Reader]] = {
    "index": integer(0),
    "id": or_null(any_text),
    "type": or_null(any_text),
    "name": or_null(any_text),
    "arguments": or_null(fill_or(any_text)),
}
_FUNCTION: Final[dict[str, Reader]] = {
    "name": or_null(any_text),
    "arguments": or_null(fill_or(any_text)),
}
_COUNTS: Final = {"input": integer(0), "output": integer(0), "total": integer(0)}


def _known(readers: dict[str, Reader], node: Node, what: str, desk: Desk) -> dict[str, Any]:
    fields = desk.fields(node, what, readers)
    if isinstance(node, Mapping) and not node.pairs:
        raise Wrong(node.mark, f"{what} must have at least one of {', '.join(readers)}, found none")
    return fields


def usage(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """`{input, output, total}`, or the dialect's own names."""
    values = json_object(node, what, desk)
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            if key.value in _COUNTS:
                desk.read(_COUNTS[str(key.value)], value, str(key.value))
    return values


def repeated(node: Node, what: str, desk: Desk) -> tuple[int, tuple[Step, ...]]:
    """`{times, steps}`."""
    fields = desk.fields(node, what, {"times": integer(0, TIMES_LIMIT), "steps": steps}, ("times", "steps"))
    return fields.get("times", 0), fields.get("steps", ())


def lines(node: Node, what: str, desk: Desk) -> tuple[str | Word | Payload, ...]:
    """The lines of a block, and steps whose lines are taken in."""
    if isinstance(node, Sequence) and not node.items:
        raise Wrong(node.mark, f"{what} must hold at least one line, found an empty list")
    return desk.each(node, what, block_line, item="a line of a block")


def block_line(node: Node, what: str, desk: Desk) -> str | Word | Payload:
    """A line, or a step that writes one event."""
    if isinstance(node, Scalar) and node.value != "done":
        return line(node, what, desk)
    made = step(node, what, desk)
    if not isinstance(made, Word | Payload):
        raise Wrong(node.mark, f"{what} must be text or a step that writes one event, found a step of another kind")
    if isinstance(node, Mapping):
        for key, _ in node.pairs:
            if key.value in MODIFIERS and key.value not in _IN_BLOCK:
                desk.note(key.mark, f"{key.value} belongs to the block, found inside it; write it beside block")
    return made


def _word(word: Any, value: Any, beside: Modifiers, mark: Mark) -> Step:
    return Word(word=word, value=value, modifiers=beside, mark=mark)


def _payload(name: Any, value: Any, beside: Modifiers, mark: Mark) -> Step:
    return Payload(kind=name, value=value, modifiers=beside, mark=mark)


def _block(value: Any, beside: Modifiers, mark: Mark) -> Step:
    return Block(lines=value, modifiers=beside, mark=mark)


def _raw(name: Any, value: Any, beside: Modifiers, mark: Mark) -> Step:
    return Raw(kind=name, value=value, modifiers=beside, mark=mark)


def _repeat(value: Any, beside: Modifiers, mark: Mark) -> Step:  # noqa: ARG001
    return Repeat(times=value[0], steps=value[1], mark=mark)


def _barrier(name: Any, value: Any, beside: Modifiers, mark: Mark) -> Step:  # noqa: ARG001
    return Barrier(kind=name, delay_s=value if isinstance(value, float) else 0.0, mark=mark)


FORMS: Final[dict[str, Form]] = {
    "role": Form(any_text, _DELTA, partial(_word, "role")),
    "text": Form(fill_or(any_text), _DELTA, partial(_word, "text")),
    "reasoning": Form(fill_or(any_text), _DELTA, partial(_word, "reasoning")),
    "refusal": Form(fill_or(any_text), _DELTA, partial(_word, "refusal")),
    "tool": Form(partial(_known, _TOOL), _DELTA, partial(_word, "tool")),
    "function": Form(partial(_known, _FUNCTION), _DELTA, partial(_word, "function")),
    "finish": Form(any_text, _DELTA, partial(_word, "finish")),
    "usage": Form(usage, _JSON_EVENT, partial(_word, "usage")),
    "error": Form(json_object, _JSON_EVENT, partial(_word, "error")),
    "done": Form(nothing, _JSON_EVENT, partial(_word, "done"), bare=True),
    "chunk": Form(json_object, _DELTA, partial(_payload, "chunk")),
    "event": Form(json, _JSON_EVENT, partial(_payload, "event")),
    "data": Form(fill_or(text), _EVENT, partial(_payload, "data")),
    "block": Form(lines, _LINES, _block),
    "comment": Form(fill_or(text), _LINES, partial(_raw, "comment")),
    "raw": Form(fill_or(text), _CUTS, partial(_raw, "raw")),
    "hex": Form(hex_bytes, _CUTS, partial(_raw, "hex")),
    "file": Form(file_bytes, _CUTS, partial(_raw, "file")),
    "json": Form(json, _CUTS | {"ascii"}, partial(_raw, "json")),
    "repeat": Form(repeated, _NONE, _repeat),
    "cut": Form(cut_alone, _NONE, partial(_barrier, "cut"), bare=True),
    "pause": Form(duration, _NONE, partial(_barrier, "pause")),
    "await": Form(one_of("delivered"), _NONE, partial(_barrier, "await")),
    "goaway": Form(one_of("graceful"), _NONE, partial(_barrier, "goaway")),
}


def steps(node: Node, what: str, desk: Desk) -> tuple[Step, ...]:
    """A list of steps."""
    return desk.each(node, what, step, item="a step")


def step(node: Node, what: str, desk: Desk) -> Step:
    """One step: a bare word, or a mapping of one word and its modifiers."""
    if isinstance(node, Scalar):
        return _bare(node, what)
    if not isinstance(node, Mapping):
        raise Wrong(
            node.mark, f"{what} must be a word with its value, {found(node)}; write the steps one below the other"
        )
    word = _word_of(node, what)
    form = FORMS[word]
    before = len(desk.problems)
    readers: dict[str, Reader] = {word: form.read}
    readers |= {name: MODIFIERS[name] for name in form.modifiers}
    for key, _ in node.pairs:
        if key.value in MODIFIERS and key.value not in readers:
            allowed = f"; it takes {', '.join(sorted(form.modifiers))}" if form.modifiers else "; it takes none"
            raise Wrong(key.mark, f"{word} takes no {key.value}{allowed}")
    values = desk.fields(node, word, readers)
    if len(desk.problems) > before:
        return Barrier(kind="cut", mark=node.mark)
    made = form.make(values[word], modifiers(values), node.mark)
    if isinstance(made, Raw) and made.kind in {"hex", "file"}:
        value = node.get(word)
        return attrs.evolve(made, source=value.source if value else None)
    _check_surrogates(made, node.mark, word)
    return made


def _bare(node: Scalar, what: str) -> Step:
    if not isinstance(node.value, str):
        raise Wrong(node.mark, f"{what} must be a word with its value, {found(node)}")
    if node.value not in FORMS:
        raise Wrong(
            node.mark, f"{what} must begin with a word of the language, {found(node)}{suggestion(node.value, FORMS)}"
        )
    form = FORMS[node.value]
    if not form.bare:
        raise Wrong(node.mark, f"{node.value} needs a value, found none; write {node.value}: ...")
    return form.make(None, Modifiers(), node.mark)


def _word_of(node: Mapping, what: str) -> str:
    names = [str(key.value) for key, _ in node.pairs]
    words = [name for name in names if name in FORMS and name not in MODIFIERS]
    if not words and "cut" in names:
        words = ["cut"]
    if not words:
        unknown = next(((key, str(key.value)) for key, _ in node.pairs if key.value not in MODIFIERS), None)
        if unknown is None:
            raise Wrong(node.mark, f"{what} must have a word beside its modifiers, found {', '.join(names) or 'none'}")
        raise Wrong(unknown[0].mark, f"{what} has no word '{unknown[1]}'{suggestion(unknown[1], FORMS)}")
    if len(words) > 1:
        second = next(key for key, _ in node.pairs if key.value == words[1])
        raise Wrong(second.mark, f"{what} must have one word, found {' and '.join(words)}; write {len(words)} steps")
    return words[0]


_ESCAPED_SURROGATE: Final = re.compile(r"\\ud[89ab]", re.IGNORECASE)


def _check_surrogates(made: Step, mark: Mark, word: str) -> None:
    """JSON can hold a lone surrogate as an escape only (RFC 8259, section 8.2)."""
    if not isinstance(made, Word | Payload | Raw) or made.modifiers.ascii or isinstance(made.value, bytes | Fill):
        return
    if isinstance(made.value, str):
        fine = encodes(made.value)
    else:
        # Escapes are sought first: they are rare, and a fill, which was looked at where it was read, counts as nothing.
        escaped = dumps(made.value, default=lambda _: "")
        fine = not _ESCAPED_SURROGATE.search(escaped) or encodes(
            dumps(made.value, default=lambda _: "", ensure_ascii=False)
        )
    if not fine:
        raise Wrong(mark, f"{word} holds a lone surrogate, which only an escape can write; add ascii: true")
