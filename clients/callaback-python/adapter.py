"""Adapter: the sample client of the callaback document, with `requests` and a regular expression for the JSON."""

import re
import sys
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import printed, serve

RESPONSE = re.compile(r'"response":"([^"]*)"')


def pieces(url, messages):
    answer = requests.post(url, json={"messages": messages}, stream=True)
    for raw in answer.iter_lines():
        line = raw.decode("utf-8")
        # An empty line has no prefix either; neither has a line without the space.
        if not line.startswith("data: "):
            continue
        data = line[len("data: ") :]
        if data == "[DONE]":
            return
        # What stands between the quotes is handed out with its escapes, up to the first escaped quote.
        found = RESPONSE.search(data)
        if found:
            yield found[1]


@printed
def play(run, write, _note):
    for piece in pieces(run["url"], run["request"]["messages"]):
        write(piece)


hello = {"client": "callaback-python", "version": f"requests {requests.__version__}"}
serve({**hello, "dialects": ["workers-ai"], "reports": "message", "capabilities": []}, play)
