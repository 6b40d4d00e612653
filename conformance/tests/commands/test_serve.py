"""`streamproof serve` as a process: what it prints, what it answers, how it stops."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from streamproof_mock.control import PREFIX, TOKEN_HEADER

Serve = Callable[..., str]
ASKED = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts it on a free port; gives what it printed until it listened."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str, pattern: str = "plain/usage") -> str:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "streamproof", "serve", pattern, "--port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        started.append(process)
        assert process.stdout is not None
        printed = ""
        last = "by lot" if {"--chaos", "--latency"} & set(options) else "curl"
        for line in process.stdout:
            printed += line
            if line.strip().startswith(last):
                return printed
        raise AssertionError(printed)

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "stopped\n")


def asked_of(url: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def origin(printed: str) -> str:
    return re.findall(r"listening on (\S+)", printed)[0]


@pytest.mark.parametrize(
    ("pattern", "base"),
    [
        ("plain/usage", "export OPENAI_BASE_URL={url}/s/plain/usage/v1 "),
        ("openai-responses/text", "export OPENAI_BASE_URL={url}/s/openai-responses/text/v1 "),
        ("anthropic-messages/text", "export ANTHROPIC_BASE_URL={url}/s/anthropic-messages/text "),
        ("gemini/text", "gemini: {url}/s/gemini/text "),
    ],
)
def test_what_it_shows_at_the_start_works_as_printed(serve: Serve, pattern: str, base: str) -> None:
    printed = serve("-q", pattern=pattern)
    assert f"a scenario     {base.format(url=origin(printed))}" in printed
    command = printed.splitlines()[-1].strip().partition(" ")[2].strip()
    words = shlex.split(command)
    assert words[:2] == ["curl", "-N"]
    url, *rest = words[2:]
    headers = {rest[at + 1].partition(": ")[0]: rest[at + 1].partition(": ")[2] for at in range(0, len(rest) - 2, 2)}
    status, body = asked_of(url, rest[-1].encode(), **headers)
    assert (status, b"data: " in body) == (200, True)
    found = json.loads(asked_of(f"{origin(printed)}/__streamproof__/journal")[1])["exchanges"]
    assert [exchange["findings"] for exchange in found] == [[]]


def test_the_seed_is_printed_and_draws_the_same_again(serve: Serve) -> None:
    """Statuses of ten requests in a row, on two servers of one seed."""

    chaos = ("--chaos", "429=30%,500=30%", "--latency", "ttft=1ms,jitter=50%")
    first = serve(*chaos)
    seed = re.findall(r"--seed (\d+)", first)[0]
    urls = (origin(first), origin(serve(*chaos, "--seed", seed)))
    drawn, again = ([asked_of(f"{url}/v1/chat/completions", ASKED)[0] for _ in range(10)] for url in urls)
    assert drawn == again
    assert set(drawn) <= {200, 429, 500}


def test_the_control_api_takes_the_token(serve: Serve) -> None:
    url = origin(serve("--control-token", "let-me-in"))
    for token, status in (("let-me-in", 200), ("else", 403)):
        headers = {"Host": "elsewhere.example", TOKEN_HEADER: token}
        found, body = asked_of(f"{url}{PREFIX}/scenarios", **headers)
        assert found == status
        assert status != 200 or json.loads(body)["scenarios"] == ["plain/usage"]
