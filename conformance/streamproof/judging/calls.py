"""The checks of tool calls, and of the single function call that came before them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from streamproof.judging.expectation import Expectation
from streamproof.judging.failed import Failed, difference, text_of
from streamproof.judging.observed import Observed, SaidCall
from streamproof_formats.message import FunctionCall, ToolCall


def tool_calls(
    expected: Expectation, seen: Observed, where: str, wanted: Sequence[Any], said: Sequence[SaidCall]
) -> Iterator[Failed]:
    """The calls of one choice against those that were sent, or that the scenario states."""
    calls = [_plain(call) for call in wanted]
    shown = [attrs.asdict(call) for call in said]
    cut_short = is_cut_short(expected, seen)
    for number, call in enumerate(said):
        if number >= len(calls):
            yield Failed("wrong-tools", f"{where}tool_calls[{number}] was never sent", calls, shown)
            return
        yield from _call(expected, seen, f"{where}tool_calls[{number}]", calls[number], call)
    # A client that reports an error, or was stopped, may drop the calls it could not finish.
    if len(said) < len(calls) and not (cut_short and seen.outcome != "complete"):
        yield Failed("wrong-tools", f"{where}tool_calls: {len(calls)} were sent, {len(said)} were said", calls, shown)


def is_cut_short(expected: Expectation, seen: Observed) -> bool:
    """True where what had begun need not have been finished."""
    return seen.outcome in {"error", "incomplete"} or expected.unfinished_calls or expected.text_is_prefix


def unfinished_calls(
    seen: Observed, where: str, sent: Sequence[ToolCall], said: Sequence[SaidCall]
) -> Iterator[Failed]:
    """`tool_calls: unfinished`: a call may be dropped or shown as far as it came, never handed on as whole."""
    for number, call in enumerate(said):
        name = f"{where}tool_calls[{number}]"
        if number >= len(sent):
            yield Failed("wrong-tools", f"{name} was never sent", len(sent), len(said))
            return
        arguments = sent[number].arguments
        if arguments and _is_json(arguments):
            continue  # this one had come whole: another was cut
        found = list(_unfinished(name, arguments, call))
        yield from found
        if not found and seen.outcome == "complete":
            yield Failed("unfinished-call", f"{name} was cut short and is handed on as whole", "unfinished", call.raw)


def function_call(
    expected: Expectation, seen: Observed, where: str, wanted: Any, said: Mapping[str, Any] | None
) -> Iterator[Failed]:
    """The deprecated single call: a tool call without id."""
    if isinstance(wanted, FunctionCall):
        wanted = {"name": wanted.name, "arguments": wanted.arguments}
    where = f"{where}function_call"
    if not wanted or said is None:
        dropped = said is None and is_cut_short(expected, seen) and seen.outcome != "complete"
        if (wanted or said) and not dropped:
            yield Failed("wrong-tools", f"{where} is not what was sent", wanted, said)
        return
    raw = said.get("arguments_raw", said.get("arguments"))
    call = SaidCall(id=None, name=said.get("name"), raw=raw, parsed=said.get("arguments_json"))
    yield from _call(expected, seen, where, wanted, call)


def _plain(call: ToolCall | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(call, ToolCall):
        return {"id": call.id, "name": call.name, "arguments": call.arguments, "complete": call.complete}
    return dict(call)


def _call(
    expected: Expectation, seen: Observed, where: str, wanted: Mapping[str, Any], said: SaidCall
) -> Iterator[Failed]:
    for key, name in (("id", said.id), ("name", said.name)):
        if key not in wanted or (key == "id" and "tool_ids" not in seen.hello.capabilities):
            continue
        if (wanted[key] or "") != (name or "") and not (expected.text_is_prefix and not name):
            text = f"{where}.{key}: {wanted[key]!r} was sent, {name!r} was said"
            yield Failed("wrong-tools", text, wanted[key], name)
    if "arguments" not in wanted:
        return
    arguments = wanted["arguments"]
    whole = wanted.get("complete", True) and not expected.text_is_prefix
    if isinstance(arguments, str) and not (whole and (not arguments or _is_json(arguments))):
        found = list(_unfinished(where, arguments, said))
        yield from found
        if not found and seen.outcome == "complete" and "complete" not in expected.outcomes:
            text = f"{where}: arguments never fully arrived, the stream broke off, and the call is handed on"
            yield Failed("unfinished-call", text, arguments, said.raw)
    elif not _same_arguments(arguments, said):
        if is_cut_short(expected, seen) and seen.outcome != "complete" and said.parsed is None:
            return
        given = said.raw if said.raw is not None else said.parsed
        text = f"{where}.arguments: {difference(text_of(arguments), text_of(given))}"
        yield Failed("wrong-tools", text, arguments, given)


def _unfinished(where: str, sent: str, said: SaidCall) -> Iterator[Failed]:
    """A call cut short: its raw text may be shown as far as it came, never a value that never arrived."""
    text = "arguments never fully arrived"
    if said.parsed is not None and not _parses_to(sent, said.parsed):
        yield Failed("unfinished-call", f"{where}: {text}, yet the call has parsed ones", sent, said.parsed)
    elif said.raw is not None and not sent.startswith(said.raw):
        yield Failed("unfinished-call", f"{where}: {text}, yet the call has others", sent, said.raw)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parses_to(text: str, value: Any) -> bool:
    try:
        return _equal(json.loads(text), value)
    except (ValueError, RecursionError):
        return False


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON, where `true` is not `1`."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _same_arguments(wanted: Any, said: SaidCall) -> bool:
    """Equal as text, or as JSON: some clients give only one of the two, of those that give both each must be right."""
    if isinstance(wanted, str):
        parsed = said.parsed is None or _parses_to(wanted or "{}", said.parsed) or (not wanted and said.parsed == "")
        raw = said.raw is None or said.raw == wanted or _same_json(said.raw or "{}", wanted or "{}")
    else:
        parsed = said.parsed is None or _equal(said.parsed, wanted)
        raw = said.raw is None or _parses_to(said.raw or "{}", wanted)
    return parsed and raw and (not wanted or said.raw is not None or said.parsed is not None)


def _same_json(one: str, other: str) -> bool:
    try:
        return _equal(json.loads(one), json.loads(other))
    except (ValueError, RecursionError):
        return False
