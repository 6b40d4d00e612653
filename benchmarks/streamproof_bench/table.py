"""What a run is told, and what a table gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from streamproof_bench.figures import Outcome
from streamproof_bench.machine import Cores


class CannotMeasure(Exception):  # noqa: N818  shown in words
    """Something that a measurement needs is not there; says what, and what to do."""


def last_words(output: str) -> str:
    """The line of a failed program's output that tells most: the last one that names an error, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next(
        (line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "it said nothing"
    )


@attrs.frozen(kw_only=True)
class Setting:
    """What holds for a whole run."""

    rounds: int
    quick: bool
    seed: int
    cores: Cores
    folder: Path
    """Scratch of this run, gone with it."""
    cache: Path
    """Where contestants are installed, kept from run to run."""
    tell: Callable[[str], None]
    """Takes a line on how far the run is."""
    only: tuple[str, ...] = ()
    """Contestants to run beside ours and the plain one; empty for all."""

    def pick(self, full: float, quick: float) -> float:
        """One of two sizes."""
        return quick if self.quick else full


@attrs.frozen(kw_only=True)
class Finding:
    """A table that was measured."""

    title: str
    about: str
    """What was done, in one paragraph."""
    parts: Sequence[str]
    """Markdown: tables and remarks."""
    outcomes: Sequence[Outcome]
    left_out: Sequence[str] = ()
    """What could not be measured here, with the reason."""
    versions: Sequence[str] = ()
    places: str = "server and load each on a core of its own"
    """On which cores things ran, where there are two."""


Bench = Callable[[Setting], Finding]
