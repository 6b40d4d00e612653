"""Faults drawn by lot: which answer is disturbed, how, and where.  Values only."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Final

import attrs

from streamproof_mock.behaviour.errors import Refusal, refused
from streamproof_scenarios.plan import AnswerPlan, Ending, EndingKind, Operation, Write

ENDINGS: Final[Mapping[str, EndingKind]] = {
    "reset": "reset",
    "fin": "fin",
    "stall": "stall",
    "in-chunk": "in-chunk",
    "bad-chunk": "bad-chunk",
    "bad-head": "bad-head",
}
"""Endings of the scenario language that any answer can come to."""

_STATUS: Final = re.compile(r"[45]\d\d")
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)%")
_RETRY_LATER: Final = (("retry-after", "1"),)
_MESSAGES: Final = {
    429: "Too many requests: try again in a second.",
    500: "The server had an error while it processed the request.",
    503: "The server is overloaded: try again in a second.",
    529: "The server is overloaded: try again in a second.",
}


@attrs.frozen(kw_only=True)
class Chaos:
    """What may happen to an answer, each with its share of all answers, from 0 to 1; the rest stay well-behaved."""

    shares: tuple[tuple[str, float], ...]

    def drawn(self, draw: Random) -> str | None:
        """The fault for one answer, None for none."""
        left = draw.random()
        for name, share in self.shares:
            left -= share
            if left < 0:
                return name
        return None


def read_chaos(text: str) -> Chaos:
    """The chaos of `reset=1%,429=2%,stall=0.5%`, commas or lines between, `#` before a comment.

    Raises ValueError in words.
    """
    shares: dict[str, float] = {}
    for name, value in _items(text):
        if name not in ENDINGS and not _STATUS.fullmatch(name):
            near = difflib.get_close_matches(name, ENDINGS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"expected a status such as 429, or one of {', '.join(ENDINGS)}; found {name!r}{hint}")
        match = _SHARE.fullmatch(value)
        if match is None:
            raise ValueError(f"{name}: expected a share such as 0.5%, found {value!r}")
        if name in shares:
            raise ValueError(f"expected each fault once, found {name} twice")
        shares[name] = float(match[1]) / 100
    total = sum(shares.values())
    if not shares or total > 1 + 1e-9:
        found = f"{total:.4%}" if shares else "none"
        raise ValueError(f"expected faults such as reset=1%,429=2%, 100% together at most; found {found}")
    return Chaos(shares=tuple(shares.items()))


def _items(text: str) -> Iterable[tuple[str, str]]:
    for line in text.splitlines():
        for item in line.partition("#")[0].split(","):
            name, _, value = (part.strip() for part in item.partition("="))
            if name or value:
                yield name, value


def disturbed(answer: AnswerPlan, fault: str, dialect: str, draw: Random) -> tuple[AnswerPlan, str]:
    """The answer with this fault, and what it is, in words."""
    if fault not in ENDINGS:
        status = int(fault)
        headers = _RETRY_LATER if status in (429, 503, 529) else ()
        message = _MESSAGES.get(status, f"The server answers with the status {status}, by lot.")
        return refused(Refusal(status, message, headers=headers), dialect), f"status {status}"

    operations = tuple(answer.operations())
    total = sum(isinstance(operation, Write) for operation in operations)
    if fault == "bad-head":
        return attrs.evolve(answer, ending=Ending(kind="bad-head")), "bad-head"
    if answer.framing == "length":
        return _cut_whole(answer, ENDINGS[fault], draw)
    kept = draw.randrange(total) if total else 0

    def beginning() -> Iterator[Operation]:
        left = kept
        for operation in operations:
            if isinstance(operation, Write):
                if not left:
                    return
                left -= 1
            yield operation

    cut = attrs.evolve(answer, operations=beginning, ending=Ending(kind=ENDINGS[fault]))
    return cut, f"{fault} after {kept} of {total} events"


def _cut_whole(answer: AnswerPlan, kind: EndingKind, draw: Random) -> tuple[AnswerPlan, str]:
    """An answer of one body, cut somewhere; faults of chunks need chunks."""
    body = answer.body()
    kept = draw.randrange(len(body)) if body else 0
    if kind in ("in-chunk", "bad-chunk"):
        answer = attrs.evolve(answer, framing="chunked", content_length=None)

    def operations() -> Iterator[Operation]:
        yield Write(body[:kept])

    cut = attrs.evolve(answer, operations=operations, ending=Ending(kind=kind))
    return cut, f"{kind} after {kept} of {len(body)} bytes"
