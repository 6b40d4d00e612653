"""Lists of cases that are known to fail or to be flaky: one pattern a line, `#` begins a comment."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs

from streamproof.errors import StreamproofError
from streamproof_scenarios.catalogue import pattern_of


@attrs.frozen(kw_only=True)
class KnownList:
    """Patterns of case ids, with the lines they stand on."""

    path: str | None = None
    patterns: tuple[tuple[int, str], ...] = ()

    def line_of(self, case_id: str) -> int | None:
        """The line whose pattern matches this case, if any."""
        return next((line for line, pattern in self.patterns if _matches(pattern, case_id)), None)

    def check(self, case_ids: Iterable[str]) -> None:
        """Raises `StreamproofError` for a line that matches no case of the whole catalogue."""
        known = tuple(case_ids)
        for line, pattern in self.patterns:
            if not any(_matches(pattern, case_id) for case_id in known):
                raise StreamproofError(
                    f"{self.path}:{line}: {pattern!r} matches no scenario",
                    "remove the line, or run `streamproof list` for the ids",
                )


def _matches(pattern: str, case_id: str) -> bool:
    """A pattern names a case, or a scenario with all its cases."""
    scenario_id = case_id.partition("@")[0].partition("[")[0]
    compiled = pattern_of(pattern)
    return bool(compiled.fullmatch(case_id) or compiled.fullmatch(scenario_id))


def read_known(path: str | None) -> KnownList:
    """Reads such a list; None is an empty one."""
    if path is None:
        return KnownList()
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise StreamproofError(f"{path}: cannot be read: {error.strerror}") from error
    lines = ((number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    return KnownList(path=path, patterns=tuple((number, line) for number, line in lines if line))
