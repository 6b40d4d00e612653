"""What was said against what was expected: aligned, with a pointer at the place where the two part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.cells import cell_len

from streamproof_reports.line import Line
from streamproof_reports.text import counted, quoted, shorten, visible

_LEAD: Final = 24
_REST: Final = 48
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


def _windowed(text: str, parting: int) -> tuple[str, str]:
    """The text around the parting, quoted, and what of it stands before the parting."""
    first, last = max(parting - _LEAD, 0), parting + _REST
    lead = ('"' if first == 0 else "...") + _inner(text[first:parting])
    return lead + _inner(text[parting:last]) + ('"' if last >= len(text) else "..."), lead


def _parting(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _texts(expected: str, actual: str, said: str) -> Iterator[Line]:
    parting = _parting(expected, actual)
    expected_line, lead = _windowed(expected, parting)
    actual_line, _ = _windowed(actual, parting)
    yield Line(f"{said:<10}{actual_line}", "bad")
    yield Line(f"{'expected':<10}{expected_line}", "good")
    if expected == actual or (parting == 0 and expected and actual):
        return
    if parting == len(actual):
        word, pointed = "missing", expected[parting : parting + _REST]
    elif parting == len(expected):
        word, pointed = "too much", actual[parting : parting + _REST]
    else:
        word, pointed = "differs from here", expected[parting : parting + 1]
    marker = "^" * max(cell_len(_inner(pointed)), 1)
    long = max(len(expected), len(actual)) > _LEAD + _REST
    sizes = f"; {counted(len(actual), 'character')} {said}, {len(expected):,} expected" if long else ""
    yield Line(f"{'':<10}{' ' * cell_len(lead)}{marker} {word}{sizes}", "mark")


def _leaf(expected: Any, actual: Any, said: str) -> Iterator[Line]:
    if isinstance(expected, str) and isinstance(actual, str):
        yield from _texts(expected, actual, said)
        return
    yield Line(f"{said:<10}{_shown(actual)}", "bad")
    yield Line(f"{'expected':<10}{_shown(expected)}", "good")


def difference_lines(expected: Any, actual: Any, *, said: str = "said", limit: int = 5) -> Iterable[Line]:
    """Lines that show where two values differ: a pair for each of the first `limit` places."""
    found = list(differences(expected, actual))
    if not found:
        yield from _leaf(expected, actual, said)
        return
    for path, one, other in found[:limit]:
        if path:
            yield Line(f"{'at':<10}{visible(path)}", "faint")
        yield from _leaf(one, other, said)
    if len(found) > limit:
        yield Line(f"(and {len(found) - limit} more)", "faint")
