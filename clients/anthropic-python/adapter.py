"""Adapter: the official Anthropic SDK for Python.  usage: adapter.py iterate|stream-helper"""

import importlib.metadata
import inspect
import json
import ssl
import sys
from pathlib import Path

import anthropic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import serve, thrown

CLIENTS: dict[str, anthropic.Anthropic] = {}


def client(run):
    name = run.get("client")
    if name in CLIENTS:
        return CLIENTS[name]
    options = {"timeout": run.get("idle_timeout_s"), "max_retries": run.get("max_retries")}
    if run.get("ca_file"):
        context = ssl.create_default_context(cafile=run["ca_file"])
        options["http_client"] = anthropic.DefaultHttpxClient(verify=context)
    options = {key: value for key, value in options.items() if value is not None}
    made = anthropic.Anthropic(base_url=run["base_url"], api_key=run["api_key"], **options)
    if name is not None:
        CLIENTS[name] = made
    return made


def arguments(method, request):
    """The request as the method takes it; what it has no name for goes into the body unseen."""
    known = inspect.signature(method).parameters
    named = {key: value for key, value in request.items() if key in known}
    return {**named, "extra_body": {key: value for key, value in request.items() if key not in known}}


def iterate(run, say):
    error, stopped, phase, stop = None, False, "open", run.get("stop")
    try:
        create = client(run).messages.create
        stream = create(**arguments(create, run["request"]))
        phase = "stream"
        for number, event in enumerate(stream, 1):
            say("item", data=event.to_dict(warnings=False))
            if stop and number >= stop["after"]:
                stopped = True
                if stop["how"] == "abort":
                    stream.close()
                break
    except Exception as raised:
        error = reported(raised, phase)
    return {"error": error, "stopped": stopped}


def stream_helper(run, say):
    error, stopped, phase, reports, stop = None, False, "open", 0, run.get("stop")
    snapshot, inputs = None, {}
    try:
        helper = client(run).messages.stream
        request = {key: value for key, value in run["request"].items() if key != "stream"}
        with helper(**arguments(helper, request)) as stream:
            phase = "stream"
            for event in stream:
                if event.type in {"text", "thinking"}:
                    kind = "text" if event.type == "text" else "reasoning"
                    say("delta", choice=0, **{kind: getattr(event, event.type)})
                    reports += 1
                    stopped = bool(stop) and reports >= stop["after"]
                elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                    inputs[event.index] = inputs.get(event.index, "") + event.delta.partial_json
                snapshot = stream.current_message_snapshot
                if stopped:
                    break
    except Exception as raised:
        error = reported(raised, phase)
    return {**joined(snapshot, inputs), "error": error, "stopped": stopped}


def reported(raised, phase):
    """The error, with the type and the message that the server gave; without a status where it came in the stream."""
    error = thrown(raised, phase)
    body = getattr(raised, "body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    if isinstance(inner, dict):
        error |= {"type": inner.get("type") or error["type"], "message": inner.get("message") or error["message"]}
    return error | {"status": None if phase == "stream" else error["status"]}


def joined(message, inputs):
    if message is None:
        return {"choices": [], "usage": None}
    usage = getattr(message, "usage", None)
    blocks = list(enumerate(message.content))
    calls = [
        # The input is what the SDK made of the pieces so far, which is no whole value before the message has stopped.
        {
            "id": block.id,
            "name": block.name,
            "arguments_raw": inputs.get(place) or json.dumps(block.input),
        }
        for place, block in blocks
        if block.type == "tool_use"
    ]
    choice = {
        "index": 0,
        "text": "".join(block.text for _, block in blocks if block.type == "text"),
        "reasoning": "".join(block.thinking for _, block in blocks if block.type == "thinking"),
        "finish_reason": message.stop_reason,
        "tool_calls": calls,
    }
    return {"choices": [choice], "usage": usage and {"input": usage.input_tokens, "output": usage.output_tokens}}


ENTRIES = {"iterate": (iterate, "items"), "stream-helper": (stream_helper, "message")}
CAPABILITIES = [
    "finish_reason", "tools", "tool_ids", "usage", "reasoning", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel", "tls",
]  # fmt: skip

play, reports = ENTRIES[sys.argv[1]]
version = importlib.metadata.version("anthropic")
hello = {"client": "anthropic-python", "version": version, "dialects": ["anthropic-messages"], "reports": reports}
serve({**hello, "capabilities": CAPABILITIES}, play)
