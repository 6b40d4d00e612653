"""Damage to a valid stream is found, or it is harmless for a reason that can be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.judge import Judgement
from streamproof_scenarios.generating import Seeded, generate
from streamproof_scenarios.model import Case

from .drawing import body_of, case_of, judged, plain
from .harmless import REASONS, Trial, a_free_field
from .mutations import Frame, Mutation, cuts, frames_of, joined, of_events, of_fields

SEEDS = range(16)
FEW_SEEDS = range(5)
LONGEST = 3500
"""Bytes of a stream that is tried with every damage."""


@cache
def examples(dialect: str, seeds: range) -> tuple[tuple[Case, tuple[Frame, ...]], ...]:
    """Short streams with their events."""
    cases = (case_of(generate(dialect, Seeded(seed))) for seed in seeds)
    bodies = ((case, body_of(case)) for case in cases)
    return tuple((case, frames_of(case, body)) for case, body in bodies if len(body) <= LONGEST)


def is_found(judgement: Judgement) -> bool:
    assert judgement.message is not None
    return bool(judgement.findings) or judgement.message.ended != "terminal"


@cache
def unfound(dialect: str) -> tuple[Trial, ...]:
    """The damage to events that nothing is found of."""
    trials = []
    for case, frames in examples(dialect, SEEDS):
        before = plain(judged(case, joined(frames)).message, dialect)
        for mutation in of_events(frames):
            after = judged(case, mutation.body)
            if not is_found(after):
                message = plain(after.message, dialect)
                trials.append(Trial(dialect=dialect, frames=frames, mutation=mutation, before=before, after=message))
    return tuple(trials)


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_an_event_that_is_lost_repeated_or_misplaced_is_found_or_harmless(dialect: str) -> None:
    unexplained = [trial for trial in unfound(dialect) if not any(reason(trial) for reason in REASONS.values())]
    assert [trial.told for trial in unexplained] == []


def test_every_reason_is_needed() -> None:
    used: Counter[str] = Counter()
    for dialect in DIALECT_NAMES:
        for trial in unfound(dialect):
            used.update([name for name, reason in REASONS.items() if reason(trial)][:1])
    assert used.keys() == REASONS.keys()


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_field_that_is_lost_or_of_another_type_is_found_or_free(dialect: str) -> None:
    unexplained = []
    tried: set[Any] = set()
    for case, frames in examples(dialect, SEEDS):
        for mutation in new(frames, tried):
            if not is_found(judged(case, mutation.body)) and not a_free_field(mutation, dialect):
                unexplained += [(str(mutation), frames[mutation.at].data)]
    assert unexplained == []


def new(frames: tuple[Frame, ...], tried: set[Any]) -> Iterator[Mutation]:
    """One damage of each kind to each field of each type of event, wherever it comes first."""
    for at, frame in enumerate(frames):
        kind = frame.json.get("type") if isinstance(frame.json, dict) else None
        for mutation in of_fields(frames, at):
            path = tuple("*" if isinstance(step, int) else step for step in mutation.path)
            after = type(mutation.after) if mutation.kind == "retype" else None
            key = (kind, path, type(mutation.before), after)
            # What an unknown key holds, and what the arguments of a call are, is nobody's concern.
            if key not in tried and not any(
                str(step).startswith("x_") or step in ("args", "arguments") for step in path[:-1]
            ):
                tried.add(key)
                yield mutation


def whole(dialect: str, frames: tuple[Frame, ...]) -> int:
    """How many bytes at most can be left of a stream that lacks something that it must have."""
    size = len(joined(frames))
    # message-end ends a stream of cohere-v2; [DONE] may follow it: rules CO-04 and CO-18.
    if dialect == "cohere-v2":
        return size - len(frames[-1].raw)
    # "The last line of a stream ends in LF too; an answer that is one object has none": rule ND-01b
    return size - 2 if dialect == "ollama-chat" and len(frames) == 1 else size


@pytest.mark.parametrize("end", ["clean", "reset"])
@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_stream_that_is_cut_off_at_any_byte_is_never_taken_for_a_whole_one(dialect: str, end: str) -> None:
    for case, frames in examples(dialect, FEW_SEEDS):
        body = joined(frames)
        last = whole(dialect, frames)
        # Everywhere at the end, elsewhere here and there: a cut differs from its neighbours by what it leaves of an event.
        tail = len(joined(frames[-2:]))
        places = iter(sorted({*range(0, len(body), 61), *range(len(body) - tail, len(body))}))
        for mutation in cuts(frames, places):
            if mutation.at < last:
                assert is_found(judged(case, mutation.body, end=end)), mutation.body[-60:]
