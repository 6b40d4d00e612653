"""Adapter: the official OpenAI SDK for Python.  usage: adapter.py iterate|stream-helper"""

import importlib.metadata
import inspect
import ssl
import sys
from pathlib import Path

import openai

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import serve, thrown

CLIENTS: dict[str, openai.OpenAI] = {}


def client(run):
    name = run.get("client")
    if name in CLIENTS:
        return CLIENTS[name]
    options = {"timeout": run.get("idle_timeout_s"), "max_retries": run.get("max_retries")}
    if run.get("ca_file"):
        context = ssl.create_default_context(cafile=run["ca_file"])
        options["http_client"] = openai.DefaultHttpxClient(verify=context)
    options = {key: value for key, value in options.items() if value is not None}
    made = openai.OpenAI(base_url=run["base_url"], api_key=run["api_key"], **options)
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
        create = client(run).chat.completions.create
        stream = create(**arguments(create, run["request"]))
        phase = "stream"
        for number, chunk in enumerate(stream, 1):
            say("item", data=chunk.to_dict(warnings=False))
            if stop and number >= stop["after"]:
                stopped = True
                if stop["how"] == "abort":
                    stream.close()
                break
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


ENTRIES = {"iterate": (iterate, "items"), "stream-helper": (stream_helper, "message")}
CAPABILITIES = [
    "finish_reason", "tools", "tool_ids", "n", "usage", "refusal", "function_call", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel", "tls",
]  # fmt: skip

play, reports = ENTRIES[sys.argv[1]]
version = importlib.metadata.version("openai")
hello = {"client": "openai-python", "version": version, "dialects": ["openai-chat"], "reports": reports}
serve({**hello, "capabilities": CAPABILITIES + (["reasoning"] if reports == "items" else [])}, play)
