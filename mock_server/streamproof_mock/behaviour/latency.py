"""A slow model's pace: time to the first token, tokens per second, and how unsteady both are.  Values only."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final

import attrs

from streamproof_formats.judge import Judge
from streamproof_formats.message import Message
from streamproof_scenarios.plan import AnswerPlan, Operation, Pause, Write

LONGEST_S: Final = 3600.0
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m)")
_UNITS_S: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)%")
_COUNTS: Final = ("completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
"""What the dialects call the tokens that an answer holds."""


@attrs.frozen(kw_only=True)
class Latency:
    """How long a model takes."""

    first_s: float = 0.0
    """From the request to the first token."""
    gap_s: float = 0.0
    """From one token to the next."""
    jitter: float = 0.0
    """Each wait is longer or shorter by up to this share of it."""

    def first(self, draw: Random) -> float:
        """Seconds until the first token, drawn."""
        return self._drawn(self.first_s, draw)

    def gap(self, draw: Random) -> float:
        """Seconds until the next token, drawn."""
        return self._drawn(self.gap_s, draw)

    def _drawn(self, wait_s: float, draw: Random) -> float:
        return wait_s * (1 + draw.uniform(-self.jitter, self.jitter)) if self.jitter else wait_s


def _duration_s(value: str) -> float:
    match = _DURATION.fullmatch(value)
    found = float(match[1]) * _UNITS_S[match[2]] if match else LONGEST_S + 1
    if found > LONGEST_S:
        raise ValueError("a time such as 400ms or 1.5s, an hour at most")
    return found


def _gap_of_rate_s(value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 1 / LONGEST_S <= rate <= 1e6:
        raise ValueError("a number of tokens in a second, such as 60")
    return 1 / rate


def _jitter(value: str) -> float:
    match = _SHARE.fullmatch(value)
    share = float(match[1]) / 100 if match else 2.0
    if share > 1:
        raise ValueError("a share from 0% to 100%")
    return share


_KEYS: Final[Mapping[str, tuple[str, Callable[[str], float]]]] = {
    "ttft": ("first_s", _duration_s),
    "tps": ("gap_s", _gap_of_rate_s),
    "itl": ("gap_s", _duration_s),
    "jitter": ("jitter", _jitter),
}
"""Words of the field: time to first token, tokens per second, inter-token latency."""


def read_latency(text: str) -> Latency:
    """The latency of `ttft=400ms,tps=60,jitter=20%`, in any order, each at will.  Raises ValueError in words."""
    values: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if key not in _KEYS or not equals:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"expected ttft=TIME, tps=NUMBER or itl=TIME, jitter=N%; found {item!r}{hint}")
        name, read = _KEYS[key]
        if name in values:
            raise ValueError(f"expected each once, and one of tps and itl; found {item!r} besides")
        try:
            values[name] = read(value)
        except ValueError as error:
            raise ValueError(f"{key}: expected {error}; found {value!r}") from None
    if not values:
        raise ValueError("expected ttft=TIME, tps=NUMBER or itl=TIME, jitter=N%; found nothing")
    return Latency(**values)


def paced(answer: AnswerPlan, dialect: str, latency: Latency, draw: Random) -> AnswerPlan:
    """The answer as a model of this latency gives it; one that refuses is as quick as ever.

    A stream's head goes out at once.  What holds no token (roles, the beginnings and ends of blocks, usage, the
    terminator) goes with the token after it, or the last.  A whole answer comes when its last token would have.
    """
    if answer.status >= 400:
        return answer
    operations = tuple(answer.operations())
    if answer.framing == "length":
        count = max(_tokens_of(answer.body()), 1)
        wait_s = latency.first(draw) + sum(latency.gap(draw) for _ in range(count - 1))
        return attrs.evolve(answer, delay_s=answer.delay_s + wait_s)
    writes = tuple(operation for operation in operations if isinstance(operation, Write))
    says = _saying(dialect, writes)
    if not any(says):
        # A stream that is not the dialect's own (Gemini's JSON array): each write counts.
        says = (True,) * len(writes)
    waits_s = [latency.gap(draw) if number else latency.first(draw) for number in range(max(sum(says), 1))]

    def again() -> Iterator[Operation]:
        waits = iter(waits_s)
        held: list[Write] = []
        for write, is_token in zip(writes, says, strict=True):
            held.append(write)
            if is_token:
                yield Pause(next(waits))
                yield from held
                held.clear()
        yield from held

    return attrs.evolve(answer, operations=again)


_Marks = tuple[bool, ...]
_known: dict[tuple[str, tuple[int, ...]], _Marks] = {}
_MOST_KNOWN: Final = 256


def _saying(dialect: str, writes: tuple[Write, ...]) -> _Marks:
    """Which writes bring something that the message did not have before."""
    # The endpoint says the same to everyone: what differs are ids, and those are of one length.
    key = (dialect, tuple(len(write.data) for write in writes))
    marks = _known.get(key)
    if marks is None:
        judge = Judge(dialect, keep_events=False)
        found, size = [], 0
        for write in writes:
            judge.receive_data(write.data)
            now = _size(judge.message or Message())
            found.append(now > size)
            size = now
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        marks = _known[key] = tuple(found)
    return marks


def _size(message: Message) -> int:
    size = 0
    for choice in message.choices:
        size += sum(len(text or "") for text in (choice.text, choice.reasoning, choice.refusal))
        size += sum(len(call.arguments) + 1 for call in choice.tool_calls)
        if choice.function_call is not None:
            size += len(choice.function_call.arguments) + 1
    return size


def _tokens_of(body: bytes) -> int:
    try:
        return _counted(json.loads(body))
    except (ValueError, RecursionError):
        return 0


def _counted(value: Any) -> int:
    """The count of tokens that stands somewhere in an answer, under whatever name the dialect has for it."""
    if isinstance(value, list):
        return sum(map(_counted, value))
    if not isinstance(value, dict):
        return 0
    for name in _COUNTS:
        if isinstance(value.get(name), int):
            return int(value[name])
    return max(map(_counted, value.values()), default=0)
