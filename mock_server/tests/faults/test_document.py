"""The page of faults says what this run heard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .document import document
from .notation import written
from .stranger import Heard, frame
from .table import COLUMNS, FAULTS, is_sayable
from .test_libraries import OTHERWISE

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"


def test_the_page_says_what_a_stranger_heard(played):
    page = document({row: heard for row, (heard, _) in played.items()}, OTHERWISE)
    if os.environ.get("STREAMPROOF_WRITE"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page


def test_each_fault_was_played_as_it_says(played):
    assert played.keys() == {
        (fault, name) for fault, row in FAULTS.items() for name in COLUMNS if is_sayable(row, name)
    }
    for (fault, _), (_, exchanges) in played.items():
        assert [exchange.fault for exchange in exchanges] == ([] if fault == "refused" else [None])
        assert all(exchange.complete for exchange in exchanges)


CELLS = [
    ("1.1", b"", "nothing"),
    ("1.1", b"HTTP/1.1 200 OK\r\na: b\r", "a part of the head"),
    ("1.1", b"HTTP/1.1 2x0 OK\r\n\r\n", "bad status line"),
    ("1.1", b"HTTP/1.1 200 OK\r\na b\r\n\r\nxyz", "bad header line, 3"),
    ("1.1", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", "head, 3 of 5"),
    ("1.1", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcdefg", "head, 5 of 5, 2 more"),
    ("1.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n5\r\nabc", "head, chunk 1, 3 of chunk 5"),
    ("1.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "head, chunk 1, last chunk"),
    ("1.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "head, chunk size `zz`"),
    ("2", frame(4) + frame(1, b"\x88", 4, 1) + frame(0, b"ab", 1, 1), "HEADERS, DATA 2 END_STREAM"),
    ("2", frame(1, b"\x88\x0f\x0d\x0212", 5, 1), "HEADERS with length 12 END_STREAM"),
    ("2", frame(1, b"\x88", 4, 1)[:9], "a part of HEADERS"),
    ("2", frame(1, b"\x08\x03abc", 4, 1), "bad `:status` in HEADERS"),
    ("2", frame(1, b"\x88\x00\x03a b\x01c", 4, 1), "bad field name in HEADERS"),
    ("2", frame(3, b"\0\0\0\x08", 0, 1) + frame(7, b"\0\0\0\x01\0\0\0\x02"), "RST_STREAM CANCEL, GOAWAY INTERNAL_ERROR"),
]  # fmt: skip


@pytest.mark.parametrize(("http", "data", "cell"), CELLS, ids=[cell for _, _, cell in CELLS])
def test_bytes_are_told_in_words(http, data, cell):
    assert written(Heard(reads=(data,), end="FIN"), http) == f"{cell}; FIN"
