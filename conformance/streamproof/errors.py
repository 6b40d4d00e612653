"""Errors that a user sees: one line of what is wrong, one of what to do, and an exit code."""

from __future__ import annotations

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNJUDGED: Final = 3
NOTHING_SELECTED: Final = 5
INTERRUPTED: Final = 130


class StreamproofError(Exception):
    """A mistake that can be mended: shown as text, never as a traceback."""

    exit_code = USAGE

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        """What was expected, what was found, where."""
        self.hint = hint
        """What to do."""


class CannotJudge(StreamproofError):  # noqa: N818 - it is the state that the exit code names
    """The subject could not be brought to answer at all."""

    exit_code = UNJUDGED


class NothingSelected(StreamproofError):  # noqa: N818 - it is the state that the exit code names
    """No scenario matches what was asked for."""

    exit_code = NOTHING_SELECTED
