"""An entry of the journal as JSON: what an exchange holds, and what follows from it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from streamproof_formats.dialects.request_finding import RequestFinding
from streamproof_mock.journal import Exchange

_PLAIN: Final = tuple(field.name for field in attrs.fields(Exchange) if field.name not in ("findings", "writes"))


def entries(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    """The exchanges as JSON, in their order, each with what it has of its own and:

    - `arrived_at`: when it arrived, by the clock on the wall, in UTC;
    - `since_arrival_ns`: from the arrival of the request before it on the same nonce; None for the first;
    - `waited_ns`: from the end of the answer to that request; None where it had not ended.
    """
    # Times are of a counter that only this process knows; the clock on the wall is read beside it.
    offset_ns = time.time_ns() - time.perf_counter_ns()
    before: dict[str, Exchange] = {}
    made = []
    for exchange in exchanges:
        previous = None if exchange.nonce is None else before.get(exchange.nonce)
        if exchange.nonce is not None:
            before[exchange.nonce] = exchange
        made.append(_entry(exchange, previous, offset_ns))
    return made


def _entry(exchange: Exchange, previous: Exchange | None, offset_ns: int) -> dict[str, Any]:
    arrived_ns = exchange.arrived_ns
    ended_ns = None if previous is None else previous.ended_ns
    return {
        **{name: getattr(exchange, name) for name in _PLAIN},
        "arrived_at": datetime.fromtimestamp((arrived_ns + offset_ns) / 1e9, UTC).isoformat(),
        "since_arrival_ns": None if previous is None else arrived_ns - previous.arrived_ns,
        "waited_ns": None if ended_ns is None or ended_ns > arrived_ns else arrived_ns - ended_ns,
        "findings": [_finding(finding) for finding in exchange.findings],
        "writes": list(exchange.writes),
    }


def _finding(finding: RequestFinding) -> Mapping[str, Any]:
    source = finding.source
    return {
        "path": finding.path,
        "message": finding.message,
        "document": source.document,
        "section": source.section,
        "url": source.url,
        "read": source.read,
    }
