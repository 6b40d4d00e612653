from __future__ import annotations

import pytest

from streamproof_bench.figures import Outcome, Target
from streamproof_bench.results import HEAD, replaced, section, table, targets

ORDER = ("first", "second", "third")


def test_columns_of_figures_stand_on_the_right() -> None:
    told = table(("name", "cost"), [("one", "1.5 ms"), ("two", "-")])
    assert told.splitlines() == ["| name | cost |", "| --- | ---: |", "| one | 1.5 ms |", "| two | - |"]


def test_a_cell_breaks_neither_row_nor_table() -> None:
    assert table(("a",), [("x|y\nz",)]).splitlines()[-1] == "| x\\|y z |"


def test_a_row_has_as_many_cells_as_the_head() -> None:
    with pytest.raises(ValueError, match="expected 2 cells"):
        table(("a", "b"), [("1",)])


@pytest.mark.parametrize(
    ("is_judged", "measured", "last"),
    [
        (True, 12.0, "| 12 x | must |"),
        (True, 5.0, "| 5.00 x | no |"),
        (True, None, "| - | not measured |"),
        (False, 12.0, "| 12 x | not judged: quick, or too few rounds |"),
    ],
)
def test_a_target_is_judged_only_by_a_whole_run(is_judged: bool, measured: float | None, last: str) -> None:
    target = Target(what="speed", unit="x", sense="at least", must=10, goal=30)
    told = targets([Outcome(target=target, measured=measured)], is_judged=is_judged)
    assert told.splitlines()[-1] == f"| speed | at least 10 x | 30 x {last}"


def test_a_goal_may_stand_alone() -> None:
    target = Target(what="speed", unit="x", sense="at least", goal=1)
    told = targets([Outcome(target=target, measured=0.5)], is_judged=True)
    assert told.splitlines()[-1] == "| speed | - | 1.00 x | 0.500 x | short of the goal |"


def test_a_first_section_follows_the_head() -> None:
    assert replaced("", "second", "text", ORDER) == HEAD + "\n" + section("second", "text")


def test_a_new_section_takes_its_place_in_the_order() -> None:
    document = ""
    for name in ("third", "first", "second"):
        document = replaced(document, name, f"text of {name}", ORDER)
    assert document == HEAD + "".join("\n" + section(name, f"text of {name}") for name in ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_section_is_replaced_and_nothing_else(name: str) -> None:
    document = HEAD + "".join("\n" + section(other, f"old {other}") for other in ORDER) + "\nA note by hand.\n"
    expected = document.replace(section(name, f"old {name}"), section(name, "new\n\nlines \\1"))
    assert replaced(document, name, "new\n\nlines \\1\n", ORDER) == expected
    assert replaced(expected, name, "new\n\nlines \\1\n", ORDER) == expected


def test_a_name_within_another_is_another() -> None:
    document = replaced(replaced("", "first", "one", ("first", "first-b")), "first-b", "two", ("first", "first-b"))
    again = replaced(document, "first", "three", ("first", "first-b"))
    assert "two" in again
    assert "one" not in again
