"""Documents as files: what is written is read back, and is written for people."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.file_text import file_text, flow
from streamproof_scenarios.generating import Seeded, generate
from streamproof_scenarios.generating.draw import HAZARDS
from streamproof_scenarios.loader import loads

FLOWS: dict[str, tuple[Any, str]] = {
    "a word is plain": ({"role": "assistant"}, "{role: assistant}"),
    "a sentence is quoted": ({"text": "Hello, you"}, '{text: "Hello, you"}'),
    "a word that YAML takes for more is quoted": (["null", "no", "True"], '["null", "no", "True"]'),
    "values stay what they are": ([None, True, 1, 0.5, "1"], '[null, true, 1, 0.5, "1"]'),
    "what YAML does not take is escaped": ("\x7f\x85\ufeff\x00", '"\\u007f\\u0085\\ufeff\\u0000"'),
    "letters of all kinds stand as they are": ("你😀", '"你😀"'),
}


@pytest.mark.parametrize(("value", "text"), FLOWS.values(), ids=FLOWS)
def test_a_value_stands_on_one_line(value: Any, text: str) -> None:
    assert flow(value) == text


@pytest.mark.parametrize("text", HAZARDS)
def test_every_text_is_read_back(text: str) -> None:
    assert yaml.safe_load(f"a: {flow({'b': text})}") == {"a": {"b": text}}


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_written_stream_is_the_same_bytes(dialect: str) -> None:
    for seed in range(20):
        generated = generate(dialect, Seeded(seed))
        (first,) = cases(generated.scenario("a"))
        (again,) = cases(loads(file_text(generated.document, ["one"]), path="a.yaml", id="a"))
        assert compile_case(again).answer(0).body() == compile_case(first).answer(0).body()
        assert again.request == first.request


def test_answers_in_turn_are_written_one_by_one() -> None:
    document = {
        "title": "Two",
        "dialect": "openai-chat",
        "stream": [{"status": 500, "steps": ["error"]}, {"steps": [{"text": "a b"}, "done"]}],
    }
    assert file_text(document) == (
        "title: Two\ndialect: openai-chat\nstream:\n"
        "  - status: 500\n    steps:\n      - error\n"
        '  - steps:\n      - {text: "a b"}\n      - done\n'
    )
    assert yaml.safe_load(file_text(document)) == document
