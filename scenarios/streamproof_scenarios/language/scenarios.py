"""The keys of a scenario file."""

from __future__ import annotations

import re
from typing import Any, Final

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.profiles import PROFILES
from streamproof_scenarios.delivery import delivery_problem
from streamproof_scenarios.language.answers import ANSWER, answers, changes, label
from streamproof_scenarios.language.clients import client
from streamproof_scenarios.language.document import Mapping, Node, Scalar, Sequence
from streamproof_scenarios.language.expectations import readings
from streamproof_scenarios.language.values import (
    Desk,
    Reader,
    Wrong,
    found,
    json,
    json_object,
    line,
    listed,
    matching,
    one_of,
    one_or_more,
    text,
)
from streamproof_scenarios.model import Variation
from streamproof_scenarios.requires import CAPABILITIES
from streamproof_scenarios.rule_ids import rule_problem

FORCES: Final = ("must", "documented", "quirk", "open")
CASES_LIMIT: Final = 1000
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+#[0-9]+")


def rule(node: Node, what: str, desk: Desk) -> str:
    """The id of a rule of the book."""
    value = text(node, what, desk)
    if problem := rule_problem(value):
        raise Wrong(node.mark, f"{what} must be the id of a rule, found '{value}'{problem}")
    return value


def ref(node: Node, what: str, desk: Desk) -> str:
    """A rule, or an issue `owner/repo#1`."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and "/" in node.value:
        if not _REPOSITORY.fullmatch(node.value):
            raise Wrong(node.mark, f"{what} must be rules or issues such as owner/repo#1, {found(node)}")
        return node.value
    return rule(node, what, desk)


def breaks(node: Node, what: str, desk: Desk) -> dict[str, tuple[str, ...]]:
    """Rules, or rules by `dialect` or `dialect[variant]`."""
    rules = listed(rule)
    if isinstance(node, Sequence):
        return {"": rules(node, what, desk)}
    if not isinstance(node, Mapping):
        raise Wrong(node.mark, f"{what} must be a list of rules, or a mapping of dialects to such lists, {found(node)}")
    return {
        str(key.value): value
        for key, child in node.pairs
        for value in desk.read(rules, child, f"{what} of {key.value}")
    }


def vary(node: Node, what: str, desk: Desk) -> dict[str, tuple[tuple[Any, Variation], ...]]:
    """For each key of an answer the values that it takes."""
    if not isinstance(node, Mapping) or not node.pairs:
        raise Wrong(node.mark, f"{what} must be a mapping of keys of stream to lists of values, {found(node)}")
    lists = desk.fields(node, what, dict.fromkeys(ANSWER, _values))
    return {key: value for key, value in lists.items() if value}


def _values(node: Node, what: str, desk: Desk) -> tuple[tuple[Any, Variation], ...]:
    if not isinstance(node, Sequence) or len(node.items) < 2:
        raise Wrong(node.mark, f"vary needs a list of two values or more for {what}, {found(node)}")
    varied: list[tuple[Any, Variation]] = []
    for number, child in enumerate(node.items):
        for value in desk.read(ANSWER[what], child, what):
            name = label(child, number)
            if name in {variation.label for _, variation in varied}:
                desk.note(child.mark, f"vary must name each value once, found {child.source} again; leave one")
            varied.append((json(child, what, desk), Variation(label=name, changes=changes({what: value}))))
    return tuple(varied)


def delivery(node: Node, what: str, desk: Desk) -> str:
    """The name of a delivery."""
    value = text(node, what, desk)
    if problem := delivery_problem(value):
        raise Wrong(node.mark, f"{what} must name deliveries, found '{value}': {problem}")
    return value


SCENARIO: Final[dict[str, Reader]] = {
    "title": line,
    "dialect": one_or_more(one_of(*DIALECT_NAMES)),
    "about": text,
    "refs": listed(ref),
    "force": one_of(*FORCES),
    "since": matching(r"[0-9]+(\.[0-9]+)*", "a version such as '1.0'"),
    "profile": one_of(*PROFILES),
    "request": json_object,
    "client": client,
    "vary": vary,
    "stream": answers,
    "deliveries": listed(delivery, least=1),
    "breaks": breaks,
    "expect": readings,
    "requires": listed(one_of(*CAPABILITIES), least=1),
}
REQUIRED: Final = ("dialect", "stream")
