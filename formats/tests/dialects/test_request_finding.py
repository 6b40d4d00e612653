"""Request findings: where the fault is, what it is, and which document says so."""

from __future__ import annotations

import pytest

from streamproof_formats.dialects import DIALECTS, judge_request
from streamproof_formats.dialects.request_finding import LONGEST_REMEMBERED, request_source
from streamproof_formats.rules import RULES

_MESSAGES = '"messages":[{"role":"user","content":"Hi"}]'


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (f'{{"model":"m",{_MESSAGES}}}', []),
        ('{"model":"m"}', [("$.messages", "expected array, found nothing", "CreateChatCompletionRequest, messages")]),
        (f'{{"model":1,{_MESSAGES}}}', [("$.model", "expected string, found integer 1", "CreateChatCompletionRequest, model")]),
        (
            '{"model":"m","messages":[{"role":"nobody","content":"Hi"}]}',
            [("$.messages[0].role", None, "CreateChatCompletionRequest, messages")],
        ),
        (
            f'{{"model":"m",{_MESSAGES},"logit_bias":{{"a: expected b":"x"}}}}',
            [("$.logit_bias['a: expected b']", 'expected integer, found string "x"', "CreateChatCompletionRequest, logit_bias")],
        ),
        ("[]", [("$", "expected object, found array", "CreateChatCompletionRequest")]),
        ("not JSON", [("$", "expected JSON, found something else", "CreateChatCompletionRequest")]),
        ("[" * 100_000, [("$", "expected JSON, found something else", "CreateChatCompletionRequest")]),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_its_source(data: str, found: list[tuple[str, str | None, str]]) -> None:
    findings = judge_request("openai-chat", data.encode())
    assert [(item.path, item.source.section) for item in findings] == [(path, section) for path, _, section in found]
    assert all(item.message == said for item, (_, said, _) in zip(findings, found, strict=True) if said)
    assert all(item.source.url.startswith("https://") for item in findings)
    assert [str(item) for item in findings] == [f"{item.path}: {item.message}" for item in findings]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_where_its_requests_are_documented(dialect: str) -> None:
    source = request_source(dialect)
    assert source.section
    # The same document under the same address as in the rules, which were read for the same date.
    cited = {(rule.source.document, rule.source.url, rule.source.read) for rule in RULES.values()}
    assert (source.document, source.url, source.read) in cited


def test_a_long_body_is_judged_like_a_short_one() -> None:
    short = judge_request("openai-chat", b'{"model":1}')
    assert judge_request("openai-chat", b'{"model":1}' + b" " * LONGEST_REMEMBERED) == short


def test_an_unknown_dialect_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        judge_request("no-such-dialect", b"{}")
