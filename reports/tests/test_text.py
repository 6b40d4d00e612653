"""Nothing from the wire moves a cursor, hides or breaks a line."""

from __future__ import annotations

import pytest

from streamproof_reports.text import counted, pretty, quoted, shorten, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("你好 😀 é", "你好 😀 é"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31m\x07\x00\x7f", r"\x1b[31m\x07\x00\x7f"),
        ("\x85\x9b", r"\x85\x9b"),
        ("\u2028\u2029\ufeff\u202e\u200b", r"\u2028\u2029\ufeff\u202e\u200b"),
        ("\ud800", r"\ud800"),
        ("\uffff\U000e0001", r"\uffff\U000e0001"),
        ("a\u00a0b", r"a\xa0b"),
    ],
)
def test_what_is_not_printable_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_character_is_printable_once_visible() -> None:
    assert all(visible(chr(code)).isprintable() for code in range(0x11000))


def test_the_last_lines_are_kept() -> None:
    assert visible_lines("a\nb\r\nc\x00\td\n", 2) == ("(1 earlier lines left out)", "b", r"c\x00      d")
    assert visible_lines("", 5) == ()


def test_quoted_is_one_printable_line() -> None:
    assert quoted('你"\n\x7f\ud800') == r'"你\"\n\x7f\ud800"'
    assert quoted({"a": [1, None]}) == '{"a": [1, null]}'


def test_what_json_cannot_hold_is_still_told() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert quoted(loop) == "(a list that JSON cannot hold)"
    assert pretty(loop) == ("(a list that JSON cannot hold)",)


def test_counted_and_shorten() -> None:
    assert (counted(1, "case"), counted(0, "case"), counted(1200, "case")) == ("1 case", "0 cases", "1,200 cases")
    assert (shorten("abcdef", 6), shorten("abcdefg", 6)) == ("abcdef", "abc...")
