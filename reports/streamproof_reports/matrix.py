"""The matrix: a row for each scenario or probe, a column for each client, the worst verdict in the cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from streamproof_reports.document import CaseResult, Verdict

WORST_FIRST: Final[tuple[Verdict, ...]] = (
    "fail",
    "xpass",
    "flaky",
    "harness_error",
    "adapter_error",
    "warn",
    "xfail",
    "skip",
    "pass",
)
"""The order in which verdicts are shown, and in which one stands for several."""

_RANK: Final = {verdict: rank for rank, verdict in enumerate(WORST_FIRST)}
_MOST_DELIVERIES: Final = 12


@attrs.frozen(kw_only=True)
class Cell:
    """The cases of one row in one column."""

    verdict: Verdict
    """The worst of them."""
    number: int
    """How many have that verdict."""
    of: int
    case: int
    """Number of the first case with that verdict, from 0, in the order of the run."""


@attrs.frozen(kw_only=True)
class Row:
    """One scenario, or one of its variants, or one probe."""

    name: str
    title: str
    cells: tuple[Cell | None, ...]
    """One a column; None where nothing was played."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The worst verdict of each cell, each once."""
        return tuple(dict.fromkeys(cell.verdict for cell in self.cells if cell is not None))


@attrs.frozen(kw_only=True)
class Matrix:
    """Rows and columns in order of appearance."""

    kind: str
    """What a column is: `client` or `delivery`."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def severity(case: CaseResult) -> int:
    """0 for the worst verdict."""
    return _RANK[case.verdict]


def _cell(numbered: Sequence[tuple[int, CaseResult]]) -> Cell:
    worst = min((case for _, case in numbered), key=severity).verdict
    having = [number for number, case in numbered if case.verdict == worst]
    return Cell(verdict=worst, number=len(having), of=len(numbered), case=having[0])


def _columns(cases: Sequence[CaseResult]) -> tuple[str, tuple[str, ...]]:
    """Clients; deliveries where there is one client only, as a column of its own says nothing."""
    clients = tuple(dict.fromkeys(case.client or "" for case in cases))
    deliveries = tuple(dict.fromkeys(case.delivery or "" for case in cases))
    if len(clients) == 1 and 1 < len(deliveries) <= _MOST_DELIVERIES:
        return "delivery", deliveries
    return "client", clients


def matrix(cases: Sequence[CaseResult]) -> Matrix:
    """The matrix of these cases."""
    kind, columns = _columns(cases)
    found: dict[str, dict[str, list[tuple[int, CaseResult]]]] = {}
    for number, case in enumerate(cases):
        column = (case.delivery if kind == "delivery" else case.client) or ""
        found.setdefault(case.case, {}).setdefault(column, []).append((number, case))
    rows = tuple(
        Row(
            name=name,
            title=next(iter(cells.values()))[0][1].title,
            cells=tuple(_cell(cells[column]) if column in cells else None for column in columns),
        )
        for name, cells in found.items()
    )
    return Matrix(kind=kind, columns=columns, rows=rows)
