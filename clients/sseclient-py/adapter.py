"""Adapter: sseclient-py, `SSEClient(response).events()` over `requests`."""

import importlib.metadata
import sys
from pathlib import Path

import requests
import sseclient

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from event_streams import CAPABILITIES, DIALECTS, RefusedError, headers, player
from protocol import serve

SESSIONS: dict[str, requests.Session] = {}


def session(run):
    name = run.get("client")
    made = SESSIONS.get(name) or requests.Session()
    if name is not None:
        SESSIONS[name] = made
    return made


def events(run):
    options = {"headers": headers(run), "timeout": run.get("idle_timeout_s"), "verify": run.get("ca_file") or True}
    with session(run).post(run["url"], json=run["request"], stream=True, **options) as answer:
        # The library takes any response: whether its status is an error is for the user to ask.
        if not answer.ok:
            raise RefusedError(answer.status_code, answer.text)
        for event in sseclient.SSEClient(answer).events():
            yield event.event, event.data, event.id


hello = {"client": "sseclient-py", "version": importlib.metadata.version("sseclient-py"), "dialects": DIALECTS}
serve({**hello, "reports": "events", "capabilities": CAPABILITIES}, player(events))
