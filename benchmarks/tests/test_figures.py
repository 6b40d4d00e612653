from __future__ import annotations

import math

import pytest

from streamproof_bench.figures import Target, highest, middle, percentile, ratios, shown, slope, spread, times, turned

FASTER = Target(what="speed", unit="x", sense="at least", must=10, goal=30)
CHEAPER = Target(what="cost", unit="ms", sense="at most", must=2, goal=0.5)
NO_MUST = Target(what="speed", unit="x", sense="at least", goal=1)
NO_GOAL = Target(what="share", unit="%", sense="at least", must=100)


@pytest.mark.parametrize(
    ("target", "measured", "met"),
    [
        (FASTER, 9.99, "no"),
        (FASTER, 10.0, "must"),
        (FASTER, 29.9, "must"),
        (FASTER, 30.0, "goal"),
        (CHEAPER, 2.01, "no"),
        (CHEAPER, 2.0, "must"),
        (CHEAPER, 0.5, "goal"),
        (NO_GOAL, 100.0, "must"),
        (NO_GOAL, 99.99, "no"),
        (NO_MUST, 0.9, "short of the goal"),
        (NO_MUST, 1.0, "goal"),
        (FASTER, None, "not measured"),
        (FASTER, math.nan, "not measured"),
    ],
)
def test_a_target_is_met_by_its_bound_or_beyond(target: Target, measured: float | None, met: str) -> None:
    assert target.met(measured) == met


@pytest.mark.parametrize(
    ("base", "others", "expected"),
    [
        ([10.0, 20.0], [5.0, 5.0], [2.0, 4.0]),
        ([10.0, 0.0], [5.0, 5.0], [2.0]),
        ([10.0, 10.0], [0.0, 4.0], [2.5]),
        ([], [], []),
    ],
)
def test_ratios_are_taken_within_a_round(base: list[float], others: list[float], expected: list[float]) -> None:
    assert ratios(base, others) == expected


def test_ratios_need_a_figure_of_both_in_each_round() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("figures", "expected"), [([], None), ([3.0], 3.0), ([1.0, 100.0, 2.0], 2.0), ([1.0, 2.0], 1.5)]
)
def test_the_middle_is_the_median(figures: list[float], expected: float | None) -> None:
    assert middle(figures) == expected


@pytest.mark.parametrize(
    ("figure", "unit", "expected"),
    [
        (None, "x", "-"),
        (math.nan, "", "-"),
        (0, "ms", "0 ms"),
        (0.0123456, "", "0.0123"),
        (1.0, "", "1.00"),
        (12.345, "x", "12.3 x"),
        (12.0, "x", "12 x"),
        (1500, "", "1,500"),
        (999.6, "", "1,000"),
        (123456.7, "", "123,457"),
        (-1.5, "%", "-1.50 %"),
    ],
)
def test_figures_have_three_digits_that_count(figure: float | None, unit: str, expected: str) -> None:
    assert shown(figure, unit) == expected


def test_a_ratio_and_a_spread_are_short() -> None:
    assert (times(12.345), times(None), spread([3.0, 1.0, 2.0]), spread([])) == ("12.3x", "-", "1.00 to 3.00", "-")


@pytest.mark.parametrize(
    ("histogram", "share", "expected"),
    [
        ([], 0.99, None),
        ([0, 0], 0.99, None),
        ([0, 100], 0.5, 1),
        ([99, 1], 0.99, 0),
        ([98, 1, 1], 0.99, 1),
        ([98, 1, 1], 1.0, 2),
        ([0, 0, 5], 0.0, 2),
    ],
)
def test_a_percentile_is_the_first_bucket_that_holds_the_share(
    histogram: list[int], share: float, expected: int | None
) -> None:
    assert percentile(histogram, share) == expected


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [(250, 700, 500), (1000, 700, 500), (100, 99, None), (1000, 5000, 1000), (500, 500, 500), (500, 100, 100)],
)
def test_the_search_finds_the_highest_step_that_holds(start: int, limit: int, expected: int | None) -> None:
    tried: list[int] = []

    def holds(step: int) -> bool:
        tried.append(step)
        return step <= limit

    assert highest((100, 250, 500, 750, 1000), start, holds) == expected
    assert len(tried) == len(set(tried))


def test_the_slope_is_that_of_a_line() -> None:
    assert slope([1, 2, 4], [5.0, 7.0, 11.0]) == pytest.approx(2.0)
    assert slope([1, 2, 3], [4.0, 4.0, 4.0]) == 0


def test_in_each_round_another_name_goes_first() -> None:
    assert [turned(["a", "b", "c"], by) for by in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
