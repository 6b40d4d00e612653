"""The line of an exchange that has ended."""

from __future__ import annotations

import pytest

from streamproof_mock.journal import Exchange
from streamproof_mock.log import log_line


def exchange_of(writes=(), **fields):
    usual = {
        "nonce": None,
        "case": None,
        "number": 0,
        "connection": 0,
        "method": "POST",
        "path": "/v1/x",
        "http": "1.1",
    }
    made = Exchange(**{**usual, "headers": (), "body": None, "arrived_ns": 0, **fields})
    for write in writes:
        made.writes.append(write)
    return made


@pytest.mark.parametrize(
    ("exchange", "line"),
    [
        (
            exchange_of([(1, 5)], status=200, body_written=5, ended_ns=1_500_000, left="stayed", complete=True),
            "POST /v1/x 200 1 write, 5 bytes in 1.5 ms",
        ),
        (
            exchange_of([(1, 5), (2, 6)], case="a/b size:1", status=200, body_written=11, complete=True, left="fin"),
            "POST /v1/x 200 a/b size:1 2 writes, 11 bytes; client left",
        ),
        (exchange_of(left="fin"), "POST /v1/x - 0 bytes; broken off; client left"),
        (exchange_of(status=200, body_written=7, complete=True), "POST /v1/x 200 7 bytes"),
        (
            exchange_of(status=200, boundaries_asked=3, boundaries_kept=1, complete=True),
            "POST /v1/x 200 0 bytes; 2 boundaries not kept",
        ),
        (exchange_of(path="/\x1b[2J\n", complete=True), "POST /?[2J? - 0 bytes"),
        (exchange_of(fault="no\nway", status=501), "POST /v1/x 501 0 bytes; broken off; no?way"),
    ],
)
def test_a_line_says_what_was_asked_played_and_left(exchange, line):
    assert log_line(exchange) == line
