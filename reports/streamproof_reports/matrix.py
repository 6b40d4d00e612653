"""The matrix: a row for each scenario or probe, a column for each client or delivery, the worst verdict in the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, Literal

import attrs

from streamproof_reports.document import CaseResult, Verdict
from streamproof_reports.order import case_key, delivery_key, folder_of

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
"""The order in which one verdict stands for several."""

_RANK: Final = {verdict: rank for rank, verdict in enumerate(WORST_FIRST)}
_MOST_DELIVERIES: Final = 12
_RARE: Final = 8
"""A delivery in fewer than one row of so many has no column of its own."""

Kind = Literal["client", "delivery"]
Numbered = tuple[int, CaseResult]


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
    name: str
    """Of the client or the delivery."""


@attrs.frozen(kw_only=True)
class Row:
    """One scenario, or one of its variants, or one probe."""

    name: str
    title: str
    cells: tuple[Cell | None, ...]
    """One a column; None where nothing was played."""
    rare: tuple[Cell, ...]
    """Of the deliveries that have no column."""

    @property
    def tail(self) -> str:
        """The name without its folder."""
        folder = folder_of(self.name)
        return self.name[len(folder) + 1 :] if folder else self.name

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The worst verdict of each cell, each once."""
        return tuple(dict.fromkeys(cell.verdict for cell in (*self.cells, *self.rare) if cell is not None))


@attrs.frozen(kw_only=True)
class Folder:
    """The rows of one folder."""

    name: str
    rows: tuple[Row, ...]


@attrs.frozen(kw_only=True)
class Matrix:
    """Rows sorted by id and put together by folder, probes as they were made.

    Clients stand in order of appearance, deliveries in their usual order.
    """

    kind: Kind
    """What a column is."""
    columns: tuple[str, ...]
    has_rare: bool
    """Whether there is one more column, of deliveries that only a few rows have."""
    folders: tuple[Folder, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all folders."""
        return tuple(row for folder in self.folders for row in folder.rows)


def severity(case: CaseResult) -> int:
    """0 for the worst verdict."""
    return _RANK[case.verdict]


def _cell(name: str, numbered: Sequence[Numbered]) -> Cell:
    worst = min((case for _, case in numbered), key=severity).verdict
    having = [number for number, case in numbered if case.verdict == worst]
    return Cell(verdict=worst, number=len(having), of=len(numbered), case=min(having), name=name)


def _columns(cases: Sequence[CaseResult]) -> tuple[Kind, tuple[str, ...], tuple[str, ...]]:
    """Clients; deliveries where there is one client only, as a column of its own says nothing.  And the rare ones."""
    clients = tuple(dict.fromkeys(case.client or "" for case in cases))
    rows_with: dict[str, set[str]] = {}
    for case in cases:
        rows_with.setdefault(case.delivery or "", set()).add(case.case)
    if len(clients) != 1 or len(rows_with) < 2:
        return "client", clients, ()
    rows = len({case.case for case in cases})
    deliveries = sorted(rows_with, key=delivery_key)
    usual = tuple(delivery for delivery in deliveries if len(rows_with[delivery]) * _RARE >= rows)
    if not 1 <= len(usual) <= _MOST_DELIVERIES:
        return "client", clients, ()
    return "delivery", usual, tuple(delivery for delivery in deliveries if delivery not in usual)


def _row(name: str, cells: Mapping[str, Sequence[Numbered]], columns: Sequence[str], rare: Sequence[str]) -> Row:
    return Row(
        name=name,
        title=next(iter(cells.values()))[0][1].title,
        cells=tuple(_cell(column, cells[column]) if column in cells else None for column in columns),
        rare=tuple(_cell(column, cells[column]) for column in rare if column in cells),
    )


def matrix(cases: Sequence[CaseResult]) -> Matrix:
    """The matrix of these cases."""
    kind, columns, rare = _columns(cases)
    found: dict[str, dict[str, list[Numbered]]] = {}
    for number, case in sorted(enumerate(cases), key=lambda numbered: case_key(numbered[1])):
        column = (case.delivery if kind == "delivery" else case.client) or ""
        found.setdefault(case.case, {}).setdefault(column, []).append((number, case))
    rows = (_row(name, cells, columns, rare) for name, cells in found.items())
    folders = tuple(Folder(name=name, rows=tuple(of)) for name, of in groupby(rows, lambda row: folder_of(row.name)))
    return Matrix(kind=kind, columns=columns, has_rare=bool(rare), folders=folders)
