from __future__ import annotations

import pytest

from streamproof_bench.paced_load import fnv, paced_of


def told(**changes: object) -> dict[str, object]:
    histogram = [990, 5, 5]
    said = {"streams": 4, "whole": 4, "wrong": 0, "events": 1200, "broken_off": False, "bucket_us": 100}
    return {**said, "at_write": histogram, "at_read": histogram, **changes}


@pytest.mark.parametrize(("data", "expected"), [(b"", 0xCBF29CE484222325), (b"a", 0xAF63DC4C8601EC8C)])
def test_the_hash_is_fnv_1a(data: bytes, expected: int) -> None:
    assert fnv(data) == expected


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"whole": 3, "wrong": 1}, False),
        ({"whole": 3, "broken_off": True}, False),
        ({"at_write": [0] * 98 + [980, 0, 20]}, False),
        ({"at_read": [0] * 98 + [980, 0, 20]}, False),
        ({"at_read": [0] * 98 + [1000]}, True),
        ({"at_read": [0, 0]}, False),
    ],
)
def test_so_many_hold_if_all_came_whole_and_on_time_at_both_ends(changes: dict[str, object], holds: bool) -> None:
    assert paced_of(told(**changes)).holds is holds


def test_an_error_is_the_upper_edge_of_its_bucket() -> None:
    assert paced_of(told(at_read=[980, 20])).at_read_ms == 0.2
    assert paced_of(told(at_read=[0])).at_read_ms is None
