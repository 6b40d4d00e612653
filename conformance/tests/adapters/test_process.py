"""Long-lived clients that break in every way: what is said of them, what is kept, and that the next run works."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import trio

from streamproof.adapters.child import ClientDidNotStart
from streamproof.adapters.client import Client
from streamproof.adapters.process import LongLived, open_client
from streamproof.adapters.said import Report, Said
from streamproof.adapters.spec import command_client

from .conftest import broken, has_gone, request

LONG_S = 20.0
"""A deadline that no run here is meant to reach."""


def texts(said: Said) -> list[str]:
    return [report.data["text"] for report in said.reports]


async def is_over(client: Client) -> None:
    """Waits until the harness has seen the end of the client's process, or its fault."""
    assert isinstance(client, LongLived)
    assert client._life is not None
    with trio.fail_after(LONG_S):
        while client._life.over is None:  # noqa: ASYNC110 - no event for what only tests wait for
            await trio.sleep(0.005)


RUNS = [
    # do, ended, words of the fault, texts kept, exit code, does the process live on
    ("exits 7", "crash", r"the process ended \(exit code 7\) before its result", ["Hel"], 7, False),
    ("exits 0", "crash", r"the process ended \(exit code 0\) before its result", ["Hel"], 0, False),
    ("is killed", "crash", r"the process ended \(SIGKILL\) before its result", ["Hel"], -9, False),
    ("raises", "crash", r"exit code 1", ["Hel"], 1, False),
    ("half a line", "crash", r"exit code 3", [], 3, False),
    ("whole line without its end", "result", None, [], None, False),
    (
        "another id",
        "fault",
        r"line 2 of its standard output: expected the id 1 in result, found 1001; answer",
        [],
        None,
        False,
    ),
    (
        "huge line",
        "fault",
        r"line 1 of its standard output, or after it: expected at most 64 MiB in one line",
        [],
        None,
        False,
    ),
    (
        "prints beside",
        "fault",
        r'line 2 of its .*found "Using model gpt-4o" .*print anything else to standard error',
        [],
        None,
        False,
    ),
    ("empty line", "fault", r"line 2 of its standard output: .* found an empty line", [], None, False),
    (
        "wrong types",
        "fault",
        r'choices\[0\].text of the message result: expected text or null, found \["Hello"\]',
        [],
        None,
        False,
    ),
    (
        "no choices",
        "fault",
        r"expected choices in the result, since hello said reports: message; found only type, id",
        [],
        None,
        False,
    ),
    ("an item", "fault", r"expected delta, since hello said reports: message; found item", [], None, False),
    ("second hello", "fault", r"line 2 of its standard output: expected one hello, found a second", [], None, False),
    ("its own fault", "fault", r"the adapter reported a fault of its own: no such model", [], None, True),
    ("its own fault without id", "fault", r"the adapter reported a fault of its own: no such model", [], None, True),
    (
        "closes stdout",
        "fault",
        r"expected its standard output to stay open until bye, found it closed",
        ["Hel"],
        None,
        False,
    ),
    ("floods stderr", "result", None, ["Hel", "lo"], None, True),
]


@pytest.mark.parametrize(("do", "ended", "fault", "kept", "code", "lives"), RUNS, ids=[row[0] for row in RUNS])
async def test_a_run_that_breaks_is_told_and_the_next_one_works(
    do: str, ended: str, fault: str | None, kept: list[str], code: int | None, lives: bool
) -> None:
    async with open_client(broken()) as client:
        said = await client.run(request(do), deadline_s=LONG_S)
        assert (said.ended, said.exit_code) == (ended, code)
        assert re.search(fault, said.fault or "") if fault else said.fault is None
        assert texts(said) == kept
        assert said.started_ns < said.ended_ns
        after = await client.run(request(), deadline_s=LONG_S)
        assert (after.ended, texts(after)) == ("result", ["Hel", "lo"])
        assert isinstance(client, LongLived)
        assert client.starts == (1 if lives else 2)


async def test_a_good_run_hands_on_each_report_as_it_is_read() -> None:
    seen: list[Report] = []
    async with open_client(broken()) as client:
        assert (client.hello.client, client.hello.version, client.hello.reports) == ("broken", "1.2", "message")
        assert client.hello.capabilities == {"stop"}
        said = await client.run(request(), deadline_s=LONG_S, on_report=seen.append)
        again = await client.run(request(), deadline_s=LONG_S)
    assert tuple(seen) == said.reports
    assert [report.data for report in seen] == [{"text": "Hel"}, {"text": "lo"}]
    assert all(said.started_ns < report.at_ns <= said.ended_ns for report in seen)
    assert said.result is not None
    assert again.result is not None
    assert said.result["choices"] == [{"text": "Hello"}]
    assert "id" not in said.result
    assert said.result["pid"] == again.result["pid"]


async def test_a_hang_keeps_what_was_reported_and_the_client_is_started_anew() -> None:
    async with open_client(broken()) as client:
        said = await client.run(request("hangs"), deadline_s=0.3)
        assert (said.ended, said.fault, texts(said)) == ("hang", "no result within 0.3 s", ["Hel"])
        assert said.stderr == "so far so good\n"
        assert (said.ended_ns - said.started_ns) / 1e9 >= 0.3
        assert (await client.run(request(), deadline_s=LONG_S)).ended == "result"


async def test_standard_error_belongs_to_its_run_and_keeps_its_end() -> None:
    async with open_client(broken()) as client:
        flooded = await client.run(request("floods stderr"), deadline_s=LONG_S)
        assert flooded.stderr.endswith("the last words")
        assert flooded.stderr.startswith("[")
        assert len(flooded.stderr) < 66_000
        assert (await client.run(request(), deadline_s=LONG_S)).stderr == ""
        assert "RuntimeError: the client fell over" in (await client.run(request("raises"), deadline_s=LONG_S)).stderr


async def test_what_comes_after_a_result_is_the_fault_of_the_next_run_and_names_the_line() -> None:
    async with open_client(broken()) as client:
        first = await client.run(request("after its result"), deadline_s=LONG_S)
        second = await client.run(request(), deadline_s=LONG_S)
        assert first.ended == "result"
        assert second.ended == "fault"
        assert re.search(r'line 5 of its standard output: .* found "and another thing"', second.fault or "")
        assert (await client.run(request(), deadline_s=LONG_S)).ended == "result"
        await client.run(request("two results"), deadline_s=LONG_S)
        await is_over(client)
        third = await client.run(request(), deadline_s=LONG_S)
        assert re.search(r"expected nothing after the result of run \d+, found delta", third.fault or "")


async def test_a_process_that_ends_after_its_result_is_replaced_without_a_word() -> None:
    async with open_client(broken()) as client:
        for _ in range(2):
            assert (await client.run(request("exits after its result"), deadline_s=LONG_S)).ended == "result"
            await is_over(client)
        assert (await client.run(request(), deadline_s=LONG_S)).ended == "result"


async def test_a_process_that_closes_its_standard_input_is_a_fault_at_the_next_run() -> None:
    async with open_client(broken()) as client:
        assert (await client.run(request("closes stdin"), deadline_s=LONG_S)).ended == "result"
        said = await client.run(request(), deadline_s=LONG_S)
        assert (said.ended, "found it closed" in str(said.fault)) == ("fault", True)
        assert (await client.run(request(), deadline_s=LONG_S)).ended == "result"


async def test_a_process_takes_one_run_at_a_time() -> None:
    async with open_client(broken()) as client:

        async def again() -> None:
            with pytest.raises(RuntimeError, match="runs one case at a time"):
                await client.run(request(), deadline_s=LONG_S)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(again)
            said = await client.run(request(), deadline_s=LONG_S)
    assert said.ended == "result"


STARTS = [
    ("nonsense", r'line 1 of its standard output: .* found "Loading model..."'),
    ("dies", r"it ended with exit code 3\n    ImportError: no module named openai"),
    ("dies silently", r"it ended with exit code 0$"),
    ("another version", r"expected version 1 of the protocol, found version 2"),
    ("unknown reports", r'reports of the message hello: expected one of events, items, message, found "tokens"'),
    ("a result first", r"expected the message hello first, found result"),
    ("closes stdout", r"expected its standard output to stay open"),
]


@pytest.mark.parametrize(("fault", "text"), STARTS, ids=[row[0] for row in STARTS])
async def test_a_client_that_does_not_greet_did_not_start(fault: str, text: str) -> None:
    with pytest.raises(ClientDidNotStart, match=text) as caught:
        async with open_client(broken(fault)):
            pytest.fail("it started")
    assert str(caught.value).startswith(f"expected {sys.executable} ")


async def test_a_client_that_says_nothing_did_not_start() -> None:
    with pytest.raises(ClientDidNotStart, match=r"said nothing within 0.2 s; answer the message hello, and flush"):
        async with open_client(broken("hangs"), hello_timeout_s=0.2):
            pytest.fail("it started")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["no-such-program-anywhere"], "expected the program no-such-program-anywhere on the PATH, found none"),
        (["/no/such/program"], "expected the program /no/such/program .*, found none"),
        ([__file__], "may not be executed"),
    ],
)
@pytest.mark.parametrize("kind", ["long-lived", "one-shot", "plain"])
async def test_a_command_that_is_none_did_not_start(command: list[str], text: str, kind: str) -> None:
    with pytest.raises(ClientDidNotStart, match=text):
        async with open_client(command_client(command, kind)):  # type: ignore[arg-type]
            pytest.fail("it started")


@pytest.mark.parametrize(
    ("do", "deadline_s"),
    [("leaves a grandchild and dies", LONG_S), ("leaves a grandchild and hangs", 0.3), ("leaves a grandchild", LONG_S)],
)
async def test_grandchildren_end_with_the_client(do: str, deadline_s: float) -> None:
    async with open_client(broken()) as client:
        said = await client.run(request(do), deadline_s=deadline_s)
        assert said.ended == {"leaves a grandchild and dies": "crash", "leaves a grandchild": "result"}.get(do, "hang")
    assert await has_gone(int(texts(said)[0]))


@pytest.mark.parametrize("do", [None, "hangs"])
async def test_cancellation_leaves_nothing_behind(tmp_path: Path, do: str | None) -> None:
    note = tmp_path / "note"
    with trio.CancelScope() as scope:
        async with open_client(broken("leaves a note", str(note))) as client:
            if do is None:
                scope.cancel()
                await trio.lowlevel.checkpoint()
            else:
                await client.run(request(do), deadline_s=LONG_S, on_report=lambda _: scope.cancel())
    assert scope.cancelled_caught
    for pid in note.read_text().split():
        assert await has_gone(int(pid))


async def test_a_client_that_ignores_bye_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("streamproof.adapters.process.BYE_TIMEOUT_S", 0.1)
    async with open_client(broken("ignores bye")) as client:
        said = await client.run(request(), deadline_s=LONG_S)
    assert said.result is not None
    assert await has_gone(said.result["pid"])


async def test_what_the_block_raises_comes_out_as_it_was() -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_client(broken()):
            _ = 1 / 0
    with pytest.raises(ExceptionGroup, match="of the block"):
        async with open_client(broken()):
            raise ExceptionGroup("of the block", [ValueError()])


async def test_the_environment_points_nowhere_and_holds_no_key_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the user's own")
    monkeypatch.setenv("GITHUB_TOKEN", "the user's own")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with open_client(broken()) as client:
        plain = await client.run(request("environment"), deadline_s=LONG_S)
        trusting = await client.run(request("environment", ca_file="/ca.pem"), deadline_s=LONG_S)
    assert plain.result is not None
    assert trusting.result is not None
    environment = plain.result["environment"]
    assert "the user's own" not in environment.values()
    assert environment["OPENAI_API_KEY"] == "sk-test"
    assert "HTTPS_PROXY" not in environment
    assert "SSL_CERT_FILE" not in environment
    assert environment["OPENAI_BASE_URL"].startswith("http://127.0.0.1:9")
    assert trusting.result["environment"]["SSL_CERT_FILE"] == "/ca.pem"
