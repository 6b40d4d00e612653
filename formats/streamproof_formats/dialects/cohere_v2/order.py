"""In which order the events of a stream may come: what each opens, goes on with or closes, and which rule says so."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

import attrs

from streamproof_formats.states import StateTable, arrows, joined


class Thing(Enum):
    """What an event is about."""

    MESSAGE = "the message"
    CONTENT = "a block of content"
    PLAN = "the tool plan"
    CALL = "a tool call"
    CITATION = "a citation"
    NOTHING = "nothing that the answer has"


class Move(Enum):
    """What an event does with it."""

    START = "start"
    DELTA = "delta"
    END = "end"


@attrs.frozen
class Step:
    """One type of event."""

    thing: Thing
    move: Move


EVENTS: Final[Mapping[str, Step]] = {
    "message-start": Step(Thing.MESSAGE, Move.START),
    "content-start": Step(Thing.CONTENT, Move.START),
    "content-delta": Step(Thing.CONTENT, Move.DELTA),
    "content-end": Step(Thing.CONTENT, Move.END),
    "tool-plan-delta": Step(Thing.PLAN, Move.DELTA),
    "tool-call-start": Step(Thing.CALL, Move.START),
    "tool-call-delta": Step(Thing.CALL, Move.DELTA),
    "tool-call-end": Step(Thing.CALL, Move.END),
    "citation-start": Step(Thing.CITATION, Move.START),
    "citation-end": Step(Thing.CITATION, Move.END),
    "message-end": Step(Thing.MESSAGE, Move.END),
    "debug": Step(Thing.NOTHING, Move.DELTA),
}
"""Every type that the union of events has."""


@attrs.frozen(kw_only=True)
class Rules:
    """The rules on one kind of thing that is opened and closed."""

    order: str
    """A start while the same is open, a delta or an end while it is not."""
    mixed: str
    """A start while another of its kind is open."""
    index: str
    """An index that is not the next one."""
    unclosed: str
    """Open at message-end."""


RULES: Final[Mapping[Thing, Rules]] = {
    # Blocks of content follow each other, so that another's start is out of order.
    Thing.CONTENT: Rules(order="CO-05", mixed="CO-05", index="CO-06", unclosed="CO-16"),
    Thing.CALL: Rules(order="CO-09", mixed="CO-09b", index="CO-09b", unclosed="CO-16"),
    # "citation-start ... citation-end": one without the other is no pair, at message-end too.
    Thing.CITATION: Rules(order="CO-11", mixed="CO-11b", index="CO-11b", unclosed="CO-11"),
}


def _of(thing: Thing) -> StateTable:
    """One that is opened and closed, as the rules on it say; a plan has no end."""
    rules, start, delta, end = RULES[thing], "its start", "its delta", "its end"
    return StateTable(
        of=thing.value.replace("a ", "each ", 1),
        start="closed",
        transitions=joined(
            arrows("closed", "open", start),
            arrows("closed", "closed", delta, end, rules=rules.order),
            arrows("open", "open", delta),
            arrows("open", "closed", end),
            arrows("open", "open", "its start again", rules=rules.order),
            arrows("open", "open", "the start of another", rules=rules.mixed),
            arrows("open", "over", "message-end", rules=rules.unclosed),
        ),
    )


_INNER: Final = "an event of the answer"
STATES: Final = (
    StateTable(
        of="the stream",
        start="new",
        transitions=joined(
            arrows("new", "open", "message-start"),
            arrows("new", "open", _INNER, rules="CO-03"),
            arrows("new", "ended", "message-end", rules="CO-03"),
            arrows("new", "cut", "the end of the body", rules="CO-04"),
            arrows("open", "open", _INNER),
            arrows("open", "open", "message-start", rules="CO-03"),
            arrows("open", "ended", "message-end"),
            arrows("open", "cut", "the end of the body", rules="CO-04"),
            arrows("ended", "marked", "[DONE]"),
            arrows("ended", "ended", "message-start", _INNER, "message-end", rules="CO-04"),
            arrows("marked", "marked", "message-start", _INNER, "message-end", "[DONE]", rules="CO-04"),
            arrows("new", "broken off", "[DONE]"),
            arrows("open", "broken off", "[DONE]"),
            arrows("broken off", "broken off", "message-start", _INNER, "message-end", "[DONE]", rules="CO-04"),
            arrows("broken off", "cut", "the end of the body", rules="CO-04"),
        ),
        meanings={
            "marked": "[DONE] has come, which may follow message-end",
            "broken off": "[DONE] has come without message-end",
        },
    ),
    _of(Thing.CONTENT),
    _of(Thing.CALL),
    _of(Thing.CITATION),
)
"""The rules on order, for readers."""
