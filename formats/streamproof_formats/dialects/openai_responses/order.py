"""In which order a response may say what it says: the transitions of the format, as data.

Three machines: one for the stream, one for whatever stands in brackets (a content part, a part of a summary, the
arguments of a function call), one for a hosted call.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from streamproof_formats.states import StateTable, Transition, named


class Phase(Enum):
    """How far a stream has come."""

    NEW = auto()
    LATE = auto()
    """Begun with something else than response.created."""
    CREATED = auto()
    RUNNING = auto()
    OUTPUT = auto()
    TAKEN_UP = auto()
    """Taken up again in the middle: what its beginning held is not known."""
    ERRED = auto()
    ENDED = auto()


class Signal(Enum):
    """What an event says of the stream."""

    CREATED = "response.created"
    QUEUED = "response.queued"
    IN_PROGRESS = "response.in_progress"
    OUTPUT = "output"
    END = "the end"
    FAILED = "response.failed"
    ERROR = "an error event"
    NOTHING = "an event that is none of the response"


class Move(NamedTuple):
    """Where a signal leads a stream, and the rules that it breaks there."""

    phase: Phase
    rules: tuple[str, ...] = ()


_ENDS: Final = {
    Signal.END: Move(Phase.ENDED),
    Signal.FAILED: Move(Phase.ENDED),
    Signal.ERROR: Move(Phase.ERRED),
}

STREAM: Final[Mapping[Phase, Mapping[Signal, Move]]] = {
    # openai-python: RuntimeError "Expected to have received `response.created`" -- lib/streaming/responses
    Phase.NEW: {
        Signal.CREATED: Move(Phase.CREATED),
        Signal.QUEUED: Move(Phase.LATE, ("OR-05",)),
        Signal.IN_PROGRESS: Move(Phase.RUNNING, ("OR-05",)),
        Signal.OUTPUT: Move(Phase.OUTPUT, ("OR-05", "OR-06")),
        Signal.END: Move(Phase.ENDED, ("OR-05", "OR-06")),
        Signal.FAILED: Move(Phase.ENDED, ("OR-05",)),
        Signal.ERROR: Move(Phase.ERRED, ("OR-05",)),
        Signal.NOTHING: Move(Phase.LATE, ("OR-05",)),
    },
    Phase.LATE: {
        Signal.CREATED: Move(Phase.CREATED),
        Signal.QUEUED: Move(Phase.LATE),
        Signal.IN_PROGRESS: Move(Phase.RUNNING),
        Signal.OUTPUT: Move(Phase.OUTPUT, ("OR-06",)),
        Signal.NOTHING: Move(Phase.LATE),
        **_ENDS,
        Signal.END: Move(Phase.ENDED, ("OR-06",)),
    },
    Phase.CREATED: {
        Signal.CREATED: Move(Phase.CREATED),
        Signal.QUEUED: Move(Phase.CREATED),
        Signal.IN_PROGRESS: Move(Phase.RUNNING),
        Signal.OUTPUT: Move(Phase.OUTPUT, ("OR-06",)),
        Signal.NOTHING: Move(Phase.CREATED),
        **_ENDS,
        Signal.END: Move(Phase.ENDED, ("OR-06",)),
    },
    Phase.RUNNING: {
        Signal.CREATED: Move(Phase.RUNNING),
        Signal.QUEUED: Move(Phase.RUNNING, ("OR-06",)),
        Signal.IN_PROGRESS: Move(Phase.RUNNING),
        Signal.OUTPUT: Move(Phase.OUTPUT),
        Signal.NOTHING: Move(Phase.RUNNING),
        **_ENDS,
    },
    Phase.OUTPUT: {
        Signal.CREATED: Move(Phase.OUTPUT),
        Signal.QUEUED: Move(Phase.OUTPUT, ("OR-06",)),
        Signal.IN_PROGRESS: Move(Phase.OUTPUT),
        Signal.OUTPUT: Move(Phase.OUTPUT),
        Signal.NOTHING: Move(Phase.OUTPUT),
        **_ENDS,
    },
    Phase.TAKEN_UP: {
        **{signal: Move(Phase.TAKEN_UP) for signal in Signal},
        **_ENDS,
    },
    # Whether an error ends a stream is not written; nothing that follows it is a message any more.
    Phase.ERRED: {
        **{signal: Move(Phase.ERRED) for signal in Signal},
        Signal.FAILED: Move(Phase.ENDED),
    },
    Phase.ENDED: {signal: Move(Phase.ENDED, ("OR-07d",)) for signal in Signal},
}

EXPECTED: Final[Mapping[str, str]] = {
    "OR-05": "response.created as the first event",
    "OR-06": "response.created, response.queued if any and response.in_progress before all else",
    "OR-07d": "nothing but [DONE] after the terminal event",
}
"""What a finding of a transition says it expected, by rule."""


class Bracket(Enum):
    """How far something in brackets has come."""

    OPEN = auto()
    WHOLE = auto()
    """Its deltas are done."""
    CLOSED = auto()


class Mark(Enum):
    """What an event says of something in brackets."""

    PIECE = "a delta"
    WHOLE = "the done of its deltas"
    CLOSE = "its end"


class Turn(NamedTuple):
    """Where a mark leads, and what was expected where it may not stand."""

    bracket: Bracket
    expected: str | None = None


BRACKETS: Final[Mapping[Bracket, Mapping[Mark, Turn]]] = {
    Bracket.OPEN: {
        Mark.PIECE: Turn(Bracket.OPEN),
        Mark.WHOLE: Turn(Bracket.WHOLE),
        Mark.CLOSE: Turn(Bracket.CLOSED, "the done of its deltas before its end"),
    },
    Bracket.WHOLE: {
        Mark.PIECE: Turn(Bracket.WHOLE, "no delta after their done"),
        Mark.WHOLE: Turn(Bracket.WHOLE, "the done of its deltas once"),
        Mark.CLOSE: Turn(Bracket.CLOSED),
    },
    Bracket.CLOSED: {
        Mark.PIECE: Turn(Bracket.CLOSED, "no delta after its end"),
        Mark.WHOLE: Turn(Bracket.CLOSED, "the done of its deltas before its end"),
        Mark.CLOSE: Turn(Bracket.CLOSED, "its end once"),
    },
}


class Stage(Enum):
    """How far a hosted call has come."""

    WAITING = auto()
    BEGUN = auto()
    ENDED = auto()


class Advance(NamedTuple):
    """Where an event of a hosted call leads, and what was expected where it may not stand."""

    stage: Stage
    expected: str | None = None


HOSTED: Final[Mapping[Stage, Mapping[Stage, Advance]]] = {
    # By where the call is, then by what the event says: WAITING stands for a stage between beginning and end.
    Stage.WAITING: {
        Stage.BEGUN: Advance(Stage.BEGUN),
        Stage.WAITING: Advance(Stage.BEGUN, "in_progress first"),
        Stage.ENDED: Advance(Stage.ENDED, "in_progress first"),
    },
    Stage.BEGUN: {
        Stage.BEGUN: Advance(Stage.BEGUN, "in_progress once"),
        Stage.WAITING: Advance(Stage.BEGUN),
        Stage.ENDED: Advance(Stage.ENDED),
    },
    Stage.ENDED: {
        Stage.BEGUN: Advance(Stage.ENDED, "nothing after the call's end"),
        Stage.WAITING: Advance(Stage.ENDED, "nothing after the call's end"),
        Stage.ENDED: Advance(Stage.ENDED, "nothing after the call's end"),
    },
}
HOSTED_SIGNALS: Final[Mapping[Stage, str]] = {
    Stage.BEGUN: "its in_progress",
    Stage.WAITING: "a stage between",
    Stage.ENDED: "its completed or failed",
}
"""What an event of a hosted call says, in words."""

STATES: Final = (
    StateTable(
        of="the stream",
        start=named(Phase.NEW),
        transitions=tuple(
            Transition(
                named(phase),
                signal.value,
                named(move.phase),
                move.rules,
                "; ".join(EXPECTED[rule] for rule in move.rules) or None,
            )
            for phase, moves in STREAM.items()
            for signal, move in moves.items()
        ),
        meanings={
            named(Phase.NEW): "nothing has come",
            named(Phase.LATE): "it began with something else than response.created",
            named(Phase.CREATED): "response.created has come",
            named(Phase.RUNNING): "response.in_progress has come",
            named(Phase.OUTPUT): "the items of the output come",
            named(Phase.TAKEN_UP): "it is taken up again in the middle (starting_after); such a stream starts here",
            named(Phase.ERRED): "an error event has come",
            named(Phase.ENDED): "the terminal event has come",
        },
    ),
    StateTable(
        of="each content part, each part of a summary, the arguments of each call",
        start=named(Bracket.OPEN),
        transitions=tuple(
            Transition(named(bracket), mark.value, named(turn.bracket), (), turn.expected)
            for bracket, turns in BRACKETS.items()
            for mark, turn in turns.items()
        ),
        meanings={named(Bracket.WHOLE): "the done of its deltas has come"},
    ),
    StateTable(
        of="each hosted call",
        start=named(Stage.WAITING),
        transitions=tuple(
            Transition(
                named(stage),
                HOSTED_SIGNALS[said],
                named(advance.stage),
                ("OR-30",) * bool(advance.expected),
                advance.expected,
            )
            for stage, advances in HOSTED.items()
            for said, advance in advances.items()
        ),
    ),
)
"""The transitions, for readers."""
