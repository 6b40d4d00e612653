"""Why a damage need not be found: each reason is a sentence, and a predicate that shows that it holds.

What no reason covers has to be found, or has shown a hole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from streamproof_formats.dialect import Json
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.message import Choice, Message

from .mutations import Frame, Mutation
from .reading import Place, Said, said


@attrs.frozen(kw_only=True)
class Trial:
    """A damage, and what was made of the stream before and after it."""

    dialect: str
    frames: tuple[Frame, ...]
    """Before it."""
    mutation: Mutation
    before: Message
    after: Message

    @property
    def touched(self) -> tuple[Said, ...]:
        """What the events say that the damage is about."""
        count = 2 if self.mutation.kind == "swap" else 1
        return tuple(said(self.dialect, frame.json) for frame in self.frames[self.mutation.at :][:count])

    @property
    def told(self) -> str:
        """The damage in words."""
        events = " | ".join(frame.data for frame in self.frames[self.mutation.at :][:2])
        return f"{self.mutation} of {self.dialect}: {events}"

    @property
    def is_same(self) -> bool:
        """Whether the message is what it was."""
        return self.before == self.after


Reason = Callable[[Trial], bool]


def only_text(trial: Trial) -> bool:
    """The events say nothing but pieces of text, and all that is left is joined.

    No rule can see a piece that is lost, said twice or misplaced: the stream is another valid one.
    """
    if trial.mutation.kind not in ("drop", "repeat", "swap") or not all(one.is_all for one in trial.touched):
        return False
    return texts_of(trial.after, trial.dialect) == texts_said(trial) and textless(trial.before) == textless(trial.after)


def of_different_choices(trial: Trial) -> bool:
    """The events are of different choices, which may mix: the message is the same."""
    if trial.mutation.kind != "swap" or not trial.is_same:
        return False
    first, second = (one.choices for one in trial.touched)
    return first is not None and second is not None and not first & second


def beside_nothing(trial: Trial) -> bool:
    """One of two events that change places says nothing at all: the message is the same."""
    if trial.mutation.kind != "swap" or not trial.is_same:
        return False
    return any(one.is_all and not one.words for one in trial.touched)


UNORDERED: Final[Mapping[str, frozenset[frozenset[str]]]] = {
    dialect: frozenset(frozenset(pair.split()) for pair in pairs)
    for dialect, pairs in {
        # A chunk has a field for each of them, and no document orders these.  Reasoning is in no document at all: what
        # rules it is that it comes before the content (OC-35).
        "openai-chat": ("text call", "text call tool", "text call function", "refusal call", "refusal call tool",
                        "refusal call function", "reasoning call", "reasoning call tool", "reasoning call function",
                        "reasoning finish"),
        "mistral": ("text call", "text call tool", "reasoning call", "reasoning call tool"),
        # Nothing is documented of the order in a stream but that usage and [DONE] end it (WA-03, WA-07).
        "workers-ai": ("text call", "text call tool", "text finish", "tool finish", "call finish", "call tool finish",
                       "text older", "older finish"),
        # The parts of a candidate are joined by kind: a call between two texts is beside them.
        "gemini": ("text call", "reasoning call", "text reasoning"),
        "ollama-chat": ("text call", "reasoning call"),
        # No document says that a block of content has to be closed when a call begins, but that it is in the end (CO-16).
        "cohere-v2": ("close call",),
        # Parts are told apart by their index, and may be open side by side.
        "openai-responses": ("close open",),
    }.items()
}  # fmt: skip
"""By dialect, what two neighbours may say, in words, whose order no rule gives."""


def unordered(trial: Trial) -> bool:
    """What the two events say is kept apart, and no document puts it in order: the message is the same."""
    if trial.mutation.kind != "swap" or not trial.is_same:
        return False
    first, second = (one.words for one in trial.touched)
    return not first & second and first | second in UNORDERED.get(trial.dialect, ())


_CALLS: Final = {frozenset({"call"}), frozenset({"older"})}
WHOLE_CALLS: Final = frozenset({"gemini", "ollama-chat", "mistral"})


def a_whole_call(trial: Trial) -> bool:
    """A call that comes whole in one event is lost, said twice or moved as a piece of text is.

    Where calls come in pieces, one that came in a single event after all is lost so, and no more than that.
    """
    others = {one.others for one in trial.touched}
    if trial.mutation.kind not in ("drop", "repeat", "swap") or len(others) > 1 or not others <= _CALLS:
        return False
    is_whole = trial.dialect in WHOLE_CALLS or others == {frozenset({"older"})}
    if not is_whole and trial.mutation.kind != "drop":
        return False
    counts = {"drop": -1, "repeat": 1, "swap": 0}
    before, after = (calls_in(one) for one in (trial.before, trial.after))
    return after - before == counts[trial.mutation.kind] and callless(trial.before) == callless(trial.after)


SAID_AGAIN: Final[Mapping[str, frozenset[str]]] = {
    # "one or more message_delta events", whose counts are running totals: rules AM-13 and AM-15
    "anthropic-messages": frozenset({"finish usage"}),
    "workers-ai": frozenset({"finish"}),
    # OR-06 asks for response.in_progress before any output, and not that it comes once.
    # OR-18 asks for the done of function call arguments, and nothing asks for that of a custom tool's input.
    "openai-responses": frozenset({"start", "whole"}),
    # "where earlier ones have it too, its counts never go down": rule GM-13
    "gemini": frozenset({"usage"}),
    # MI-05 asks for the first chunk of a choice alone.
    "mistral": frozenset({"start"}),
}
LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    # Both are optional: rules WA-07 and WA-15
    "workers-ai": frozenset({"finish", "usage"}),
    "openai-responses": frozenset({"whole"}),
    # "[DONE] follows message-end": rule CO-18, a MAY
    "cohere-v2": frozenset({"done"}),
}


def said_again(trial: Trial) -> bool:
    """The documents let this be said more than once, and twice the same is the same."""
    words = " ".join(sorted(trial.touched[0].words))
    return trial.mutation.kind == "repeat" and trial.is_same and words in SAID_AGAIN.get(trial.dialect, ())


def an_empty_candidate(trial: Trial) -> bool:
    """A candidate whose end is all that it says is lost: no rule asks for as many as the request did."""
    if trial.dialect != "gemini" or trial.mutation.kind != "drop" or trial.touched[0].words != {"finish"}:
        return False
    lost = {choice.index: choice for choice in trial.before.choices}
    for choice in trial.after.choices:
        del lost[choice.index]
    return len(lost) == 1 and all(one == Choice(index=at, finish_reason=one.finish_reason) for at, one in lost.items())


def left_out(trial: Trial) -> bool:
    """The documents let this be left out."""
    words = " ".join(sorted(trial.touched[0].words))
    return trial.mutation.kind == "drop" and words in LEFT_OUT.get(trial.dialect, ())


def texts_said(trial: Trial) -> dict[tuple[int, str, int | None], str]:
    """All that the damaged stream says, joined by place; calls by their order, nothing empty."""
    joined: dict[Place, str] = {}
    for frame in trial.mutation.frames:
        for place, text in said(trial.dialect, frame.json).pieces:
            if place[1] == "tool" and trial.dialect in WHOLE_CALLS:
                continue
            joined[place] = joined.get(place, "") + text
    return _by_order(joined)


def _by_order(joined: dict[Place, str]) -> dict[Place, str]:
    """The texts that are not empty; those of calls are numbered anew, from 0."""
    counts: Counter[int] = Counter()
    found: dict[Place, str] = {}
    for (choice, word, number), text in sorted(joined.items(), key=_in_order):
        if text and word == "tool":
            found[choice, word, counts[choice]] = text
            counts[choice] += 1
        elif text:
            found[choice, word, number] = text
    return found


def _in_order(item: tuple[Place, str]) -> tuple[int, str, int]:
    choice, word, number = item[0]
    return choice, word, number or 0


def texts_of(message: Message, dialect: str) -> dict[Place, str]:
    """The texts of a message by place, nothing empty; calls that come whole have none."""
    found: dict[Place, str | None] = {}
    for choice in message.choices:
        index = choice.index
        found |= {(index, word, None): getattr(choice, word) for word in ("text", "reasoning", "refusal")}
        if dialect not in WHOLE_CALLS:
            found |= {
                (index, "tool", number): call.arguments for number, call in enumerate(choice.tool_calls) if call.id
            }
        if choice.function_call is not None:
            found[index, "function", None] = choice.function_call.arguments
    return _by_order({place: text or "" for place, text in found.items()})


def textless(message: Message) -> Message:
    """The message without its texts, and without choices that say nothing else."""
    choices = (_textless(choice) for choice in message.choices)
    return attrs.evolve(message, choices=tuple(one for one in choices if one != Choice(index=one.index)))


def calls_in(message: Message) -> int:
    return sum(len(choice.tool_calls) + (choice.function_call is not None) for choice in message.choices)


def callless(message: Message) -> Message:
    """The message without its calls, and without choices that say nothing else."""
    choices = (attrs.evolve(choice, tool_calls=(), function_call=None) for choice in message.choices)
    return attrs.evolve(message, choices=tuple(one for one in choices if one != Choice(index=one.index)))


def _textless(choice: Choice) -> Choice:
    function = choice.function_call
    return attrs.evolve(
        choice,
        text=None,
        reasoning=None,
        refusal=None,
        tool_calls=tuple(attrs.evolve(call, arguments="") if call.id else call for call in choice.tool_calls),
        function_call=None if function is None else attrs.evolve(function, arguments=""),
    )


REASONS: Final[Mapping[str, Reason]] = {
    "a piece of text": only_text,
    "different choices": of_different_choices,
    "beside nothing": beside_nothing,
    "unordered": unordered,
    "a whole call": a_whole_call,
    "said again": said_again,
    "left out": left_out,
    "an empty candidate": an_empty_candidate,
}
"""By name."""


def admits(dialect: str, value: Json) -> bool:
    """Whether the schemas of a dialect admit an event: a field may be absent, null or of another type where they say so.

    That they say so with reason is tried elsewhere, against the types of the official SDKs.
    """
    # "There are events of new types": rules AM-21 and CO-17
    if value.get("type") in ("x_new_event", "x-new-event"):
        return True
    named = dialect in ("openai-responses", "cohere-v2", "anthropic-messages")
    faults = list(event_schema(dialect, value["type"] if named else "chunk").faults(value))
    if dialect == "anthropic-messages":
        for key, kind in (("content_block", "block"), ("delta", "delta")):
            inner = value.get(key)
            # Blocks that come whole are typed by no rule (AM-25).
            if isinstance(inner, dict) and inner.get("type") not in (None, "fallback", "web_search_tool_result"):
                faults += event_schema(dialect, f"{kind}-{inner['type']}").faults(inner)
    return not faults


UNTYPED: Final = frozenset({("workers-ai", "finish_reason"), ("workers-ai", "p")})
"""Fields whose type no document gives, at which a schema nevertheless says what is usual: by dialect and key."""


def a_free_field(mutation: Mutation, dialect: str) -> bool:
    """The event is as its schema has it, or the field is one that no document types."""
    return (dialect, mutation.path[0]) in UNTYPED or admits(dialect, mutation.frames[mutation.at].json)
