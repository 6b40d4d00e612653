"""`explain`: a rule, a dialect, a layer or a profile, in any case of letters; a mistake names what is near."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from streamproof.commands.group import cli
from streamproof.errors import StreamproofError
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.profiles import PROFILES
from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue

explain = importlib.import_module("streamproof.commands.explain")


BOOK = Catalogue.load()


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "Catalogue", SimpleNamespace(load=lambda: BOOK))


def explained(name: str) -> str:
    result = CliRunner().invoke(cli, ["explain", name])
    assert result.exit_code == 0, result.output
    return result.output


CASES = {
    "a rule": ("OC-07", ["OC-07  MUST  binds the server, basis DOC", "read 2026-", "broken by:\n    format/ids-that-change"]),
    "a rule in small letters": ("oc-02b", ["OC-02b  MUST"]),
    "a rule for clients": ("MI-13", ["binds the client", "kept by:\n    mistral/finish-error"]),
    "a rule that permits": ("GM-14", ["it is allowed", "used by:\n    gemini/thoughts"]),
    "a rule that a profile lets pass": ("OC-11", ["allowed  some or all breaches, under llama-cpp, tgi"]),
    "a rule of a profile": ("OR-43", ["binds only under open-responses"]),
    "a rule that no bytes show": ("SSE-46", ["cannot be shown by bytes"]),
    "a dialect": ("openai-chat", [
        "POST /v1/chat/completions", "terminator [DONE]", "profile    azure (Azure OpenAI): OC-06",
        "streaming -> done: [DONE]", "finished, not: a finish reason (breaks OC-14b)", "69 rules: 37 MUST",
    ]),
    "a dialect without a terminator": ("Gemini", ["terminator none of its own", "the finishReason"]),
    "a layer": ("sse", ["49 rules", "SSE-26   MUST"]),
    "a profile": ("azure", ["Azure OpenAI", "openai-chat OC-06 (only such)", "source  Azure OpenAI docs"]),
    "a profile under which more binds": ("open-responses", ["binds further: SSE-27, OR-01"]),
    "a profile that allows nothing": ("strict", ["it allows nothing\n"]),
    "a profile of which no rule minds anything": ("litellm", ["it allows nothing that a rule minds"]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "said"), CASES.values(), ids=CASES)
def test_what_is_known_is_said(name: str, said: list[str]) -> None:
    output = explained(name)
    for text in said:
        assert text in output


@pytest.mark.parametrize("name", [*DIALECTS, "sse", "ndjson", *PROFILES])
def test_every_dialect_layer_and_profile_is_explained(name: str) -> None:
    assert explained(name).startswith(f"{name}  ")


def test_every_rule_is_found() -> None:
    for name, rule in RULES.items():
        assert explained(name).startswith(f"{name}  {rule.strength}")


MISTAKES = {
    "OC-7": "near: OC-07",
    "opena-chat": "near: openai-chat",
    "azur": "near: azure",
    "nothing like it": "rule ids look like OC-07",
}


@pytest.mark.parametrize(("name", "hint"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_names_what_is_near(name: str, hint: str) -> None:
    result = CliRunner().invoke(cli, ["explain", name])
    assert isinstance(result.exception, StreamproofError)
    assert f"found {name!r}" in str(result.exception)
    assert hint in (result.exception.hint or "")
