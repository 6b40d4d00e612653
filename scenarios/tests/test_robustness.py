"""Whatever a file holds, it loads or its author is told what is wrong; what loads compiles, or it is told why not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamproof_scenarios.compiler import cases, compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.problem import NotPlayable, ScenarioError

FILE = r"""
title: Two choices
dialect: [openai-chat, workers-ai]
refs: [OC-17, "owner/repo#1"]
force: must
client: {max_retries: 0, stop: {after: 2, how: abort}}
vary: {end: [fin, reset], framing: [close, chunked]}
stream:
  - status: 429
    headers: {retry-after: 1}
    steps: [error: {message: slow down}]
  - eol: crlf
    encoding: gzip
    steps:
      - role: assistant
      - {text: "é", cut: 3, keep: -1}
      - tool: {index: 0, id: a, arguments: {fill: x, bytes: 9}}
      - block: ["id: 7", text: a]
      - repeat: {times: 2, steps: [pause: 5ms, {data: x, name: null}]}
      - {hex: ef bb, cut: [1]}
      - usage: {input: 1, output: 2}
      - await: delivered
      - {done, unclosed: 1}
breaks: {openai-chat: [OC-04], "workers-ai[end=fin]": []}
expect: [{as: a, outcome: [error], choices: [{text: a}]}, {requests: {min: 1}, wait_s: {max: 2}}]
deliveries: ["size:3", all]
"""
PIECES = st.sampled_from(
    ["[", "]", "{", "}", ", ", ": ", "null", "true", "-1", "1e9", ".nan", "''", "\n", "  ", "- ", "fill", "bytes", "steps",
     "end", "cut", "rst-stream", "h2", "&a ", "*a", "!!str ", "é", "\ufeff", "#", "|", "?"]
)  # fmt: skip
EDITS = st.lists(st.tuples(st.integers(0, len(FILE)), st.integers(0, 12), PIECES | st.just("")), min_size=1, max_size=3)


def edited(edits: list[tuple[int, int, str]]) -> str:
    text = FILE
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    return text


def play(text: str) -> None:
    for case in cases(loads(text, path="f.yaml", id="a")):
        pieces, whole = compile_case(case, "size:7"), compile_case(case, "whole")
        assert [answer.body() for answer in pieces.answers] == [answer.body() for answer in whole.answers]


def test_the_file_is_good_as_it_stands() -> None:
    play(FILE)


@settings(max_examples=400, deadline=None)
@given(EDITS)
def test_an_edited_file_loads_or_is_explained(edits: list[tuple[int, int, str]]) -> None:
    try:
        play(edited(edits))
    except ScenarioError as error:
        assert error.problems  # noqa: PT017
        assert all(str(problem).startswith("f.yaml:") for problem in error.problems)  # noqa: PT017
    except NotPlayable as reason:
        assert str(reason)  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode()))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(ScenarioError):
        loads(data, path="f.yaml", id="a")
