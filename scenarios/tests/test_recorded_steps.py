"""Recorded bodies as steps: whatever was recorded, the steps write the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.file_text import file_text
from streamproof_scenarios.generating import Seeded, generate
from streamproof_scenarios.loader import loads
from streamproof_scenarios.recorded_steps import Recording, recorded_steps


def body_of(document: dict[str, Any]) -> bytes:
    (case,) = cases(loads(file_text(document), path="a.yaml", id="a"))
    return compile_case(case).answer(0).body()


def again(found: Recording, dialect: str) -> bytes:
    return body_of({"title": "t", "dialect": dialect, "stream": {**found.keys, "steps": found.steps}})


STEPS: dict[str, tuple[bytes, str, Any, Any]] = {
    "nothing": (b"", "openai-chat", {}, []),
    "JSON and the terminal": (b'data: {"a":[1,"b"]}\n\ndata: [DONE]\n\n', "openai-chat", {}, [{"event": {"a": [1, "b"]}}, "done"]),
    "JSON with escapes": (b'data: {"a":"\\u00e9"}\n\n', "openai-chat", {}, [{"event": {"a": "é"}, "ascii": True}]),
    "JSON written in another way": (b'data: {"a": 1e2}\n\n', "openai-chat", {}, [{"data": '{"a": 1e2}'}]),
    "a comment": (b": ping\n\n", "openai-chat", {}, [{"comment": "ping"}]),
    "a named event": (
        b'event: x\ndata: {"type":"ping"}\n\n', "anthropic-messages", {}, [{"event": {"type": "ping"}, "name": "x"}],
    ),
    "the name that the type has": (
        b'event: ping\ndata: {"type":"ping"}\n\n', "anthropic-messages", {}, [{"event": {"type": "ping"}}],
    ),
    "no name where the dialect has one": (
        b'data: {"type":"ping"}\n\n', "anthropic-messages", {}, [{"event": {"type": "ping"}, "name": None}],
    ),
    "a text that a word writes": (b'data: {"response":"h\xc3\xa9"}\n\n', "workers-ai", {}, [{"text": "hé"}]),
    "CRLF": (b"data: x\r\n\r\n", "openai-chat", {"eol": "crlf"}, [{"data": "x"}]),
    "CR": (b"data: x\r\r", "openai-chat", {"eol": "cr"}, [{"data": "x"}]),
    "no space": (b"data:x\n\n", "openai-chat", {"space": False}, [{"data": "x"}]),
    "a cut event": (b'data: {"a', "openai-chat", {}, [{"raw": 'data: {"a'}]),
    "bytes that are no text": (b"data: \xff\n\n", "openai-chat", {}, [{"hex": "646174613a20ff0a0a"}]),
    "JSON lines": (b'{"a":1}\n{"b": 2}\n', "ollama-chat", {}, [{"event": {"a": 1}}, {"data": '{"b": 2}'}]),
    "JSON lines in CRLF": (b'{"a":1}\r\n', "ollama-chat", {"eol": "crlf"}, [{"event": {"a": 1}}]),
}  # fmt: skip


@pytest.mark.parametrize(("body", "dialect", "keys", "steps"), STEPS.values(), ids=STEPS)
def test_a_recording_is_told_in_steps(body: bytes, dialect: str, keys: Any, steps: Any) -> None:
    found = recorded_steps(body, dialect)
    assert (found.keys, found.steps) == (keys, steps)
    assert again(found, dialect) == body


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_generated_stream_is_kept_byte_for_byte(dialect: str) -> None:
    for seed in range(8):
        drawn = generate(dialect, Seeded(seed)).document
        stream = {key: value for key, value in drawn["stream"].items() if key != "before"}
        body = body_of({**drawn, "stream": stream})
        found = recorded_steps(body, dialect)
        assert again(found, dialect) == body
        told = [step for step in found.steps if isinstance(step, str) or not {"raw", "hex"} & step.keys()]
        assert len(told) * 2 > len(found.steps), "most of it in events"


PIECES = st.sampled_from(
    [b"data: ", b"data:", b"event: x", b"\n", b"\n\n", b"\r\n", b"\r\n\r\n", b"\r", b'{"a":1}', b"[DONE]", b": c", b"\xff",
     "\u2028é😀".encode(), b"\x00", b"\xef\xbb\xbf", b'{"response":"x"}', b"null", b" "]
)  # fmt: skip


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(
    body=st.lists(PIECES, max_size=12).map(b"".join),
    dialect=st.sampled_from(["workers-ai", "ollama-chat", "cohere-v2"]),
)
def test_any_bytes_are_kept(body: bytes, dialect: str) -> None:
    assert again(recorded_steps(body, dialect), dialect) == body
