"""What a client must make of a case: derived from what is sent, or stated by the scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import attrs

from streamproof.judging.sent import Sent
from streamproof.judging.tables import DERIVED, STOPPED_LEFT_WITHIN_S
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.message import Message, ToolCall, Usage
from streamproof_scenarios.model import Case, Fill, Outcome, Reading

UNSTATED: Final = "unstated"
Unstated = Literal["unstated"]

CHOICE_FIELDS: Final[tuple[str, ...]] = ("text", "reasoning", "refusal", "finish_reason", "tool_calls", "function_call")


@attrs.frozen(kw_only=True)
class Expectation:
    """One reading of what a client must deliver.  What is not in `choices[i]` is not compared."""

    name: str | None
    outcomes: frozenset[Outcome]
    choices: Mapping[int, Mapping[str, Any]]
    """Per index, the fields of `Choice` that must hold."""
    all_choices: bool
    """True when `choices` names every choice: one more is an invention."""
    error_sent: bool = False
    """True when the server reported an error, in the stream or in place of it."""
    unfinished_calls: bool = False
    """True when any tool call sent is cut short: none may be handed on as whole."""
    cut_calls: Mapping[int, tuple[ToolCall, ...]] = attrs.field(factory=dict)
    """Per choice, the calls as they were sent, where the scenario says of them only that they are unfinished."""
    stays_open: bool = False
    """True when the server goes silent without closing: leaving is the client's part."""
    usage: Usage | Unstated | None = UNSTATED
    error_status: int | None = None
    error_says: str | None = None
    requests_min: int = 1
    requests_max: int | None = 1
    wait_min_s: float | None = None
    wait_max_s: float | None = None
    left_within_s: float | None = None
    result_within_s: float | None = None
    text_is_prefix: bool = False
    """True when the client was stopped: what it has is a beginning of the text."""
    text_may_be_cut: bool = False
    """True when the connection broke off: a client that reports an error may have lost what it was just reading.

    RFC 9112, section 8, asks that an incomplete message be recorded as such, not that its last bytes be handed on.
    """
    cost_linear: bool = False
    notes: tuple[str, ...] = ()


def expectations(case: Case, answers: Sequence[Sent], answered: int) -> tuple[Expectation, ...]:
    """The readings for a run whose last request got the answer number `answered` of `answers`.

    Without `expect` there is one, derived.  A single nameless `expect` is laid over the derived one; of a list
    each stands for itself, only what it leaves open about outcome and requests is derived.
    """
    base = derive(case, answers, answered)
    readings = case.scenario.readings
    if not readings:
        return (base,)
    if len(readings) == 1 and readings[0].name is None:
        return (_overlay(base, readings[0], replace=False),)
    return tuple(_overlay(base, reading, replace=True) for reading in readings)


def derive(case: Case, answers: Sequence[Sent], answered: int) -> Expectation:
    """The table of the design's section 7, applied to what was sent."""
    number = answered
    sent = answers[min(number, len(answers) - 1)]
    stopped = case.scenario.client.stop_after is not None
    row = DERIVED["stopped" if stopped else sent.ended]
    message = sent.message
    return Expectation(
        name=None,
        outcomes=_shown_as(row.outcomes, case, message),
        choices={choice.index: attrs.asdict(choice, recurse=False) for choice in message.choices},
        all_choices=True,
        error_sent=message.error is not None or sent.ended == "refused",
        unfinished_calls=any(not call.complete for choice in message.choices for call in choice.tool_calls),
        stays_open=sent.stays_open,
        usage=message.usage if "complete" in row.outcomes else UNSTATED,
        error_status=_status_of_error(message),
        requests_min=1 if sent.is_attempt_seen else 0,
        requests_max=_requests_max(answers, stopped=stopped),
        left_within_s=STOPPED_LEFT_WITHIN_S if stopped else None,
        text_is_prefix=stopped,
        text_may_be_cut=sent.ended in {"cut", "stalled"},
    )


def _status_of_error(message: Message) -> int | None:
    """The status that a client has to tell; a success (RFC 9110, section 15.3) is none, whatever its body was."""
    status = message.error.status if message.error else None
    return None if status is None or 200 <= status < 300 else status


def _shown_as(outcomes: frozenset[Outcome], case: Case, message: Message) -> frozenset[Outcome]:
    """The outcomes, and how a client can show them: a stream that ends without a finish reason looks incomplete.

    A client shows completeness by the finish reason, so where none was sent it has none to show.
    """
    due = DIALECTS[case.dialect].finish_is_due
    lacks = not message.choices or any(choice.finish_reason is None for choice in message.choices)
    return outcomes | {"incomplete"} if due and lacks and "complete" in outcomes else outcomes


def _requests_max(answers: Sequence[Sent], *, stopped: bool) -> int | None:
    """How many requests one run may make: it goes on while each answer so far allows a further one."""
    if stopped:
        return 1
    for number, sent in enumerate(answers, 1):
        resending = DERIVED[sent.ended].resending
        if resending == "never" or (resending == "before-a-body-byte" and sent.has_body):
            return number
    return None


def _overlay(base: Expectation, reading: Reading, *, replace: bool) -> Expectation:
    outcomes = frozenset(reading.outcome) or base.outcomes
    if {"complete", "incomplete"} <= base.outcomes and "complete" in outcomes and not _states_finish(reading):
        outcomes |= {"incomplete"}
    fresh = replace or not (outcomes & base.outcomes)
    choices = _choices(reading)
    merged: dict[int, dict[str, Any]] = {} if fresh else {i: dict(fields) for i, fields in base.choices.items()}
    for index, fields in choices.items():
        merged.setdefault(index, {}).update(fields)
    tools_unfinished = reading.tool_calls == "unfinished"
    if tools_unfinished:
        merged.setdefault(0, {})
        for fields in merged.values():
            fields.pop("tool_calls", None)
    stated_requests = not reading.stated.isdisjoint({"requests_min", "requests_max"})
    return Expectation(
        name=reading.name,
        outcomes=outcomes,
        choices=merged,
        all_choices=not fresh and base.all_choices,
        error_sent=base.error_sent,
        unfinished_calls=tools_unfinished or (base.unfinished_calls and not fresh),
        cut_calls={i: fields["tool_calls"] for i, fields in base.choices.items()} if tools_unfinished else {},
        stays_open=base.stays_open,
        usage=_usage(reading, UNSTATED if fresh else base.usage),
        error_status=reading.error_status
        if reading.error_status is not None
        else (None if fresh else base.error_status),
        error_says=reading.error_says,
        requests_min=base.requests_min if reading.requests_min is None else reading.requests_min,
        requests_max=reading.requests_max if stated_requests else base.requests_max,
        wait_min_s=reading.wait_min_s,
        wait_max_s=reading.wait_max_s,
        left_within_s=reading.left_within_s if reading.left_within_s is not None else base.left_within_s,
        result_within_s=reading.result_within_s,
        text_is_prefix=base.text_is_prefix and "text" not in reading.stated,
        text_may_be_cut=base.text_may_be_cut and not reading.stated & {"text", "choices"},
        cost_linear=reading.cost_linear,
        notes=reading.notes,
    )


def _states_finish(reading: Reading) -> bool:
    return "finish_reason" in reading.stated or any("finish_reason" in entry for entry in reading.choices or ())


def _usage(reading: Reading, base: Usage | Unstated | None) -> Usage | Unstated | None:
    if "usage" not in reading.stated:
        return base
    stated = reading.usage
    return None if stated is None else Usage(**{key: stated.get(key) for key in ("input", "output", "total")})


def _choices(reading: Reading) -> dict[int, dict[str, Any]]:
    """The stated fields per choice: those beside `choices` belong to choice 0."""
    own = {name: getattr(reading, name) for name in CHOICE_FIELDS if name in reading.stated}
    if own.get("tool_calls") == "unfinished":
        del own["tool_calls"]
    stated = {0: own} if own else {}
    for place, entry in enumerate(reading.choices or ()):
        stated.setdefault(entry.get("index", place), {}).update(
            {name: value for name, value in entry.items() if name in CHOICE_FIELDS}
        )
    return {index: {name: _value(name, value) for name, value in fields.items()} for index, fields in stated.items()}


def _value(name: str, value: Any) -> Any:
    match name, value:
        case _, Fill():
            return value.text
        case "tool_calls", _ if value is not None:
            return tuple(value)
        case _:
            return value
