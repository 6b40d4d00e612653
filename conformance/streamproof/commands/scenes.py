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
from streamproof_reports.summary import FAILING, UNJUDGED
from streamproof_scenarios.catalogue import Catalogue, our_folder
from streamproof_scenarios.loader import load
from streamproof_scenarios.model import Scenario
from streamproof_scenarios.problem import Problem, ScenarioError


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


def files(patterns: Sequence[str]) -> tuple[list[Path], list[str]]:
    """What of the patterns are files of scenarios, and the rest."""
    found = [Path(text) for text in patterns if text.endswith((".yaml", ".yml")) and Path(text).is_file()]
    return found, [text for text in patterns if Path(text) not in found]


def of_files(paths: Sequence[Path], folders: Sequence[str]) -> list[Scenario]:
    """The scenarios of these files; one below a known folder has its id from there, any other its path.

    Raises `ScenarioError` with what is wrong with all of them.
    """
    roots = [our_folder().resolve(), *(Path(folder).resolve() for folder in folders)]
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in paths:
        whole = path.resolve()
        root = next((root for root in roots if whole.is_relative_to(root)), None)
        name = path if root is None else whole.relative_to(root)
        own = name.with_suffix("").as_posix()
        if root not in roots[:1] and (our_folder() / f"{own}.yaml").exists():
            problems.append(Problem(str(path), None, f"has the id of our scenario {own}; rename it"))
        try:
            scenarios.append(load(path, id=own, shown=str(path)))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return scenarios


_KEYS: Final[Mapping[str, Callable[[Scenario, str], bool]]] = {
    "rule": lambda scenario, value: value in scenario.refs or any(value in rules for rules in scenario.breaks.values()),
    "force": lambda scenario, value: scenario.force == value,
    "ref": lambda scenario, value: value in scenario.refs,
    "dialect": lambda scenario, value: value in scenario.dialects,
}


def scenarios(book: Catalogue, patterns: Sequence[str], select: Sequence[str]) -> list[Scenario]:
    """The scenarios that match any pattern (all without one) and every `--select`.

    Raises `NothingSelected`, also for one pattern of several that matches nothing: what was asked for would silently
    not be tested.  Raises `StreamproofError` for a key that is not known.
    """
    found = list(book.match(patterns))
    for pattern in patterns:
        if not book.match((pattern,)):
            near = difflib.get_close_matches(pattern, [scenario.id for scenario in book.scenarios], n=3)
            hint = f"near: {', '.join(near)}" if near else "run `streamproof list` for the ids"
            raise NothingSelected(f"no scenario matches {pattern}", hint)
    for key, value in _pairs(select):
        if key != "case":
            found = [scenario for scenario in found if _KEYS[key](scenario, value)]
    if hashes := [value for key, value in _pairs(select) if key == "case"]:
        named = [hit.scenario for hit in map(book.find, hashes) if hit is not None and hit.delivery is not None]
        found = [scenario for scenario in found if scenario in named]
    if not found:
        told = f"no scenario is left by --select {' '.join(select)}" if select else "there is no scenario"
        raise NothingSelected(told, "run `streamproof list`")
    return found


def _pairs(select: Sequence[str]) -> list[tuple[str, str]]:
    known = (*_KEYS, "case")
    pairs = []
    for item in select:
        key, _, value = item.partition(":")
        if key not in known or not value:
            raise StreamproofError(f"--select: expected KEY:VALUE with a key of {', '.join(known)}, found {item!r}")
        pairs.append((key, value))
    return pairs


def jobs(book: Catalogue, wanted: Selection) -> list[Job]:
    """The jobs that were asked for, in the catalogue's order."""
    hashes = [value for key, value in _pairs(wanted.select) if key == "case"]
    # A hash may be of a delivery that only the jobs know: it chooses among these, not among scenarios.
    chosen = scenarios(book, wanted.patterns, [item for item in wanted.select if not item.startswith("case:")])
    if wanted.last_run is not None:
        failed = _failed(wanted.last_run)
        every = jobs_of(chosen, wanted.delivery or tuple(dict.fromkeys(delivery for _, delivery in failed)))
        found = [job for job in every if (job.case.id, job.delivery) in failed]
    elif hashes:
        found = [job for text in hashes for job in _of_hash(book, chosen, wanted.delivery, text)]
    else:
        found = list(jobs_of(chosen, wanted.delivery))
    if dialects := {value for key, value in _pairs(wanted.select) if key == "dialect"}:
        found = [job for job in found if job.case.dialect in dialects]
    if wanted.shard is not None:
        part, whole = wanted.shard
        found = found[part - 1 :: whole]
    if not found:
        raise NothingSelected("no case is left of what was asked for", "run `streamproof list` for the scenarios")
    return found


def _of_hash(book: Catalogue, chosen: Sequence[Scenario], deliveries: Sequence[str], text: str) -> list[Job]:
    """The case of this hash: in the deliveries asked for, else in whichever usual delivery the hash names."""
    found = [job for job in jobs_of(chosen, deliveries) if job.hash == text]
    known = book.find(text)
    if found or known is None or known.delivery is None or known.scenario not in chosen:
        if not found:
            raise NothingSelected(
                f"--select: no case has the hash {text!r}",
                "`streamproof show ID --delivery NAME` tells hashes; with one of size:N, at:N, random:N give --delivery",
            )
        return found
    if deliveries:
        raise NothingSelected(
            f"--select: {text} is {known.cases[0].id} in the delivery {known.delivery}, not {', '.join(deliveries)}",
            "leave --delivery away",
        )
    return [Job(case=known.cases[0], delivery=known.delivery, hash=text)]


def _failed(path: Path) -> set[tuple[str, str]]:
    if not path.exists():
        raise StreamproofError(
            f"--last-failed: there is no {path}, so no last run to take failures from",
            "run once without it, or name the folder of that run's report with --report-dir",
        )
    try:
        run = read_run(path)
    except (OSError, DocumentError) as error:
        raise StreamproofError(f"--last-failed: {path} is not the document of a run: {error}") from error
    failed = {(case.case, case.delivery or "") for case in run.cases if case.verdict in FAILING | UNJUDGED}
    if not failed:
        raise NothingSelected(f"--last-failed: nothing failed in the run of {path}")
    return failed
