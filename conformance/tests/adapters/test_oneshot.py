"""Fresh processes: one result line, or plain text; what goes into their arguments and environment."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Literal

import pytest
import trio

from streamproof.adapters.oneshot import fill
from streamproof.adapters.process import open_client
from streamproof.adapters.said import Said
from streamproof.adapters.spec import command_client

from .conftest import ASSETS, request

LONG_S = 20.0


async def run(kind: Literal["one-shot", "plain"], *words: str, deadline_s: float = LONG_S, **changes: Any) -> Said:
    spec = command_client([sys.executable, str(ASSETS / "fresh.py"), *words], kind)
    async with open_client(spec) as client:
        assert client.hello.reports == "message"
        return await client.run(request(**changes), deadline_s=deadline_s)


PLAIN = [
    # words, text, joined deltas are the same; a final line end is ignored
    (["prints", "Hel", "lo"], "Hello", ""),
    (["prints", "Hel", "lo\n"], "Hello", "\n"),
    (["prints", "Hello\r\n"], "Hello", "\r\n"),
    (["prints", "Hello\r", "\n"], "Hello", "\r\n"),
    (["prints", "Hello\r"], "Hello\r", ""),
    (["prints", "one\n", "two\n", "\n"], "one\ntwo\n", "\n"),
    (["prints", "\n"], "", "\n"),
    (["prints"], "", ""),
    (["prints", "你", "好"], "你好", ""),
    (["prints bytes", "e4bda0e5"], "你\ufffd", ""),
]


@pytest.mark.parametrize(("words", "text", "newline"), PLAIN, ids=[repr(row[0]) for row in PLAIN])
async def test_what_a_plain_client_prints_is_its_text(words: list[str], text: str, newline: str) -> None:
    said = await run("plain", *words)
    assert (said.ended, said.exit_code, said.fault) == ("result", 0, None)
    assert said.result is not None
    assert said.result["error"] is None
    assert said.result["final_newline"] == newline
    assert [choice["text"] for choice in said.result["choices"]] == [text]
    assert "".join(report.data["text"] for report in said.reports) == text


async def test_the_text_of_a_plain_client_is_reported_as_it_comes() -> None:
    said = await run("plain", "prints", "Hel", "lo")
    first, second = said.reports
    assert (first.data["text"], second.data["text"]) == ("Hel", "lo")
    assert (second.at_ns - first.at_ns) / 1e9 >= 0.01


FAILS = [
    (["fails"], "", "openai.APIError: the server had an error", "open", 1),
    (["fails", "Hel"], "Hel", "openai.APIError: the server had an error", "stream", 1),
    (["fails silently"], "", "exit code 4", "open", 4),
]


@pytest.mark.parametrize(("words", "text", "message", "phase", "code"), FAILS, ids=[repr(row[0]) for row in FAILS])
async def test_a_plain_client_that_exits_otherwise_has_an_error(
    words: list[str], text: str, message: str, phase: str, code: int
) -> None:
    said = await run("plain", *words)
    assert (said.ended, said.exit_code) == ("result", code)
    assert said.result is not None
    assert said.result["choices"][0]["text"] == text
    error = said.result["error"]
    assert (error["message"], error["phase"], error["code"]) == (message, phase, str(code))


async def test_a_plain_client_that_is_killed_keeps_its_text() -> None:
    hung = await run("plain", "hangs", "Hel", deadline_s=0.5)
    assert (hung.ended, hung.result, hung.exit_code) == ("hang", None, None)
    assert [report.data["text"] for report in hung.reports] == ["Hel"]
    crashed = await run("plain", "is killed", "Hel")
    assert (crashed.ended, crashed.fault, crashed.exit_code) == ("crash", "the process ended (SIGSEGV)", -11)
    assert [report.data["text"] for report in crashed.reports] == ["Hel"]
    assert (await run("plain", "exits as a shell after a crash")).ended == "crash"


ONE_SHOT = [
    ("result", "result", None, 0),
    ("result without type", "result", None, 0),
    ("result, then lingers", "result", None, None),
    ("result, then exit 1", "result", None, 1),
    ("result, then crash", "crash", r"the process ended \(SIGSEGV\) after its result", -11),
    ("fails", "crash", r"the process ended \(exit code 1\) before its result", 1),
    ("prints beside", "fault", r'line 1 of its standard output: .* found "Using model gpt-4o"', None),
    ("its own fault", "fault", "the adapter reported a fault of its own: no such model", None),
    ("nothing", "fault", "expected one result line on standard output, found nothing; print a result as JSON", 0),
    ("no choices", "fault", r"line 1 of its .*: expected choices in the result, found only type, text; give", None),
    ("two lines", "fault", r"line 2 of its standard output: expected nothing after the result", None),
]


@pytest.mark.parametrize(("what", "ended", "fault", "code"), ONE_SHOT, ids=[row[0] for row in ONE_SHOT])
async def test_a_one_shot_client_answers_one_line(what: str, ended: str, fault: str | None, code: int | None) -> None:
    said = await run("one-shot", what)
    assert said.ended == ended
    assert re.search(fault, said.fault or "") if fault else said.fault is None
    if ended != "fault" or code is not None:
        assert said.exit_code == code
    if ended == "result":
        assert said.result is not None
        assert said.result["choices"] == [{"text": "Hello", "finish_reason": "stop"}]


async def test_a_one_shot_client_that_hangs_is_killed() -> None:
    said = await run("one-shot", "hangs", deadline_s=0.3)
    assert (said.ended, said.fault) == ("hang", "the process had not ended within 0.3 s")


async def test_places_in_the_arguments_are_filled_and_other_braces_stay() -> None:
    said = await run(
        "one-shot", "result", "{base_url}", "--url={url}", "{request}", "{other} {", "{dialect}/{model}",
        body={"messages": ["{url}"]},
    )  # fmt: skip
    assert said.result is not None
    base, url, body, other, names = said.result["words"]
    assert base == "http://127.0.0.1:9/r/7f3a/v1"
    assert url == "--url=http://127.0.0.1:9/r/7f3a/v1/chat/completions"
    assert json.loads(body)["messages"] == ["{url}"]
    assert other == "{other} {"
    assert names == "openai-chat/m"


def test_a_request_that_holds_a_place_is_not_filled_again() -> None:
    assert fill("{model}", request(body={"model": "{url}"})) == "{url}"


async def test_the_address_is_in_the_environment_too() -> None:
    said = await run("plain", "environment", "OPENAI_BASE_URL")
    assert said.result is not None
    assert said.result["choices"][0]["text"] == "http://127.0.0.1:9/r/7f3a/v1"


async def test_arguments_past_the_limit_of_the_system_are_a_fault_in_words() -> None:
    said = await run("plain", "prints", "{request}", body={"fill": "x" * 3_000_000})
    assert (said.ended, "longer than the system allows" in str(said.fault)) == ("fault", True)


async def test_two_runs_at_once_are_two_processes() -> None:
    spec = command_client([sys.executable, str(ASSETS / "fresh.py"), "prints", "Hello"], "plain")
    found = []
    async with open_client(spec) as client, trio.open_nursery() as nursery:

        async def one() -> None:
            found.append((await client.run(request(), deadline_s=LONG_S)).ended)

        nursery.start_soon(one)
        nursery.start_soon(one)
    assert found == ["result"] * 2
