"""Adapter: the sample of the Requesty document, which prints while it iterates with the OpenAI SDK for Python."""

import importlib.metadata
import sys
from pathlib import Path

import openai

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import printed, serve


@printed
def play(run, write, note):
    client = openai.OpenAI(api_key=run["api_key"], base_url=run["base_url"])
    for chunk in client.chat.completions.create(**run["request"]):
        # A chunk without choices, as that of the usage, has no first one and raises.
        delta = chunk.choices[0].delta
        if delta.content is not None:
            write(delta.content)
        # The document prints the name and each piece of the arguments on a line of its own, joined by nobody.
        function = getattr(delta, "function_call", None)
        if getattr(function, "name", None):
            note(f"\nFunction Call: {function.name}\n")
        if getattr(function, "arguments", None):
            note(f"Arguments: {function.arguments}\n")


hello = {"client": "requesty-python", "version": f"openai {importlib.metadata.version('openai')}"}
serve({**hello, "dialects": ["openai-chat"], "reports": "message", "capabilities": ["error_status"]}, play)
