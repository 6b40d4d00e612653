"""The keys that may stand beside the word of a step."""

from __future__ import annotations

from typing import Any, Final

from streamproof_scenarios.language.document import Node, Scalar, Sequence
from streamproof_scenarios.language.values import Desk, Reader, Wrong, flag, found, integer, line, one_or_more, or_null
from streamproof_scenarios.model import Modifiers, Place


def place(node: Node, what: str, desk: Desk) -> Place:  # noqa: ARG001
    """A byte offset, a text to search, `inside-utf8` or `inside-crlf`."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value:
        return value
    raise Wrong(node.mark, f"{what} must be a byte offset, a text, inside-utf8 or inside-crlf, {found(node)}")


def places(node: Node, what: str, desk: Desk) -> tuple[Place, ...]:
    """A place or a list of places, sorted by nothing: the compiler does."""
    if isinstance(node, Sequence) and not node.items:
        raise Wrong(node.mark, f"{what} must name at least 1, found an empty list")
    values: tuple[Place, ...] = one_or_more(place)(node, what, desk)
    return values


MODIFIERS: Final[dict[str, Reader]] = {
    "choice": integer(0),
    "name": or_null(line),
    "ascii": flag,
    "cut": places,
    "break": places,
    "keep": place,
    "unclosed": integer(1, 2),
}
_FIELD: Final = {"break": "breaks"}


def modifiers(values: dict[str, Any]) -> Modifiers:
    """The modifiers among the values of a step."""
    return Modifiers(**{_FIELD.get(name, name): value for name, value in values.items() if name in MODIFIERS})
