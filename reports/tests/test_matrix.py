"""A cell shows the worst of its cases, and leads to the first such case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streamproof_reports.document import VERDICTS, CaseResult
from streamproof_reports.matrix import WORST_FIRST, Cell, matrix

Make = Callable[..., CaseResult]


def test_every_verdict_has_its_rank() -> None:
    assert sorted(WORST_FIRST) == sorted(VERDICTS)


def test_clients_are_columns(make_case: Make) -> None:
    cases = [
        make_case(case="a", client="x", verdict="pass", delivery="whole"),
        make_case(case="a", client="y", verdict="pass", delivery="whole"),
        make_case(case="a", client="y", verdict="fail", delivery="bytewise"),
        make_case(case="b", client="y", verdict="skip", delivery="whole"),
    ]
    found = matrix(cases)
    assert (found.kind, found.columns) == ("client", ("x", "y"))
    assert [(row.name, row.cells) for row in found.rows] == [
        (
            "a",
            (
                Cell(verdict="pass", number=1, of=1, case=0, name="x"),
                Cell(verdict="fail", number=1, of=2, case=2, name="y"),
            ),
        ),
        ("b", (None, Cell(verdict="skip", number=1, of=1, case=3, name="y"))),
    ]
    assert found.rows[0].verdicts == ("pass", "fail")


def test_with_one_client_deliveries_are_columns(make_case: Make) -> None:
    cases = [make_case(client="x", delivery=delivery) for delivery in ("whole", "bytewise")]
    assert (matrix(cases[::-1]).kind, matrix(cases[::-1]).columns) == ("delivery", ("whole", "bytewise"))
    many = [make_case(client="x", delivery=f"at:{at}") for at in range(50)]
    assert matrix(many).columns == ("x",)
    assert matrix([make_case(client=None, delivery=None)]).columns == ("",)
    assert matrix([]).rows == ()


def test_rows_are_sorted_and_put_together_by_folder(make_case: Make) -> None:
    names = ["tools/b", "errors/z@x[v=a/b]", "tools/a/c", "top", "errors/a", "tools/a"]
    found = matrix([make_case(case=name) for name in names])
    assert [(folder.name, [row.tail for row in folder.rows]) for folder in found.folders] == [
        ("", ["top"]),
        ("errors", ["a", "z@x[v=a/b]"]),
        ("tools", ["a", "b"]),
        ("tools/a", ["c"]),
    ]


def test_deliveries_of_few_rows_share_a_column(make_case: Make) -> None:
    cases = [make_case(case=f"a/{at:02}", client="x", delivery="as-written", verdict="pass") for at in range(20)]
    cases += [make_case(case="a/07", client="x", delivery=delivery) for delivery in ("size:10", "size:9", "bytewise")]
    found = matrix(cases)
    assert (found.kind, found.columns, found.has_rare) == ("delivery", ("as-written",), True)
    assert [cell.name for cell in found.rows[7].rare] == ["bytewise", "size:9", "size:10"]
    assert found.rows[7].verdicts == ("pass", "fail")
    assert not found.rows[6].rare


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ("pass skip", "skip"),
        ("pass warn skip", "warn"),
        ("harness_error adapter_error warn", "harness_error"),
        ("flaky harness_error xpass", "xpass"),
        ("xpass fail", "fail"),
    ],
)
def test_the_worst_stands_for_all(verdicts: str, worst: str, make_case: Make) -> None:
    cases = [make_case(client="x", delivery="whole", verdict=verdict) for verdict in verdicts.split()]
    cell = matrix(cases).rows[0].cells[0]
    assert cell is not None
    assert cell.verdict == worst
