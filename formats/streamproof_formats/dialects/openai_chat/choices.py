"""The rules on one choice: its order, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects.base import text_of
from streamproof_formats.dialects.openai_chat import logprobs as logprob_rules
from streamproof_formats.dialects.openai_chat.assembler import ChoiceDraft
from streamproof_formats.dialects.openai_chat.order import (
    EXCLUSIVE,
    EXPECTED,
    ONCE_A_CHOICE,
    TRANSITIONS,
    Signal,
    State,
)
from streamproof_formats.dialects.openai_chat.tools import judge_arguments, judge_type, take_call
from streamproof_formats.dialects.wording import number, quoted

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Sink
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.dialects.openai_chat.request import Asked

NATURAL: Final = frozenset({"stop", "tool_calls", "function_call"})
"""Finish reasons of an answer that was not cut short."""


def take(draft: ChoiceDraft, entry: dict[str, Any], asked: Asked | None, breaches: Sink) -> None:
    """Adds a chunk's entry for a choice, and judges it."""
    delta = entry.get("delta")
    if isinstance(delta, dict):
        _take_delta(draft, delta, asked, breaches)
    else:
        delta = {}
    if entry.get("logprobs") is not None:
        logprob_rules.judge(draft, entry["logprobs"], delta, asked, breaches)
    reason = entry.get("finish_reason")
    # An empty finish reason is a fault of its type, and means none.
    if isinstance(reason, str) and reason:
        first = draft.finish_reason is None
        _signal(draft, Signal.FINISH, breaches)
        draft.finish_reason = reason
        if any(delta.values()):
            breaches.add("OC-16", "expected an empty delta beside the finish reason, found one that says something")
        if first:
            judge_finish(draft, reason, asked, breaches)


def _take_delta(draft: ChoiceDraft, delta: dict[str, Any], asked: Asked | None, breaches: Sink) -> None:
    before = len(draft.seen)
    said = _take_texts(draft, delta, breaches)
    said |= _take_calls(draft, delta, asked, breaches)
    if isinstance(delta.get("audio"), dict):
        said = True
        _signal(draft, Signal.AUDIO, breaches)
    if not said:
        _signal(draft, Signal.EMPTY, breaches)
    if len(draft.seen) != before:
        for one, other, rule in EXCLUSIVE:
            if one in draft.seen and other in draft.seen and rule not in draft.told:
                draft.told.add(rule)
                breaches.add(rule, f"expected {one.value} or {other.value} in a choice, found both")
    draft.expires = is_expiry(delta)


def _take_texts(draft: ChoiceDraft, delta: dict[str, Any], breaches: Sink) -> bool:
    said = False
    role = delta.get("role")
    if isinstance(role, str) and role:
        said = True
        _take_role(draft, role, breaches)
    if draft.add_reasoning(delta):
        said = True
        _signal(draft, Signal.REASONING, breaches)
    content = delta.get("content")
    if isinstance(content, str):
        draft.text.add(content)
        if content:
            said = True
            if draft.state is not State.ANSWERING:
                _signal(draft, Signal.TEXT, breaches)
    refusal = delta.get("refusal")
    if isinstance(refusal, str):
        draft.refusal.add(refusal)
        if refusal:
            said = True
            _signal(draft, Signal.REFUSAL, breaches)
    return said


def _take_calls(draft: ChoiceDraft, delta: dict[str, Any], asked: Asked | None, breaches: Sink) -> bool:
    said = False
    pieces = delta.get("tool_calls")
    if isinstance(pieces, list) and pieces:
        said = True
        _signal(draft, Signal.TOOL, breaches)
        for piece in pieces:
            if isinstance(piece, dict):
                take_call(draft.tools, piece, asked, breaches)
    if isinstance(delta.get("function_call"), dict):
        said = True
        _signal(draft, Signal.FUNCTION, breaches)
        _take_function(draft, delta["function_call"], breaches)
    return said


def _signal(draft: ChoiceDraft, signal: Signal, breaches: Sink) -> None:
    step = TRANSITIONS[draft.state][signal]
    draft.state = step.state
    draft.seen.add(signal)
    if step.rule is not None:
        breaches.add(step.rule, f"expected {EXPECTED[step.rule]}, found {signal.value}")


def _take_role(draft: ChoiceDraft, role: str, breaches: Sink) -> None:
    if draft.state is State.FRESH and role != "assistant":
        breaches.add("OC-10", f"expected the role assistant, found {quoted(role)}")
    if Signal.ROLE in draft.seen:
        breaches.add(ONCE_A_CHOICE[Signal.ROLE], "expected the role once in a choice, found it again")
    _signal(draft, Signal.ROLE, breaches)


def _take_function(draft: ChoiceDraft, piece: dict[str, Any], breaches: Sink) -> None:
    name = text_of(piece.get("name"))
    if draft.function_arguments is None and not name:
        breaches.add("OC-26c", "expected the name in the first delta of a function call, found none")
    elif name and draft.function_name is not None:
        # openai-python joins the two: "ff".
        breaches.add("OC-26c", "expected the name in the first delta of a function call only, found it again")
    draft.add_function(piece)


def judge_finish(draft: ChoiceDraft, reason: str, asked: Asked | None, breaches: Sink) -> None:
    """Judges what is settled once the choice has its finish reason."""
    calls, has_function = draft.tools.calls, draft.function_arguments is not None
    for call in calls:
        judge_type(call, breaches)
        if reason == "tool_calls" and call.type != "custom":
            judge_arguments(call, breaches)
    _judge_function(draft, breaches)
    if reason == "tool_calls" and not calls:
        breaches.add("OC-38", "expected a tool call before the finish reason tool_calls, found none")
    if reason == "function_call" and not has_function:
        breaches.add("OC-38", "expected a function call before the finish reason function_call, found none")
    if asked is None:
        return
    if calls and reason == "stop" and asked.tool_choice == "auto" and not asked.function_forced:
        breaches.add("OC-25", "expected the finish reason tool_calls after a tool call, found stop")
    if has_function and reason == "stop" and not asked.function_forced:
        breaches.add("OC-26", "expected the finish reason function_call after a function call, found stop")
    if asked.tool_choice == "required" and reason in NATURAL and not calls and Signal.REFUSAL not in draft.seen:
        breaches.add("OC-37b", "expected a tool call with tool_choice required, found none")
    if asked.tool_choice == "named":
        for call in calls:
            if call.name != asked.tool:
                found = "no name" if call.name is None else quoted(call.name)
                breaches.add("OC-37c", f"expected calls of {quoted(asked.tool or '')} only, found one of {found}")


def _judge_function(draft: ChoiceDraft, breaches: Sink) -> None:
    arguments = draft.function_arguments
    if arguments is None or "OC-26b" in draft.told:
        return
    missing = [key for key, value in (("name", draft.function_name), ("arguments", arguments.text)) if value is None]
    if missing:
        # openai-node throws on a function call without them.
        draft.told.add("OC-26b")
        breaches.add("OC-26b", f"expected name and arguments of the function call, found no {' and no '.join(missing)}")


def judge_end(draft: ChoiceDraft, asked: Asked | None, breaches: Sink) -> None:
    """Judges a choice at the terminator of a stream that succeeded."""
    judge_unfinished(draft, breaches)
    if draft.finish_reason is None:
        _judge_function(draft, breaches)
    if Signal.ROLE not in draft.seen:
        breaches.add("OC-10b", f"expected a role in choice {number(draft.index)}, found none")
    if asked is None:
        return
    judge_stop(draft, asked, breaches)
    if asked.logprobs and draft.text.text and not draft.has_logprobs:
        breaches.add("OC-30", f"expected logprobs of the content of choice {number(draft.index)}, found none")


def judge_unfinished(draft: ChoiceDraft, breaches: Sink) -> None:
    """Judges a choice at the end of the stream, be it reached or broken off."""
    if draft.finish_reason is None and not draft.expires:
        breaches.add("OC-14", f"expected a finish reason of choice {number(draft.index)}, found none")


def judge_stop(draft: ChoiceDraft, asked: Asked, breaches: Sink) -> None:
    """Judges whether the text holds what should have ended it."""
    text = draft.text.text or ""
    for stop in asked.stop:
        if stop in text:
            # "The returned text will not contain the stop sequence." -- openai-openapi 2.3.0, StopConfiguration
            breaches.add(
                "OC-41", f"expected the text to end before {quoted(stop)}, found it in choice {number(draft.index)}"
            )


def is_expiry(delta: dict[str, Any]) -> bool:
    """True for the last update of an audio answer, which holds only when the audio expires."""
    audio = delta.get("audio")
    return isinstance(audio, dict) and audio.keys() == {"expires_at"} and sum(map(bool, delta.values())) == 1


def is_excused(fault: Fault, chunk: dict[str, Any]) -> bool:
    """True for a missing finish reason beside the expiry of an audio answer."""
    # "Omitted from the final audio update containing only delta.audio.expires_at."
    # -- openai-python 3.51.0, chat_completion_chunk.py, `finish_reason`
    match fault.path:
        case ("choices", int(place), "finish_reason") if fault.found == "nothing":
            delta = chunk["choices"][place].get("delta")
            return isinstance(delta, dict) and is_expiry(delta)
        case _:
            return False
