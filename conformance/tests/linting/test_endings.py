"""The truth table of endings: the files are those that the table makes, and no row lets an unfinished answer pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamproof.linting.endings import ROWS, Ending, text_of, write
from streamproof_scenarios.catalogue import our_folder
from streamproof_scenarios.loader import loads


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_file_of_a_row_is_the_one_that_the_table_makes(row: Ending) -> None:
    assert (our_folder() / f"{row.id}.yaml").read_text("utf-8") == text_of(row), (
        "write them anew with: python -m streamproof.linting.endings"
    )


def test_there_is_no_file_without_a_row() -> None:
    assert {path.stem for path in (our_folder() / "endings").iterdir()} == {row.id.split("/")[1] for row in ROWS}


@pytest.mark.parametrize("row", [row for row in ROWS if row.signs == "nothing"], ids=lambda row: row.id)
def test_without_a_sign_of_the_end_no_answer_is_complete(row: Ending) -> None:
    (reading,) = loads(text_of(row), path="row.yaml", id=row.id).readings
    assert "complete" not in reading.outcome


@pytest.mark.parametrize("row", [row for row in ROWS if row.place == "call"], ids=lambda row: row.id)
def test_a_call_cut_short_is_whole_in_no_reading_but_where_its_reason_says_that_it_was_cut(row: Ending) -> None:
    for reading in loads(text_of(row), path="row.yaml", id=row.id).readings:
        assert reading.tool_calls == "unfinished" or reading.finish_reason == "length"


def test_rows_are_written_below_the_folder_that_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(list((tmp_path / "endings").iterdir())) == len(ROWS)
