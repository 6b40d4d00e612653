"""The checks of a client: one observed run against one expectation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from streamproof.judging.expectation import UNSTATED, Expectation
from streamproof.judging.observed import Observed, SaidCall, SaidChoice
from streamproof.judging.tables import CHECKS, CheckName
from streamproof_formats.dialects import finish_reason
from streamproof_formats.message import FunctionCall, ToolCall, Usage

SHOWN = 160
"""Characters of a value that a message shows."""


@attrs.frozen
class Failed:
    """A check that failed, before its force is weighed."""

    check: CheckName
    message: str
    expected: Any = None
    actual: Any = None


def run_checks(dialect: str, expected: Expectation, seen: Observed) -> list[Failed]:
    """All that one run breaks of one expectation, worst first."""
    match seen.said.ended:
        case "hang":
            return [Failed("hang", "no result within the time limit", sorted(expected.outcomes), "nothing")]
        case "crash":
            code = seen.said.exit_code
            return [Failed("crash", f"the client's process ended without a result (exit code {code})", None, code)]
    found = [*_outcome(expected, seen)]
    refused = any(failed.check == "spurious-error" for failed in found)
    if not refused:
        for index, fields in sorted(expected.choices.items()):
            if index == 0 or "n" in seen.hello.capabilities or seen.hello.reports != "message":
                found += _choice(dialect, expected, seen, index, fields)
        found += _invented_choices(expected, seen)
        found += _usage(expected, seen)
    found += _error(expected, seen)
    found += _deltas(seen)
    found += _traffic(expected, seen)
    return _worst_first(found)


def _worst_first(found: list[Failed]) -> list[Failed]:
    order = list(CHECKS)
    unique = {(failed.check, failed.message): failed for failed in found}
    return sorted(unique.values(), key=lambda failed: order.index(failed.check))


def _outcome(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    if seen.outcome is None or seen.outcome in expected.outcomes:
        return
    wanted = " or ".join(sorted(expected.outcomes))
    match seen.outcome:
        case "error":
            said = seen.error.message if seen.error else ""
            if expected.outcomes & {"complete", "incomplete", "stopped"}:
                yield Failed("spurious-error", f"refused the stream: {short(said)}", wanted, said)
        case "complete" | "incomplete" if expected.outcomes == {"error"} and expected.error_sent:
            logged = "; the error is only in its log" if _only_logged(expected, seen) else ""
            yield Failed("swallowed-error", f"no error was reported{logged}", wanted, seen.outcome)
        case "complete" | "incomplete" if expected.outcomes == {"error"}:
            yield Failed("silent-truncation", "a damaged stream was passed over without an error", wanted, seen.outcome)
        case "complete":
            yield Failed("silent-truncation", "an unfinished stream was taken for a finished one", wanted, "complete")
        case "incomplete":
            yield Failed("invented-finish", "the finish reason that was sent is missing", wanted, "incomplete")
        case "stopped":
            yield Failed("spurious-error", "the client stopped without being asked to", wanted, "stopped")


def _only_logged(expected: Expectation, seen: Observed) -> bool:
    says = expected.error_says
    return says is not None and (says in seen.said.stderr or says in seen.extra_output)


def _choice(
    dialect: str, expected: Expectation, seen: Observed, index: int, fields: Mapping[str, Any]
) -> Iterator[Failed]:
    choice = seen.choices.get(index, SaidChoice(index=index))
    where = f"choices[{index}]." if index else ""
    capabilities = seen.hello.capabilities
    for kind in ("text", "reasoning", "refusal"):
        if kind in fields and (kind == "text" or kind in capabilities):
            yield from _text(expected, seen, f"{where}{kind}", fields[kind] or "", getattr(choice, kind))
    if "finish_reason" in fields and "finish_reason" in capabilities:
        yield from _finish(dialect, seen, f"{where}finish_reason", fields["finish_reason"], choice.finish_reason)
    if "tools" in capabilities:
        if "tool_calls" in fields:
            yield from _tools(expected, seen, where, fields["tool_calls"] or (), choice.tool_calls)
        elif expected.unfinished_calls:
            yield from _whole_calls(seen, where, choice.tool_calls)
    if "function_call" in fields and "function_call" in capabilities:
        yield from _function(seen, where, fields["function_call"], choice.function_call)


def _text(expected: Expectation, seen: Observed, name: str, wanted: str, said: str) -> Iterator[Failed]:
    wanted, said = _paired(wanted), _paired(said)
    if said == wanted or said + seen.final_newline == wanted or (expected.text_is_prefix and wanted.startswith(said)):
        return
    missing = len(said) < len(wanted) and _is_subsequence(said, wanted)
    if missing and seen.outcome != "error" and not expected.text_is_prefix:
        yield Failed("silent-truncation", f"{name}: {difference(wanted, said)}", wanted, said)
    else:
        yield Failed("wrong-text", f"{name}: {difference(wanted, said)}", wanted, said)


def _paired(text: str) -> str:
    """The text with surrogate halves that stand together joined: some languages keep them apart, none shows them so."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)


def _finish(dialect: str, seen: Observed, name: str, wanted: str | None, said: str | None) -> Iterator[Failed]:
    if finish_reason(dialect, wanted) == finish_reason(dialect, said):
        return
    if said is None:
        # An error tells more than the finish reason that it hides; `incomplete` is judged as an outcome.
        if seen.outcome == "complete":
            yield Failed("invented-finish", f"{name}: {wanted!r} was sent, nothing was said", wanted, said)
        return
    sent = "none" if wanted is None else repr(wanted)
    yield Failed("invented-finish", f"{name}: {sent} was sent, {said!r} was said", wanted, said)


def _tools(
    expected: Expectation, seen: Observed, where: str, wanted: Sequence[Any], said: Sequence[SaidCall]
) -> Iterator[Failed]:
    calls = [_plain(call) for call in wanted]
    shown = [attrs.asdict(call) for call in said]
    cut_short = seen.outcome in {"error", "incomplete"} or expected.unfinished_calls or expected.text_is_prefix
    for number, call in enumerate(said):
        if number >= len(calls):
            yield Failed("wrong-tools", f"{where}tool_calls[{number}] was never sent", calls, shown)
            return
        yield from _call(seen, f"{where}tool_calls[{number}]", calls[number], call, cut_short=cut_short)
    # A client that reports an error may drop the calls it could not finish.
    if len(said) < len(calls) and not (cut_short and seen.outcome != "complete"):
        yield Failed("wrong-tools", f"{where}tool_calls: {len(calls)} were sent, {len(said)} were said", calls, shown)


def _plain(call: ToolCall | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(call, ToolCall):
        return {"id": call.id, "name": call.name, "arguments": call.arguments, "complete": call.complete}
    return dict(call)


def _call(
    seen: Observed, where: str, wanted: Mapping[str, Any], said: SaidCall, *, cut_short: bool
) -> Iterator[Failed]:
    for key, name in (("id", said.id), ("name", said.name)):
        if (
            key in wanted
            and (key != "id" or "tool_ids" in seen.hello.capabilities)
            and (wanted[key] or "") != (name or "")
        ):
            yield Failed(
                "wrong-tools", f"{where}.{key}: {wanted[key]!r} was sent, {name!r} was said", wanted[key], name
            )
    if "arguments" not in wanted:
        return
    arguments = wanted["arguments"]
    if not isinstance(arguments, str) or (wanted.get("complete", True) and (not arguments or _is_json(arguments))):
        if not _same_arguments(arguments, said):
            if cut_short and seen.outcome != "complete" and said.parsed is None:
                return
            given = said.raw if said.raw is not None else said.parsed
            yield Failed(
                "wrong-tools",
                f"{where}.arguments: {difference(_text_of(arguments), _text_of(given))}",
                arguments,
                given,
            )
        return
    yield from _unfinished(seen, where, arguments, said)


def _unfinished(seen: Observed, where: str, sent: str, said: SaidCall) -> Iterator[Failed]:
    """A call cut short: its raw text may be shown as far as it came, never a value that never arrived."""
    text = "arguments never fully arrived"
    if said.parsed is not None and not _parses_to(sent, said.parsed):
        yield Failed("unfinished-call", f"{where}: {text}, yet the call has parsed ones", sent, said.parsed)
    elif said.raw is not None and not sent.startswith(said.raw):
        yield Failed("unfinished-call", f"{where}: {text}, yet the call has others", sent, said.raw)
    elif seen.outcome == "complete" and not any(choice.finish_reason for choice in seen.choices.values()):
        yield Failed(
            "unfinished-call", f"{where}: {text}, the stream broke off, and the call is handed on", sent, said.raw
        )


def _whole_calls(seen: Observed, where: str, said: Sequence[SaidCall]) -> Iterator[Failed]:
    for number, call in enumerate(said):
        if call.parsed is not None or seen.outcome == "complete":
            given = call.parsed if call.parsed is not None else call.raw
            name = f"{where}tool_calls[{number}]"
            yield Failed("unfinished-call", f"{name} was cut short and is handed on as whole", "unfinished", given)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parses_to(text: str, value: Any) -> bool:
    try:
        return bool(json.loads(text) == value)
    except ValueError:
        return False


def _same_arguments(wanted: Any, said: SaidCall) -> bool:
    """Equal as text, or as JSON: some clients give only one of the two."""
    if isinstance(wanted, str):
        if said.raw is not None:
            return said.raw == wanted or _same_json(said.raw, wanted)
        return _parses_to(wanted or "{}", said.parsed) or (not wanted and said.parsed in (None, "", {}))
    return said.parsed == wanted if said.raw is None else _parses_to(said.raw, wanted)


def _same_json(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _function(seen: Observed, where: str, wanted: Any, said: Mapping[str, Any] | None) -> Iterator[Failed]:
    """The deprecated single call: a tool call without id."""
    if isinstance(wanted, FunctionCall):
        wanted = {"name": wanted.name, "arguments": wanted.arguments}
    where = f"{where}function_call"
    if not wanted or said is None:
        if (wanted or said) and seen.outcome != "error":
            yield Failed("wrong-tools", f"{where} is not what was sent", wanted, said)
        return
    raw = said.get("arguments_raw", said.get("arguments"))
    call = SaidCall(id=None, name=said.get("name"), raw=raw, parsed=said.get("arguments_json"))
    yield from _call(seen, where, wanted, call, cut_short=seen.outcome in {"error", "incomplete"})


def _invented_choices(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    if not expected.all_choices:
        return
    for index, choice in sorted(seen.choices.items()):
        said = choice.text or choice.reasoning or choice.refusal or choice.tool_calls
        if index not in expected.choices and said:
            yield Failed("wrong-text", f"choices[{index}] was never sent", None, attrs.asdict(choice))


def _usage(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    wanted = expected.usage
    if wanted == UNSTATED or "usage" not in seen.hello.capabilities or seen.outcome != "complete":
        return
    sent = {} if wanted is None else {key: value for key, value in attrs.asdict(wanted).items() if value is not None}
    said = {
        key: value for key, value in (seen.usage or {}).items() if key in Usage.__annotations__ and value is not None
    }
    if {**said, **sent} != said or (not sent and any(said.values())):
        yield Failed(
            "wrong-usage", f"usage: {sent or None} was sent, {said or None} was said", sent or None, said or None
        )


def _error(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    if seen.outcome != "error" or seen.error is None:
        return
    status = expected.error_status
    if status is not None and "error_status" in seen.hello.capabilities and seen.error.status != status:
        yield Failed("swallowed-error", f"the status {status} was not reported", status, seen.error.status)
    says = expected.error_says
    if (
        says
        and says not in seen.error.message
        and says not in (seen.error.type or "")
        and "error_status" in seen.hello.capabilities
    ):
        yield Failed("swallowed-error", f"the error does not say {says!r}", says, seen.error.message)


def _deltas(seen: Observed) -> Iterator[Failed]:
    if seen.outcome != "complete":
        return
    for index, kinds in sorted(seen.deltas.items()):
        choice = seen.choices.get(index)
        for kind, joined in kinds.items():
            final = getattr(choice, kind) if choice else ""
            if _paired(joined) != _paired(final):
                yield Failed("deltas-differ", f"choices[{index}].{kind}: {difference(final, joined)}", final, joined)


def _traffic(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    exchanges = seen.exchanges
    count = len(exchanges)
    if expected.requests_max is not None and count > expected.requests_max:
        yield Failed(
            "resent",
            f"{count} requests were sent, at most {expected.requests_max} allowed",
            expected.requests_max,
            count,
        )
    if count < expected.requests_min:
        yield Failed(
            "resent",
            f"{count} requests were sent, at least {expected.requests_min} wanted",
            expected.requests_min,
            count,
        )
    yield from _waits(expected, seen)
    if expected.result_within_s is not None and exchanges and exchanges[-1].last_byte_ns is not None:
        took_s = (seen.said.ended_ns - exchanges[-1].last_byte_ns) / 1e9
        if took_s > expected.result_within_s:
            yield Failed(
                "hang",
                f"the result came {took_s:.1f} s after the last byte",
                expected.result_within_s,
                round(took_s, 2),
            )
    if expected.left_within_s is not None and exchanges:
        yield from _held(expected.left_within_s, seen)
    if any(exchange.late for exchange in exchanges):
        yield Failed("late", "what had arrived was not handed on within 2 s", None, sum(e.late for e in exchanges))
    for breach in {breach: None for exchange in exchanges for breach in exchange.breaches}:
        yield Failed("bad-request", f"request body: {breach}", None, breach)


def _waits(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    pairs = zip(seen.exchanges, seen.exchanges[1:], strict=False)
    for before, after in pairs:
        waited_s = (after.arrived_ns - (before.ended_ns or before.last_byte_ns or before.arrived_ns)) / 1e9
        if expected.wait_min_s is not None and waited_s < expected.wait_min_s * 0.95:
            text = f"the next request came after {waited_s:.2f} s, at least {expected.wait_min_s:g} s were asked for"
            yield Failed("early-retry", text, expected.wait_min_s, round(waited_s, 3))
        if expected.wait_max_s is not None and waited_s > expected.wait_max_s:
            text = f"the next request came only after {waited_s:.1f} s"
            yield Failed("hang", text, expected.wait_max_s, round(waited_s, 2))


def _held(limit_s: float, seen: Observed) -> Iterator[Failed]:
    exchange = seen.exchanges[-1]
    since_ns = seen.said.ended_ns if seen.outcome == "stopped" else (exchange.last_byte_ns or exchange.arrived_ns)
    left_ns = exchange.left_ns
    took_s = None if left_ns is None else max(0.0, (left_ns - since_ns) / 1e9)
    if took_s is None and exchange.complete:
        return  # the server ended the answer itself before the client had a reason to leave
    if took_s is None or took_s > limit_s:
        said = "was still open" if took_s is None else f"was closed after {took_s:.1f} s"
        yield Failed("held-connection", f"the connection {said}, {limit_s:g} s allowed", limit_s, took_s)


def short(text: Any) -> str:
    """A value as one line of at most `SHOWN` characters."""
    line = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False, default=str)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}... ({len(line)} characters)"


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def difference(wanted: str, said: str) -> str:
    """Where two texts part, in one line."""
    if not said:
        return f"{short(repr(wanted))} was sent, nothing was said"
    at = next((i for i, (a, b) in enumerate(zip(wanted, said, strict=False)) if a != b), min(len(wanted), len(said)))
    start = max(0, at - 20)
    lead = "..." if start else ""
    sent = f"{lead}{wanted[start : at + 60]!r}"
    got = f"{lead}{said[start : at + 60]!r}"
    if len(wanted) == len(said):
        return f"{sent} was sent, {got} was said (from character {at})"
    return f"{sent} was sent, {got} was said (from character {at}; {len(wanted)} against {len(said)} characters)"
