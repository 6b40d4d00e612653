"""Adapter: the curl sample of the FastAPI.ai document.  curl brings the bytes, the lines below make events of them."""

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import serve

LINE_END = re.compile(rb"\r\n|\n|\r")


def lines(pieces, other):
    """Lines as soon as they end, without a byte order mark; what is not ended goes to `other`."""
    begun, parts, after_cr = False, [], False
    for piece in pieces:
        # The LF of a CRLF that was cut in two ends no line of its own.
        data = piece[1:] if after_cr and piece[:1] == b"\n" else piece
        after_cr = data.endswith(b"\r")
        *ended, rest = LINE_END.split(data)
        for end in ended:
            line = b"".join([*parts, end])
            parts.clear()
            yield (line if begun else line.removeprefix(b"\xef\xbb\xbf")).decode("utf-8", "replace")
            begun = True
        parts.append(rest)
    other.append(b"".join(parts).decode("utf-8", "replace"))


def events(pieces, other):
    """Server-sent events (WHATWG HTML 9.2.6); `other` gets the lines that belong to none, which curl prints too."""
    data, name, last_id = [], "", ""
    for line in lines(pieces, other):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield {"event": name or "message", "data": "\n".join(data), "last_event_id": last_id}
            data, name = [], ""
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            last_id = value
        elif field not in {"", "id", "retry"}:
            other.append(f"{line}\n")


def play(run, say):
    # `--no-buffer`, since a pipe stands here where the document has a terminal, which shows each line at once.
    command = ["curl", "--no-buffer", "--silent", "--show-error", run["url"], "--data-binary", "@-"]
    for header in (f"Authorization: Bearer {run['api_key']}", "Content-Type: application/json"):
        command += ["--header", header]
    other = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as curl:
        curl.stdin.write(json.dumps(run["request"]).encode())
        curl.stdin.close()
        for event in events(iter(lambda: curl.stdout.read1(65536), b""), other):
            say("event", **event)
        message = curl.stderr.read().decode("utf-8", "replace").strip()
    error = None
    if curl.returncode:
        # An error of the server is none for curl, which was not asked to fail: it prints what came.
        error = {"type": f"exit {curl.returncode}", "message": message, "phase": "stream", "raised": "thrown"}
    return {"error": error, "stopped": False, "extra_output": "".join(other)}


version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
CAPABILITIES = ["finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "refusal", "function_call"]
hello = {"client": "fastapi-ai-curl", "version": version, "dialects": ["openai-chat"], "reports": "events"}
serve({**hello, "language": "shell", "capabilities": CAPABILITIES}, play)
