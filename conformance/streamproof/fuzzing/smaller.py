"""What a failing draft may be made of that is smaller: proposals, the boldest first.  Values only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import attrs

from streamproof.fuzzing.draft import Draft
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.plan import Write

Json = Any
T = TypeVar("T")
Proposals = Iterator[Draft]

SIMPLE: Final = ("as-written", "whole", "per-event", "inside-crlf", "inside-utf8", "bytewise")
"""Deliveries that say what they do, the simplest first; each fits a stream of any length."""
_CUT: Final = frozenset({"bytewise", "size", "random", "at"})
"""Deliveries that may be told in fewer boundaries."""
_NO_TEXT: Final = frozenset({"role", "finish", "name", "id", "type", "index"})
"""Keys whose text is a word of the format, not what is said."""

_PLAINER: Final = ((re.compile(r"[^\x00-\x7f]"), "é"), (re.compile(r"[^\x00-\xff]"), "你"), (re.compile(r"[b-z]"), "a"))
"""Letters, and the one that takes their place."""


def simpler_deliveries(draft: Draft) -> Proposals:
    """The same stream in a delivery of a plainer name."""
    own = SIMPLE.index(draft.delivery) if draft.delivery in SIMPLE else len(SIMPLE)
    for name in SIMPLE[:own]:
        yield attrs.evolve(draft, delivery=name)


def fewer_keys(draft: Draft) -> Proposals:
    """Without one key of the request, or of what stands around the steps."""
    asked = draft.document.get("request", {})
    for key in asked:
        rest = {name: value for name, value in asked.items() if name != key}
        yield _with(draft, request=rest)
    stream = draft.document["stream"]
    for key in stream:
        if key != "steps":
            yield _with(draft, stream={name: value for name, value in stream.items() if name != key})


def fewer_steps(draft: Draft) -> Proposals:
    """Without some of the steps."""
    stream = draft.document["stream"]
    for steps in fewer(stream["steps"]):
        yield _with(draft, stream={**stream, "steps": steps})


def shorter_texts(draft: Draft) -> Proposals:
    """With less in one of the texts."""
    stream = draft.document["stream"]
    for number, step in enumerate(stream["steps"]):
        # A step that is a bare word has nothing to be made shorter.
        for smaller in () if isinstance(step, str) else _shorter(step):
            steps = [*stream["steps"][:number], smaller, *stream["steps"][number + 1 :]]
            yield _with(draft, stream={**stream, "steps": steps})


def plainer_texts(draft: Draft) -> Proposals:
    """With letters that everybody can read in one of the steps."""
    stream = draft.document["stream"]
    for number, step in enumerate(stream["steps"]):
        for plainer in () if isinstance(step, str) else (_plainer(step, letters) for letters in _PLAINER):
            if plainer != step:
                steps = [*stream["steps"][:number], plainer, *stream["steps"][number + 1 :]]
                yield _with(draft, stream={**stream, "steps": steps})


def fewer_boundaries(draft: Draft) -> Proposals:
    """The same bytes with some of the boundaries."""
    kind = draft.delivery.partition(":")[0]
    if kind not in _CUT:
        return
    for places in fewer(_boundaries(draft)):
        if places:
            yield attrs.evolve(draft, delivery=f"at:{','.join(map(str, places))}")


PASSES: Final[tuple[Callable[[Draft], Proposals], ...]] = (
    simpler_deliveries, fewer_steps, fewer_keys, shorter_texts, plainer_texts, fewer_boundaries,
)  # fmt: skip
"""In the order in which they are tried."""


def fewer(items: Sequence[T]) -> Iterator[list[T]]:
    """The items without a stretch of them: first long stretches, then single ones."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield [*items[:start], *items[start + size :]]
        size //= 2


def _boundaries(draft: Draft) -> list[int]:
    places, end = [], 0
    for operation in compile_case(draft.case, draft.delivery).answer(0).operations():
        if isinstance(operation, Write):
            end += len(operation.data)
            places.append(end)
    return places[:-1]


def _with(draft: Draft, **changes: Json) -> Draft:
    document = {**draft.document, **changes}
    return attrs.evolve(draft, document={key: value for key, value in document.items() if key != "request" or value})


def _plainer(value: Json, letters: tuple[re.Pattern[str], str]) -> Json:
    match value:
        case str():
            return letters[0].sub(letters[1], value)
        case Mapping():
            return {key: item if key in _NO_TEXT else _plainer(item, letters) for key, item in value.items()}
        case list():
            return [_plainer(item, letters) for item in value]
        case _:
            return value


def _shorter(value: Json) -> Iterator[Json]:
    """The value with one of its texts shorter, or one of its parts gone."""
    match value:
        case str():
            for characters in fewer(value):
                yield "".join(characters)
        case Mapping():
            for key, item in value.items():
                if key in _NO_TEXT:
                    continue
                # The first key is the word of the step: without it there is no step.
                if key != next(iter(value)):
                    yield {name: other for name, other in value.items() if name != key}
                for smaller in _shorter(item):
                    yield {**value, key: smaller}
        case list():
            yield from fewer(value)
            for number, item in enumerate(value):
                for smaller in _shorter(item):
                    yield [*value[:number], smaller, *value[number + 1 :]]
