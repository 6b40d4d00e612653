"""The compiled reader: many paced streams at once, and how far their gaps were from what was asked for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import attrs

from streamproof_bench.figures import percentile
from streamproof_bench.material import Stream
from streamproof_bench.table import CannotMeasure

LIMIT_MS: Final = 10.0
"""A gap error at the 99th percentile of less than this holds."""
_RAMP_PER_STREAM_MS: Final = 1.0
_RAMP_LEAST_MS: Final = 1000
_PATIENCE_S: Final = 60


@attrs.frozen(kw_only=True)
class Paced:
    """What a reader saw of so many paced streams."""

    streams: int
    whole: int
    """Streams that came whole, byte for byte."""
    wrong: int
    """Streams that ended otherwise."""
    events: int
    """Events that were read."""
    at_write_ms: float | None
    """Gap error at the 99th percentile when the server's send put the event into the reader's socket."""
    at_read_ms: float | None
    """The same when the reader had read it."""
    broken_off: bool
    """The gaps were off, so the rest was not waited for."""

    @property
    def holds(self) -> bool:
        """All streams came whole, and their gaps were kept on both sides."""
        errors = (self.at_write_ms, self.at_read_ms)
        return self.whole == self.streams and all(error is not None and error < LIMIT_MS for error in errors)


def read_paced(program: Path, port: int, request: bytes, stream: Stream, count: int, *, is_exact: bool) -> Paced:
    """Plays `count` streams at once; `is_exact` False compares the number of events alone.

    Raises CannotMeasure when the reader fails.
    """
    ramp_ms = max(_RAMP_LEAST_MS, round(count * _RAMP_PER_STREAM_MS))
    stream_ms = round((len(stream.pieces) - 1) * stream.gap_s * 1000)
    body = stream.body
    arguments = (
        port,
        count,
        ramp_ms,
        stream_ms,
        round(stream.gap_s * 1e6),
        round(LIMIT_MS * 1000),
        len(body),
        fnv(body) if is_exact else 0,
        len(stream.pieces),
    )
    try:
        done = subprocess.run(
            (str(program), *map(str, arguments)), input=request, capture_output=True, check=False, timeout=_PATIENCE_S
        )
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"the reader of {count} streams took more than {_PATIENCE_S} s") from error
    if done.returncode != 0:
        raise CannotMeasure(f"the reader of {count} streams failed: {done.stderr.decode().strip()}")
    return paced_of(json.loads(done.stdout))


def paced_of(told: dict[str, object]) -> Paced:
    """What the reader's JSON says."""
    return Paced(
        streams=_number(told["streams"]),
        whole=_number(told["whole"]),
        wrong=_number(told["wrong"]),
        events=_number(told["events"]),
        at_write_ms=_error_ms(told, "at_write"),
        at_read_ms=_error_ms(told, "at_read"),
        broken_off=bool(told["broken_off"]),
    )


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _error_ms(told: dict[str, object], name: str) -> float | None:
    """The upper edge of the bucket that holds the 99th percentile."""
    histogram = told[name]
    assert isinstance(histogram, list)
    bucket = percentile(histogram, 0.99)
    return None if bucket is None else (bucket + 1) * _number(told["bucket_us"]) / 1000


def fnv(data: bytes) -> int:
    """FNV-1a of 64 bits, as in the IETF draft of Fowler, Noll and Vo."""
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return value
