"""Bodies that mean harm, in every dialect and both framings: each ends in findings or at a limit, in bounds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from streamproof_formats.dialects import DIALECTS
from streamproof_formats.judge import Judge, Judgement
from streamproof_formats.tally import MOST_OF_ONE_RULE

from .streams import chunk, entry

TEXTS: dict[str, Any] = {
    "openai-chat": chunk(entry({"role": "assistant", "content": "QQ"})),
    "openai-completions": {"id": "c", "object": "text_completion", "created": 1, "model": "m",
                           "choices": [{"text": "QQ", "index": 0, "logprobs": None, "finish_reason": None}]},
    "openai-responses": {"type": "response.output_text.delta", "sequence_number": 0, "item_id": "m", "output_index": 0,
                         "content_index": 0, "delta": "QQ", "logprobs": []},
    "anthropic-messages": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "QQ"}},
    "workers-ai": {"response": "QQ"},
    "gemini": {"candidates": [{"content": {"parts": [{"text": "QQ"}], "role": "model"}, "index": 0}]},
    "ollama-chat": {"model": "m", "created_at": "2026-11-20T09:00:00Z",
                    "message": {"role": "assistant", "content": "QQ"}, "done": False},
    "mistral": {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                "choices": [{"index": 0, "delta": {"content": "QQ"}, "finish_reason": None}]},
    "cohere-v2": {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "QQ"}}}},
}  # fmt: skip
"""An event of each dialect that says a text."""

DEEP, MANY, MOST_BYTES = 10_000, 5_000, 1 << 16
PLACES = ("index", "output_index", "content_index", "sequence_number", "created")


def framed(dialect: str, *texts: str) -> bytes:
    """The events with this data; lone surrogates become the bytes that no UTF-8 has."""
    write = "{}\n" if DIALECTS[dialect].framing == "ndjson" else "data: {}\n\n"
    return "".join(write.format(text) for text in texts).encode("utf-8", "surrogatepass")


def with_text(dialect: str, value: str) -> str:
    """The event that says a text, with other JSON in the place of the text."""
    return json.dumps(TEXTS[dialect]).replace('"QQ"', value)


def renumbered(value: Any, number: int) -> Any:
    """The event with this number at all its places."""
    if isinstance(value, dict):
        return {key: number if key in PLACES else renumbered(item, number) for key, item in value.items()}
    return [renumbered(item, number) for item in value] if isinstance(value, list) else value


def repeated(value: Any, times: int) -> Any:
    """The event with each of its arrays that many times as long."""
    if isinstance(value, dict):
        return {key: repeated(item, times) for key, item in value.items()}
    return value * times if isinstance(value, list) else value


BODIES: dict[str, Callable[[str], bytes]] = {
    "10,000 levels of objects": lambda d: framed(d, '{"a":' * DEEP + "1" + "}" * DEEP),
    "10,000 levels of arrays": lambda d: framed(d, "[" * DEEP + "]" * DEEP),
    "10,000 levels in the place of a text": lambda d: framed(d, with_text(d, "[" * DEEP + "]" * DEEP)),
    "NaN and its like": lambda d: framed(d, *(with_text(d, text) for text in ("NaN", "-Infinity", "1e999", "-0"))),
    "long numbers": lambda d: framed(d, with_text(d, "9" * MANY), with_text(d, "0." + "9" * MANY), "9" * MANY),
    "keys many times": lambda d: framed(d, "{" + ",".join(['"type":"x"', '"id":1'] * MANY) + "}"),
    "very many keys": lambda d: framed(d, "{" + ",".join(f'"{number}":[]' for number in range(MANY)) + "}"),
    "lone surrogates": lambda d: framed(d, with_text(d, '"\\ud800"'), with_text(d, '"\ud800"'), "\udfff"),
    "NUL": lambda d: framed(d, with_text(d, '"\\u0000"'), with_text(d, '"\0"'), "\0" * 100) + b"\0" * 100,
    "places of a thousand million": lambda d: framed(d, json.dumps(renumbered(TEXTS[d], 10**9))),
    "places beyond 64 bit": lambda d: framed(d, json.dumps(renumbered(TEXTS[d], -(10**30)))),
    "arrays of 5,000 in one event": lambda d: framed(d, json.dumps(repeated(TEXTS[d], MANY))),
    "5,000 places": lambda d: framed(d, *(json.dumps(renumbered(TEXTS[d], number)) for number in range(MANY))),
    "5,000 events that are no JSON": lambda d: framed(d, *["x"] * MANY),
    "5,000 events of another type": lambda d: framed(d, *["[]"] * MANY),
    "blank lines and bytes that are none": lambda _: b"\n\r\n\r" * MANY + bytes(range(256)) * 20,
}


def judged(dialect: str, body: bytes, **options: Any) -> Judgement:
    judge = Judge(dialect, keep_events=False, **options)
    judge.receive_data(body)
    return judge.close()


def assert_bounded(judgement: Judgement) -> None:
    assert judgement.events == ()
    assert judgement.findings or judgement.problem
    for finding in judgement.findings:
        finding.message.encode()
        assert len(finding.message) < 400
    assert max(Counter(finding.rule for finding in judgement.findings).values(), default=0) <= MOST_OF_ONE_RULE
    assert judgement.message is not None
    assert len(judgement.message.choices) <= 1024
    assert all(len(choice.tool_calls) <= 1024 for choice in judgement.message.choices)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_ends_in_findings_or_at_a_limit(dialect: str, name: str) -> None:
    assert_bounded(judged(dialect, BODIES[name](dialect)))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("ends", "limit"), [(True, "max_line"), (True, "max_event"), (False, "max_line")])
def test_a_line_past_the_limit_is_told(dialect: str, ends: bool, limit: str) -> None:
    body = framed(dialect, with_text(dialect, json.dumps("y" * MOST_BYTES)))
    judge = Judge(dialect, keep_events=False, **{limit: MOST_BYTES})
    for start in range(0, len(body), 1000):
        judge.receive_data(body[start : start + 1000] if ends else body[start : start + 1000].strip(b"\n"))
    judgement = judge.close()
    assert_bounded(judgement)
    assert judgement.problem is not None
    assert f"longer than the {MOST_BYTES} bytes allowed" in judgement.problem
    assert judged(dialect, body, **{limit: 2 * MOST_BYTES}).problem is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_findings_beyond_those_that_are_told_are_counted(dialect: str) -> None:
    # Of a chunk without JSON the machine of openai-responses tells once that events are not numbered.
    found = judged(dialect, framed(dialect, *["x\u2028"] * MANY)).findings
    counts = Counter(finding.rule for finding in found)
    full = [rule for rule, count in counts.items() if count == MOST_OF_ONE_RULE]
    assert full
    for rule in full:
        last = [finding.message for finding in found if finding.rule == rule][-1]
        assert last.endswith(f"(and {MANY - MOST_OF_ONE_RULE} more of this rule)")
