"""The checks of a client: one observed run against one expectation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from streamproof.judging.calls import function_call, tool_calls, unfinished_calls
from streamproof.judging.expectation import UNSTATED, Expectation
from streamproof.judging.failed import Failed, difference, short
from streamproof.judging.observed import Observed, SaidChoice
from streamproof.judging.tables import CHECKS
from streamproof.judging.traffic import traffic
from streamproof_formats.dialects import finish_reason
from streamproof_formats.message import Usage


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
    if not refused and not seen.is_exact:
        for index, fields in sorted(expected.choices.items()):
            if index == 0 or "n" in seen.hello.capabilities or seen.hello.reports != "message":
                found += _choice(dialect, expected, seen, index, fields)
        found += _invented_choices(expected, seen)
        found += _usage(expected, seen)
    found += _error(expected, seen)
    found += _deltas(seen)
    found += traffic(expected, seen)
    return _worst_first(found)


def _worst_first(found: list[Failed]) -> list[Failed]:
    order = list(CHECKS)
    unique = {(failed.check, failed.message): failed for failed in found}
    return sorted(unique.values(), key=lambda failed: order.index(failed.check))


def _outcome(expected: Expectation, seen: Observed) -> Iterator[Failed]:
    if seen.outcome is None or seen.outcome in expected.outcomes:
        return
    threw = (seen.said.result or {}).get("error") is not None
    if seen.is_exact and not threw and seen.outcome != "stopped" and "complete" in expected.outcomes:
        return  # whether its events say that the answer is whole is for whoever reads them
    wanted = " or ".join(sorted(expected.outcomes))
    match seen.outcome:
        case "complete" | "incomplete" if expected.outcomes == {"stopped"}:
            text = "the client went on to the end although it was asked to stop"
            yield Failed("held-connection", text, wanted, seen.outcome)
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
            yield from tool_calls(expected, seen, where, fields["tool_calls"] or (), choice.tool_calls)
        elif expected.unfinished_calls:
            yield from unfinished_calls(seen, where, expected.cut_calls.get(index, ()), choice.tool_calls)
    if "function_call" in fields and "function_call" in capabilities:
        yield from function_call(expected, seen, where, fields["function_call"], choice.function_call)


def _text(expected: Expectation, seen: Observed, name: str, wanted: str, said: str) -> Iterator[Failed]:
    wanted, said = _paired(wanted), _paired(said)
    is_beginning = expected.text_is_prefix or (expected.text_may_be_cut and seen.outcome == "error")
    if said == wanted or said + seen.final_newline == wanted or (is_beginning and wanted.startswith(said)):
        return
    missing = len(said) < len(wanted) and _is_subsequence(said, wanted)
    # An error, and a finish reason that is missing, are signs: what is lost then is not lost in silence.
    if missing and seen.outcome == "complete" and not expected.text_is_prefix:
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
