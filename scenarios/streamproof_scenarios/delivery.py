"""Deliveries: the names for how the bytes between two barriers are cut into writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import attrs

from streamproof_scenarios.model import Answer, Barrier, Scenario, flat
from streamproof_scenarios.problem import suggestion

DeliveryKind = Literal[
    "as-written", "whole", "per-event", "bytewise", "inside-utf8", "inside-crlf", "every-split", "size", "at", "random"
]

ALL: Final = (
    "as-written", "whole", "per-event", "bytewise", "inside-utf8", "inside-crlf", "size:7", "random:1",
)  # fmt: skip
"""What `all` means."""
SLOW_S: Final = 0.1
"""A longer pause says that the time matters, not the cutting."""

_BARE: Final = frozenset({"as-written", "whole", "per-event", "bytewise", "inside-utf8", "inside-crlf", "every-split"})
_NUMBERED: Final = {
    "size": (re.compile(r"[1-9][0-9]{0,8}"), "size:7"),
    "at": (re.compile(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*"), "at:40 or at:40,80"),
    "random": (re.compile(r"[0-9]{1,18}"), "random:1"),
}


@attrs.frozen(kw_only=True)
class Delivery:
    """One delivery.  `numbers` are the size, the places (ascending), or the seed."""

    name: str
    kind: DeliveryKind
    numbers: tuple[int, ...] = ()


def delivery_problem(name: str) -> str | None:
    """What is wrong with the name of a delivery (or `all`), None where it is good."""
    kind, _, numbers = name.partition(":")
    if kind in _NUMBERED:
        pattern, example = _NUMBERED[kind]
        return None if pattern.fullmatch(numbers) else f"{kind} needs a number; write {example}"
    if name in _BARE or name == "all":
        return None
    return "no such delivery" + suggestion(name, {*_BARE, *_NUMBERED, "all"})


def delivery_of(name: str) -> Delivery:
    """The delivery of this name; raises ValueError in words."""
    if problem := delivery_problem(name):
        raise ValueError(f"'{name}': {problem}")
    if name == "all":
        raise ValueError("'all' names several deliveries")
    kind, _, numbers = name.partition(":")
    values = tuple(sorted({int(number) for number in numbers.split(",") if number}))
    return Delivery(name=name, kind=kind, numbers=values)  # type: ignore[arg-type]


def expanded(names: Iterable[str]) -> tuple[str, ...]:
    """The names with `all` spelt out, each once."""
    return tuple(dict.fromkeys(one for name in names for one in (ALL if name == "all" else (name,))))


def default_deliveries(scenario: Scenario, answers: tuple[Answer, ...]) -> tuple[str, ...]:
    """The deliveries of a case where the user asks for none: what the file says, as-written where time matters, all."""
    if scenario.deliveries:
        return expanded(scenario.deliveries)
    return ("as-written",) if is_timed(scenario, answers) else ALL


def is_timed(scenario: Scenario, answers: tuple[Answer, ...]) -> bool:
    """True when a case is about time or the client's doing: a pause, a stall, `await`, options of the client."""
    return scenario.client != type(scenario.client)() or any(
        answer.end.kind in {"stall", "tls-stall"}
        or answer.delay_s > SLOW_S
        or any(
            isinstance(step, Barrier) and (step.kind == "await" or step.delay_s > SLOW_S) for step in flat(answer.steps)
        )
        for answer in answers
    )
