"""Each fault over HTTP/1.1, in each framing, and over TLS: exactly these bytes, exactly this end."""

from __future__ import annotations

import pytest

from .table import FAULTS, H1, is_sayable

A, B, DONE = b"data: a\n\n", b"data: b\n\n", b"data: [DONE]\n\n"
CHUNK_A, CHUNK_B, LAST = b"9\r\n" + A + b"\r\n", b"9\r\n" + B + b"\r\n", b"0\r\n\r\n"
TYPE = b"content-type: text/event-stream\r\n"
START = b"HTTP/1.1 200 OK\r\n" + TYPE
CHUNKED, LENGTH, CLOSE = b"transfer-encoding: chunked\r\n", b"content-length: 18\r\n", b"connection: close\r\n"
HALVES = (START[:40], START[:36], START[:35])

# In chunks, with a length of 18, until the close: the last is what a client of HTTP/1.0 gets, too.
WHOLE_HEADS = tuple(START + field + b"\r\n" for field in (CHUNKED, LENGTH, CLOSE))


def after_head(*bodies: bytes) -> tuple[bytes, ...]:
    return tuple(head + body for head, body in zip(WHOLE_HEADS, bodies, strict=True))


WHOLE = after_head(CHUNK_A + CHUNK_B, A + B, A + B)
CUT = after_head(CHUNK_A + b"4\r\ndata\r\n", A + b"data", A + b"data")
NOTHING, NO_BODY = (b"", b"", b""), after_head(b"", b"", b"")
HEARD = {
    "no fault": ((WHOLE[0] + LAST, WHOLE[1], WHOLE[2]), ("silence", "silence", "FIN")),
    "no fault, `connection: close`": (
        (START + CHUNKED + CLOSE + b"\r\n" + CHUNK_A + CHUNK_B + LAST, START + LENGTH + CLOSE + b"\r\n" + A + B, WHOLE[2]),
        ("FIN", "FIN", "FIN"),
    ),
    "a length 500 too great": ((START + b"content-length: 518\r\n\r\n" + A + B,), ("FIN",)),
    "a length 9 too small": ((START + b"content-length: 9\r\n\r\n" + A + B,), ("FIN",)),
    "cut inside a chunk": ((WHOLE_HEADS[0] + CHUNK_A + b"19\r\n" + B,), ("FIN",)),
    "a chunk size that is none": ((WHOLE[0] + b"zz\r\n",), ("FIN",)),
    "silence after the terminator": (
        (
            WHOLE_HEADS[0] + CHUNK_A + b"e\r\n" + DONE + b"\r\n",
            START + b"content-length: 24\r\n\r\n" + A + DONE,
            WHOLE_HEADS[2] + A + DONE,
        ),
        ("silence",) * 3,
    ),
    "a status that is no number": (
        tuple(head.replace(b"200 OK", b"two-hundred OK") for head in WHOLE_HEADS),
        ("FIN",) * 3,
    ),
    "a header line without a colon": (
        tuple(head.replace(TYPE, b"no header at all\r\n" + TYPE) for head in WHOLE_HEADS),
        ("FIN",) * 3,
    ),
    **{
        f"{fault} {where}": (data, (end,) * 3)
        for fault, end in (("FIN", "FIN"), ("RST", "RST"), ("silence", "silence"))
        for where, data in {
            "before the head": NOTHING,
            "in the head": HALVES,
            "after the head": NO_BODY,
            "after 13 bytes": CUT,
            "after the last byte": WHOLE,
        }.items()
        if (fault, where) != ("silence", "after the last byte")
    },
    "TLS without close_notify": (CUT[:1], ("FIN",)),
    "a TLS handshake that stalls": (NOTHING[:1], ("silence in the handshake",)),
    "refused": (NOTHING, ("refused",) * 3),
    "RST on accept": (NOTHING, ("RST",) * 3),
}  # fmt: skip
ROWS = [(fault, name) for fault, row in FAULTS.items() for name in H1 if is_sayable(row, name)]


def expected(fault, name):
    data, ends = HEARD[fault]
    place = {"chunked": 0, "length": 1, "close": 2, "1.0": 2, "tls": 0}[name] if len(data) == 3 else 0
    # Over TLS it is the same, and TLS has an end of its own.
    is_ended = name == "tls" and ends[place] == "FIN" and fault != "TLS without close_notify"
    return data[place], "close_notify, FIN" if is_ended else ends[place]


@pytest.mark.parametrize(("fault", "name"), ROWS)
def test_a_stranger_hears_exactly(fault, name, played):
    heard, _ = played[fault, name]
    assert (heard.data, heard.end) == expected(fault, name)


@pytest.mark.parametrize(("fault", "name"), ROWS)
def test_the_journal_tells_what_was_heard(fault, name, played):
    heard, exchanges = played[fault, name]
    if fault == "refused":
        assert exchanges == []
        return
    [exchange] = exchanges
    assert (exchange.complete, exchange.fault) == (True, None)
    assert exchange.wire_written == len(heard.data)
    has_head = heard.data.startswith(b"HTTP/1.1 200 OK") and b"\r\n\r\n" in heard.data
    assert exchange.status == (200 if has_head and fault != "a header line without a colon" else None)


@pytest.mark.parametrize("name", H1)
@pytest.mark.parametrize("fault", ["FIN after 13 bytes", "RST after 13 bytes", "silence after 13 bytes"])
def test_what_was_promised_arrives_apart_and_before_the_fault(fault, name, played):
    heard, [exchange] = played[fault, name]
    assert (exchange.boundaries_asked, exchange.boundaries_kept) == (1, 1)
    assert len(heard.reads) == 2
    assert heard.reads[0].rstrip(b"\r\n").endswith(b"data: a")
    assert heard.reads[1].rstrip(b"\r\n").endswith(b"data")
