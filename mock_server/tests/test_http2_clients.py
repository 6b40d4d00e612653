"""What curl, httpx, Node and an SDK make of endings over HTTP/2, in the clear and over TLS.

All should see the bytes that came, and whether the answer is whole.  Where one does not, its row says so.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from h2.exceptions import ProtocolError

from streamproof_mock.thread import ServerThread
from streamproof_scenarios.plan import AnswerPlan, Ending, Goaway, Pause, Plan, Write

A, B = b"data: a\n\n", b"data: b\n\n"
BOTH = "data: a\n\ndata: b\n\n"
PLANS = {
    "clean": ([], {}),
    "graceful goaway": ([Goaway(), Pause(0.02)], {}),
    "goaway": ([], {"end": "goaway"}),
    "rst-stream CANCEL": ([], {"end": "rst-stream", "code": "CANCEL"}),
    "rst-stream INTERNAL_ERROR": ([], {"end": "rst-stream", "code": "INTERNAL_ERROR"}),
    "rst-stream NO_ERROR": ([], {"end": "rst-stream", "code": "NO_ERROR"}),
    "fin": ([], {"end": "fin"}),
    "reset": ([], {"end": "reset"}),
    "no-close-notify": ([], {"end": "no-close-notify"}),
    "bad-head": ([], {"end": "bad-head"}),
    "bad-header": ([], {"end": "bad-header"}),
    "a length too great": ([], {"content_length": 99}),
}
RIGHT = {
    name: ("" if name.startswith("bad") else BOTH, "whole" if name in {"clean", "graceful goaway"} else "broken")
    for name in PLANS
}
OTHERWISE = {
    # curl takes a stream that is reset with NO_ERROR for one that has ended.
    "curl": {"rst-stream NO_ERROR": (BOTH, "whole")},
    # httpx gives a stream up as soon as GOAWAY comes; h2 keeps back the DATA that ends a body of the wrong length.
    "httpx": {"graceful goaway": ("data: a\n\n", "broken"), "a length too great": ("data: a\n\n", "broken")},
    # Node ends a stream that was cut, or reset with CANCEL or NO_ERROR, without an error; only its code tells.
    "node": {"rst-stream NO_ERROR": (BOTH, "whole")},
}
ROWS = [
    (name, transport)
    for name in PLANS
    for transport in ("h2c", "h2")
    if (name, transport) != ("no-close-notify", "h2c")
]


def plan_of(name):
    between, fields = PLANS[name]
    fields = dict(fields)
    ending = Ending(kind=fields.pop("end", "clean"), code=fields.pop("code", None))
    operations = [Write(A, promised=True), *between, Write(B)]
    answer = AnswerPlan(
        operations=lambda: iter(operations),
        headers=(("content-type", "text/event-stream"),),
        http="h2",
        framing="h2",
        ending=ending,
        **fields,
    )
    return Plan(case=name, delivery="as-written", hash="0badcafe", dialect="openai-chat", answers=(answer,))


def needed(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def expected(client, rows=ROWS):
    return {(name, transport): {**RIGHT, **OTHERWISE[client]}[name] for name, transport in rows}


@pytest.fixture(scope="module")
def server():
    with ServerThread(tls=True) as running:
        yield running


def urls(server, rows=ROWS):
    return [f"{server.play(plan_of(name), transport=transport).origin}/v1/chat/completions" for name, transport in rows]


def curl(server, *arguments):
    command = ["curl", "--silent", "--no-buffer", "--noproxy", "*", "--max-time", "20", "--cacert", server.ca_file]
    return subprocess.run([*command, *arguments], capture_output=True, check=False)


def test_curl_reads_each_ending(server):
    needed("curl")

    def fetch(url):
        version = "--http2" if url.startswith("https") else "--http2-prior-knowledge"
        ran = curl(server, version, "--data", "{}", url)
        return ran.stdout.decode(), "broken" if ran.returncode else "whole"

    with ThreadPoolExecutor(8) as threads:
        found = dict(zip(ROWS, threads.map(fetch, urls(server)), strict=True))
    # What came of a body whose length lies is handed on or not by version.
    for rows in (found, wanted := expected("curl")):
        for transport in ("h2c", "h2"):
            rows["a length too great", transport] = rows["a length too great", transport][1]
    assert found == wanted


@pytest.mark.parametrize(
    ("arguments", "version"),
    [
        (["--http2-prior-knowledge"], "2"),
        (["--http2"], "2"),
        (["--http1.1"], "1.1"),
        (["--http1.0"], "1.1"),
    ],
)
def test_curl_comes_in_the_clear_with_each_version(server, arguments, version):
    needed("curl")
    ran = curl(server, *arguments, "--write-out", "%{http_version}", "--output", os.devnull, f"{server.url}/v1/models")
    assert (ran.returncode, ran.stdout.decode()) == (0, version)


@pytest.mark.parametrize(
    ("transport", "arguments", "version"),
    [("h2", [], "2"), ("h2", ["--http1.1"], "1.1"), ("h1-tls", ["--http2"], "1.1")],
)
def test_curl_agrees_on_a_version_over_tls(server, transport, arguments, version):
    needed("curl")
    url = f"{server.url_over(transport)}/v1/models"
    ran = curl(server, *arguments, "--write-out", "%{http_version}", "--output", os.devnull, url)
    assert (ran.returncode, ran.stdout.decode()) == (0, version)


@pytest.mark.clients
def test_httpx_reads_each_ending(server):
    httpx = import_module("httpx" if find_spec("httpx") else "httpx2")
    rows = [row for row in ROWS if row[1] == "h2"]
    found = {}
    for row, url in zip(rows, urls(server, rows), strict=True):
        text, end = "", "whole"
        context = ssl.create_default_context(cafile=server.ca_file)
        try:
            with (
                httpx.Client(http2=True, verify=context, trust_env=False, timeout=20) as client,
                client.stream("POST", url, content=b"{}") as answer,
            ):
                for piece in answer.iter_raw():
                    text += piece.decode()
                assert answer.http_version == "HTTP/2"
        except (httpx.HTTPError, ProtocolError, ValueError):  # of h2 and int(), not translated
            end = "broken"
        found[row] = (text, end)
    assert found == expected("httpx", rows)


@pytest.mark.clients
def test_node_reads_each_ending(server):
    needed("node")
    command = ["node", str(Path(__file__).parent / "http2.mjs"), server.ca_file]
    ran = subprocess.run(command, input=json.dumps(urls(server)), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = {
        row: (text, "whole" if how == "ended, code 0" else "broken")
        for row, (text, how) in zip(ROWS, json.loads(ran.stdout), strict=True)
    }
    assert found == expected("node")


@pytest.mark.clients
def test_the_official_sdk_streams_over_http_2_and_tls(server):
    openai = import_module("openai")
    context = ssl.create_default_context(cafile=server.ca_file)
    http = openai.DefaultHttpxClient(http2=True, verify=context, trust_env=False)
    with openai.OpenAI(base_url=f"{server.url_over('h2')}/v1", api_key="sk-test", http_client=http) as client:
        request = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        said = "".join(
            chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(**request, stream=True)
        )
        whole = client.chat.completions.create(**request)
    assert said == whole.choices[0].message.content
    assert {exchange.http for exchange in list(server.journal)[-2:]} == {"2"}


@pytest.mark.clients
def test_fetch_of_node_streams_over_tls(server):
    needed("node")
    script = "const a = await fetch(process.argv[1], {method: 'POST', body: '{}'}); console.log(await a.text())"
    url = f"{server.play(plan_of_h1(), transport='h1-tls').origin}/v1/chat/completions"
    env = {**os.environ, "NODE_EXTRA_CA_CERTS": server.ca_file, "NO_PROXY": "*"}
    ran = subprocess.run(
        ["node", "--input-type=module", "-e", script, url], capture_output=True, text=True, env=env, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, BOTH + "\n"), ran.stderr


def plan_of_h1():
    answer = AnswerPlan(operations=lambda: iter([Write(A), Write(B)]))
    return Plan(case="h1", delivery="as-written", hash="0badcafe", dialect="openai-chat", answers=(answer,))
