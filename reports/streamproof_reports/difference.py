"""What was said against what was expected: aligned, with a pointer at the place where the two part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import attrs
from rich.cells import cell_len

from streamproof_reports.line import Line
from streamproof_reports.text import counted, quoted, shorten, visible

_LEAD: Final = 24
_ROOM: Final = 72
_WIDEST: Final = 160
_DEEPEST: Final = 40
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


class _Nothing:
    """Stands where one side has no such field."""


_NOTHING: Final = _Nothing()


def told(value: Any) -> bool:
    """Whether a value was recorded at all."""
    return value is not None


def _is_same(expected: Any, actual: Any) -> bool:
    # In Python True equals 1; in JSON they are different values.
    if isinstance(expected, bool) is not isinstance(actual, bool):
        return False
    try:
        return bool(expected == actual)
    except RecursionError:
        return False


def _is_unsaid(value: Any) -> bool:
    return value is None or value is _NOTHING


def _is_idle(value: Any) -> bool:
    """Whether a field that was not expected says nothing either: adapters may hand out unused fields."""
    return _is_unsaid(value) or value is False or value in ("", [], {})


def _step(key: str) -> str:
    return f".{key}" if _NAME.match(key) else f"[{quoted(key)}]"


def _pairs(expected: Any, actual: Any) -> Iterator[tuple[str, Any, Any]] | None:
    """The parts of two values of one shape; None where the two are no containers of one kind."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = [*expected, *(key for key in actual if key not in expected and not _is_idle(actual[key]))]
        return ((_step(str(key)), expected.get(key, _NOTHING), actual.get(key, _NOTHING)) for key in keys)
    if isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        longest = max(len(expected), len(actual))
        return (
            (
                f"[{at}]",
                expected[at] if at < len(expected) else _NOTHING,
                actual[at] if at < len(actual) else _NOTHING,
            )
            for at in range(longest)
        )
    return None


def differences(expected: Any, actual: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any, Any]]:
    """The leaves in which two JSON values differ, as (path, expected, actual); null and absent are equal."""
    pairs = _pairs(expected, actual) if depth < _DEEPEST else None
    if pairs is None:
        if not (_is_unsaid(expected) and _is_unsaid(actual)) and not _is_same(expected, actual):
            yield path.removeprefix("."), expected, actual
        return
    for step, one, other in pairs:
        yield from differences(one, other, path + step, depth + 1)


def _shown(value: Any) -> str:
    return "(nothing)" if value is _NOTHING else shorten(quoted(value), _WIDEST)


def _inner(text: str) -> str:
    return quoted(text)[1:-1]


@attrs.frozen(kw_only=True)
class Side:
    """One of two values, printable, in three parts: what is alike, what differs, what is alike again."""

    before: str
    differing: str
    after: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.before + self.differing + self.after


@attrs.frozen(kw_only=True)
class Difference:
    """One place where two values differ."""

    path: str
    expected: Side
    actual: Side
    word: str | None
    """`missing`, `too much`, `differs from here`; None where no place can be pointed at."""
    sizes: tuple[int, int] | None
    """Characters of the expected and of the actual text, where they are too long to be shown whole."""


def _parting(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _window(texts: Sequence[str], parting: int, room: int) -> tuple[int, int]:
    """Characters before and behind the parting that fit; fewer where they are wide or stand as escapes."""
    lead = min(_LEAD, room // 3)
    rest = room - lead
    while lead > 1 and any(cell_len(_inner(text[max(parting - lead, 0) : parting + rest])) > room for text in texts):
        lead, rest = lead // 2, max(rest // 2, 1)
    return lead, rest


def _side(text: str, parting: int, tail: int, window: tuple[int, int]) -> Side:
    """The text around the parting, quoted; its last `tail` characters are alike on both sides."""
    first, last = max(parting - window[0], 0), parting + window[1]
    stop = min(max(len(text) - tail, parting), last)
    return Side(
        before=('"' if first == 0 else "...") + _inner(text[first:parting]),
        differing=_inner(text[parting:stop]),
        after=_inner(text[stop:last]) + ('"' if last >= len(text) else "..."),
    )


def _word(expected: str, actual: str, parting: int) -> str | None:
    if expected == actual or (parting == 0 and expected and actual):
        return None
    if parting == len(actual):
        return "missing"
    return "too much" if parting == len(expected) else "differs from here"


def _compared(path: str, expected: Any, actual: Any, room: int) -> Difference:
    if not (isinstance(expected, str) and isinstance(actual, str)):
        sides = (Side(before="", differing=_shown(value), after="") for value in (expected, actual))
        return Difference(path=path, expected=next(sides), actual=next(sides), word=None, sizes=None)
    parting = _parting(expected, actual)
    tail = _parting(expected[parting:][::-1], actual[parting:][::-1])
    window = _window((expected, actual), parting, room)
    long = max(len(expected), len(actual)) > sum(window)
    return Difference(
        path=path,
        expected=_side(expected, parting, tail, window),
        actual=_side(actual, parting, tail, window),
        word=_word(expected, actual, parting),
        sizes=(len(expected), len(actual)) if long else None,
    )


def compared(expected: Any, actual: Any, *, limit: int = 5, room: int = _ROOM) -> tuple[tuple[Difference, ...], int]:
    """The first `limit` places where two values differ, and how many more there are; the whole values where none do.

    Of a text at most `room` columns around the place are kept.
    """
    found = list(differences(expected, actual)) or [("", expected, actual)]
    return tuple(_compared(*place, room) for place in found[:limit]), max(len(found) - limit, 0)


def _lines(difference: Difference, said: str) -> Iterator[Line]:
    expected, actual, word = difference.expected, difference.actual, difference.word
    if difference.path:
        yield Line(f"{'at':<10}{visible(difference.path)}", "faint")
    yield Line(f"{said:<10}{actual.text}", "bad")
    yield Line(f"{'expected':<10}{expected.text}", "good")
    if word is None:
        return
    pointed = actual.differing if word == "too much" else expected.differing
    width = 1 if word == "differs from here" else cell_len(pointed)
    yield Line(f"{'':<10}{' ' * cell_len(expected.before)}{'^' * max(width, 1)} {word}", "mark")
    if difference.sizes is not None:
        yield Line(f"{counted(difference.sizes[1], 'character')} {said}, {difference.sizes[0]:,} expected", "faint")


def difference_lines(
    expected: Any, actual: Any, *, said: str = "said", limit: int = 5, width: int | None = None
) -> Iterable[Line]:
    """Lines of `width` columns that show where two values differ: a pair for each of the first `limit` places."""
    # Beside the text stand the column, twice three dots, and the word behind the pointer.
    room = _ROOM if width is None else min(max(width - 10 - 6 - 9, _LEAD), _ROOM)
    found, more = compared(expected, actual, limit=limit, room=room)
    for difference in found:
        yield from _lines(difference, said)
    if more:
        yield Line(f"(and {more} more)", "faint")
