"""The rules on tool calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import text_of
from streamproof_formats.dialects.openai_chat.assembler import Added, CallDraft, CallDrafts, label, named
from streamproof_formats.dialects.wording import quoted, shown

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Sink
    from streamproof_formats.dialects.openai_chat.request import Asked


def take_call(drafts: CallDrafts, piece: dict[str, Any], asked: Asked | None, breaches: Sink) -> None:
    """Adds one delta of a tool call, and judges it."""
    known = len(drafts.indexes)
    added = drafts.add(piece)
    call = added.call
    if len(drafts.indexes) > known:
        # openai-python reads its list of calls by the index, and fails on one that is not the next.
        if call.index != known:
            breaches.add("OC-22", f"expected the tool index {known}, found {shown(call.index)}")
        _judge_opening(piece, breaches)
    elif call.index is not None:
        _judge_continuation(added, piece, breaches)
    if added.left is not None:
        judge_type(added.left, breaches)
    if added.opened and asked is not None:
        if asked.tool_choice == "none":
            breaches.add("OC-37", "expected no tool call with tool_choice none, found one")
        if asked.parallel_tool_calls is False and len(drafts.calls) > 1:
            breaches.add("OC-46", "expected one tool call with parallel_tool_calls false, found another")


def _judge_opening(piece: dict[str, Any], breaches: Sink) -> None:
    name, _ = named(piece)
    given = {"id": text_of(piece.get("id")), "type": text_of(piece.get("type")), "name": name}
    missing = [key for key, value in given.items() if not value]
    if missing:
        breaches.add("OC-20", f"expected id, type and name in the first delta of a call, found no {', '.join(missing)}")


def _judge_continuation(added: Added, piece: dict[str, Any], breaches: Sink) -> None:
    name, _ = named(piece)
    repeated = [key for key, value in (("id", text_of(piece.get("id"))), ("name", name)) if value]
    if repeated:
        # openai-python concatenates both: "call_acall_a".
        breaches.add("OC-21", f"expected no {' or '.join(repeated)} after the first delta of a call, found it again")
    if added.left is not None and not added.opened:
        breaches.add("OC-23", f"expected call {label(added.left)} to go on, found a delta of call {label(added.call)}")


def judge_type(call: CallDraft, breaches: Sink) -> None:
    """Judges, where a call has ended, whether it got its type."""
    if call.type is None and not call.typeless_told:
        call.typeless_told = True
        breaches.add("OC-20b", f"expected a type before the end of tool call {label(call)}, found none")


def judge_arguments(call: CallDraft, breaches: Sink) -> None:
    """Judges whether the joined arguments of a call are what they should be."""
    text = call.arguments.text or ""
    try:
        found = None if isinstance(json_text.read(text), dict) else f"another value: {quoted(text)}"
    except json_text.NotJson as fault:
        found = f"no JSON: {fault}"
    if found:
        breaches.add("OC-24", f"expected the arguments of call {label(call)} to be a JSON object, found {found}")
