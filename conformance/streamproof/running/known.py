"""Lists of cases that are known to fail or to be flaky: a pattern a line, `#` begins a comment.

The name of a delivery may follow the pattern, where only that delivery is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs

from streamproof.errors import StreamproofError
from streamproof_scenarios.catalogue import pattern_of
from streamproof_scenarios.delivery import delivery_problem


@attrs.frozen(kw_only=True)
class KnownLine:
    """One line of such a list."""

    number: int
    pattern: str
    delivery: str | None = None
    """None for a line that means every delivery."""

    def matches(self, case_id: str) -> bool:
        """A pattern names a case, or a scenario with all its cases."""
        scenario_id = case_id.partition("@")[0].partition("[")[0]
        compiled = pattern_of(self.pattern)
        return bool(compiled.fullmatch(case_id) or compiled.fullmatch(scenario_id))


@attrs.frozen(kw_only=True)
class KnownList:
    """The lines of a file."""

    path: str | None = None
    lines: tuple[KnownLine, ...] = ()

    def line_of(self, case_id: str, delivery: str | None) -> int | None:
        """The number of the line that names this case in this delivery, if any."""
        for line in self.lines:
            if line.delivery in {None, delivery} and line.matches(case_id):
                return line.number
        return None

    def check(self, case_ids: Iterable[str]) -> None:
        """Raises `StreamproofError` for a line that matches no case of the whole catalogue."""
        known = tuple(case_ids)
        for line in self.lines:
            if not any(line.matches(case_id) for case_id in known):
                raise StreamproofError(
                    f"{self.path}:{line.number}: {line.pattern!r} matches no scenario",
                    "remove the line, or run `streamproof list` for the ids",
                )


def read_known(path: str | None) -> KnownList:
    """Reads such a list; None is an empty one."""
    if path is None:
        return KnownList()
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise StreamproofError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StreamproofError(f"{path}: expected a text of UTF-8, a pattern a line, found other bytes") from error
    return KnownList(path=path, lines=tuple(_lines(text)))


def _lines(text: str) -> Iterable[KnownLine]:
    for number, line in enumerate(text.splitlines(), 1):
        pattern = line.partition("#")[0].strip()
        if not pattern:
            continue
        lead, _, last = pattern.rpartition(" ")
        if lead and delivery_problem(last) is None:
            yield KnownLine(number=number, pattern=lead.strip(), delivery=last)
        else:
            yield KnownLine(number=number, pattern=pattern)
