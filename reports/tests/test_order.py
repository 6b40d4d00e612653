"""The order of a report does not depend on which case was done first."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from streamproof_reports.document import CaseResult
from streamproof_reports.matrix import matrix
from streamproof_reports.order import delivery_key, folder_of, in_order

DELIVERIES = [
    "as-written",
    "whole",
    "per-event",
    "bytewise",
    "inside-utf8",
    "inside-crlf",
    "size:3",
    "size:7",
    "size:1024",
    "at:9",
    "at:10",
    "every-split",
    "random:1",
]


def test_deliveries_stand_in_their_usual_order() -> None:
    for shift in range(len(DELIVERIES)):
        assert sorted(DELIVERIES[shift:] + DELIVERIES[:shift], key=delivery_key) == DELIVERIES
    assert sorted(["another", "random:1", "as-written"], key=delivery_key) == ["as-written", "random:1", "another"]


@pytest.mark.parametrize("delivery", [None, "", "size:", "size:x", "size:-1", "size:²", "size:" + "9" * 5000, "a:b:c"])
def test_any_delivery_can_be_sorted(delivery: str | None) -> None:
    assert sorted([delivery_key(delivery), delivery_key("size:7")])


@pytest.mark.parametrize(
    ("case_id", "folder"),
    [("a", ""), ("a/b", "a"), ("a/b/c@d", "a/b"), ("a/b[x=c/d]", "a"), ("b[x=c/d]", ""), ("", "")],
)
def test_the_folder_of_an_id(case_id: str, folder: str) -> None:
    assert folder_of(case_id) == folder


def test_cases_are_sorted_by_id_then_client_then_delivery(make_case: Callable[..., CaseResult]) -> None:
    ids = [
        ("b", "x", None),
        ("a/b", "x", "as-written"),
        ("a/b", "x", "bytewise"),
        ("a/b", "y", "as-written"),
        ("a/c", "x", "as-written"),
        ("a-b/a", "x", "as-written"),
    ]
    cases = [make_case(case=case, client=client, delivery=delivery) for case, client, delivery in ids]
    for order in itertools.islice(itertools.permutations(cases), 0, 720, 37):
        assert in_order(order) == cases


def test_probes_stay_in_the_order_of_their_plan(make_case: Callable[..., CaseResult]) -> None:
    cases = [make_case(case=f"probe/{name}", scenario=None, probe=name) for name in ("plain", "usage", "abort")]
    assert in_order(cases) == cases
    assert [row.tail for row in matrix(cases).rows] == ["plain", "usage", "abort"]
