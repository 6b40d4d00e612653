"""Drafts, what is smaller than they are, and shrinking: values, no server and no client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamproof.fuzzing.draft import Draft, draft
from streamproof.fuzzing.found import written
from streamproof.fuzzing.shrinking import shrink
from streamproof.fuzzing.smaller import PASSES, fewer, fewer_boundaries
from streamproof.linting.streams import lint_streams
from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_reports.document import CaseFinding
from streamproof_scenarios.delivery import delivery_problem
from streamproof_scenarios.loader import load
from streamproof_scenarios.model import Case

HELLO = {
    "title": "t",
    "dialect": "workers-ai",
    "stream": {"before": ["x: 1"], "steps": [{"text": "Hel"}, {"comment": "ping"}, {"text": "lo 😀 you"}, "done"]},
}
FINDING = CaseFinding(check="wrong-text", rule=None, level=None, basis=None, message="'a' was sent: 'b' was said")


def any_case(_: Case) -> bool:
    return True


def made(delivery: str = "as-written", **changes: Any) -> Draft:
    return Draft(seed=1, document={**HELLO, **changes}, delivery=delivery)


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_seed_draws_the_same_valid_draft_whenever_it_is_asked(dialect: str) -> None:
    for seed in range(12):
        drawn = draft(seed, [dialect], any_case)
        assert drawn is not None
        assert drawn == draft(seed, [dialect], any_case)
        assert drawn.is_valid
        assert delivery_problem(drawn.delivery) is None


def test_deliveries_of_all_kinds_are_drawn() -> None:
    drawn = [draft(seed, ["workers-ai"], any_case) for seed in range(80)]
    assert {one.delivery.partition(":")[0] for one in drawn if one} == {
        "as-written", "whole", "per-event", "inside-utf8", "inside-crlf", "bytewise", "size", "at", "random",
    }  # fmt: skip


def test_what_a_client_cannot_do_is_not_drawn() -> None:
    drawn = draft(3, ["openai-chat"], lambda case: not case.requires)
    assert drawn is not None
    assert drawn.case.requires == ()
    assert draft(3, ["openai-chat"], lambda _: False) is None


def test_fewer_leaves_out_each_stretch_and_each_item() -> None:
    assert list(fewer([1, 2, 3, 4])) == [[], [3, 4], [1, 2], [2, 3, 4], [1, 3, 4], [1, 2, 4], [1, 2, 3]]


@pytest.mark.parametrize("proposals", PASSES)
def test_no_proposal_is_what_it_was_made_of(proposals: Callable[[Draft], Any]) -> None:
    for seed in range(5):
        drawn = draft(seed, ["openai-chat", "workers-ai"], any_case)
        assert drawn is not None
        assert drawn not in list(proposals(drawn))


def test_boundaries_are_left_out_down_to_one() -> None:
    proposed = [one.delivery for one in fewer_boundaries(made("at:5,9"))]
    assert proposed == ["at:9", "at:5"]
    assert list(fewer_boundaries(made("whole"))) == []


FAILS: dict[str, tuple[Callable[[Draft], bool], Any, str]] = {
    "a text with a certain letter": (
        lambda one: "😀" in str(one.document), [{"text": "😀"}, "done"], "as-written",
    ),
    "any text": (
        lambda one: "text" in str(one.document["stream"]), [{"text": ""}, "done"], "as-written",
    ),
    "a comment, bytewise": (
        lambda one: "comment" in str(one.document) and one.delivery == "bytewise",
        [{"comment": ""}, "done"], "bytewise",
    ),
    "a boundary at 12": (
        lambda one: one.delivery == "bytewise" or "12" in one.delivery.partition(":")[2].split(","), None, "at:12",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fails", "steps", "delivery"), FAILS.values(), ids=FAILS)
async def test_what_is_left_is_only_what_fails(fails: Callable[[Draft], bool], steps: Any, delivery: str) -> None:
    plays = []

    async def played(one: Draft) -> bool:
        assert one.is_valid
        plays.append(one)
        return fails(one)

    small = await shrink(made("bytewise"), played)
    assert small.delivery == delivery
    if steps is not None:
        assert small.document["stream"] == {"steps": steps}
    assert len(plays) <= 250


async def test_shrinking_is_bounded() -> None:
    plays = []

    async def played(one: Draft) -> bool:
        plays.append(one)
        return False

    assert await shrink(made("bytewise"), played, 5) == made("bytewise")
    assert len(plays) == 5


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_what_is_written_lints_and_is_the_same_stream(dialect: str, tmp_path: Path) -> None:
    for seed in range(4):
        drawn = draft(seed, [dialect], any_case)
        assert drawn is not None
        path, job = written(drawn, FINDING, tmp_path / "new")
        assert path.name == f"{dialect}-wrong-text-{seed}.yaml"
        assert job.delivery == drawn.delivery
        assert job.case.answers[0].steps
        assert lint_streams([load(path)]).problems == ()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    first, _ = written(made(), FINDING, tmp_path)
    again, _ = written(made(), FINDING, tmp_path)
    assert again == first
    other, _ = written(made("whole"), FINDING, tmp_path)
    assert other.name == "workers-ai-wrong-text-1-2.yaml"
    assert first.read_text("utf-8") != other.read_text("utf-8")
