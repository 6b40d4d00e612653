"""The Markdown fits, begins with the verdict, and nothing from the wire is read as Markdown or HTML."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs
import pytest

from streamproof_reports.document import CaseResult, Run
from streamproof_reports.markdown import LIMIT, cell, markdown

Make = Callable[..., CaseResult]


def test_the_verdict_comes_first(benign: Run) -> None:
    lines = markdown(benign).splitlines()
    assert lines[0] == "## streamproof: does not conform"
    assert lines[2].startswith("9 cases: 1 passed, 1 failed, ")
    assert lines[2].endswith(" in 4.2 s")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text 你好", "<code>plain text 你好</code>"),
        ("a|b\nc", "<code>a&#124;b&#92;nc</code>"),
        ("<b>*x*</b>`", "<code>&#60;b&#62;&#42;x&#42;&#60;/b&#62;&#96;</code>"),
        ("@user &amp; http://x", "<code>&#64;user &#38;amp; http&#58;//x</code>"),
        ("x" * 300, f"<code>{'x' * 237}&#46;&#46;&#46;</code>"),
        ("a/b-c (d), 'e'; \"f\"", "<code>a/b-c (d), 'e'; \"f\"</code>"),
        ("", ""),
    ],
)
def test_cells_hold_any_text(text: str, shown: str) -> None:
    assert cell(text) == shown


def test_hostile_text_adds_no_tag_no_column_and_no_row(benign: Run, hostile: Run) -> None:
    def shape(text: str) -> tuple[list[str], list[int]]:
        rows = [line for line in text.splitlines() if line.startswith("|")]
        return re.findall(r"</?[A-Za-z!][^>]*>", text), [row.count("|") for row in rows]

    assert shape(markdown(hostile)) == shape(markdown(benign))
    assert set(shape(markdown(hostile))[1]) == {5}


def test_clients_are_named_where_there_are_several(make_case: Make, make_run: Callable[..., Run]) -> None:
    one, two = make_case(client="x", case="b"), make_case(client="y", case="a")
    assert "\n| verdict | case | delivery | what |\n|---|---|---|---|\n" in markdown(make_run(one))
    text = markdown(make_run(one, two))
    assert "\n| verdict | case | client | delivery | what |\n|---|---|---|---|---|\n" in text
    assert text.index("| <code>a</code> | <code>y</code> |") < text.index("| <code>b</code> | <code>x</code> |")


def test_details_are_folded_and_hold_the_five_blocks(make_case: Make, make_run: Callable[..., Run]) -> None:
    text = markdown(make_run(make_case()))
    details = re.search(r"<details><summary>.*?</summary>\n\n<pre>\n(.*?)\n</pre>\n\n</details>", text, re.DOTALL)
    assert details is not None
    labels = re.findall(r"^(where|rule|sent|client said|reproduce) ", details[1], re.MULTILINE)
    assert labels == ["where", "rule", "sent", "client said", "reproduce"]


@pytest.mark.parametrize("limit", [2_000, 20_000, 300_000])
def test_it_never_outgrows_its_limit_and_says_what_was_cut(
    limit: int, make_case: Make, make_run: Callable[..., Run]
) -> None:
    run = make_run(*(make_case(case=f"你好/{at}") for at in range(400)), *(make_case(verdict="warn"),))
    text = markdown(run, limit=limit)
    assert len(text.encode()) <= limit
    assert "## streamproof: does not conform" in text
    details = text.count("<details>")
    assert details < 400
    assert f"{400 - details} details" in text.splitlines()[-1]


def test_what_fits_is_not_cut(benign: Run) -> None:
    assert "left out" not in markdown(benign)
    assert LIMIT == 900_000


def test_a_run_that_is_not_whole_says_so(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(make_case(verdict="pass"), footer=None, planned=9)
    text = markdown(attrs.evolve(run, problems=("line 3 is lost",)))
    assert "**the run broke off: 1 of 9 planned cases reported**" in text
    assert "- <code>line 3 is lost</code>" in text
    assert "## streamproof: not judged to the end" in text


def test_skips_and_warnings_are_told(benign: Run) -> None:
    text = markdown(benign)
    assert "Skipped, for want of: <code>tools</code> (1)" in text
    assert "### Warnings" in text
