"""What a client made of a run, brought into one form whatever it reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs

from streamproof.adapters.said import Hello, Report, Said
from streamproof.judging.sent import Sent
from streamproof_formats.dialect import Machine
from streamproof_formats.dialects import DIALECTS, machine
from streamproof_formats.event import Event, LimitError
from streamproof_formats.message import Message
from streamproof_mock.journal import Exchange
from streamproof_scenarios.model import Case, Outcome


@attrs.frozen(kw_only=True)
class SaidCall:
    """A tool call as the client hands it out."""

    id: str | None
    name: str | None
    raw: str | None
    """The arguments as text, where the client gives them so."""
    parsed: Any = None
    """The arguments as the client parsed them; None where it did not."""


@attrs.frozen(kw_only=True)
class SaidChoice:
    """One choice as the client hands it out; fields it lacks are None."""

    index: int
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    tool_calls: tuple[SaidCall, ...] = ()
    function_call: Mapping[str, Any] | None = None


@attrs.frozen(kw_only=True)
class SaidError:
    """An error as the client reports it."""

    message: str
    type: str | None = None
    status: int | None = None
    code: str | None = None


@attrs.frozen(kw_only=True)
class Observed:
    """One run from both sides."""

    said: Said
    hello: Hello
    exchanges: Sequence[Exchange]
    """The requests of this run, in order of arrival."""
    outcome: Outcome | None
    """None when the client hung, crashed or broke the protocol."""
    choices: Mapping[int, SaidChoice]
    usage: Mapping[str, int | None] | None
    error: SaidError | None
    deltas: Mapping[int, Mapping[str, str]]
    """For clients that assemble: the joined deltas, by choice and kind."""
    is_exact: bool = False
    """True when all that was sent was handed out as it was sent, and nothing else (events; items with all their keys).

    What they mean is then for the client's user to read: a value that our machine refuses was not lost by the client.
    """
    extra_output: str = ""
    final_newline: str = ""
    """For a command whose standard output is the text: the line end that was taken off its end."""


def observe(
    case: Case, hello: Hello, said: Said, exchanges: Sequence[Exchange], *, sent: Sent | None = None
) -> Observed:
    """Brings what was reported into one form: events and items are assembled by the dialect's machine.

    `sent` is the answer to the last request.
    """
    result = said.result or {}
    deltas = _joined(said.reports)
    told: Message | None = None
    undecodable: SaidError | None = None
    if hello.reports == "message":
        choices = {choice.index: choice for choice in map(_choice, result.get("choices") or ())}
        if said.result is None or result.get("error") or result.get("stopped"):
            choices = _with_deltas(choices, deltas)
        usage = result.get("usage")
    else:
        told, undecodable = assemble(case, hello, said.reports)
        choices = {choice.index: _assembled(choice) for choice in told.choices}
        usage = None if told.usage is None else attrs.asdict(told.usage)
    error = _error(result, told) or undecodable
    return Observed(
        said=said,
        hello=hello,
        exchanges=exchanges,
        outcome=_outcome(case.dialect, hello, said, told, _Shown(choices, error)),
        choices=choices,
        usage=usage,
        error=error,
        deltas=deltas,
        is_exact=sent is not None and _is_exact(case.dialect, hello, said.reports, sent),
        extra_output=str(result.get("extra_output") or ""),
        final_newline=str(result.get("final_newline") or ""),
    )


def _is_exact(dialect: str, hello: Hello, reports: Sequence[Report], sent: Sent) -> bool:
    if sent.ended == "refused" or not sent.whole:
        return False
    match hello.reports:
        case "events":
            told = tuple((str(r.data.get("event") or "message"), str(r.data.get("data", ""))) for r in reports)
            return told == sent.events
        case "items":
            try:
                terminator = DIALECTS[dialect].terminator
                chunks = [json.loads(data) for _, data in sent.events if data and data != terminator]
            except ValueError:
                return False
            return len(chunks) == len(reports) and all(
                _holds(report.data, chunk) for report, chunk in zip(reports, chunks, strict=True)
            )
        case "message":
            return False


def _holds(said: Any, sent: Any) -> bool:
    """True when all that was sent is in what was said; an SDK may add keys of its own."""
    if isinstance(sent, Mapping) and isinstance(said, Mapping):
        return all(key in said and _holds(said[key], value) for key, value in sent.items())
    if isinstance(sent, list) and isinstance(said, list | tuple):
        return len(sent) == len(said) and all(map(_holds, said, sent))
    return bool(said == sent) and isinstance(said, bool) == isinstance(sent, bool)


def assemble(case: Case, hello: Hello, reports: Iterable[Report]) -> tuple[Message, SaidError | None]:
    """The message that the reported events or items add up to.

    Whoever gets events decodes their data up to the dialect's terminal: where that is no JSON before it, their user has
    an error, and nothing after it.
    """
    reader = machine(case.dialect, request=dict(case.request))
    feed = feeder(reader, hello)
    terminator = DIALECTS[case.dialect].terminator
    error = None
    for number, report in enumerate(reports):
        data = report.data.get("data") if hello.reports == "events" else None
        if isinstance(data, str) and data != terminator and not _is_json(data):
            if reader.message.ended == "terminal":
                break  # a mark may follow (CO-18): whoever reads has left
            error = SaidError(message=f"the data of event {number} is no JSON: {data[:80]!r}", type="not JSON")
            break
        feed(report)
    list(reader.close("clean", None))
    return reader.message, error


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(word: str) -> None:
    # RFC 8259, section 6: "Numeric values that cannot be represented in the grammar below" are not permitted.
    raise ValueError(word)


def feeder(reader: Machine, hello: Hello) -> Callable[[Report], None]:
    """A function that gives a report of this client to the machine."""
    number = 0

    def event(report: Report) -> None:
        nonlocal number
        data = report.data
        said = Event(str(data.get("event") or "message"), str(data.get("data", "")), "", 0, 0)
        # A message is kept within bounds: what goes beyond them is left out of it.
        with suppress(LimitError):
            list(reader.receive(said, number))
        number += 1

    def item(report: Report) -> None:
        with suppress(LimitError):
            reader.receive_item(report.data)

    return event if hello.reports == "events" else item


def _joined(reports: Iterable[Report]) -> dict[int, dict[str, str]]:
    pieces: dict[int, dict[str, list[str]]] = {}
    for report in reports:
        if report.kind == "delta":
            kinds = pieces.setdefault(int(report.data.get("choice") or 0), {})
            for kind in ("text", "reasoning", "refusal"):
                if isinstance(report.data.get(kind), str):
                    kinds.setdefault(kind, []).append(report.data[kind])
    return {index: {kind: "".join(parts) for kind, parts in kinds.items()} for index, kinds in pieces.items()}


def _with_deltas(choices: dict[int, SaidChoice], deltas: Mapping[int, Mapping[str, str]]) -> dict[int, SaidChoice]:
    """What an unfinished run left: a client has no final message then, but its user has had the deltas."""
    merged = dict(choices)
    for index, kinds in deltas.items():
        choice = merged.get(index, SaidChoice(index=index))
        fresh: dict[str, Any] = {kind: text for kind, text in kinds.items() if not getattr(choice, kind)}
        merged[index] = attrs.evolve(choice, **fresh)
    return merged


def _choice(given: Mapping[str, Any]) -> SaidChoice:
    calls = given.get("tool_calls") or ()
    return SaidChoice(
        index=int(given.get("index") or 0),
        text=given.get("text") or "",
        reasoning=given.get("reasoning") or "",
        refusal=given.get("refusal") or "",
        finish_reason=given.get("finish_reason") or None,
        tool_calls=tuple(
            SaidCall(
                id=call.get("id"),
                name=call.get("name"),
                raw=call.get("arguments_raw"),
                parsed=call.get("arguments_json"),
            )
            for call in calls
        ),
        function_call=given.get("function_call"),
    )


def _assembled(choice: Any) -> SaidChoice:
    function = choice.function_call
    return SaidChoice(
        index=choice.index,
        text=choice.text or "",
        reasoning=choice.reasoning or "",
        refusal=choice.refusal or "",
        finish_reason=choice.finish_reason or None,
        tool_calls=tuple(SaidCall(id=call.id, name=call.name, raw=call.arguments) for call in choice.tool_calls),
        function_call=None if function is None else {"name": function.name, "arguments": function.arguments},
    )


def _error(result: Mapping[str, Any], told: Message | None) -> SaidError | None:
    given = result.get("error")
    if given:
        status = given.get("status")
        return SaidError(
            message=str(given.get("message") or ""),
            type=given.get("type"),
            status=status if isinstance(status, int) else None,
            code=None if given.get("code") is None else str(given["code"]),
        )
    if told is not None and told.error is not None:
        return SaidError(message=told.error.message or "", type=told.error.type, code=told.error.code)
    return None


@attrs.frozen
class _Shown:
    choices: Mapping[int, SaidChoice]
    error: SaidError | None


def _outcome(dialect: str, hello: Hello, said: Said, told: Message | None, shown: _Shown) -> Outcome | None:
    """How the run ended by what the client shows its user.

    A client that hands out events leaves the terminal to its user, so the terminal's arrival is what counts; one that
    hands out items or a message shows an unfinished stream by a finish reason that is missing.
    """
    if said.ended != "result" or said.result is None:
        return None
    if said.result.get("stopped"):
        return "stopped"
    if shown.error is not None:
        return "error"
    if told is not None and hello.reports == "events":
        return "complete" if told.ended == "terminal" else "incomplete"
    due = DIALECTS[dialect].finish_is_due and "finish_reason" in hello.capabilities
    if due and not (shown.choices and all(choice.finish_reason for choice in shown.choices.values())):
        return "incomplete"
    return "complete"
