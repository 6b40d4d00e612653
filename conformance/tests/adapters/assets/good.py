"""An adapter that keeps the protocol: it makes its text out of the request, without any server."""

import json
import os
import sys


def say(type_, **fields):
    print(json.dumps({"type": type_, **fields}), flush=True)


for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say("hello", protocol=1, client="good", version="1", language="python", dialects=["openai-chat"],
            reports="message", capabilities=["finish_reason", "stop", "reuse"])  # fmt: skip
    elif message["type"] == "run":
        run = message["id"]
        print(f"run {run}", file=sys.stderr, flush=True)
        for piece in ("Hel", "lo"):
            say("delta", id=run, text=piece)
        say("result", id=run, choices=[{"text": "Hello", "finish_reason": "stop"}], pid=os.getpid())
    else:
        break
