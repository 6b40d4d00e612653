"""What curl, two HTTP libraries of Python and Node's fetch make of each fault over HTTP/1.1.

All should see what HTTP says: the bytes that came, and whether the body is whole.  Where one does not, it is named below.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from streamproof_mock.thread import ServerThread

from .table import COLUMNS, FAULTS, is_sayable, plan_of

FRAMINGS = ("chunked", "length", "close")
ROWS = [(fault, name) for fault, row in FAULTS.items() for name in FRAMINGS if is_sayable(row, name)]
PATIENT_S, IMPATIENT_S = 20, 2

SIZES = {
    "after 13 bytes": 13,
    "after the last byte": 18,
    "after the terminator": 23,
    "a chunk": 18,
    "is none": 18,
    "too great": 18,
}
WHOLE = {
    **{(fault, name): 18 for fault in ("no fault", "no fault, `connection: close`") for name in FRAMINGS},
    ("a length 9 too small", "length"): 9,
    # The announced length has come, whatever the connection does then.
    **{(f"{end} after the last byte", "length"): 18 for end in ("FIN", "RST")},
    # Where closing is the framing, a FIN is the end.
    ("FIN after the last byte", "close"): 18,
    ("FIN after 13 bytes", "close"): 13,
    ("FIN after the head", "close"): 0,
}  # fmt: skip
BROKEN = {
    (fault, name): next((size for where, size in SIZES.items() if fault.endswith(where)), 0)
    for fault, name in ROWS
    if (fault, name) not in WHOLE
}
RIGHT = {
    **{row: (size, "whole") for row, size in WHOLE.items()},
    **{row: (size, "broken") for row, size in BROKEN.items()},
}

# curl takes a head that ends with its connection for a whole one, requests (by http.client) too.
OPEN_HEAD = {("FIN in the head", name): (0, "whole") for name in FRAMINGS}
_SEEN = {
    "curl": OPEN_HEAD,
    "httpx": {},
    "requests": {
        # Outside of chunks it waits for more than came, and loses that with the connection.
        **{(fault, name): (0, "broken") for fault, name in BROKEN if name != "chunked"},
        ("cut inside a chunk", "chunked"): (9, "broken"),
        **OPEN_HEAD,
        # http.client ends the head at a line that is none; what follows would be the body.
        **{("a header line without a colon", name): (0, "whole") for name in FRAMINGS},
    },
    # Where closing is the framing, undici takes a RST for the end.
    "fetch": {(f"RST {where}", "close"): (RIGHT[f"RST {where}", "close"][0], "whole") for where in ("after the last byte", "after 13 bytes", "after the head")},
}  # fmt: skip

OTHERWISE = {client: {row: seen for row, seen in rows.items() if seen != RIGHT[row]} for client, rows in _SEEN.items()}
"""By client: what it makes of a row where that is not what HTTP says."""

CURL_CODES = {
    "whole": {0}, "FIN": {18}, "FIN before the head": {52}, "RST": {56}, "silence": {28}, "refused": {7},
    # A reset may come while curl still looks whether it is connected.
    "RST on accept": {7, 56}, "a status that is no number": {1, 8}, "a header line without a colon": {8},
    "cut inside a chunk": {18}, "a chunk size that is none": {56}, "a length 500 too great": {18},
}  # fmt: skip
"""By fault or its first word: EXIT CODES of curl(1)."""


def limit_s(fault):
    return IMPATIENT_S if fault.startswith("silence") else PATIENT_S


def urls(server):
    return [f"{server.play(plan_of(FAULTS[fault], COLUMNS[name])).origin}/v1/chat/completions" for fault, name in ROWS]


def by_threads(fetch):
    with ServerThread() as server, ThreadPoolExecutor(20) as threads:
        found = threads.map(fetch, urls(server), [limit_s(fault) for fault, _ in ROWS])
        return dict(zip(ROWS, found, strict=True))


def needed(program):
    if shutil.which(program) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing: CI skips nothing")
        pytest.skip(f"{program} is not installed")


def expected(client):
    return {**RIGHT, **OTHERWISE[client]}


def test_curl():
    needed("curl")

    def fetch(url, limit_s):
        command = ["curl", "--silent", "--no-buffer", "--noproxy", "*", "--max-time", str(limit_s), "--data", "{}", url]
        ran = subprocess.run(command, capture_output=True, check=False)
        return len(ran.stdout), ran.returncode

    found = by_threads(fetch)
    assert {row: (size, "broken" if code else "whole") for row, (size, code) in found.items()} == expected("curl")
    for (fault, name), (_, code) in found.items():
        right = "whole" if expected("curl")[fault, name][1] == "whole" else fault
        assert code in CURL_CODES.get(right, CURL_CODES.get(right.partition(" ")[0])), (fault, name)


@pytest.mark.clients
def test_httpx():
    httpx = import_module("httpx" if find_spec("httpx") else "httpx2")

    def fetch(url, limit_s):
        size = 0
        try:
            with (
                httpx.Client(timeout=limit_s, trust_env=False, verify=False) as client,
                client.stream("POST", url, content=b"{}") as answer,
            ):
                for piece in answer.iter_raw():
                    size += len(piece)
        except httpx.HTTPError:
            return size, "broken"
        return size, "whole"

    assert by_threads(fetch) == expected("httpx")


@pytest.mark.clients
def test_requests():
    requests = import_module("requests")

    def fetch(url, limit_s):
        size = 0
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.post(url, data=b"{}", stream=True, timeout=limit_s) as answer:
                    for piece in answer.iter_content(None):
                        size += len(piece)
        except requests.RequestException:
            return size, "broken"
        return size, "whole"

    assert by_threads(fetch) == expected("requests")


@pytest.mark.clients
def test_fetch_of_node():
    needed("node")
    with ServerThread() as server:
        asked = [
            {"url": url, "limit_ms": 1000 * limit_s(fault)} for url, (fault, _) in zip(urls(server), ROWS, strict=True)
        ]
        ran = subprocess.run(
            ["node", str(Path(__file__).with_name("fetch.mjs"))],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
        )
    assert {row: tuple(seen) for row, seen in zip(ROWS, json.loads(ran.stdout), strict=True)} == expected("fetch")
