"""What a Python function gives of one run, piece by piece, and what it adds up to."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, Final

PIECES: Final = ("text", "reasoning", "refusal")
SET: Final = ("finish_reason", "tool_calls", "function_call")
WHOLE: Final = ("choices", "usage", "error", "stopped")

Tell = Callable[[int, Mapping[str, str]], None]
"""Called with the choice and the pieces of it (`text`, `reasoning`, `refusal`), as they come."""


class Misuse(Exception):  # noqa: N818 - not the client's error: the function gave something that has no meaning here
    """What was expected, and what was found."""


class Pieces:
    """Joins the pieces of one run into the fields of the protocol's result."""

    def __init__(self, tell: Tell, stop: Mapping[str, Any] | None = None) -> None:
        """`stop` is the run's: `{"after": 2, ...}`, after that many pieces."""
        self._tell = tell
        self._stop = stop
        self._choices: dict[int, dict[str, Any]] = {}
        self._whole: dict[str, Any] = {}
        self._told = 0
        self._begun = False

    def take(self, piece: Any) -> bool:
        """Takes one piece; True if the run asked to stop here.  Raises Misuse."""
        if isinstance(piece, str):
            piece = {"text": piece}
        if not isinstance(piece, Mapping) or not any(key in piece for key in (*PIECES, *SET, *WHOLE)):
            expected = f"text, or a mapping with one of {', '.join((*PIECES, *SET, *WHOLE))}"
            raise Misuse(f"expected the function to give {expected}; found {repr(piece)[:120]}")
        self._whole.update({key: piece[key] for key in WHOLE if key in piece})
        index = piece.get("choice", 0)
        settled = {key: piece[key] for key in SET if key in piece}
        pieces = {key: piece[key] for key in PIECES if piece.get(key) is not None}
        if settled or pieces:
            into = self._choices.setdefault(index, {})
            into.update(settled)
            for key, text in pieces.items():
                into[key] = into.get(key, "") + text
        if pieces:
            self._tell(index, pieces)
            self._told += 1
        self._begun = True
        if self._stop and pieces and self._told == self._stop["after"]:
            self._whole["stopped"] = True
            return True
        return False

    def fail(self, error: Exception) -> None:
        """Takes what the client raised."""
        self._whole["error"] = error_of(error, "stream" if self._begun else "open")

    def result(self) -> dict[str, Any]:
        """The fields of the protocol's result."""
        choices = [{"index": index, **choice} for index, choice in sorted(self._choices.items())]
        return {"choices": choices, **self._whole}


def walk(given: Iterable[Any], take: Callable[[Any], bool]) -> None:
    """Takes what an iterator gives, to its end or until `take` says to stop; then closes it."""
    try:
        for piece in given:
            if take(piece):
                break
    finally:
        if hasattr(given, "close"):
            given.close()


async def drain(given: AsyncIterable[Any], take: Callable[[Any], bool]) -> None:
    """The same of an async iterator."""
    try:
        async for piece in given:
            if take(piece):
                break
    finally:
        if hasattr(given, "aclose"):
            await given.aclose()


def error_of(error: Exception, phase: str) -> dict[str, Any]:
    """An exception as the protocol tells of an error."""
    status = getattr(error, "status_code", getattr(error, "status", None))
    code = getattr(error, "code", None)
    return {
        "type": type(error).__name__,
        "message": str(error),
        "status": status if isinstance(status, int) and not isinstance(status, bool) else None,
        "code": code if isinstance(code, str | int) and not isinstance(code, bool) else None,
        "phase": phase,
        "raised": "thrown",
    }
