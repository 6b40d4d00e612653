"""The pytest plugin, used as a project uses it: runs of pytest of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

CLIENTS = '''
import asyncio, json, urllib.request
import pytest, trio

def texts(line):
    if line.startswith(b"data: {"):
        for choice in json.loads(line[6:])["choices"]:
            if choice["delta"].get("content"):
                yield choice["delta"]["content"]

def ask(run):
    """A client as people write it: it reads lines, and minds neither the end nor the reason for it."""
    body = json.dumps(run["request"]).encode()
    with urllib.request.urlopen(urllib.request.Request(run["url"], body), timeout=5) as answer:
        for line in answer:
            yield from texts(line)

def head(run):
    host, _, path = run["url"].removeprefix("http://").partition("/")
    body = json.dumps(run["request"]).encode()
    lines = f"POST /{path} HTTP/1.0\\r\\nHost: {host}\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
    return host.split(":"), lines.encode() + body

async def ask_in_asyncio(run):
    (host, port), sent = head(run)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(sent)
    async for line in reader:
        for text in texts(line):
            yield text
    writer.close()

async def ask_in_trio(run):
    (host, port), sent = head(run)
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(sent)
        whole = b"".join([data async for data in stream])
    return "".join(text for line in whole.splitlines() for text in texts(line))
'''

Run = Callable[..., pytest.RunResult]

# Where streamproof is installed, pytest has found the plugin by itself.
PLUGIN = () if entry_points(group="pytest11", name="streamproof") else ("-p", "streamproof.pytest_plugin")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest on this test file, with the plugin."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(os.path.abspath(place) for place in sys.path if place))  # noqa: PTH100
    monkeypatch.setenv("COLUMNS", "200")

    def runs(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_client=CLIENTS + text)
        return pytester.runpytest_subprocess(*PLUGIN, "--strict-markers", *arguments)

    return runs


def test_a_marked_test_runs_once_for_each_case_and_is_judged(run: Run) -> None:
    """The first two clients are right; the next lose what comes after the first piece, and say nothing of it."""
    done = run(
        """
ONE = pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat")

@pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat", delivery="all")
def test_whole(streamproof_server):
    assert streamproof_server.check(ask).verdict == "pass"

@ONE
def test_told(streamproof_server):
    run = {"url": streamproof_server.url, "request": streamproof_server.request}
    streamproof_server.expect("".join(ask(run)))

@pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat", delivery="bytewise")
def test_cut(streamproof_server):
    streamproof_server.check(lambda run: "".join(ask(run))[:2])

@pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat", delivery="every-split")
def test_sweep(streamproof_server):
    count = iter(range(1000))
    streamproof_server.check(lambda run: "".join(ask(run))[:2 if next(count) % 2 else 9])

@ONE
def test_raises(streamproof_server):
    "".join(ask(streamproof_server.run))
    streamproof_server.expect(ValueError("the stream is not to my taste"))

@ONE
def test_asyncio(streamproof_server):
    asyncio.run(streamproof_server.acheck(ask_in_asyncio))

@ONE
def test_asyncio_told(streamproof_server):
    async def main():
        text = "".join([text async for text in ask_in_asyncio(streamproof_server.run)])
        await streamproof_server.aexpect(text)
    asyncio.run(main())

@pytest.mark.trio
@ONE
async def test_trio(streamproof_server):
    await streamproof_server.acheck(ask_in_trio)

@ONE
def test_mixed_up(streamproof_server):
    streamproof_server.check(ask_in_asyncio)
""",
        "-v",
        "-W",
        "error",
    )
    done.assert_outcomes(passed=12, failed=4)
    for delivery in (
        "as-written",
        "whole",
        "per-event",
        "bytewise",
        "inside-utf8",
        "inside-crlf",
        "size:7",
        "random:1",
    ):
        done.stdout.fnmatch_lines([f"*::test_whole[[]plain/text-in-one-delta@openai-chat-{delivery}] PASSED*"])
    for name in ("told", "asyncio", "asyncio_told", "trio"):
        done.stdout.fnmatch_lines([f"*::test_{name}[[]plain/text-in-one-delta@openai-chat-as-written] PASSED*"])
    text = done.stdout.str()
    assert "spurious-error: refused the stream: the stream is not to my taste" in text
    assert "silent-truncation: text: 'Hello' was sent, 'He' was said" in text
    for block in (
        "where       scenarios/plain",
        "rule        OC-12",
        "sent        body",
        "client said",
        "reproduce   pytest",
    ):
        assert block in text
    assert "pytest 'test_client.py::test_cut[plain/text-in-one-delta@openai-chat-bytewise]'" in text
    assert re.search(
        r"[0-9]+ of [0-9,]+ cuts lose text: offsets [0-9, .]+: text: 'Hello' was sent, 'He' was said", text
    )
    assert "CannotTell: expected a plain function, found an async one: await acheck(function) instead" in text
    assert "play.py" not in text, "the frames of the judge are no news to whoever reads of a failure"


def test_what_cannot_be_judged_is_no_pass(run: Run) -> None:
    done = run(
        """
ONE = pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat")

@ONE
def test_forgets(streamproof_server):
    "".join(ask(streamproof_server.run))

@ONE
def test_elsewhere(streamproof_server):
    streamproof_server.run
    streamproof_server.expect("Hello")

@pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat", judge=False)
def test_by_itself(streamproof_server):
    assert "".join(ask(streamproof_server.run)) == "Hello"

@ONE
def test_no_piece(streamproof_server):
    streamproof_server.check(lambda run: 7)

@ONE
def test_own_assertion(streamproof_server):
    def wrong(run):
        assert "".join(ask(run)) == "Bye"
    streamproof_server.check(wrong)

@pytest.mark.streamproof("lifecycle/stall-with-idle-limit", "tools/call-cut-by-connection", dialect="openai-chat")
def test_lacks(streamproof_server):
    streamproof_server.check(ask)

def test_unmarked(streamproof_server):
    assert streamproof_server.base_url == streamproof_server.origin + "/v1"
    assert "".join(ask({"url": streamproof_server.url, "request": streamproof_server.request}))
    with streamproof_server.play("plain/text-in-one-delta@openai-chat") as play:
        play.expect("".join(ask(play.run)))
    streamproof_server.expect("")
""",
        "-rs",
    )
    outcomes = done.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"], outcomes["skipped"] > 1) == (1, 5, True)
    text = done.stdout.str()
    assert "never said what its client made of it: end it with streamproof_server.expect" in text
    assert "no request reached the server" in text
    assert "CannotTell: expected the function to give text, or a mapping" in text
    assert "expected the marker @pytest.mark.streamproof(PATTERN) on the test, found none" in text
    assert "assert 'Hello' == 'Bye'" in text
    assert "the client is not said to have idle_timeout (capabilities=[...])" in text
    assert "the client is not said to have tools" in text


MISTAKES = [
    ("'no/such'", "no scenario matches no/such"),
    ("'plain/**', delivry='all'", "has no argument 'delivry'*did you mean 'delivery'?"),
    ("'plain/**', delivery='al'", "delivery 'al'"),
    ("'plain/**', dialect='openai'", "'openai' is no dialect"),
    ("'plain/**', capabilities=['tool']", "'tool' is none*did you mean 'tools'?"),
    ("7", "expected patterns as text"),
]


def test_a_mistake_in_the_marker_is_told_in_words(run: Run, pytester: pytest.Pytester) -> None:
    marked = "import pytest\n@pytest.mark.streamproof({})\ndef test_it({}): ...\n"
    files = {
        f"test_{number}": marked.format(marker, "streamproof_server") for number, (marker, _) in enumerate(MISTAKES)
    }
    pytester.makepyfile(**files, test_bare=marked.format("'plain/**'", ""))
    done = run("")
    text = " ".join(done.stdout.str().replace("E   ", "").split())
    for part in [part for _, said in MISTAKES for part in said.split("*")]:
        assert part in text
    assert "expected the argument streamproof_server in a test marked streamproof, found none" in text
    assert "pluggy" not in text.partition("ERRORS")[2]
    done.assert_outcomes(errors=len(MISTAKES) + 1)


def test_many_processes_share_the_cases_and_the_project_s_file_counts(run: Run, pytester: pytest.Pytester) -> None:
    """Folders of its own, what is known to fail, and what warns."""
    pytester.makefile(".toml", streamproof='scenarios = ["own"]\nknown-failing = "known.txt"\ndelivery = ["whole"]\n')
    steps = "stream: {steps: [role: assistant, text: Hi, finish: stop, done]}"
    for name, force in (("cut", "must"), ("odd", "quirk")):
        path = pytester.path / "own" / "mine" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"title: t\ndialect: openai-chat\nforce: {force}\n{steps}\n")
    (pytester.path / "known.txt").write_text("mine/cut\n")
    done = run(
        """
@pytest.mark.streamproof("mine/*")
def test_it(streamproof_server):
    streamproof_server.check(lambda run: "".join(ask(run))[:1])

@pytest.mark.streamproof("plain/text-in-one-delta", dialect="openai-chat", delivery="all")
def test_whole(streamproof_server):
    streamproof_server.check(ask)
""",
        "-n2",
        "-v",
    )
    done.assert_outcomes(xfailed=1, passed=9)
    done.stdout.fnmatch_lines(["*test_it[[]mine/cut-whole]*"])
    done.stdout.fnmatch_lines(["*streamproof: 1 warned*", "*test_it[[]mine/odd-whole]*", "*warn: silent-truncation*"])


def test_the_plugin_imports_nothing_heavy_until_it_is_used() -> None:
    code = """
import sys, pytest
before = set(sys.modules)
import streamproof.pytest_plugin
print(sorted(name for name in set(sys.modules) - before if not name.startswith("_")))
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == "['streamproof', 'streamproof.pytest_plugin']"


def test_a_run_without_marked_tests_stays_light(run: Run) -> None:
    done = run(
        """
def test_it():
    import sys
    heavy = {"quart", "hypercorn", "jsonschema", "yaml", "streamproof.testing", "streamproof_formats", "click"}
    assert not heavy & set(sys.modules)
"""
    )
    done.assert_outcomes(passed=1)
