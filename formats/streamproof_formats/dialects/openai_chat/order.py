"""In which order a choice may say what it says: the transitions of the format, as data.

A chunk's entry for a choice is read as signals: the author's role, pieces of reasoning, text, refusal, tool call,
function call and audio, then the finish.  A delta with none of these is the signal EMPTY.  A choice is FRESH until its
first delta, OPEN until its first text, then ANSWERING; from its finish reason on it is FINISHED, or ANSWERED with text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from streamproof_formats.states import StateTable, Transition, named


class State(Enum):
    """How far a choice has come."""

    FRESH = auto()
    OPEN = auto()
    ANSWERING = auto()
    FINISHED = auto()
    ANSWERED = auto()


class Signal(Enum):
    """One thing that a chunk says of a choice."""

    ROLE = "the role"
    REASONING = "reasoning"
    TEXT = "content"
    REFUSAL = "a refusal"
    TOOL = "a tool call"
    FUNCTION = "a function call"
    AUDIO = "audio"
    EMPTY = "an empty delta"
    FINISH = "a finish reason"


class Step(NamedTuple):
    """Where a signal leads, and the rule that it breaks there."""

    state: State
    rule: str | None = None


_DELTAS: Final = tuple(signal for signal in Signal if signal is not Signal.FINISH)
_FINISH: Final = {Signal.FINISH: Step(State.FINISHED)}


def _after_finish(state: State) -> dict[Signal, Step]:
    """What comes after the finish reason is appended by the SDKs without a word (OC-15); audio may come (OC-44)."""
    return {
        **{signal: Step(state) for signal in _DELTAS},
        Signal.TEXT: Step(State.ANSWERED, "OC-15"),
        Signal.REFUSAL: Step(state, "OC-15"),
        Signal.TOOL: Step(state, "OC-15"),
        Signal.FUNCTION: Step(state, "OC-15"),
        Signal.FINISH: Step(state, "OC-14b"),
    }


TRANSITIONS: Final[Mapping[State, Mapping[Signal, Step]]] = {
    # The first chunk of a choice carries the role, in OpenAI's samples; an audio stream has it later (OC-10).
    State.FRESH: {
        **{signal: Step(State.OPEN, "OC-10") for signal in _DELTAS},
        Signal.ROLE: Step(State.OPEN),
        Signal.AUDIO: Step(State.OPEN),
        Signal.TEXT: Step(State.ANSWERING, "OC-10"),
        **_FINISH,
    },
    State.OPEN: {
        **{signal: Step(State.OPEN) for signal in _DELTAS},
        Signal.TEXT: Step(State.ANSWERING),
        **_FINISH,
    },
    # Reasoning comes before the content that it led to (OC-35).
    State.ANSWERING: {
        **{signal: Step(State.ANSWERING) for signal in _DELTAS},
        Signal.REASONING: Step(State.ANSWERING, "OC-35"),
        Signal.FINISH: Step(State.ANSWERED),
    },
    State.FINISHED: _after_finish(State.FINISHED),
    State.ANSWERED: {**_after_finish(State.ANSWERED), Signal.REASONING: Step(State.ANSWERED, "OC-35")},
}

EXPECTED: Final[Mapping[str, str]] = {
    "OC-10": "the role in the first chunk of a choice",
    "OC-14b": "one finish reason",
    "OC-15": "nothing new after the finish reason",
    "OC-35": "all reasoning before the content",
}
"""What a finding of a transition says it expected, by rule."""

ONCE_A_CHOICE: Final[Mapping[Signal, str]] = {Signal.ROLE: "OC-11"}
"""Signals that a choice gives once, and the rule of it (the finish reason has its own in the table)."""

EXCLUSIVE: Final = ((Signal.TEXT, Signal.REFUSAL, "OC-13"), (Signal.TOOL, Signal.FUNCTION, "OC-26d"))
"""Pairs of signals that one choice does not give both, and the rule of it."""

STATES: Final = StateTable(
    of="each choice",
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
        named(State.FRESH): "no delta has come",
        named(State.OPEN): "no text has come",
        named(State.ANSWERING): "text has come",
        named(State.FINISHED): "the finish reason has come, and no text",
        named(State.ANSWERED): "the finish reason has come after text, or text after it",
    },
)
"""The transitions, for readers."""
