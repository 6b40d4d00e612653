"""What performs an answer: its contract, how long it waits, and what it cannot perform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import attrs

from streamproof_mock.journal import Exchange
from streamproof_mock.wire import Wire
from streamproof_scenarios.plan import BEFORE_REQUEST, AnswerPlan
from streamproof_scenarios.transports import misfit, spoken

AwaitHook = Callable[[Exchange], Awaitable[bool]]
"""Returns True once the client has handed on all that `exchange.body_written` counts."""


@attrs.frozen(kw_only=True)
class Bounds:
    """How long a player waits for what may never come, in seconds."""

    boundary_s: float = 2.0
    """For the client to read up to a promised boundary."""
    await_s: float = 2.0
    """For the client to hand on what it read (DESIGN, section 4: `await`)."""
    stall_s: float = 60.0
    """For the client to leave a stream that has stalled."""
    reset_s: float = 2.0
    """For the client to read what precedes a reset."""


class Performer(Protocol):
    """Performs one answer."""

    async def run(self) -> None:
        """Performs it to its end, or until the client leaves or `stop` is called."""

    def stop(self) -> None:
        """Breaks it off at once."""


class Unplayable(Exception):  # noqa: N818  becomes a fault, not an error
    """The plan asks for what this server or this connection cannot do; says what."""


def unplayable(plan: AnswerPlan, wire: Wire, http: str) -> str | None:
    """Why this plan cannot be performed on this wire for a request of this version, in words; None when it can."""
    if plan.ending.kind in BEFORE_REQUEST:
        return (
            f"the ending {plan.ending.kind} comes before any request, and this is one; "
            "its session has an address of its own: POST /__streamproof__/play tells it"
        )
    if http == "1.0" and plan.ending.kind in {"in-chunk", "bad-chunk"}:
        return f"the ending {plan.ending.kind} needs chunks, and the request is of HTTP/1.0, which has none"
    return misfit(plan, spoken(is_h2=wire.is_h2, is_tls=wire.is_tls))
