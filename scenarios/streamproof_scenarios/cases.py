"""Cases: a scenario for each of its dialects and each of its variants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

import attrs

from streamproof_scenarios.delivery import default_deliveries
from streamproof_scenarios.model import Answer, Case, Scenario, Variation
from streamproof_scenarios.requires import requirements
from streamproof_scenarios.words import default_request

_BREAKS_KEY: Final = re.compile(r"(?P<dialect>[a-z0-9-]+)(?:\[(?P<variant>[^\]]*)\])?")


def cases(scenario: Scenario) -> tuple[Case, ...]:
    """All cases of a scenario, dialects in the order of the file, then variants in the order of their values."""
    return tuple(_cases(scenario))


def _cases(scenario: Scenario) -> Iterator[Case]:
    for dialect in scenario.dialects:
        for values in product(*scenario.variations.values()):
            chosen = dict(zip(scenario.variations, values, strict=True))
            answers = tuple(varied(answer, chosen) for answer in scenario.answers)
            yield Case(
                id=_case_id(scenario, dialect, chosen),
                scenario=scenario,
                dialect=dialect,
                variant=_variant(scenario, chosen),
                answers=answers,
                request={**default_request(dialect), **scenario.request},
                breaks=_breaks(scenario, dialect, chosen),
                requires=requirements(scenario, answers),
                deliveries=default_deliveries(scenario, answers),
            )


def varied(answer: Answer, chosen: Mapping[str, Variation]) -> Answer:
    """The answer with each varied key that it does not state itself."""
    changes: dict[str, Any] = {}
    for key, variation in chosen.items():
        if key not in answer.stated:
            changes |= variation.changes
    if not changes:
        return answer
    return attrs.evolve(answer, stated=answer.stated | chosen.keys(), **changes)


def label_of(chosen: Mapping[str, Variation]) -> str:
    """`end=fin,framing=close`: keys in the order of the alphabet, so that the order in a file names nothing anew."""
    return ",".join(f"{key}={chosen[key].label}" for key in sorted(chosen))


def matches(key: str, dialect: str, chosen: Mapping[str, Variation]) -> int | None:
    """How many values of the variant an entry of `breaks` (`dialect[key=value]`) names; None: not of this case."""
    match = _BREAKS_KEY.fullmatch(key)
    if not match or match["dialect"] != dialect:
        return None
    named = {part.strip() for part in match["variant"].split(",")} if match["variant"] else set()
    return len(named) if named <= {f"{name}={variation.label}" for name, variation in chosen.items()} else None


def _case_id(scenario: Scenario, dialect: str, chosen: Mapping[str, Variation]) -> str:
    where = f"@{dialect}" if len(scenario.dialects) > 1 else ""
    return f"{scenario.id}{where}[{label_of(chosen)}]" if chosen else f"{scenario.id}{where}"


def _variant(scenario: Scenario, chosen: Mapping[str, Variation]) -> dict[str, Any]:
    return {key: scenario.vary[key][scenario.variations[key].index(variation)] for key, variation in chosen.items()}


def _breaks(scenario: Scenario, dialect: str, chosen: Mapping[str, Variation]) -> tuple[str, ...]:
    entries = [
        (count, rules) for key, rules in scenario.breaks.items() if (count := matches(key, dialect, chosen)) is not None
    ]
    if entries:
        return max(entries, key=lambda entry: entry[0])[1]
    return scenario.breaks.get("", ())
