"""The page of results: counts, causes, what nobody has looked into, and nothing that is left to chance."""

from __future__ import annotations

import attrs
import pytest

from streamproof.gallery.row import Row
from streamproof.gallery.table import NAMED, table

from .conftest import MakeRow, case


def page(*rows: Row) -> str:
    return table(rows, version="1.0", scenarios=3, command="streamproof clients results")


def line_with(text: str, part: str) -> str:
    [line] = [line for line in text.splitlines() if part in line]
    return line


def test_each_verdict_is_counted_for_itself(row: MakeRow) -> None:
    text = page(row(case("a/one", "pass"), case("a/two", "skip"), case("a/three"), case("a/four", "warn")))
    cells = [cell.strip() for cell in line_with(text, "(#made-up)").split("|")[1:-1]]
    assert cells == ["[made-up:sample](#made-up)", "1.2", "Python 3", "1", "1", "1", "1", "0", "0", "0"]


def test_a_case_is_named_once_whatever_its_deliveries(row: MakeRow) -> None:
    text = page(row(case("a/one", delivery="whole"), case("a/one", delivery="bytewise"), text="`a/one`"))
    assert line_with(text, "| fail | wrong-text |") == "| fail | wrong-text | `a/one` |"


def test_a_cell_names_some_and_counts_the_others(row: MakeRow) -> None:
    text = page(row(*(case(f"a/case-{number:02}") for number in range(NAMED + 2))))
    cell = line_with(text, "| fail | wrong-text |")
    assert cell.endswith(f"`a/case-{NAMED - 1:02}` and 2 more |")


def test_the_same_verdicts_make_the_same_page(row: MakeRow) -> None:
    cases = [case("a/one"), case("a/one", delivery="whole"), case("a/two", "warn", "late"), case("a/three", "pass")]
    assert page(row(*cases)) == page(row(*reversed(cases)))


def test_the_causes_stand_under_the_client_as_they_were_written(row: MakeRow) -> None:
    text = page(row(case("a/one"), text="- It is so (`x.py:3`): `a/one`.\n"))
    assert "\n- It is so (`x.py:3`): `a/one`.\n" in text
    assert "Not looked into yet" not in text


@pytest.mark.parametrize("said", ["", "- Another: `a/two`.", "- In words only: a/one."])
def test_a_failure_that_no_line_names_is_seen(row: MakeRow, said: str) -> None:
    assert "Not looked into yet: `a/one`" in page(row(case("a/one"), case("a/fine", "pass"), text=said))


def test_entries_of_one_client_share_a_heading_and_its_causes(row: MakeRow) -> None:
    text = page(
        row(case("a/one"), text="`a/*`", entry="first"),
        row(case("a/one"), case("a/two", "warn"), text="`a/*`", entry="second"),
    )
    assert [line for line in text.splitlines() if line.startswith("##")] == [
        "## made-up", "### made-up:first", "### made-up:second",
    ]  # fmt: skip
    assert text.count("`a/*`") == 1


@pytest.mark.parametrize("verdict", ["pass", "fail", "flaky"])
def test_a_case_known_to_be_flaky_is_flaky_whatever_came_of_it(row: MakeRow, verdict: str) -> None:
    one = attrs.evolve(case("a/one", "fail"), verdict=verdict)
    made = row(one, case("a/two", "pass"), text="- Chance: `a/one`.", flaky=("a/one",))
    assert page(made) == page(
        row(case("a/one", "flaky"), case("a/two", "pass"), text="- Chance: `a/one`.", flaky=("a/one",))
    )
    assert "| flaky | differs from run to run | `a/one` |" in page(made)


def test_a_flaky_case_that_was_skipped_stays_skipped(row: MakeRow) -> None:
    assert "Nothing failed or warned." in page(row(case("a/one", "skip"), flaky=("a/one",)))


def test_a_client_that_could_not_run_says_why(row: MakeRow) -> None:
    text = page(attrs.evolve(row(), hello=None, missing="node is not on the PATH"))
    assert "| made-up:sample | | not run: node is not on the PATH |" in text
    assert "## made-up" not in text
