"""What curl, two HTTP libraries of Python and Node's fetch make of each fault.

All should see what HTTP says: the bytes that came, and whether the body is whole.  Where one does not, it is named below.
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

import h2.exceptions
import pytest

from streamproof_mock.thread import ServerThread

from .table import COLUMNS, FAULTS, H2, is_sayable, plan_of

FRAMINGS = ("chunked", "length", "close")
PATIENT_S, IMPATIENT_S = 20, 2


def rows_of(names):
    return [(fault, name) for fault, row in FAULTS.items() for name in names if is_sayable(row, name)]


ROWS = rows_of(FRAMINGS)
SIZES = {
    "after 13 bytes": 13, "after the last byte": 18, "after the terminator": 23, "a chunk": 18, "is none": 18,
    "too great": 18, "close_notify": 13, "RST_STREAM": 13, "hard": 13,
}  # fmt: skip
WHOLE = {
    **{(fault, name): 18 for fault in ("no fault", "no fault, `connection: close`") for name in COLUMNS},
    ("a length 9 too small", "length"): 9,
    # The announced length has come, whatever the connection does then.
    **{(f"{end} after the last byte", "length"): 18 for end in ("FIN", "RST")},
    # Where closing is the framing, a FIN is the end.
    ("FIN after the last byte", "close"): 18,
    ("FIN after 13 bytes", "close"): 13,
    ("FIN after the head", "close"): 0,
    **{("GOAWAY, graceful", name): 18 for name in H2},
}
BROKEN = {
    row: next((size for where, size in SIZES.items() if row[0].endswith(where)), 0)
    for row in rows_of(COLUMNS)
    if row not in WHOLE
}
RIGHT = {
    **{row: (size, "whole") for row, size in WHOLE.items()},
    **{row: (size, "broken") for row, size in BROKEN.items()},
    # "A request or response that is defined as having content when it contains a Content-Length header field is
    # malformed if the value ... does not equal the sum of the DATA frame payload lengths": RFC 9113, 8.1.1.
    **{(f"a length {what}", name): (9, "broken") for what in ("500 too great", "9 too small") for name in H2},
}

# curl takes a head that ends with its connection for a whole one, requests (by http.client) too.
OPEN_HEAD = {("FIN in the head", name): (0, "whole") for name in (*FRAMINGS, "tls")}
_SEEN = {
    "curl": {
        **OPEN_HEAD,
        **{("a length 9 too small", name): (9, "whole") for name in H2},
    },
    # httpcore takes every GOAWAY for the end of the connection.
    "httpx": {("GOAWAY, graceful", "h2"): (9, "broken")},
    "requests": {
        # Outside of chunks it waits for more than came, and loses that with the connection.
        **{(fault, name): (0, "broken") for fault, name in BROKEN if name in {"length", "close"}},
        **{("cut inside a chunk", name): (9, "broken") for name in ("chunked", "tls")},
        **OPEN_HEAD,
        # http.client ends the head at a line that is none; what follows would be the body.
        **{("a header line without a colon", name): (0, "whole") for name in (*FRAMINGS, "tls")},
        # Python's ssl takes a RST for an end without close_notify, which http.client does not mind in a head.
        ("RST in the head", "tls"): (0, "whole"),
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


def urls(server, rows):
    for fault, name in rows:
        session = server.play(plan_of(FAULTS[fault], COLUMNS[name]), transport=COLUMNS[name].transport)
        yield f"{session.origin}/v1/chat/completions"


def limits_s(rows):
    # undici can miss a reset that comes while it connects.
    waited_out = ("silence", "stalls", "RST on accept")
    return [IMPATIENT_S if any(word in fault for word in waited_out) else PATIENT_S for fault, _ in rows]


def by_threads(fetch, rows):
    """What `fetch(url, limit_s, column, ca_file)` returns for each row."""
    with ServerThread(tls=True) as server, ThreadPoolExecutor(40) as threads:
        names, authorities = [name for _, name in rows], [server.ca_file] * len(rows)
        found = threads.map(fetch, urls(server, rows), limits_s(rows), names, authorities)
        return dict(zip(rows, found, strict=True))


def check(client, found):
    """Each row is what HTTP says, or what this client was found to make of it: a newer version may be mended."""
    usual = OTHERWISE[client]
    wrong = {row: seen for row, seen in found.items() if seen not in (RIGHT[row], usual.get(row))}
    assert not wrong, {row: (seen, RIGHT[row], usual.get(row)) for row, seen in wrong.items()}


def needed(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


CURL_SPEAKS = {"tls": ["--http1.1"], "h2c": ["--http2-prior-knowledge"], "h2": ["--http2"]}


def test_curl():
    needed("curl")

    def fetch(url, limit_s, name, ca_file):
        speaks = CURL_SPEAKS.get(name, [])
        command = ["curl", "--silent", "--no-buffer", "--noproxy", "*", "--max-time", str(limit_s), "--data", "{}"]
        ran = subprocess.run([*command, *speaks, "--cacert", ca_file, url], capture_output=True, check=False)
        return len(ran.stdout), ran.returncode

    told = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    found = by_threads(fetch, rows_of((*FRAMINGS, "tls", *(H2 if "HTTP2" in told else ()))))
    check("curl", {row: (size, "broken" if code else "whole") for row, (size, code) in found.items()})
    for (fault, name), (_, code) in found.items():
        if code and name in FRAMINGS:
            assert code in CURL_CODES.get(fault, CURL_CODES.get(fault.partition(" ")[0])), (fault, name)


@pytest.mark.clients
def test_httpx():
    httpx = import_module("httpx" if find_spec("httpx") else "httpx2")

    def fetch(url, limit_s, name, ca_file):
        size = 0
        context = ssl.create_default_context(cafile=ca_file) if url.startswith("https") else False
        try:
            with (
                httpx.Client(timeout=limit_s, trust_env=False, verify=context, http2=name == "h2") as client,
                client.stream("POST", url, content=b"{}") as answer,
            ):
                for piece in answer.iter_raw():
                    size += len(piece)
        except (httpx.HTTPError, h2.exceptions.ProtocolError, ValueError):
            return size, "broken"  # what the library h2 finds wrong with fields and lengths is handed on as it is
        return size, "whole"

    check("httpx", by_threads(fetch, rows_of((*FRAMINGS, "tls", "h2"))))


@pytest.mark.clients
def test_requests():
    requests = import_module("requests")

    def fetch(url, limit_s, name, ca_file):
        size = 0
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.post(url, data=b"{}", stream=True, timeout=limit_s, verify=ca_file) as answer:
                    for piece in answer.iter_content(None):
                        size += len(piece)
        except requests.RequestException:
            return size, "broken"
        return size, "whole"

    check("requests", by_threads(fetch, rows_of((*FRAMINGS, "tls"))))


@pytest.mark.clients
def test_fetch_of_node():
    needed("node")
    rows = rows_of((*FRAMINGS, "tls"))
    with ServerThread(tls=True) as server:
        asked = [
            {"url": url, "limit_ms": 1000 * limit_s}
            for url, limit_s in zip(urls(server, rows), limits_s(rows), strict=True)
        ]
        ran = subprocess.run(
            ["node", str(Path(__file__).with_name("fetch.mjs"))],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": server.ca_file or ""},
        )
    check("fetch", {row: tuple(seen) for row, seen in zip(rows, json.loads(ran.stdout), strict=True)})
