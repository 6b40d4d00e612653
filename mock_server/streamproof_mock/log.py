"""The server log: one line for each exchange that has ended."""

from __future__ import annotations

from streamproof_mock.journal import Exchange

_LEFT = {"fin": "client left", "reset": "client reset", "half-close": "client shut its side"}


def log_line(exchange: Exchange) -> str:
    """What was asked, what was played, what came of it: `POST /v1/chat/completions 200 ... 12 writes, 1834 bytes`."""
    words = [exchange.method, _printable(exchange.path), "-" if exchange.status is None else str(exchange.status)]
    if exchange.case is not None:
        words.append(exchange.case)
    # Of an older exchange the journal has forgotten when each write was, and so how many there were.
    writes = len(exchange.writes)
    counted = f"{writes} write{'' if writes == 1 else 's'}, " if writes else ""
    words.append(f"{counted}{exchange.body_written} bytes")
    if exchange.ended_ns is not None:
        words.append(f"in {(exchange.ended_ns - exchange.arrived_ns) / 1e6:.1f} ms")
    ends = [] if exchange.complete else ["broken off"]
    if exchange.left in _LEFT:
        ends.append(_LEFT[exchange.left])
    if exchange.boundaries_asked > exchange.boundaries_kept:
        ends.append(f"{exchange.boundaries_asked - exchange.boundaries_kept} boundaries not kept")
    if exchange.breaches:
        ends.append(f"the request breaks its schema at {_printable(exchange.breaches[0])}")
    if exchange.fault is not None:
        ends.append(_printable(exchange.fault))
    return f"{' '.join(words)}{''.join(f'; {end}' for end in ends)}"


def _printable(text: str) -> str:
    """Text that came from outside, without anything that a terminal might obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:300])
