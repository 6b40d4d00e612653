"""Adapter: the Python sample of the Chatbot API document, with `requests`."""

import json
import sys
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import printed, serve


def chunks(run):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {run['api_key']}"}
    body = {"model": run["request"]["model"], "messages": run["request"]["messages"], "stream": True}
    with requests.post(run["url"], json=body, headers=headers, stream=True) as answer:
        for raw in answer.iter_lines():
            line = raw.decode("utf-8")
            # The sample tests for the prefix first, so that its own test for `data: [DONE]` is never reached:
            # the mark is parsed as JSON, which raises at the end of every stream.
            if line.startswith("data: "):
                yield json.loads(line[len("data: ") :])
            elif line == "data: [DONE]":
                return


@printed
def play(run, write, _note):
    for chunk in chunks(run):
        # Printed as it is: a null shows as None in the text, and a delta without content raises.
        write(str(chunk["choices"][0]["delta"]["content"]))


hello = {"client": "chatbot-api-python", "version": f"requests {requests.__version__}"}
serve({**hello, "dialects": ["openai-chat"], "reports": "message", "capabilities": []}, play)
