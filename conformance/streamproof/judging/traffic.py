"""The checks that the wire decides: requests, waits between them, leaving, what came late, bad requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streamproof.judging.expectation import Expectation
from streamproof.judging.failed import Failed
from streamproof.judging.observed import Observed

EARLY: Final = 0.95
"""A wait this near to the one that was asked for is one: clocks and timers round."""


def traffic(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    """What the server saw that the expectation does not allow."""
    exchanges = seen.exchanges
    count = len(exchanges)
    if expected.requests_max is not None and count > expected.requests_max:
        text = f"{count} requests were sent, at most {expected.requests_max} allowed"
        yield Failed("resent", text, expected.requests_max, count)
    if count < expected.requests_min:
        text = f"{count} requests were sent, at least {expected.requests_min} wanted"
        yield Failed("resent", text, expected.requests_min, count)
    yield from _waits(expected, seen)
    if expected.result_within_s is not None and exchanges and exchanges[-1].last_byte_ns is not None:
        took_s = (seen.said.ended_ns - exchanges[-1].last_byte_ns) / 1e9
        if took_s > expected.result_within_s:
            text = f"the result came {took_s:.1f} s after the last byte"
            yield Failed("hang", text, expected.result_within_s, round(took_s, 2))
    if expected.left_within_s is not None and exchanges:
        yield from _held(expected.left_within_s, expected, seen)
    if any(exchange.late for exchange in exchanges):
        yield Failed("late", "what had arrived was not handed on within 2 s", None, sum(e.late for e in exchanges))
    for fault in {fault: None for exchange in exchanges for fault in exchange.findings}:
        text = f"request body: {fault} ({fault.source.document}, {fault.source.section})"
        yield Failed("bad-request", text, None, str(fault))


def _waits(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    pairs = zip(seen.exchanges, seen.exchanges[1:], strict=False)
    for before, after in pairs:
        waited_s = (after.arrived_ns - (before.ended_ns or before.last_byte_ns or before.arrived_ns)) / 1e9
        if expected.wait_min_s is not None and waited_s < expected.wait_min_s * EARLY:
            text = f"the next request came after {waited_s:.2f} s, at least {expected.wait_min_s:g} s were asked for"
            yield Failed("early-retry", text, expected.wait_min_s, round(waited_s, 3))
        if expected.wait_max_s is not None and waited_s > expected.wait_max_s:
            text = f"the next request came only after {waited_s:.1f} s"
            yield Failed("hang", text, expected.wait_max_s, round(waited_s, 2))


def _held(limit_s: float, expected: Expectation, seen: Observed) -> Iterator[Failed]:
    exchange = seen.exchanges[-1]
    since_ns = seen.said.ended_ns if seen.outcome == "stopped" else (exchange.last_byte_ns or exchange.arrived_ns)
    left_ns = exchange.left_ns
    took_s = None if left_ns is None else max(0.0, (left_ns - since_ns) / 1e9)
    if took_s is None and exchange.complete and not expected.stays_open:
        return  # the server ended the answer itself before the client had a reason to leave
    if took_s is None or took_s > limit_s:
        said = "was still open" if took_s is None else f"was closed after {took_s:.1f} s"
        yield Failed("held-connection", f"the connection {said}, {limit_s:g} s allowed", limit_s, took_s)
