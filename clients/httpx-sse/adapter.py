"""Adapter: httpx-sse, `connect_sse` and `iter_sse` over `httpx.Client`."""

import importlib.metadata
import ssl
import sys
from pathlib import Path

import httpx
from httpx_sse import connect_sse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from event_streams import CAPABILITIES, DIALECTS, RefusedError, headers, player
from protocol import serve

CLIENTS: dict[str, httpx.Client] = {}


def client(run):
    name = run.get("client")
    if name in CLIENTS:
        return CLIENTS[name]
    options = {}
    if run.get("idle_timeout_s") is not None:
        options["timeout"] = run["idle_timeout_s"]
    if run.get("ca_file"):
        options["verify"] = ssl.create_default_context(cafile=run["ca_file"])
    made = httpx.Client(**options)
    if name is not None:
        CLIENTS[name] = made
    return made


def events(run):
    with connect_sse(client(run), "POST", run["url"], json=run["request"], headers=headers(run)) as source:
        # As the README has it: whether the status is an error is for the user to ask.
        if source.response.is_error:
            source.response.read()
            raise RefusedError(source.response.status_code, source.response.text)
        for sse in source.iter_sse():
            yield sse.event, sse.data, sse.id


hello = {"client": "httpx-sse", "version": importlib.metadata.version("httpx-sse"), "dialects": DIALECTS}
serve({**hello, "reports": "events", "capabilities": CAPABILITIES}, player(events))
