"""Adapter: the Python sample of the FastAPI.ai document, with `requests`."""

import json
import sys
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import printed, serve


@printed
def play(run, write, note):
    headers = {"Authorization": f"Bearer {run['api_key']}", "Content-Type": "application/json"}
    answer = requests.post(run["url"], headers=headers, json=run["request"], stream=True)
    # The status is not looked at: the lines of an error's body have no prefix and are passed over.
    for raw in answer.iter_lines():
        line = raw.decode("utf-8")
        if not line.startswith("data:"):
            continue
        data = line[len("data:") :].strip()
        if data in {"", "[DONE]"}:
            continue
        try:
            chunk = json.loads(data)
            # A chunk without choices has the default, one with an empty list has no first choice and raises.
            first = chunk.get("choices", [{}])[0]
            content = first.get("delta", {}).get("content")
        except json.JSONDecodeError:
            note(f"{data}\n")
            continue
        if isinstance(content, str):
            write(content)
        else:
            note(f"{chunk}\n")


hello = {"client": "fastapi-ai-python", "version": f"requests {requests.__version__}"}
serve({**hello, "dialects": ["openai-chat"], "reports": "message", "capabilities": []}, play)
