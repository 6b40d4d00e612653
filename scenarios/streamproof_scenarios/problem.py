"""What is wrong with a scenario, said for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import attrs

from streamproof_scenarios.model import Mark


@attrs.frozen
class Problem:
    """One thing wrong at one place of a scenario file: what was expected, what was found, the fix."""

    path: str
    mark: Mark | None
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.mark.line}:{self.mark.column}" if self.mark else self.path
        return f"{place}: {self.text}"


class ScenarioError(Exception):
    """A scenario, or several, cannot be used: all that is wrong with them, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotPlayable(Exception):  # noqa: N818 - not an error: the scenario is good, we cannot write it yet
    """The scenario is good, but its stream cannot be written yet; the text says what is missing."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'end'?` where a known word is near, else what is known."""
    known = sorted(known)
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"
