"""`streamproof new`: skeletons and recordings that lint, and nothing that is lost or told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamproof.judging.secrets import masked, masked_header
from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import load

Call = Callable[..., Any]

BODY = b'data: {"id":"c-9","choices":[]}\n\n: ping\n\ndata: [DONE]\n\n'


def body_of(path: str) -> bytes:
    (case,) = cases(load(Path(path)))
    return compile_case(case).answer(0).body()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_skeleton_of_each_dialect_lints(dialect: str, call: Call) -> None:
    assert call("new", "mine/first", "--dialect", dialect).code == 0
    text = Path("scenarios/mine/first.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../scenario.schema.json\ntitle: First\n")
    assert Path("scenarios/scenario.schema.json").exists()
    assert call("lint", "mine/first", "--scenarios", "scenarios", "--static").code == 0


def test_a_skeleton_can_be_passed_and_failed(call: Call) -> None:
    call("new", "first", "--scenarios", "own")
    found = call("lint", "first", "--scenarios", "own")
    assert (found.code, found.err) == (0, "1 scenarios, 0 problems\n")


def test_a_recording_is_kept_and_says_what_it_breaks(call: Call) -> None:
    Path("body.sse").write_bytes(BODY)
    found = call("new", "mine/half", "--from", "body.sse")
    assert found.code == 0
    assert "note: it breaks OC-" in found.err
    assert body_of("scenarios/mine/half.yaml") == BODY
    assert call("lint", "mine/half", "--scenarios", "scenarios", "--static").code == 0


def test_a_whole_answer_keeps_its_head_and_masks_keys(call: Call) -> None:
    body = b'data: {"response":"my key is sk-proj-abcdefghijklmnop"}\n\ndata: [DONE]\n\n'
    head = (
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/event-stream\r\nRetry-After: 2\r\nSet-Cookie: a=b\r\n"
        b"Openai-Organization: acme-1\r\nConnection: close\r\n\r\n"
    )
    Path("answer.http").write_bytes(head + body)
    found = call("new", "limited", "--from", "answer.http", "--http", "--dialect", "workers-ai")
    assert found.code == 0
    assert "is masked in the body" in found.err
    text = Path("scenarios/limited.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    assert document["stream"]["status"] == 429
    assert document["stream"]["framing"] == "close"
    assert document["stream"]["headers"] == {
        "content-type": "text/event-stream", "retry-after": "2", "openai-organization": "masked", "cache-control": None,
    }  # fmt: skip
    assert "acme" not in text
    assert "abcdefgh" not in text
    assert len(body_of("scenarios/limited.yaml")) == len(body)
    assert call("lint", "limited", "--scenarios", "scenarios", "--static").code == 0


def test_an_answer_that_was_cut_off_stays_so(call: Call) -> None:
    Path("cut.http").write_bytes(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\n"
    )
    call("new", "cut", "--from", "cut.http", "--http")
    assert yaml.safe_load(Path("scenarios/cut.yaml").read_text())["stream"]["end"] == "fin"


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "a file that is there": (("there",), "is there already"),
    "an id of the catalogue": (("plain/usage",), "the id of a scenario of the catalogue"),
    "a name that leaves the folder": (("../x",), "expected a name such as"),
    "no recording": (("x", "--http"), "name it with --from FILE"),
    "a recording that is not there": (("x", "--from", "none"), "none: cannot be read"),
    "no head": (("x", "--from", "body", "--http"), "status line"),
    "a request that is none": (("x", "--from", "body", "--request", "body"), "expected the JSON body"),
}


@pytest.mark.parametrize(("words", "told"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_and_nothing_is_written_over(words: tuple[str, ...], told: str, call: Call) -> None:
    Path("scenarios").mkdir()
    Path("scenarios/there.yaml").write_text("mine", "utf-8")
    Path("body").write_bytes(BODY)
    found = call("new", *words)
    assert (found.code, told in found.err) == (2, True), found.err
    assert Path("scenarios/there.yaml").read_text("utf-8") == "mine"


MASKED: dict[bytes, bytes] = {
    b'"sk-abcdefghijklmnop"': b'"sk-xxxxxxxxxxxxxxxx"',
    b"sk-ant-api03-abcdefgh": b"sk-ant-xxxxxxxxxxxxxx",
    b"org-Ab12Cd34Ef56": b"org-xxxxxxxxxxxx",
    b"Bearer abcdefghijkl": b"Bearer xxxxxxxxxxxx",
    b"a task-force of ten sk-ies": b"a task-force of ten sk-ies",
    b"chatcmpl-Ab12Cd34Ef56": b"chatcmpl-Ab12Cd34Ef56",
}


@pytest.mark.parametrize(("data", "told"), MASKED.items())
def test_keys_are_masked_and_nothing_else(data: bytes, told: bytes) -> None:
    assert masked(data) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("authorization", "masked"),
        ("x-api-key", "masked"),
        ("openai-project", "masked"),
        ("x-ratelimit-remaining-tokens", "v"),
    ],
)
def test_headers_of_accounts_are_masked(name: str, told: str) -> None:
    assert masked_header(name, "v") == told
