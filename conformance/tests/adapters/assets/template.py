"""Adapter for MyClient: JSON lines on standard input and output, one run at a time."""

import json
import sys
import urllib.error
import urllib.request

OUT, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not get between the lines
CLIENTS = {}


class MyClient:  # stands for the library under test: import yours instead
    def __init__(self, base_url, api_key, timeout):
        self.url, self.timeout = base_url + "/chat/completions", timeout
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api_key}"}

    def stream(self, body):
        request = urllib.request.Request(self.url, json.dumps(body).encode(), self.headers)
        with urllib.request.urlopen(request, timeout=self.timeout) as response:
            for line in response:
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])
                elif line.startswith(b"data: [DONE]"):
                    return
        raise EOFError("the stream ended without [DONE]")


def say(type_, **fields):
    OUT.write(json.dumps({"type": type_, **fields}) + "\n")
    OUT.flush()  # at once: a client that is killed keeps what it has said


def client_for(run):
    name = run.get("client")  # the same name is the same client object, none is a new one
    if name is None or name not in CLIENTS:
        timeout = run.get("idle_timeout_s") or 60  # null is the library's own default
        CLIENTS[name] = MyClient(run["base_url"], run["api_key"], timeout)
    return CLIENTS[name]


def play(run):
    stop, phase, error, stopped, reports, choices = run.get("stop"), "open", None, False, 0, {}
    try:
        for chunk in client_for(run).stream(run["request"]):
            phase = "stream"
            for given in chunk.get("choices", []):
                choice = choices.setdefault(given["index"], {"index": given["index"], "text": ""})
                choice["finish_reason"] = given.get("finish_reason") or choice.get("finish_reason")
                if text := given["delta"].get("content"):
                    choice["text"] += text
                    say("delta", id=run["id"], choice=given["index"], text=text)
                    reports += 1
                if stop and reports == stop["after"]:
                    stopped = True
                    break
            if stopped:
                break  # leaves the stream, which closes it
    except Exception as raised:  # noqa: BLE001 - whatever the client raises is what it says
        error = {"type": type(raised).__name__, "message": str(raised), "phase": phase, "raised": "thrown"}
        if isinstance(raised, urllib.error.HTTPError):
            error["status"] = raised.code
            raised.close()
    say("result", id=run["id"], choices=list(choices.values()), error=error, stopped=stopped)


for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        able = ["finish_reason", "n", "error_status", "idle_timeout", "stop", "reuse"]
        about = {"client": "my-client", "version": "1.0", "language": "python", "runtime": sys.version.split()[0]}
        say("hello", protocol=1, **about, dialects=["openai-chat"], reports="message", capabilities=able)
    elif message["type"] == "run":
        try:
            play(message)
        except Exception as fault:  # noqa: BLE001 - a mistake in this file, not in the client
            say("adapter_error", id=message["id"], message=repr(fault))
    elif message["type"] == "bye":
        break
