"""Adapter: the official Anthropic SDK for Python.  usage: adapter.py iterate|stream-helper"""

import importlib.metadata
import json
import sys
from pathlib import Path

import anthropic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from official import arguments, client_for, hand_out
from protocol import serve, thrown


def client(run):
    return client_for(run, anthropic.Anthropic, anthropic.DefaultHttpxClient)


def iterate(run, say):
    error, stopped, phase = None, False, "open"
    try:
        create = client(run).messages.create
        stream = create(**arguments(create, run["request"]))
        phase = "stream"
        stopped = hand_out(stream, run, say)
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
