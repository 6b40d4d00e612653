"""Adapter: the official OpenAI SDK for Python.  usage: adapter.py iterate|stream-helper"""

import importlib.metadata
import sys
from pathlib import Path

import openai

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from official import arguments, client_for, hand_out
from protocol import serve, thrown


def client(run):
    return client_for(run, openai.OpenAI, openai.DefaultHttpxClient)


CREATE = {
    "openai-chat": lambda sdk: sdk.chat.completions.create,
    "openai-completions": lambda sdk: sdk.completions.create,
    "openai-responses": lambda sdk: sdk.responses.create,
}


def iterate(run, say):
    error, stopped, phase = None, False, "open"
    try:
        create = CREATE[run["dialect"]](client(run))
        stream = create(**arguments(create, run["request"]))
        phase = "stream"
        stopped = hand_out(stream, run, say)
    except Exception as raised:
        error = thrown(raised, phase)
    return {"error": error, "stopped": stopped}


def stream_helper(run, say):
    error, stopped, phase, reports, stop = None, False, "open", 0, run.get("stop")
    # What the last event holds, not `get_final_completion()`, which also parses and refuses a finish of `length`.
    snapshot = None
    try:
        helper = client(run).chat.completions.stream
        request = {key: value for key, value in run["request"].items() if key != "stream"}
        with helper(**arguments(helper, request)) as stream:
            phase = "stream"
            # The deltas are those of the event `chunk`: the event `content.delta` does not tell its choice.
            for event in stream:
                if event.type != "chunk":
                    continue
                snapshot = event.snapshot
                for choice in event.chunk.choices:
                    for kind, text in (("text", choice.delta.content), ("refusal", choice.delta.refusal)):
                        if isinstance(text, str) and text and not stopped:
                            say("delta", choice=choice.index, **{kind: text})
                            reports += 1
                            stopped = bool(stop) and reports >= stop["after"]
                if stopped:
                    break
    except Exception as raised:
        error = thrown(raised, phase)
    said = joined(snapshot) if snapshot is not None else {"choices": [], "usage": None}
    return {**said, "error": error, "stopped": stopped}


def joined(completion):
    usage = completion.usage and {
        "input": completion.usage.prompt_tokens,
        "output": completion.usage.completion_tokens,
        "total": completion.usage.total_tokens,
    }
    return {"choices": [joined_choice(choice) for choice in completion.choices], "usage": usage}


def joined_choice(choice):
    message = choice.message
    calls = [{"id": call.id, **asked(call)} for call in message.tool_calls or []]
    return {
        "index": choice.index,
        "text": text_of(message.content),
        "refusal": text_of(message.refusal),
        "finish_reason": choice.finish_reason,
        "function_call": message.function_call and called(message.function_call),
        "tool_calls": calls,
    }


def asked(call):
    """What a call asks for; a custom tool has a text as input, and no function."""
    custom = getattr(call, "custom", None)
    if custom is None:
        return called(call.function)
    given = custom if isinstance(custom, dict) else custom.model_dump()
    return {"name": given.get("name"), "arguments_raw": given.get("input")}


def called(function):
    """Name and arguments, which are text unless the server sent something else, which the helper keeps."""
    key = "arguments_raw" if isinstance(function.arguments, str) else "arguments_json"
    return {"name": function.name, key: function.arguments}


def text_of(value):
    return value if isinstance(value, str) else None


ENTRIES = {
    "iterate": (iterate, "items", list(CREATE)),
    "stream-helper": (stream_helper, "message", ["openai-chat"]),
}
CAPABILITIES = [
    "finish_reason", "tools", "tool_ids", "n", "usage", "refusal", "function_call", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel", "tls",
]  # fmt: skip

play, reports, dialects = ENTRIES[sys.argv[1]]
version = importlib.metadata.version("openai")
hello = {"client": "openai-python", "version": version, "dialects": dialects, "reports": reports}
serve({**hello, "capabilities": CAPABILITIES + (["reasoning"] if reports == "items" else [])}, play)
