"""In which order a stream says what it says: the transitions of the format, as data.

Each event is read as one signal.  A stream is FRESH until its message_start, WRITING while it writes content blocks,
CLOSING from its first message_delta on, and STOPPED by its message_stop.  An error ends all judging of order.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from streamproof_formats.states import StateTable, Transition, named


class State(Enum):
    """How far a stream has come."""

    FRESH = auto()
    WRITING = auto()
    CLOSING = auto()
    STOPPED = auto()


class Signal(Enum):
    """What an event says, by the `type` of its data."""

    MESSAGE_START = "message_start"
    BLOCK_START = "content_block_start"
    BLOCK_DELTA = "content_block_delta"
    BLOCK_STOP = "content_block_stop"
    MESSAGE_DELTA = "message_delta"
    MESSAGE_STOP = "message_stop"
    PING = "ping"
    ERROR = "error"
    OTHER = "an event of a type unknown"


SIGNALS: Final[Mapping[str, Signal]] = {signal.value: signal for signal in Signal if signal is not Signal.OTHER}
"""The signal of a type; OTHER for all that are not here."""


class Step(NamedTuple):
    """Where a signal leads, and the rule that it breaks there."""

    state: State
    rule: str | None = None


def _staying(state: State, *signals: Signal, rule: str | None = None) -> dict[Signal, Step]:
    return {signal: Step(state, rule) for signal in signals}


_BLOCK: Final = (Signal.BLOCK_START, Signal.BLOCK_DELTA, Signal.BLOCK_STOP)
# Pings come at any time, and so may events of types that are new (AM-19, AM-21).
_ANYWHERE: Final = (Signal.PING, Signal.ERROR, Signal.OTHER)

TRANSITIONS: Final[Mapping[State, Mapping[Signal, Step]]] = {
    State.FRESH: {
        **_staying(State.FRESH, *_ANYWHERE),
        Signal.MESSAGE_START: Step(State.WRITING),
        **_staying(State.WRITING, *_BLOCK, rule="AM-02"),
        Signal.MESSAGE_DELTA: Step(State.CLOSING, "AM-02"),
        Signal.MESSAGE_STOP: Step(State.STOPPED, "AM-02"),
    },
    State.WRITING: {
        **_staying(State.WRITING, *_ANYWHERE, *_BLOCK),
        Signal.MESSAGE_START: Step(State.WRITING, "AM-02"),
        Signal.MESSAGE_DELTA: Step(State.CLOSING),
        Signal.MESSAGE_STOP: Step(State.STOPPED),
    },
    # anthropic-python appends what comes now without a word (AM-23).
    State.CLOSING: {
        **_staying(State.CLOSING, *_ANYWHERE),
        Signal.MESSAGE_START: Step(State.CLOSING, "AM-02"),
        **_staying(State.CLOSING, *_BLOCK, rule="AM-23"),
        Signal.MESSAGE_DELTA: Step(State.CLOSING),
        Signal.MESSAGE_STOP: Step(State.STOPPED),
    },
    State.STOPPED: {
        **_staying(State.STOPPED, *Signal, rule="AM-18"),
        Signal.PING: Step(State.STOPPED, "AM-18b"),
    },
}

EXPECTED: Final[Mapping[str, str]] = {
    "AM-02": "one message_start, and before all else",
    "AM-18": "nothing after message_stop",
    "AM-18b": "no ping after message_stop",
    "AM-23": "no content block after the first message_delta",
}
"""What a finding of a transition says it expected, by rule."""

STATES: Final = StateTable(
    of="the stream",
    start=named(State.FRESH),
    transitions=tuple(
        Transition(
            named(state),
            signal.value,
            named(step.state),
            (step.rule,) if step.rule else (),
            EXPECTED[step.rule] if step.rule else None,
        )
        for state, steps in TRANSITIONS.items()
        for signal, step in steps.items()
    ),
    meanings={
        named(State.FRESH): "no message_start has come",
        named(State.WRITING): "the content blocks come",
        named(State.CLOSING): "a message_delta has come",
        named(State.STOPPED): "message_stop has come",
    },
)
"""The transitions, for readers.  After an error no order is judged."""
