"""A speaker that keeps state: each pass is said to a new one, each turn of a repeat is said to it, lazily."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest

from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case, plays
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import Write
from streamproof_scenarios.problem import NotPlayable, ScenarioError
from streamproof_scenarios.show import rows
from streamproof_scenarios.words import WORDS
from streamproof_scenarios.words.speaker import Saying, Speaker, Unsayable


class Numbering(Speaker):
    """Numbers its events; `text` opens a block, `done` closes it."""

    keeps_state = True

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.number = 0
        self.open = False

    def say(self, word: str, value: Any, choice: int) -> tuple[Saying, ...]:
        if word == "done":
            closing = (self._next("close"),) if self.open else ()
            self.open = False
            return (*closing, self._next("done"))
        if word == "finish" and self.number >= int(value):
            raise Unsayable(f"no {word} after {value}")
        opening = () if self.open or word != "text" else (self._next("open"),)
        self.open = self.open or word == "text"
        return (*opening, self._next(str(value)))

    def chunk(self, fields: Mapping[str, Any], choice: int) -> Saying:
        return self._next("chunk")

    def failure(self, value: Mapping[str, Any], status: int) -> Any:
        return {}

    def _next(self, text: str) -> Saying:
        self.number += 1
        return Saying(text=f"{self.number - 1} {text}")


@pytest.fixture(autouse=True)
def spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORDS, "openai-chat", Numbering)


def case(steps: str, more: str = "") -> Case:
    text = f"dialect: openai-chat\nstream: {{steps: [{steps}]{more}}}\n"
    return cases(loads(text, path="f.yaml", id="a"))[0]


def said(data: bytes) -> list[str]:
    return [block.removeprefix("data: ") for block in data.decode().split("\n\n") if block]


def test_each_turn_of_a_repeat_is_said_and_what_is_open_is_closed() -> None:
    plan = compile_case(
        case("text: a, repeat: {times: 2, steps: [text: b, repeat: {times: 2, steps: [role: c]}]}, done")
    )
    expected = ["0 open", "1 a", "2 b", "3 c", "4 c", "5 b", "6 c", "7 c", "8 close", "9 done"]
    assert said(plan.answer(0).body()) == expected
    assert said(plan.answer(0).body()) == expected


def test_an_answer_that_is_cut_off_closes_nothing() -> None:
    assert said(compile_case(case("text: a", ", end: fin")).answer(0).body()) == ["0 open", "1 a"]


def test_an_endless_stream_is_walked_as_far_as_it_is_read() -> None:
    endless = case("repeat: {times: 1000000000, steps: [text: b]}")
    operations = compile_case(endless).answer(0).operations
    for _ in range(2):
        written = list(islice(operations(), 30_000))
        assert all(isinstance(operation, Write) for operation in written)
        assert written[-1].data == b"data: 30000 b\n\n"
    assert sum(row.size for row in rows(endless)) > 100_000
    with pytest.raises(NotPlayable):
        list(plays(endless, "every-split"))


def test_an_endless_body_has_no_length_to_announce() -> None:
    with pytest.raises(NotPlayable, match="needs a length"):
        compile_case(case("repeat: {times: 1000000000, steps: [text: b]}", ", framing: length"))


def test_a_long_body_of_few_steps_is_not_kept() -> None:
    plan = compile_case(case("repeat: {times: 3, steps: [text: {fill: x, bytes: 3000000}]}"))
    assert [len(text) for text in said(plan.answer(0).body())] == [6, 3_000_002, 3_000_002, 3_000_002]


def test_it_is_shown_which_step_wrote_what() -> None:
    shown = rows(case("text: a, repeat: {times: 2, steps: [role: b]}, done"))
    assert [(row.step, row.offset, row.size, row.data) for row in shown] == [
        (0, 0, 25, b"data: 0 open\n\ndata: 1 a\n\n"),
        (1, None, 0, b""),
        (2, 25, 22, b"data: 2 b\n\n"),
        (3, 47, 29, b"data: 4 close\n\ndata: 5 done\n\n"),
    ]


def test_what_cannot_be_said_is_found_when_compiled() -> None:
    for steps in ("text: a, finish: '1'", "repeat: {times: 1000000000, steps: [finish: '1']}"):
        with pytest.raises(ScenarioError, match="no finish after 1"):
            compile_case(case(steps))


def test_a_sweep_and_an_encoding_say_the_same() -> None:
    short = case("text: a, repeat: {times: 2, steps: [role: b]}, done")
    whole = compile_case(short).answer(0).body()
    assert {plan.answer(0).body() for plan in plays(short, "every-split")} == {whole}
    zipped = case("text: a, repeat: {times: 2, steps: [role: b]}, done", ", encoding: gzip")
    assert compile_case(zipped, encoding_ok=False).answer(0).body() == whole
    assert compile_case(zipped).answer(0).body() == compile_case(zipped).answer(0).body()
