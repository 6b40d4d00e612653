"""Every rule of the base layer that bytes can break: streams that break it are found out, others are not accused."""

from __future__ import annotations

import pytest

from .base_table import BREAKING, DIALECT, KEEPING
from .streams import judged
from .table import Row


def ids(rows: list[Row]) -> list[str]:
    return [f"{' '.join(row[0])}: {row[1]}" for row in rows]


def base_rules(row: Row) -> set[str]:
    findings = judged(DIALECT, row[2], **row[3]).findings
    return {finding.rule for finding in findings if finding.rule.startswith("SSE")}


@pytest.mark.parametrize("row", BREAKING, ids=ids(BREAKING))
def test_what_breaks_rules_of_the_base_layer_is_found_as_that(row: Row) -> None:
    assert base_rules(row) == set(row[0])


@pytest.mark.parametrize("row", KEEPING, ids=ids(KEEPING))
def test_what_keeps_the_rules_of_the_base_layer_makes_no_finding(row: Row) -> None:
    assert base_rules(row) == set()
