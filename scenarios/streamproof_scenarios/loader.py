"""Scenario files: text in, `Scenario` out, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, Final

from streamproof_scenarios.cases import label_of, matches, varied
from streamproof_scenarios.framing import contradiction, disorder
from streamproof_scenarios.language.document import Mapping, Node, parse
from streamproof_scenarios.language.scenarios import CASES_LIMIT, REQUIRED, SCENARIO
from streamproof_scenarios.language.values import Desk, Wrong, found
from streamproof_scenarios.model import Mark, Scenario
from streamproof_scenarios.problem import Problem, ScenarioError

FILE_LIMIT: Final = 4 << 20
_FIELD: Final = {"dialect": "dialects", "expect": "readings", "stream": "answers"}


def load(path: Path, *, id: str | None = None, shown: str | None = None) -> Scenario:  # noqa: A002 - so is the key
    """The scenario of a file.  Raises ScenarioError with all problems.

    Its id is the file's name, and errors name the path, unless others are given.
    """
    shown = shown or str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScenarioError([Problem(shown, None, f"cannot be read: {error.strerror}")]) from None
    return loads(data, path=shown, id=id or path.stem, fetch=folder_reader(path.parent))


def loads(data: bytes | str, *, path: str, id: str, fetch: Callable[[str], bytes] | None = None) -> Scenario:  # noqa: A002
    """The scenario of a text.  `path` is what errors name, `fetch` reads the files beside it."""
    node = parse(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data, path)
    desk = Desk(path, fetch or _nowhere)
    scenario = _scenario(node, desk, id)
    if desk.problems or scenario is None:
        raise ScenarioError(sorted(desk.problems, key=_place))
    return scenario


def folder_reader(folder: Path) -> Callable[[str], bytes]:
    """Reads files in this folder or below it, and no others."""

    def fetch(name: str) -> bytes:
        root = folder.resolve()
        target = (root / name).resolve()
        if not target.is_relative_to(root) or Path(name).is_absolute():
            raise ValueError("it lies outside of the folder")
        try:
            with target.open("rb") as file:
                data = file.read(FILE_LIMIT + 1)
        except OSError as error:
            raise ValueError(str(error.strerror)) from None
        if len(data) > FILE_LIMIT:
            raise ValueError(f"it has more than {FILE_LIMIT} bytes")
        return data

    return fetch


def _nowhere(name: str) -> bytes:  # noqa: ARG001
    raise ValueError("this scenario has no folder")


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.mark.line, problem.mark.column) if problem.mark else (0, 0)


def _scenario(node: Node, desk: Desk, id: str) -> Scenario | None:  # noqa: A002
    if not isinstance(node, Mapping):
        desk.note(node.mark, f"a scenario must be a mapping of keys, {found(node)}")
        return None
    try:
        values = desk.fields(node, "a scenario", SCENARIO, REQUIRED)
    except Wrong as wrong:
        desk.note(wrong.mark, wrong.text)
        return None
    if desk.problems:
        return None
    fields: dict[str, Any] = {_FIELD.get(name, name): value for name, value in values.items()}
    variations = fields.pop("vary", {})
    stream = node.get("stream")
    scenario = Scenario(
        id=id,
        path=desk.path,
        mark=node.mark,
        stream_mark=stream.mark if stream else None,
        vary={key: tuple(value for value, _ in pairs) for key, pairs in variations.items()},
        variations={key: tuple(variation for _, variation in pairs) for key, pairs in variations.items()},
        **{"title": title_of(id), **fields},
    )
    _check_variations(scenario, node, desk)
    _check_breaks(scenario, node, desk)
    return scenario


def title_of(id: str) -> str:  # noqa: A002
    """What a scenario is called that has no title: the last part of its id, in words."""
    words = id.rsplit("/", 1)[-1].replace("-", " ")
    return words[:1].upper() + words[1:]


def _check_variations(scenario: Scenario, node: Mapping, desk: Desk) -> None:
    count = 1
    for key, variations in scenario.variations.items():
        count *= len(variations)
        if all(key in answer.stated for answer in scenario.answers):
            desk.note(_mark(node, "vary"), f"{key} must be varied or stated, found both; take it out of stream")
    if count > CASES_LIMIT:
        desk.note(_mark(node, "vary"), f"vary must make at most {CASES_LIMIT} variants, found {count}; vary less")
        return
    told: set[tuple[Mark | None, str]] = set()
    for variant in product(*scenario.variations.values()):
        chosen = dict(zip(scenario.variations, variant, strict=True))
        for answer in scenario.answers:
            problem = contradiction(varied(answer, chosen))
            if problem and (answer.mark, problem) not in told:
                told.add((answer.mark, problem))
                where = f" (with {label_of(chosen)})" if chosen else ""
                desk.note(answer.mark or node.mark, problem + where)
        problem = disorder([varied(answer, chosen) for answer in scenario.answers])
        if problem and (None, problem) not in told:
            told.add((None, problem))
            desk.note(_mark(node, "stream"), problem)


def _check_breaks(scenario: Scenario, node: Mapping, desk: Desk) -> None:
    child = node.get("breaks")
    if not isinstance(child, Mapping):
        return
    variants = [
        dict(zip(scenario.variations, variant, strict=True)) for variant in product(*scenario.variations.values())
    ]
    for key, _ in child.pairs:
        if not any(
            matches(str(key.value), dialect, variant) is not None
            for dialect in scenario.dialects
            for variant in variants
        ):
            desk.note(key.mark, f"breaks must name a dialect of this file or a variant of it, found '{key.value}'")


def _mark(node: Mapping, key: str) -> Mark:
    return next((known.mark for known, _ in node.pairs if known.value == key), node.mark)
