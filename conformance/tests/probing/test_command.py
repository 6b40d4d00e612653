"""`streamproof check endpoint` as a user meets it: what is printed, what is written, how it exits."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from streamproof.__main__ import main
from streamproof_mock.server import serving as serving_mock

from .endpoint import Behaviour, Request, chunks_for, error, serving, stream_of, well_behaved

KEY = "sk-proj-4f9a/b+c=Q2"
OPENAI = ["--dialect", "openai-chat"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STREAMPROOF_API_KEY", raising=False)
    return tmp_path


def exit_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(["check", "endpoint", *arguments])
    return exited.value.code if isinstance(exited.value.code, int) else -1


async def checked(behaviour: Behaviour, *arguments: str) -> int:
    async with serving(behaviour) as served:
        return await trio.to_thread.run_sync(exit_of, served.url, *OPENAI, *arguments)


def document(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "streamproof-report" / "run.jsonl").read_text("utf-8").splitlines()]


async def breaks_done(stream: trio.SocketStream, request: Request) -> None:
    await stream.send_all(
        stream_of(chunks_for({"messages": [], **(request.body or {"max_completion_tokens": 1})}), b"")
    )


async def says_no(stream: trio.SocketStream, _request: Request) -> None:
    await stream.send_all(error(b"401 Unauthorized"))


@pytest.mark.parametrize(
    ("behaviour", "code", "verdicts"),
    [(well_behaved(), 0, {"pass": 11, "skip": 1}), (says_no, 3, {"harness_error": 1})],
    ids=["conforms", "could not be judged"],
)
async def test_json_is_one_object_and_nothing_else(
    behaviour: Behaviour, code: int, verdicts: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await checked(behaviour, "--format", "json") == code
    printed = json.loads(capsys.readouterr().out)
    assert printed.keys() == {"counts", "skipped_for", "cases"}
    assert printed["counts"] == verdicts
    keys = {"case", "probe", "dialect", "delivery", "client", "verdict", "reading", "reason", "findings"}
    assert all(case.keys() == keys for case in printed["cases"])


async def test_what_fails_exits_1_with_rule_bytes_and_a_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await checked(breaks_done, "--probe", "plain", "--model", "m") == 1
    out = capsys.readouterr().out
    for said in ("FAIL probe/plain", "OC-04", "explain OC-04", "body bytes", "--model m --probe plain", "curl -sN "):
        assert said in out
    assert document(here)[-1]["exit_code"] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense", *OPENAI], "expected a URL of http or https, found 'nonsense'"),
        (["http://u:p@h", *OPENAI], "without a key or password"),
        (["http://h", "--dialect", "klingon"], "'klingon' is not"),
        (["http://h", *OPENAI, "--header", "Authorization: Bearer x"], "holds a secret"),
        (["http://h", *OPENAI, "--probe", "nonsense"], "'nonsense' is not"),
        (["http://h", *OPENAI, "--ca-file", "run.toml"], "run.toml"),
        (["http://h", *OPENAI, "--api-key-header", "a b"], "expected the name of a header, found 'a b'"),
        (["http://h"], "--dialect"),
    ],
)
def test_a_users_mistake_exits_2(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of(*arguments) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert "Traceback" not in captured.err + captured.out


def test_an_endpoint_that_is_not_there_exits_3_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of("http://127.0.0.1:9/v1", *OPENAI) == 3
    captured = capsys.readouterr()
    assert "no connection to 127.0.0.1:9: it was refused; is the address right, and the server running?" in captured.out
    assert "Traceback" not in captured.err + captured.out


def test_a_name_that_is_not_known_exits_3_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of("http://streamproof.invalid/v1", *OPENAI, "--timeout", "5") == 3
    assert "no connection to streamproof.invalid" in capsys.readouterr().out


async def test_the_plan_sends_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(well_behaved()) as served:
        done = await trio.to_thread.run_sync(exit_of, served.url, *OPENAI, "--plan", "--tokens", "10")
        assert served.requests == []
    out = capsys.readouterr().out
    assert done == 0
    assert "12 requests, 241 tokens of answers at most" in out
    assert "wrong-key         not sent" in out
    assert not (here / "streamproof-report").exists()


async def test_the_plan_counts_what_is_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STREAMPROOF_API_KEY", KEY)
    async with serving(well_behaved(KEY)) as served:
        await trio.to_thread.run_sync(exit_of, served.url, *OPENAI, "--plan")
        assert await trio.to_thread.run_sync(exit_of, served.url, *OPENAI, "-q") == 0
    out = capsys.readouterr().out
    assert f"{len(served.requests)} requests, " in out
    assert "with the key in STREAMPROOF_API_KEY" in out
    assert KEY not in out


async def test_a_header_of_its_own_takes_the_key_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    async with serving(well_behaved()) as served:
        given = ("--api-key-env", "MY_KEY", "--api-key-header", "api-key", "--header", "X-Team: a", "--probe", "plain")
        assert await trio.to_thread.run_sync(exit_of, served.url, *OPENAI, *given) == 0
    (request,) = served.requests
    assert request.field("api-key") == KEY
    assert request.field("authorization") is None
    assert request.field("x-team") == "a"


async def test_an_echoed_key_is_in_no_output(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def echo(stream: trio.SocketStream, request: Request) -> None:
        whole = stream_of(chunks_for({"messages": [], "max_completion_tokens": 3, **(request.body or {})}))
        key = request.key.encode()
        whole = whole.replace(b"\r\n\r\n", b"\r\nX-Echo: " + key + b"\r\n\r\n", 1)
        await stream.send_all(whole.replace(b'"assistant"', b'"' + b"k" * (len(b"assistant") - len(key)) + key + b'"'))

    monkeypatch.setenv("STREAMPROOF_API_KEY", KEY[:9])
    reports = [word for name in ("html", "junit", "markdown", "annotations") for word in ("--report", name)]
    assert await checked(echo, "-vv", *reports, "--api-key-env", "STREAMPROOF_API_KEY") == 1
    captured = capsys.readouterr()
    written = "".join(path.read_text("utf-8") for path in (here / "streamproof-report").iterdir())
    assert "OC-10" in captured.out
    assert "***" in captured.out
    assert KEY[:9] not in captured.out + captured.err + written


async def test_max_time_leaves_a_whole_report(here: Path) -> None:
    async def stall(stream: trio.SocketStream, request: Request) -> None:
        if "stream_options" in (request.body or {}):
            await stream.receive_some()
        else:
            await well_behaved()(stream, request)

    assert await checked(stall, "--max-time", "1", "-q") == 130
    lines = document(here)
    assert [line.get("probe") for line in lines[1:-1]] == ["plain", "sdk-accept"]
    assert lines[-1]["interrupted"] is True


def test_ctrl_c_leaves_a_whole_report(here: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        command = [sys.executable, "-m", "streamproof", "check", "endpoint", url, *OPENAI]
        with subprocess.Popen(
            command, cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert document(here)[-1]["interrupted"] is True


@pytest.mark.parametrize("key", [None, KEY])
async def test_our_own_endpoint_passes_every_probe(
    key: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if key is not None:
        monkeypatch.setenv("STREAMPROOF_API_KEY", key)
    async with serving_mock(api_key=key) as server:
        done = await trio.to_thread.run_sync(exit_of, server.url, *OPENAI, "--strict", "--format", "json")
    printed = json.loads(capsys.readouterr().out)
    assert [case for case in printed["cases"] if case["findings"]] == []
    assert printed["counts"] == ({"pass": 12} if key else {"pass": 11, "skip": 1})
    assert done == 0
