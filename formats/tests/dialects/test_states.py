"""The tables of states that readers are shown say what the machines do: both are walked beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from streamproof_formats.dialects import DIALECTS
from streamproof_formats.response import BodyEnd
from streamproof_formats.rules import RULES
from streamproof_formats.states import StateTable

from . import cohere_v2_table, gemini_table, mistral_table, ollama_chat_table, openai_completions_table, streams
from . import workers_ai_table as workers_ai
from .streams import DONE, judged

END = "the end of the body"
ERROR = {"error": {"message": "m", "type": "t", "param": None, "code": None}}
TABLES = [(name, table) for name, dialect in DIALECTS.items() for table in dialect.states]

gemini, ollama, cohere = gemini_table, ollama_chat_table, cohere_v2_table
FINISHED = gemini.chunk(gemini.candidate({"text": "Hi"}, finish="STOP"))
SIGNALS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("openai-chat", "the stream"): {"a chunk": streams.text("Hi"), "[DONE]": DONE, "an error": ERROR},
    ("openai-chat", "each choice"): {
        "the role": streams.say({"role": "assistant"}),
        "reasoning": streams.say({"reasoning": "hm"}),
        "content": streams.text("Hi"),
        "a refusal": streams.say({"refusal": "No"}),
        "a tool call": streams.tool(0, arguments="{}"),
        "a function call": streams.function(arguments="{}"),
        "audio": streams.say({"audio": {"data": "x"}}),
        "an empty delta": streams.say({}),
        "a finish reason": streams.chunk(streams.entry(..., "stop")),
    },
    ("openai-completions", "the stream"): {
        "a chunk": openai_completions_table.text("Hi"),
        "[DONE]": DONE,
        "an error": ERROR,
    },
    ("openai-completions", "each choice"): {
        "a piece of text": openai_completions_table.text("Hi"),
        "the finish reason": openai_completions_table.finish(),
    },
    ("mistral", "the stream"): {"a chunk": mistral_table.text("Hi"), "[DONE]": DONE, "an error": ERROR},
    ("mistral", "each choice"): {
        "the role and an empty content": mistral_table.role(),
        "a piece of text": mistral_table.text("Hi"),
        "the finish reason": mistral_table.finish(),
    },
    ("workers-ai", "the stream"): {"a chunk": workers_ai.HI, "[DONE]": DONE},
    ("ollama-chat", "the stream"): {"a line": ollama.HI, "the line with done": ollama.BYE, "an error": ollama.ERROR},
    ("gemini", "the stream"): {"candidates": FINISHED, "a blockReason": gemini.BLOCK, "an error": gemini.error()},
    ("gemini", "each candidate"): {
        "parts": gemini.HI,
        "the finishReason": gemini.chunk(gemini.candidate(finish="STOP")),
    },
    ("cohere-v2", "the stream"): {
        "message-start": cohere.START,
        "an event of the answer": cohere.plan("I will."),
        "message-end": cohere.end(),
        "[DONE]": DONE,
    },
}
"""By dialect and thing, an event for each signal.  What is not here is the table by which its machine itself goes."""


def found(dialect: str, events: list[Any], end: BodyEnd) -> set[str]:
    stream = ollama.lines(*events) if dialect == "ollama-chat" else streams.body(*events)
    return {finding.rule for finding in judged(dialect, stream, end=end).findings}


def walked(table: StateTable, signals: tuple[str, ...]) -> set[str]:
    """The rules that a table says are broken on this way; a signal that it does not have there changes nothing."""
    state, rules = table.start, set()
    for signal in signals:
        try:
            step = table.step(state, signal)
        except KeyError:
            continue
        state = step.target
        rules.update(step.rules)
    return rules


@pytest.mark.parametrize(("dialect", "of"), SIGNALS, ids=map(" ".join, SIGNALS))
def test_a_machine_finds_on_every_way_what_its_table_says(dialect: str, of: str) -> None:
    table = next(table for table in DIALECTS[dialect].states if table.of == of)
    events = SIGNALS[dialect, of]
    speaks_of = {rule for arrow in table.transitions for rule in arrow.rules}
    # Choices end within a stream that goes on, so that only the stream's own table is walked to its end.
    has_end = any(arrow.signal == END for arrow in table.transitions)
    for length in range(4):
        for signals in product(events, repeat=length):
            wanted = walked(table, (*signals, END) if has_end else signals)
            seen = found(dialect, [events[signal] for signal in signals], "clean") & speaks_of
            if of in ("each choice", "each candidate") and not signals:
                continue
            assert seen == wanted, signals


@pytest.mark.parametrize(("dialect", "table"), TABLES, ids=[f"{name} {table.of}" for name, table in TABLES])
def test_a_table_is_whole(dialect: str, table: StateTable) -> None:
    pairs = [(arrow.source, arrow.signal) for arrow in table.transitions]
    assert len(pairs) == len(set(pairs))
    assert {rule for arrow in table.transitions for rule in arrow.rules} <= set(RULES)
    assert all(rule.startswith(DIALECTS[dialect].rule_prefix) for arrow in table.transitions for rule in arrow.rules)
    assert set(table.meanings) <= set(table.states)
    reached = {table.start}
    for _ in table.states:
        reached |= {arrow.target for arrow in table.transitions if arrow.source in reached}
    assert set(table.states) - reached <= {"taken up"}
