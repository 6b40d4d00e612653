"""What each broken client fails and how it answers open questions, as it was played last: `fails.yaml`, read and written.

A scenario's name alone means all cases in which the fault is played: those of its first dialect, or of the fault's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import attrs
import yaml

from streamproof.subjects.broken.fault import Fault
from streamproof.subjects.broken.table import FAULTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.catalogue import Catalogue

FILE: Final = Path(str(files("streamproof.subjects.broken"))) / "fails.yaml"
REFERENCE: Final = "reference"
_HEAD: Final = """\
# What each broken client fails, by check, and where it gives another reading than the reference client.
# Written by `python -m streamproof.linting.matrix`; a scenario's name alone means each case that the client is played.
"""


@attrs.frozen(kw_only=True)
class Row:
    """What one client did."""

    fails: Mapping[str, frozenset[str]] = attrs.field(factory=dict)
    """The checks that it failed, by case."""
    reads: Mapping[str, str] = attrs.field(factory=dict)
    """The reading that it gave, by case: of a broken client where the reference client gives another."""


def read_rows(path: Path = FILE) -> dict[str, Row]:
    """The rows of a file; of the package's own unless told otherwise."""
    return {name: _row(name, said or {}) for name, said in (yaml.safe_load(path.read_text("utf-8")) or {}).items()}


def _row(name: str, said: Mapping[str, Mapping[str, Sequence[str]]]) -> Row:
    of_scenario = _played_cases(_dialect(name))
    fails: dict[str, set[str]] = defaultdict(set)
    for check, names in (said.get("fails") or {}).items():
        for one in names:
            for case in of_scenario.get(one, (one,)):
                fails[case].add(check)
    reads = {
        case: reading
        for reading, names in (said.get("reads") or {}).items()
        for one in names
        for case in of_scenario.get(one, (one,))
    }
    return Row(fails={case: frozenset(checks) for case, checks in fails.items()}, reads=reads)


def failing_names(path: Path = FILE) -> dict[str, frozenset[str]]:
    """By case, or by scenario where all of its cases are meant, the faults that fail it; without the catalogue.

    Who hangs is left out where it does nothing else: it costs a deadline.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for name, said in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
        known = (said or {}).get("fails") or {}
        for check, cases_ in known.items() if name in FAULTS else ():
            for one in cases_ if check != "hang" else ():
                found[one].add(name)
    return {case: frozenset(names) for case, names in found.items()}


def write_rows(path: Path, rows: Mapping[str, Row]) -> None:
    """Writes rows, in the order of the table of faults."""
    path.write_text(_HEAD + "".join(_lines(rows)), encoding="utf-8")


def _lines(rows: Mapping[str, Row]) -> Iterator[str]:
    for name in (REFERENCE, *FAULTS):
        row = rows.get(name)
        if row is None:
            continue
        yield f"\n{name}:\n" if row.fails or row.reads else f"\n{name}: {{}}\n"
        by_check: dict[str, set[str]] = defaultdict(set)
        for case, checks in row.fails.items():
            for check in checks:
                by_check[check].add(case)
        by_reading: dict[str, set[str]] = defaultdict(set)
        for case, reading in row.reads.items():
            by_reading[reading].add(case)
        for key, found in (("fails", by_check), ("reads", by_reading)):
            if found:
                yield f"  {key}:\n"
            for label in sorted(found):
                yield f"    {label}:\n"
                for one in _gathered(found[label], _dialect(name)):
                    yield f'      - "{one}"\n' if "[" in one else f"      - {one}\n"


def _gathered(names: Collection[str], dialect: str | None) -> list[str]:
    found = set(names)
    for scenario, played in _played_cases(dialect).items():
        if played and found.issuperset(played):
            found.difference_update(played)
            found.add(scenario)
    return sorted(found)


def _dialect(name: str) -> str | None:
    fault: Fault | None = FAULTS.get(name)
    return fault.dialect if fault else None


@cache
def _played_cases(dialect: str | None) -> Mapping[str, Sequence[str]]:
    return {
        scenario.id: [case.id for case in cases(scenario) if case.dialect == (dialect or scenario.dialects[0])]
        for scenario in Catalogue.load()
    }


def known_cases() -> frozenset[str]:
    """Every case of the catalogue."""
    return frozenset(case.id for scenario in Catalogue.load() for case in cases(scenario))


def merged(old: Mapping[str, Row], name: str, new: Row, played: Collection[str]) -> dict[str, Row]:
    """The old rows, with `new` in place of what the row of this name said of the cases that were played."""
    rows = {fault: row for fault, row in old.items() if fault in FAULTS or fault == REFERENCE}
    before = rows.get(name, Row())
    rows[name] = Row(
        fails={case: checks for case, checks in before.fails.items() if case not in played} | dict(new.fails),
        reads={case: reading for case, reading in before.reads.items() if case not in played} | dict(new.reads),
    )
    return rows
