"""What each family of servers may do in the further dialects, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof_formats.profiles import PROFILES

from . import openai_completions_table as completions
from .openai_chat_table import HTML, JSON
from .streams import DONE, body, judged, rules, usage

Case = tuple[str, str, Any, bytes, list[str]]
ASKS_USAGE = completions.USAGE_ASKED
PLAIN = completions.PLAIN

ALLOWED: list[Case] = [
    (
        "openai-completions",
        "llama-cpp",
        completions.asked(),
        body(completions.text("Hi"), completions.finish("length", created=2, usage=usage()), DONE),
        ["OL-04", "OL-09b"],
    ),
    (
        "openai-completions",
        "llama-cpp",
        ASKS_USAGE,
        body(completions.text("Hi"), completions.finish("length", usage=usage()), DONE),
        ["OL-09"],
    ),
    (
        "openai-completions",
        "ollama-v1",
        ASKS_USAGE,
        body(completions.text("Hi", usage=usage(0, 0, 0)), completions.finish(created=2), completions.chunk(usage=usage(), created=2), DONE),
        ["OL-04", "OL-09"],
    ),
    (
        "openai-completions",
        "tgi",
        completions.asked(),
        body(completions.text("Hi", 0, "", id=""), completions.text("!", 0, "eos_token", id="", usage=usage()), DONE),
        ["OL-05", "OL-09b"],
    ),
]  # fmt: skip

NOT_ALLOWED: list[Case] = [
    ("openai-completions", "llama-cpp", ASKS_USAGE, body(*PLAIN), ["OL-09"]),
    ("openai-completions", "llama-cpp", None, body(completions.text("Hi", id="d"), *PLAIN), ["OL-04"]),
    ("openai-completions", "tgi", None, body(completions.finish("tool_calls"), DONE), ["OL-05"]),
    *(("openai-completions", name, None, body(completions.text("Hi"), DONE), ["OL-05"]) for name in PROFILES),
    *(("openai-completions", name, None, body(*PLAIN[:-1]), ["OL-02"]) for name in PROFILES),
]


ANSWERS: list[tuple[str, bytes, Any, list[str], list[str], str | None]] = [
    ("an envelope", b'{"result":{"response":"Hi"},"success":true}', JSON, ["SSE-40"], [], "Hi"),
    ("a bare object", b'{"response":"Hi"}', JSON, ["SSE-40"], [], "Hi"),
    ("another object", b'{"answer":"Hi"}', JSON, ["SSE-40"], ["WA-06"], None),
    ("no object", b'["Hi"]', JSON, ["SSE-40"], ["WA-06"], None),
    ("no JSON", b"Hi", JSON, ["SSE-40"], ["WA-02"], None),
    ("a page", b"<html>", HTML, ["SSE-40"], ["SSE-40"], None),
]


@pytest.mark.parametrize(
    ("name", "answer", "head", "strict", "lenient", "text"), ANSWERS, ids=[row[0] for row in ANSWERS]
)
def test_the_lenient_profile_takes_one_json_object_for_a_stream_of_workers_ai(
    name: str, answer: bytes, head: Any, strict: list[str], lenient: list[str], text: str | None
) -> None:
    for request in (None, {"messages": [], "stream": True}):
        assert rules(judged("workers-ai", answer, head=head, request=request)) == strict, name
        found = judged("workers-ai", answer, head=head, request=request, profile="lenient")
        assert rules(found) == lenient
        assert found.message is not None
        assert [choice.text for choice in found.message.choices] == ([] if text is None else [text])
        assert (found.message.ended == "terminal") == (text is not None)
    assert rules(judged("workers-ai", answer, head=JSON, request={"stream": False})) == []


@pytest.mark.parametrize(("dialect", "profile", "request_body", "stream", "broken"), ALLOWED)
def test_a_profile_allows_what_its_servers_do(
    dialect: str, profile: str, request_body: Any, stream: bytes, broken: list[str]
) -> None:
    assert rules(judged(dialect, stream, request=request_body)) == broken
    assert judged(dialect, stream, request=request_body, profile=profile).findings == ()


@pytest.mark.parametrize(("dialect", "profile", "request_body", "stream", "broken"), NOT_ALLOWED)
def test_a_profile_allows_no_more_than_that(
    dialect: str, profile: str, request_body: Any, stream: bytes, broken: list[str]
) -> None:
    assert rules(judged(dialect, stream, request=request_body, profile=profile)) == broken
