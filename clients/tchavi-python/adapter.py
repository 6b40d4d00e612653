"""Adapter: the Python sample of the Tchavi document, with `requests`."""

import json
import sys
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import printed, serve


@printed
def play(run, write, _note):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {run['api_key']}"}
    answer = requests.post(run["url"], headers=headers, json=run["request"], stream=True)
    for raw in answer.iter_lines():
        if raw in {b"", b"data: [DONE]"}:
            continue
        # Every other line is taken for a chunk, with or without the prefix: a comment raises.
        line = raw.decode()
        chunk = json.loads(line.removeprefix("data: "))
        delta = chunk["choices"][0]["delta"]
        # An absent content shows as nothing, a null as None.
        write(str(delta.get("content", "")))


hello = {"client": "tchavi-python", "version": f"requests {requests.__version__}"}
serve({**hello, "dialects": ["openai-chat"], "reports": "message", "capabilities": []}, play)
