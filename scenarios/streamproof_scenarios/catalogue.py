"""The catalogue: the scenarios that the project ships, and the users' own beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

import attrs

from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import case_hash
from streamproof_scenarios.delivery import ALL, expanded
from streamproof_scenarios.loader import load
from streamproof_scenarios.model import Case, Scenario
from streamproof_scenarios.problem import Problem, ScenarioError

FILES_LIMIT: Final = 100_000
_ENDINGS: Final = frozenset({".yaml", ".yml"})
_HASH: Final = re.compile(r"[0-9a-f]{8}")


@attrs.frozen(kw_only=True)
class Found:
    """What a path names: a scenario, one of its cases or several, a delivery where a hash names one, the rest."""

    scenario: Scenario
    cases: tuple[Case, ...]
    delivery: str | None = None
    rest: str = ""
    """What follows in the path, without the slash between."""


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Catalogue:
    """Scenarios, sorted by id."""

    scenarios: tuple[Scenario, ...]

    @classmethod
    def load(cls, *folders: Path, ours: bool = True) -> Catalogue:
        """Our scenarios, unless `ours` is False, and those of the folders; raises ScenarioError with all problems.

        An id is the path below its folder, without the ending.  It is given once: a second file of the same id, in
        whichever folder, is a problem.  A folder that is named twice is read once.
        """
        scenarios: dict[str, Scenario] = {}
        own: dict[str, str] = {}
        problems: list[Problem] = []
        every = ([our_folder()] if ours else []) + [Path(folder) for folder in folders]
        for folder in {folder.resolve(): folder for folder in every}.values():
            if not folder.is_dir() and folder != our_folder():
                problems.append(Problem(str(folder), None, "must be a folder of scenarios, found none; name one"))
            for path in _scenario_files(folder):
                name = path.relative_to(folder).with_suffix("").as_posix()
                if name in own:
                    problems.append(Problem(str(path), None, f"has the id of {own[name]}; rename one of them"))
                    continue
                own[name] = _shown(path, folder)
                try:
                    read = _load_ours if folder == our_folder() else load
                    scenarios[name] = read(path, id=name, shown=_shown(path, folder))
                except ScenarioError as error:
                    problems += error.problems
        if problems:
            raise ScenarioError(problems)
        return cls(scenarios=tuple(scenarios[name] for name in sorted(scenarios)))

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    def __len__(self) -> int:
        return len(self.scenarios)

    @cached_property
    def _by_id(self) -> dict[str, Scenario]:
        return {scenario.id: scenario for scenario in self.scenarios}

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases of all scenarios, in order."""
        return tuple(case for scenario in self.scenarios for case in cases(scenario))

    @cached_property
    def _by_case_id(self) -> dict[str, Case]:
        return {case.id: case for case in self.cases}

    @cached_property
    def _by_hash(self) -> dict[str, tuple[Case, str]]:
        return {
            case_hash(case.id, delivery): (case, delivery)
            for case in self.cases
            for delivery in dict.fromkeys((*ALL, "every-split", *expanded(case.scenario.deliveries)))
        }

    def by_id(self, id: str) -> Scenario | None:  # noqa: A002 - the key has this name
        """The scenario of this id."""
        return self._by_id.get(id)

    def case(self, id: str) -> Case | None:  # noqa: A002
        """The case of this id: `ID`, `ID@dialect`, `ID[end=fin]`, `ID@dialect[end=fin]`."""
        return self._by_case_id.get(id)

    def match(self, patterns: Iterable[str]) -> tuple[Scenario, ...]:
        """The scenarios that a pattern names, all where there is none; `*` is one segment, `**` are many."""
        compiled = [pattern_of(pattern) for pattern in patterns]
        return tuple(
            scenario
            for scenario in self.scenarios
            if not compiled or any(pattern.fullmatch(scenario.id) for pattern in compiled)
        )

    def find(self, path_text: str) -> Found | None:
        """What a path begins with: a hash of case and delivery, or the longest id of a case or a scenario."""
        segments = path_text.strip("/").split("/")
        if _HASH.fullmatch(segments[0]) and segments[0] in self._by_hash:
            case, delivery = self._by_hash[segments[0]]
            return Found(scenario=case.scenario, cases=(case,), delivery=delivery, rest="/".join(segments[1:]))
        for end in range(len(segments), 0, -1):
            name, rest = "/".join(segments[:end]), "/".join(segments[end:])
            if case_found := self._by_case_id.get(name):
                return Found(scenario=case_found.scenario, cases=(case_found,), rest=rest)
            if scenario := self._by_id.get(name):
                return Found(scenario=scenario, cases=cases(scenario), rest=rest)
        return None


_load_ours = cache(load)
"""What comes with the package does not change while it runs, and is asked for again and again."""


def our_folder() -> Path:
    """Where the scenarios of the project lie."""
    return Path(str(files("streamproof_scenarios"))) / "catalogue"


def is_newer(scenario: Scenario, pinned: str) -> bool:
    """True when a scenario is newer than the set that a user has pinned."""
    return _version(scenario.since) > _version(pinned)


def _version(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def pattern_of(pattern: str) -> re.Pattern[str]:
    """A path pattern as a regular expression; a plain name is also the folder of that name."""
    parts: list[str] = []
    segments = pattern.strip("/").split("/")
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "**":
            parts.append(".*" if last else "(?:.*/)?")
        else:
            parts.append(re.escape(segment).replace(r"\*", "[^/]*") + ("" if last else "/"))
    whole = "".join(parts)
    return re.compile(whole if "*" in pattern else whole + "(?:/.*)?")


def _scenario_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    if folder.is_dir():
        for path in folder.rglob("*"):
            if path.suffix in _ENDINGS and path.is_file() and not any(part.startswith(".") for part in path.parts[-1:]):
                found.append(path)
                if len(found) > FILES_LIMIT:
                    raise ScenarioError([Problem(str(folder), None, f"has more than {FILES_LIMIT} scenarios")])
    return sorted(found)


def _shown(path: Path, folder: Path) -> str:
    """Ours are named as in the project, the users' as the user named the folder."""
    return f"scenarios/{path.relative_to(folder).as_posix()}" if folder == our_folder() else str(path)
