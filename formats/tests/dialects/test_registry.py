"""The registry: what it knows of a dialect, and how it reads errors and finish reasons."""

from __future__ import annotations

import pytest

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.dialects import DIALECTS, finish_reason, machine, read_error
from streamproof_formats.message import StreamError
from streamproof_formats.profiles import PROFILES
from streamproof_formats.rules import RULES

from . import examples
from .openai_chat_table import ERROR, PLAIN
from .streams import DONE, asked, body, call, chunk, entry, finish, judged, role, rules, say, text, tool, usage
from .tables import TABLES


def test_spoken_dialects_are_among_the_named_ones() -> None:
    assert set(DIALECTS) <= set(DIALECT_NAMES)
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        assert dialect.path.startswith(dialect.base_path)
        assert dialect.content_type == {"sse": "text/event-stream", "ndjson": "application/x-ndjson"}[dialect.framing]
        assert any(rule.startswith(dialect.rule_prefix) for rule in RULES)
        assert all(rule in RULES for rule in dialect.cites.values())
        assert ("{model}" in dialect.path) != ("model" in dialect.request) or name == "workers-ai"


@pytest.mark.parametrize(("dialect", "profile"), [("no-such-dialect", "strict"), ("openai-chat", "no-such-profile")])
def test_unknown_names_are_key_errors(dialect: str, profile: str) -> None:
    with pytest.raises(KeyError):
        machine(dialect, request=None, profile=profile)


@pytest.mark.parametrize(
    ("dialect", "content", "error"),
    [
        (
            "openai-chat",
            b'{"error":{"message":"m","type":"t","param":"p","code":"c"}}',
            StreamError(message="m", type="t", param="p", code="c", status=400),
        ),
        ("openai-chat", b'{"error":{"message":"m","code":404}}', StreamError(message="m", code="404", status=400)),
        ("openai-chat", b'{"error":"m","error_type":"x"}', StreamError(message="m", status=400)),
        ("openai-chat", b"<html>Bad gateway</html>", StreamError(message="<html>Bad gateway</html>", status=400)),
        ("openai-chat", b"", StreamError(message=None, status=400)),
        ("openai-chat", b"[]", StreamError(message="[]", status=400)),
        ("openai-chat", b"\xff" * 1000, StreamError(message="\ufffd" * 200, status=400)),
        (
            "workers-ai",
            b'{"result":null,"success":false,"errors":[{"code":3040,"message":"m"}],"messages":[]}',
            StreamError(message="m", code="3040", status=400),
        ),
        ("workers-ai", b'{"error":"m"}', StreamError(message="m", status=400)),
        ("workers-ai", b'{"errors":[]}', StreamError(message='{"errors":[]}', status=400)),
    ],
)
def test_the_error_of_an_answer_is_read(dialect: str, content: bytes, error: StreamError) -> None:
    assert read_error(dialect, 400, content) == error


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, None),
        ("", None),
        ("stop", "stop"),
        ("STOP", "stop"),
        ("tool-calls", "tool_calls"),
        ("toolCalls", "tool_calls"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("MAX-TOKENS", "length"),
        ("content-filter", "content_filter"),
        ("end_turn", "stop"),
        ("function-call", "function_call"),
        ("whatever", "whatever"),
    ],
)
def test_finish_reasons_are_compared_in_the_dialects_spelling(said: str | None, reason: str | None) -> None:
    assert finish_reason("openai-chat", said) == reason


@pytest.mark.parametrize(("dialect", "name"), [(name, one) for name in TABLES for one in TABLES[name].examples])
def test_examples_break_nothing(dialect: str, name: str) -> None:
    assert judged(dialect, TABLES[dialect].examples[name]).findings == ()


@pytest.mark.parametrize(
    ("profile", "broken"),
    [("azure", {"OC-06", "OC-07", "OC-08", "OC-09"}), ("openrouter", {"OC-34"})],
)
def test_a_deviating_example_passes_under_its_profile_only(profile: str, broken: set[str]) -> None:
    stream = examples.PROFILED[profile]
    assert set(rules(judged("openai-chat", stream))) == broken
    assert judged("openai-chat", stream, profile=profile).findings == ()


PRICED = {"usage": None}
SENTINEL = {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": ""}}
ASKS_USAGE = asked(stream_options={"include_usage": True})
NUMBERED = {"error": {"message": "m", "type": "t", "code": 400}}

ALLOWED = [
    ("azure", asked(), body(role(usage=None), finish(usage=None), DONE), ["OC-28b"]),
    ("openrouter", asked(), body(*PLAIN[:-1], chunk(usage=usage()), DONE), ["OC-28"]),
    ("vllm", None, body(role(), say({"content": "Hi"}, "stop"), DONE), ["OC-16"]),
    ("vllm", ASKS_USAGE, body(*PLAIN[:-1], chunk(usage=usage()), DONE), ["OC-27"]),
    ("vllm", None, body(role(), NUMBERED, DONE), ["OC-34"]),
    ("llama-cpp", None, body(role(), role(), text("Hi", created=2), finish(created=2), DONE), ["OC-08", "OC-11"]),
    ("llama-cpp", None, body(role(), NUMBERED), ["OC-34"]),
    ("ollama-v1", None, body(role(), finish("load"), DONE), ["OC-06"]),
    ("ollama-v1", ASKS_USAGE, body(*PLAIN[:-1], chunk(usage=usage()), DONE), ["OC-27"]),
    (
        "tgi",
        None,
        body(role(), role(created=2), finish("stop_sequence", created=2), chunk(id="", created=2), DONE),
        ["OC-06", "OC-07", "OC-08", "OC-11"],
    ),
    (
        "tgi",
        None,
        body(role(), call(arguments=""), tool(0, "call_0", arguments="{}"), finish("tool_calls"), DONE),
        ["OC-21"],
    ),
    ("cloudflare", None, body(role(), finish("model_length", id="d"), DONE), ["OC-06", "OC-07"]),
    (
        "cloudflare",
        None,
        body(role(), call(), say({"tool_calls": [SENTINEL]}), finish("tool_calls"), DONE),
        ["OC-06"] * 3,
    ),
    ("cloudflare", asked(), body(role(usage=usage()), finish(usage=usage()), DONE), ["OC-28", "OC-28"]),
]


@pytest.mark.parametrize(("profile", "request_body", "stream", "broken"), ALLOWED)
def test_a_profile_allows_what_its_servers_do(
    profile: str, request_body: object, stream: bytes, broken: list[str]
) -> None:
    assert rules(judged("openai-chat", stream, request=request_body)) == broken
    assert judged("openai-chat", stream, request=request_body, profile=profile).findings == ()


@pytest.mark.parametrize(
    ("profile", "request_body", "stream", "broken"),
    [
        ("azure", None, body(role(), text("Hi", id=...), finish(), DONE), ["OC-06"]),
        ("azure", None, body(role(), text("Hi", id="d"), finish(id="d"), DONE), ["OC-07"]),
        ("openrouter", None, body(role(), {"error": "bad"}), ["OC-34"]),
        ("vllm", ASKS_USAGE, body(*PLAIN), ["OC-27"]),
        ("ollama-v1", None, body(role(), finish("eos"), DONE), ["OC-06"]),
        ("ollama-v1", None, body(role(), text("Hi")), ["OC-04", "OC-14"]),
        ("tgi", None, body(role(), finish(id="d"), DONE), ["OC-07"]),
        (
            "cloudflare",
            None,
            body(role(), say({"tool_calls": [{"function": {"name": "f"}}]}), finish("tool_calls"), DONE),
            ["OC-19", "OC-20b", "OC-24"],
        ),
        *((name, None, body(role(), text("Hi"), finish()), ["OC-04"]) for name in PROFILES),
        *((name, None, body(role(), text(5), finish(), DONE), ["OC-12b"]) for name in PROFILES),
        *((name, None, body(role(), ERROR, text("x")), ["OC-34b"]) for name in PROFILES),
    ],
)
def test_a_profile_allows_no_more_than_that(
    profile: str, request_body: object, stream: bytes, broken: list[str]
) -> None:
    assert rules(judged("openai-chat", stream, request=request_body, profile=profile)) == broken


def test_profiles_allow_known_rules_each_with_its_source() -> None:
    assert {
        "strict",
        "openai",
        "azure",
        "openrouter",
        "vllm",
        "llama-cpp",
        "ollama-v1",
        "tgi",
        "litellm",
        "deepseek",
        "cloudflare",
    } <= set(PROFILES)
    assert not PROFILES["strict"].allows
    for profile in PROFILES.values():
        for rule, allowance in profile.allows.items():
            assert rule in RULES
            assert allowance.reason
            assert allowance.source


def test_a_filter_chunk_of_azure_before_the_role_is_no_first_delta() -> None:
    annotation = chunk(entry(..., content_filter_results={}), id="", object="", created=0, model="")
    assert judged("openai-chat", body(annotation, *PLAIN), profile="azure").findings == ()
