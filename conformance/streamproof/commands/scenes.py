"""The scenarios that a command is about: the catalogue, patterns, `--select`, `--last-failed`, `--shard`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from streamproof.errors import NothingSelected, StreamproofError
from streamproof.running.job import Job, jobs_of
from streamproof_reports.jsonl import DocumentError, read_run
from streamproof_reports.summary import FAILING
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.model import Scenario


@attrs.frozen(kw_only=True)
class Selection:
    """What was asked for."""

    patterns: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    shard: tuple[int, int] | None = None
    last_run: Path | None = None
    """The document whose failed cases are wanted."""


def catalogue(folders: Sequence[str]) -> Catalogue:
    """The shipped catalogue with the user's folders; a file with an error raises `ScenarioErrors`."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise StreamproofError(f"--scenarios: {folder} is no folder")
    return Catalogue.load(*(Path(folder) for folder in folders))


_KEYS: Final[Mapping[str, Callable[[Scenario, str], bool]]] = {
    "rule": lambda scenario, value: value in scenario.refs or any(value in rules for rules in scenario.breaks.values()),
    "force": lambda scenario, value: scenario.force == value,
    "ref": lambda scenario, value: value in scenario.refs,
    "dialect": lambda scenario, value: value in scenario.dialects,
    "case": lambda _scenario, _value: True,
}


def scenarios(book: Catalogue, patterns: Sequence[str], select: Sequence[str]) -> list[Scenario]:
    """The scenarios that match any pattern (all without one) and every `--select`.

    Raises `NothingSelected`, or `StreamproofError` for a key that is not known.
    """
    found = list(book.match(patterns)) if patterns else list(book.scenarios)
    if not found:
        near = difflib.get_close_matches(patterns[0], [scenario.id for scenario in book.scenarios], n=3)
        hint = f"near: {', '.join(near)}" if near else "run `streamproof list` for the ids"
        raise NothingSelected(f"no scenario matches {' '.join(patterns)}", hint)
    for item in select:
        key, _, value = item.partition(":")
        if key not in _KEYS or not value:
            raise StreamproofError(f"--select: expected KEY:VALUE with a key of {', '.join(_KEYS)}, found {item!r}")
        found = [scenario for scenario in found if _KEYS[key](scenario, value)]
    if not found:
        raise NothingSelected(f"no scenario is left by --select {' '.join(select)}", "run `streamproof list`")
    return found


def jobs(book: Catalogue, wanted: Selection) -> list[Job]:
    """The jobs that were asked for, in the catalogue's order."""
    chosen = scenarios(book, wanted.patterns, wanted.select)
    found = list(jobs_of(chosen, wanted.delivery))
    hashes = {item.partition(":")[2] for item in wanted.select if item.startswith("case:")}
    if hashes:
        found = [job for job in found if job.hash in hashes]
    if wanted.last_run is not None:
        failed = _failed(wanted.last_run)
        found = [job for job in found if (job.case.id, job.delivery) in failed]
    if wanted.shard is not None:
        part, whole = wanted.shard
        found = found[part - 1 :: whole]
    if not found:
        raise NothingSelected("no case is left of what was asked for", "run `streamproof list` for the scenarios")
    return found


def _failed(path: Path) -> set[tuple[str, str | None]]:
    try:
        run = read_run(path)
    except (OSError, DocumentError) as error:
        raise StreamproofError(f"--last-failed: {path} is not the document of a run: {error}") from error
    return {(case.case, case.delivery) for case in run.cases if case.verdict in FAILING}
