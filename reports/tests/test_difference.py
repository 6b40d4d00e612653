"""Where two values part is pointed at, and nothing that is equal is shown."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from streamproof_reports.difference import compared, difference_lines, differences


def shown(expected: Any, actual: Any) -> list[str]:
    return [line.text for line in difference_lines(expected, actual)]


@pytest.mark.parametrize(
    ("expected", "actual", "lines"),
    [
        ("Hello", "Hel", ['said      "Hel"', 'expected  "Hello"', "              ^^ missing"]),
        ("Hel", "Hello", ['said      "Hello"', 'expected  "Hel"', "              ^^ too much"]),
        ("Hello", "Hexlo", ['said      "Hexlo"', 'expected  "Hello"', "             ^ differs from here"]),
        ("Hello", "", ['said      ""', 'expected  "Hello"', "           ^^^^^ missing"]),
        ("complete", "error", ['said      "error"', 'expected  "complete"']),
        ("你好吗", "你好", ['said      "你好"', 'expected  "你好吗"', "               ^^ missing"]),
        ("a\nb", "a\n", [r'said      "a\n"', r'expected  "a\nb"', "              ^ missing"]),
        (1, 2, ["said      2", "expected  1"]),
        (None, "stop", ['said      "stop"', "expected  null"]),
        (True, 1, ["said      1", "expected  true"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["at        a.b[1]", "said      3", "expected  2"]),
        ([1, 2], [1], ["at        [1]", "said      (nothing)", "expected  2"]),
        ({"a b": 1}, {}, ['at        ["a b"]', "said      (nothing)", "expected  1"]),
        ({}, {"text": "x"}, ["at        text", 'said      "x"', "expected  (nothing)"]),
        ("same", "same", ['said      "same"', 'expected  "same"']),
    ],
)
def test_lines(expected: Any, actual: Any, lines: list[str]) -> None:
    assert shown(expected, actual) == lines


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": None}, {}),
        ({}, {"a": None}),
        ({}, {"stopped": False, "extra_output": "", "tool_calls": []}),
        ([{"a": 1}], [{"a": 1, "b": None}]),
        (1, 1.0),
    ],
)
def test_what_is_unsaid_is_no_difference(expected: Any, actual: Any) -> None:
    assert list(differences(expected, actual)) == []


def test_true_is_not_one() -> None:
    assert list(differences({"a": True, "b": 0}, {"a": 1, "b": False})) == [("a", True, 1), ("b", 0, False)]


def test_long_texts_are_cut_around_the_parting_and_never_at_it() -> None:
    said, expected, mark, sizes = shown("x" * 5000 + "A" + "y" * 5000, "x" * 5000 + "B" + "y" * 4000)
    assert said == "said      ..." + "x" * 24 + "B" + "y" * 47 + "..."
    assert expected == "expected  ..." + "x" * 24 + "A" + "y" * 47 + "..."
    assert mark == " " * 37 + "^ differs from here"
    assert sizes == "9,001 characters said, 10,001 expected"


@pytest.mark.parametrize(
    ("expected", "actual", "sides"),
    [
        ("Hello", "Hel", (('"Hel', "lo", '"'), ('"Hel', "", '"'))),
        ("a <b> c", "a <i> c", (('"a <', "b", '> c"'), ('"a <', "i", '> c"'))),
        ("aab", "ab", (('"a', "a", 'b"'), ('"a', "", 'b"'))),
        ("", "x", (('"', "", '"'), ('"', "x", '"'))),
        ("same", "same", (('"same', "", '"'), ('"same', "", '"'))),
        ("a\nb", "a\rb", (('"a', r"\n", 'b"'), ('"a', r"\r", 'b"'))),
        (1, None, (("", "1", ""), ("", "null", ""))),
    ],
)
def test_what_differs_is_told_apart_from_what_is_alike(expected: Any, actual: Any, sides: Any) -> None:
    [difference], more = compared(expected, actual)
    told = [(side.before, side.differing, side.after) for side in (difference.expected, difference.actual)]
    assert (tuple(told), more) == (sides, 0)
    assert [side.text for side in (difference.expected, difference.actual)] == ["".join(side) for side in sides]


@pytest.mark.parametrize("width", [50, 65, 100, None])
def test_texts_are_cut_to_the_width(width: int | None) -> None:
    for expected, actual in (("x" * 500, "x" * 30), ("x" * 30, "x" * 500), ("x" * 99 + "y" * 99, "x" * 99 + "z" * 99)):
        lines = [line.text for line in difference_lines(expected, actual, width=width)]
        assert all(cell_len(line) <= (width or 99) for line in lines)
        assert sum("^" in line for line in lines) == 1


def test_the_pointer_stands_below_the_parting_in_any_script() -> None:
    for lead in ("", "abc", "你好", "a\n\x00", "é😀", "x" * 100):
        _, expected, mark, *_ = shown(lead + "Q and more", lead + "Z") if lead else shown("Q and more", "")
        column = cell_len(expected[: expected.index("Q")])
        assert mark.index("^") == column, lead


def test_many_differences_are_counted() -> None:
    lines = shown(list(range(9)), list(range(1, 10)))
    assert lines[-1] == "(and 4 more)"
    assert len(lines) == 16


def test_deep_values_end() -> None:
    one: Any = 1
    other: Any = 2
    for _ in range(50_000):
        one, other = [one], [other]
    assert len(shown(one, other)) == 3
