"""A script: the whole body of an answer as a track that can be played again and again, before encoding and delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.body import Body
from streamproof_scenarios.model import Answer, Case, Repeat, Step
from streamproof_scenarios.problem import NotPlayable, Problem, ScenarioError
from streamproof_scenarios.track import Flat, Piece, count, once, size, unrolled
from streamproof_scenarios.words import WORDS
from streamproof_scenarios.words.speaker import Speaker
from streamproof_scenarios.writers import WRITERS

KEPT_ITEMS: Final = 20_000
KEPT_BYTES: Final = 4 << 20
"""A track up to this size is played out once and kept; a longer one is played out anew for each use."""
_TRIED_TURNS: Final = 2
"""Turns of a repeat that are written to see whether they can be, where it is too long to be kept."""


@attrs.frozen(kw_only=True)
class Script:
    """One body, as it is written before any encoding."""

    play: Callable[[], Iterator[Flat]]
    """The pieces and barriers, anew at each call."""
    first: Callable[[], Iterator[Flat]]
    """What each step writes the first time; of a walk of very many steps only the first are looked at."""
    is_short: bool
    """True when what it becomes may be kept."""
    size: int | None
    """Bytes of the body; None where only playing it tells."""


def script_of(answer: Answer, case: Case, *, encoded: bool) -> Script:
    """The script of one answer.

    Raises NotPlayable for a dialect without words yet, ScenarioError for a step that cannot be written.
    """
    if case.dialect not in WORDS:
        raise NotPlayable(f"the mock server does not speak {case.dialect} yet")
    # Chunks name the model that the file asks for: bytes written out in a file must not hang on a default.
    request = {**case.request, "model": case.scenario.request.get("model", "m")}
    try:
        writer = WRITERS[DIALECTS[case.dialect].framing](answer)
    except ValueError as error:
        raise ScenarioError([Problem(case.scenario.path, answer.mark, str(error))]) from None

    def body(speaker: Speaker) -> Body:
        return Body(answer=answer, speaker=speaker, writer=writer, path=case.scenario.path, encoded=encoded)

    speaker = WORDS[case.dialect](request)
    if speaker.keeps_state:
        return _walked(lambda: body(WORDS[case.dialect](request)))
    items = body(speaker).items()
    length = size(items)
    return Script(
        play=lambda: unrolled(items),
        first=lambda: once(items),
        is_short=count(items) <= KEPT_ITEMS and length <= KEPT_BYTES,
        size=length,
    )


def _walked(body: Callable[[], Body]) -> Script:
    """The script of a speaker that keeps state: each pass is a walk with a speaker of its own."""

    def first() -> Iterator[Flat]:
        return body().first(KEPT_ITEMS)

    if _turns(body().answer.steps) <= KEPT_ITEMS:
        kept = _within_limits(body().walk())
        if kept is not None:
            return Script(play=lambda: iter(kept), first=first, is_short=True, size=size(kept))
    else:
        for _ in body().walk(_TRIED_TURNS):
            pass
    return Script(play=lambda: body().walk(), first=first, is_short=False, size=None)


def _within_limits(track: Iterable[Flat]) -> tuple[Flat, ...] | None:
    """The track, or None where it is too long to be kept."""
    kept: list[Flat] = []
    length = 0
    for item in track:
        kept.append(item)
        length += len(item.data) if isinstance(item, Piece) else 0
        if len(kept) > KEPT_ITEMS or length > KEPT_BYTES:
            return None
    return tuple(kept)


def _turns(steps: Iterable[Step]) -> int:
    """How many steps are walked."""
    return sum(step.times * _turns(step.steps) if isinstance(step, Repeat) else 1 for step in steps)
